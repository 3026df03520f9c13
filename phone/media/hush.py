"""Silence as packets that cost nothing to make."""

from __future__ import annotations

from functools import cache

_QUIET = b"\xff\xfe"
"""A CELT frame whose silence flag is set (RFC 6716 4.3)."""
_OPUS = {
    480: b"\xf0" + _QUIET,
    960: b"\xf8" + _QUIET,
    1920: b"\xf9" + 2 * _QUIET,
    2880: b"\xfb\x03" + 3 * _QUIET,
}
"""By 48 kHz samples: full band, one frame of 10 or 20 ms, or two or three of 20 (RFC 6716 3.2)."""
_G711 = {"pcmu": b"\xff", "pcma": b"\xd5"}
_FACTOR = 6


@cache
def silent_payload(codec: str, samples: int) -> bytes:
    """So many 48 kHz samples (10, 20, 40 or 60 ms) of silence by this codec."""
    return _OPUS[samples] if codec == "opus" else _G711[codec] * (samples // _FACTOR)
