"""What a call needs and a dial tone does not: half of the process, imported while nobody waits (`process`), or by the
first leg.
"""

from __future__ import annotations

from phone.hollow import hollow

with hollow("ssl", SSLContext=object):  # aioice names it in annotations
    from phone.media import turn as _turn  # noqa: F401

from phone.media.coders import make_codec
from phone.media.dtls import Certificate
from phone.media.leg import Leg, Surroundings
from phone.media.sockets import local_addresses
from phone.media.speech import Speech

__all__ = ["Certificate", "Leg", "Speech", "Surroundings", "local_addresses", "make_codec"]
