"""Import asyncio and msgspec without what only other programs need of them: 2 MB resident.

`process` imports this before all else. TLS (asyncio, aioice) is for TURN over TLS alone, which `tls` then brings in;
archives (shutil, for ctypes.util) and `typing_extensions` (msgspec, which does as well with `typing`) are never used
here. Where they are loaded already, they stay.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType

_UNUSED = ("ssl", "bz2", "lzma", "typing_extensions")


@contextlib.contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Importing any of these fails meanwhile, as where Python was built without them: importers are prepared for it."""
    absent: dict[str, ModuleType | None] = dict.fromkeys(name for name in names if name not in sys.modules)
    sys.modules.update(absent)  # type: ignore[arg-type]  # None: "is not there" (importlib's own convention)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


with _without(_UNUSED):
    import asyncio  # noqa: F401
    import shutil  # noqa: F401

    import msgspec  # noqa: F401
