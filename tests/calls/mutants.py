"""Hand-made faults in the call core: each breaks a law, and the model test must notice.

A mutant is one text replaced in one module. The whole room is imported afresh with it, under its own names, so
that the model runs in this process; the real modules come back afterwards.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from mutants_of_calls import OF_CALLS
from mutants_of_messages import OF_MESSAGES
from mutants_of_transfers import OF_TRANSFERS

import phone.calls

ROOM = Path(phone.calls.__file__).parent


@dataclass(frozen=True)
class Mutant:
    """In `module`, the only `old` becomes `new`."""

    law: str
    module: str
    old: str
    new: str

    def source(self) -> str:
        source = (ROOM / f"{self.module}.py").read_text("utf-8")
        assert source.count(self.old) == 1, f"{self.law}: the text to mutate is there {source.count(self.old)} times"
        return source.replace(self.old, self.new)


MUTANTS = tuple(Mutant(*row) for row in (*OF_CALLS, *OF_TRANSFERS, *OF_MESSAGES))


class _Loader(importlib.abc.InspectLoader):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def get_source(self, fullname: str) -> str:
        return self.mutant.source()

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.mutant.source(), f"<mutant: {self.mutant.law}>", "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != f"phone.calls.{self.mutant.module}":
            return None
        return importlib.machinery.ModuleSpec(fullname, _Loader(self.mutant))


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """While inside, `phone.calls.*` imports the mutant."""
    finder = _Finder(mutant)
    kept = _take_out()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _take_out()
        sys.modules.update(kept)
        for name, module in kept.items():
            if name.startswith("phone.calls."):
                setattr(phone.calls, name.rpartition(".")[2], module)


def _take_out() -> dict[str, ModuleType]:
    """The room, and the parts of the model that import it."""
    names = [name for name in sys.modules if name.startswith(("phone.calls.", "machine_"))]
    for name in names:
        if name.startswith("phone.calls."):
            # `from phone.calls import core` looks at the package before it looks for a module
            delattr(phone.calls, name.rpartition(".")[2])
    return {name: sys.modules.pop(name) for name in names}
