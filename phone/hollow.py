"""A module that is hollow while another is imported, which would bring all of it for the sake of a name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def hollow(name: str, **attributes: object) -> Iterator[None]:
    """There is a module of that name meanwhile, with no more than this in it; unless it is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = module = ModuleType(name)
    module.__dict__.update(attributes)
    try:
        yield
    finally:
        del sys.modules[name]
