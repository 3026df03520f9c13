"""QR codes (ISO/IEC 18004) as large as the display has room for."""

from __future__ import annotations

from functools import lru_cache

VERSION = 3
"""29 modules: two pixels each of the display's 64 rows."""

Matrix = tuple[tuple[bool, ...], ...]
"""Rows of modules, True: dark; the quiet zone is not among them."""


@lru_cache(maxsize=4)  # the same picture is drawn again and again
def matrix(text: str) -> Matrix:
    """With as much correction as the smallest version has room for. Raises ValueError beyond what VERSION holds."""
    import segno  # noqa: PLC0415 - only a phone without an account shows such a code

    code = segno.make_qr(text, error="l", mode="byte", boost_error=True)
    if int(code.version) > VERSION:
        raise ValueError(f"a text of {len(text.encode())} bytes is too long for a QR code of version {VERSION}")
    return tuple(tuple(module != 0 for module in row) for row in code.matrix)
