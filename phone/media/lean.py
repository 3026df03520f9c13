"""Import aioice without dnspython (5 MB resident), which it needs for mDNS names alone.

Import this before `aioice`. `resolve` loads the real thing when a far end really names a `.local` candidate.
"""

from __future__ import annotations

import importlib
import re
import sys
from types import ModuleType

_MDNS_NAME = re.compile(r"^[a-zA-Z0-9-]{1,63}\.local$")


def is_mdns_name(host: str) -> bool:
    """Whether a candidate hides its address behind mDNS (draft-ietf-mmusic-mdns-ice-candidates)."""
    return _MDNS_NAME.match(host) is not None


class _Unloaded:
    """Stands for aioice's MDnsProtocol, which annotations name."""


def _install() -> None:
    if "aioice.mdns" in sys.modules:
        return
    light = ModuleType("aioice.mdns")
    light.__dict__.update(is_mdns_hostname=is_mdns_name, MDnsProtocol=_Unloaded)
    sys.modules["aioice.mdns"] = light


async def resolve(host: str) -> str | None:
    """The address behind an mDNS name; None when nobody on the link answers."""
    if not hasattr(sys.modules["aioice.mdns"], "create_mdns_protocol"):
        del sys.modules["aioice.mdns"]
    mdns = importlib.import_module("aioice.mdns")
    protocol = await mdns.create_mdns_protocol()
    try:
        address: str | None = await protocol.resolve(host)
    finally:
        await protocol.close()
    return address


_install()
