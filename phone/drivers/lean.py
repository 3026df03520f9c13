"""Import gpiozero without importlib.metadata, and the email parser, archives and tables that it brings: 30 files, which
a dial tone would wait for. gpiozero asks it who makes pins where nobody says so, and for its fonts; the phone says so,
and has its own.

Import this before gpiozero.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def _hollow(name: str, **attributes: object) -> Iterator[None]:
    """A module of that name meanwhile, unless there is one."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = hollow = ModuleType(name)
    hollow.__dict__.update(attributes)
    try:
        yield
    finally:
        del sys.modules[name]


def _nobody() -> tuple[()]:
    """Other packages' pin factories."""
    return ()


with _hollow("importlib_metadata", entry_points=_nobody), _hollow("importlib_resources"):
    import gpiozero  # noqa: F401
