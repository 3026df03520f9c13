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


MUTANTS = (
    Mutant(
        "an offer in a call is busy",
        "legs",
        "if phone.busy or (phone.seized and phone.dialled):",
        "if phone.seized and phone.dialled:",
    ),
    Mutant("who dials has the phone", "legs", "phone.busy or (phone.seized and phone.dialled)", "phone.busy"),
    Mutant(
        "the cradle ends the call",
        "core",
        "end(replace(phone, off_hook=False), phone.call(phone.focus), at)",
        "(replace(phone, off_hook=False), ())",
    ),
    Mutant("no tone on-hook", "outputs", "_tone(phone, focus) if phone.seized else None", "_tone(phone, focus)"),
    Mutant("no key tone on-hook", "outputs", "phone.key_down if phone.seized and phone", "phone.key_down if phone"),
    Mutant("mute is silent", "outputs", "talk is not None and not phone.muted", "talk is not None"),
    Mutant("mute ends with its call", "legs", "muted=phone.muted and not in_ear", "muted=phone.muted"),
    Mutant("nothing is heard before the answer", "outputs", "focus and focus.up and", "focus and focus.live and"),
    Mutant(
        "only we answer for us",
        "table",
        "Progress.OFFERED: {HookLifted",
        "Progress.OFFERED: {Accepted: Progress.CONNECTING, HookLifted",
    ),
    Mutant("our own end is logged", "legs", "(Terminate(call.id, reason), *logged)", "(Terminate(call.id, reason),)"),
    Mutant("the far end's end is logged", "legs", "at), (LogCall(call, at),)", "at), ()"),
    Mutant(
        "ended legs are not ended again",
        "legs",
        "if call is None or not call.live:\n        return phone, ()",
        "if call is None:\n        return phone, ()",
    ),
    Mutant(
        "an end that is told twice counts once",
        "legs",
        "if call and call.live else (phone, ())",
        "if call else (phone, ())",
    ),
    Mutant("media before the answer are remembered", "legs", "media_up=True, encrypted", "encrypted"),
    Mutant("ids are never used twice", "ids", "used=source.used + 1", "used=source.used"),
    Mutant("no call without service", "core", "phone.service is not Service.ONLINE", "phone.service is None"),
    Mutant(
        "the same offer twice is one",
        "core",
        "if known and known.live:",
        "if known and known.id is None:",
    ),
    Mutant(
        "ringback while it rings",
        "outputs",
        "focus.progress is Progress.ALERTING",
        "focus.progress is Progress.PROPOSED",
    ),
    Mutant("nobody waits for ever", "timers", "Progress.PROPOSED | Progress.ALERTING", "Progress.ALERTING"),
    Mutant("a bell falls silent", "timers", "call.since + timers.ring", "phone.volume_until or 1e9"),
    Mutant("the volume has an end", "core", "min(100, max(0, phone.handset_volume + by))", "phone.handset_volume + by"),
    Mutant("a tick does all that is due", "core", "    while (due := next", "    if (due := next"),
    Mutant("a waiting call is heard", "outputs", "    if phone.offered:\n        return Tone.CALL_WAITING\n", ""),
)


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
            setattr(phone.calls, name.rpartition(".")[2], module)


def _take_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.startswith("phone.calls.")]
    for name in names:
        # `from phone.calls import core` looks at the package before it looks for a module
        delattr(phone.calls, name.rpartition(".")[2])
    return {name: sys.modules.pop(name) for name in names}
