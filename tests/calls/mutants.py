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
    Mutant("our own end is logged", "legs", "(Terminate(call.id, reason), *logged)", "(Terminate(call.id, reason),)"),
    Mutant("the far end's end is logged", "legs", "else phone, (LogCall(call, at),)", "else phone, ()"),
    Mutant(
        "ended legs are not ended again",
        "legs",
        "if call is None or not call.live:\n        return phone, ()\n    reason",
        "if call is None:\n        return phone, ()\n    reason",
    ),
    Mutant(
        "an end that is told twice counts once",
        "legs",
        "if call and call.live else (phone, ())",
        "if call else (phone, ())",
    ),
    Mutant("media before the answer are remembered", "legs", "media_up=True, encrypted", "encrypted"),
    Mutant(
        "who is refused as busy is logged",
        "legs",
        "(Terminate(call.id, Reason.BUSY), LogCall(refused, at))",
        "(Terminate(call.id, Reason.BUSY),)",
    ),
    Mutant("hold is told", "legs", "tuple(SetHold(c.id, held) for c in changed)", "()"),
    Mutant("hold is told once", "legs", "c.up and c.held is not held", "c.up"),
    Mutant(
        "the asker is named to the Jingle room", "legs", "(Propose(call_id, to, old),)", "(Propose(call_id, to, None),)"
    ),
    Mutant("ids are never used twice", "ids", "used=source.used + 1", "used=source.used"),
    Mutant(
        "only we answer for us",
        "table",
        "Progress.OFFERED: {HookLifted",
        "Progress.OFFERED: {Accepted: Progress.CONNECTING, HookLifted",
    ),
    Mutant(
        "one party has the ear",
        "ear",
        "        phone, commands = park(phone, at)\n    phone, resumed",
        "        pass\n    phone, resumed",
    ),
    Mutant(
        "who answers holds the other",
        "ear",
        "park(put(phone, replace(call, replaces=None)), at)",
        "(put(phone, replace(call, replaces=None)), ())",
    ),
    Mutant(
        "a resumed leg is told so",
        "ear",
        "    phone, resumed = legs.resume(phone, party(phone, call), at)\n",
        "    resumed = ()\n",
    ),
    Mutant(
        "a conference is held as one",
        "ear",
        "tuple(c.id for c in phone.conference) if call.joined else (call.id,)",
        "(call.id,)",
    ),
    Mutant(
        "a call that is not answered cannot be held",
        "ear",
        "if focus.up else end(phone, focus, at)",
        "if focus.up else (phone, ())",
    ),
    Mutant(
        "MUTE is for the leg at the ear", "ear", "phone.muted and id is not None and phone.focus == id", "phone.muted"
    ),
    Mutant(
        "haste loses nobody", "ear", "phone.ear.progress is Progress.CONNECTING", "phone.ear.progress is Progress.ENDED"
    ),
    Mutant("who is replaced leaves", "ear", "leaves_at=at + phone.timers.replaced", "leaves_at=None"),
    Mutant(
        "a leg that is passed on is not replaced",
        "ear",
        "old.up and not passed_on and not choosing",
        "old.up and not choosing",
    ),
    Mutant("a resumed leg recalls no more", "ear", "None if id == phone.recall else phone.recall", "phone.recall"),
    Mutant("do-not-disturb", "arrivals", "if phone.dnd:", "if phone.dnd and e.replaces is None:"),
    Mutant("no leg too many", "arrivals", "phone.full or not (", "not ("),
    Mutant("without waiting it is busy", "arrivals", "phone.habits.waiting or _unused(phone)", "True"),
    Mutant(
        "who dials has the phone",
        "arrivals",
        "return not (phone.ear or dials or phone.offered)",
        "return not (phone.ear or phone.offered)",
    ),
    Mutant(
        "nobody slips into a muted call",
        "arrivals",
        "not (old.held or old.joined or phone.muted)",
        "not (old.held or old.joined)",
    ),
    Mutant(
        "nobody slips into a held call",
        "arrivals",
        "not (old.held or old.joined or phone.muted)",
        "not (old.joined or phone.muted)",
    ),
    Mutant(
        "whose place at the bell is taken has ended",
        "arrivals",
        "legs.end(phone, old, at, Reason.TRANSFERRED)",
        "(phone, ())",
    ),
    Mutant("the same offer twice is one", "arrivals", "if known.live:", "if known.id is None:"),
    Mutant("an intercom call needs a speaker", "arrivals", "phone.habits.has_speaker and idle", "idle"),
    Mutant(
        "an intercom call leaves calls alone",
        "arrivals",
        "not phone.seized and phone.recall is None",
        "phone.recall is None",
    ),
    Mutant(
        "who steps in is heard coming",
        "arrivals",
        "    phone, commands = ear.answer(replace(phone, calls=(*phone.calls, call)), call, at)\n    return ear.beep(phone, at), commands",
        "    phone, commands = ear.answer(replace(phone, calls=(*phone.calls, call)), call, at)\n    return phone, commands",
    ),
    Mutant("the cradle ends the call", "hook", "    return end_heard(phone, phone.ear, at)", "    return phone, ()"),
    Mutant(
        "the cradle keeps who is held",
        "hook",
        "    return end_heard(phone, phone.ear, at)",
        "    return end_heard(phone, phone.call(phone.focus), at)",
    ),
    Mutant(
        "the cradle keeps what is on the speaker",
        "hook",
        "return (phone, ()) if phone.speaker else leave(phone, at)",
        "return leave(phone, at)",
    ),
    Mutant("a lifted handset takes over", "hook", "off_hook=True, speaker=False", "off_hook=True"),
    Mutant(
        "no speaker, no speaker", "hook", "if not phone.habits.has_speaker:", "if phone.habits.has_speaker is None:"
    ),
    Mutant("lifting resumes who is reminded of", "hook", "    if reminded:", "    if reminded and phone.dialled:"),
    Mutant("lifting takes the recall", "hook", "phone.call(phone.recall) or phone.offered", "phone.offered"),
    Mutant(
        "leaving lets go of the transfer",
        "hook",
        "    if phone.transfer:\n        return transfer.hang_up(phone, at)\n",
        "",
    ),
    Mutant("hanging up on both", "hook", "(focus, old) if old else (focus,)", "(focus,)"),
    Mutant("a menu takes what is held alone", "hook", "call not in (*phone.held, *phone.waiting)", "not call.live"),
    Mutant(
        "HOLD answers who knocks", "keys", "        return hook.answer(phone, at)\n    focus", "        pass\n    focus"
    ),
    Mutant("HOLD resumes", "keys", "    if focus.held:\n        return ear.take(phone, focus, at)\n", ""),
    Mutant(
        "HOLD swaps", "keys", "    if other := _other(phone, focus):\n        return ear.take(phone, other, at)\n", ""
    ),
    Mutant("HOLD comes to all", "keys", "return held[0] if focus.up", "return held[-1] if focus.up"),
    Mutant(
        "HOLD swaps caller and third party",
        "keys",
        "return next((c for c in held if c.id in both), None)",
        "return held[0] if held else None",
    ),
    Mutant("BACK is no", "keys", "return requests.say_no(phone, call)", "return phone, ()"),
    Mutant("BACK ends the recall", "keys", "replace(phone, recall=None, reminded_at=at), ()", "phone, ()"),
    Mutant("BACK returns to the caller", "keys", "        return transfer.back(phone, at)", "        return phone, ()"),
    Mutant("the volume has an end", "keys", "min(100, max(0, phone.handset_volume + by))", "phone.handset_volume + by"),
    Mutant("a long HOLD joins", "keys", "        return conference.long_press(phone, at)", "        return phone, ()"),
    Mutant("the joined are told", "conference", "    phone, resumed = legs.resume(phone, ids, at)", "    resumed = ()"),
    Mutant("there is one conference", "conference", "joined=c.id in ids", "joined=c.joined or c.id in ids"),
    Mutant("a conference of one is none", "conference", "if len(left) == 1:", "if len(left) == 0 and left:"),
    Mutant(
        "the ear stays in the conference",
        "conference",
        "    if left and focus and focus.joined and not focus.live:",
        "    if left and focus and focus.joined and focus.live is None:",
    ),
    Mutant(
        "a split leaves one at the ear",
        "conference",
        "joined=False) for c in phone.conference",
        "joined=c.joined) for c in phone.conference",
    ),
    Mutant(
        "a conference is not cut by leaving",
        "conference",
        "    if len(phone.conference) == 2 and",
        "    if len(phone.conference) == 9 and",
    ),
    Mutant("no call without service", "dialling", "phone.service is not Service.ONLINE", "phone.service is None"),
    Mutant(
        "the lock holds",
        "dialling",
        "if phone.locked and number not in phone.habits.emergency:",
        "if phone.locked and number == '#':",
    ),
    Mutant(
        "emergency calls go through",
        "dialling",
        "if phone.locked and number not in phone.habits.emergency:",
        "if phone.locked:",
    ),
    Mutant("the code opens", "dialling", 'dialled="", locked=False', 'dialled=""'),
    Mutant(
        "the lock asks for the code", "dialling", "if phone.dialled == phone.habits.lock_code:", "if phone.dialled:"
    ),
    Mutant(
        "the hotline",
        "timers",
        "if phone.habits.hotline and _mere_dial_tone(phone):",
        "if phone.habits.hotline is None:",
    ),
    Mutant("speed dial", "dialling", "    if number:\n", "    if number and key == '0':\n"),
    Mutant("no room", "dialling", "if phone.full else address", "if phone.full is None else address"),
    Mutant("a refusal with a text", "dialling", "(*commands, SendText(call.peer, int(digit) - 1))", "commands"),
    Mutant(
        "the consultation is the third party",
        "dialling",
        "    if phone.transfer:\n        phone",
        "    if phone.transfer and not phone.seized:\n        phone",
    ),
    Mutant("DTMF is for whom one hears", "dialling", "for c in heard if c.up)", "for c in phone.calls if c.up)"),
    Mutant(
        "the caller is held first",
        "transfer",
        "    phone, commands = legs.hold(phone, (call.id,), at)\n",
        "    commands = ()\n",
    ),
    Mutant(
        "one that rings is taken back", "transfer", "    phone, ended = end(phone, target, at)\n", "    ended = ()\n"
    ),
    Mutant(
        "one that is answered is kept",
        "transfer",
        "target.progress is Progress.CONNECTING or not caller.transferable",
        "not caller.transferable",
    ),
    Mutant("who cannot is bridged", "transfer", "    if caller.transferable:\n", "    if caller:\n"),
    Mutant(
        "the caller recalls who chose nobody",
        "transfer",
        '    phone, recalled = recall(replace(phone, transfer=None, dialled=""), caller.id, at)\n',
        "    phone, recalled = replace(phone, transfer=None), ()\n",
    ),
    Mutant(
        "BACK ends the consultation",
        "transfer",
        "    phone, commands = end(phone, _target(phone), at)\n",
        "    commands = ()\n",
    ),
    Mutant(
        "no transfer of nobody", "transfer", "if caller is None or not caller.live or not at_ear:", "if not at_ear:"
    ),
    Mutant("another call ends the choosing", "transfer", "not caller.live or not at_ear:", "not caller.live:"),
    Mutant("both are held", "handover", "    phone, held = legs.hold(phone, both, at)\n", "    held = ()\n"),
    Mutant(
        "a third party that cannot is bridged",
        "handover",
        "if call.transferable and target.transferable",
        "if target.transferable",
    ),
    Mutant(
        "a caller that cannot is bridged",
        "handover",
        "if call.transferable and target.transferable",
        "if call.transferable",
    ),
    Mutant(
        "a bridge is off hold",
        "handover",
        "    phone, commands = legs.resume(phone, (call.id, target.id), at)\n",
        "    commands = ()\n",
    ),
    Mutant(
        "a bridge has two sides",
        "handover",
        "return put(phone, *pair), commands",
        "return put(phone, pair[0]), commands",
    ),
    Mutant(
        "a bridge ends on both sides",
        "handover",
        "    phone, more = legs.end(put(phone, replace(left, bridged=None)), left, at)\n    return phone, commands + more",
        "    return put(phone, replace(left, bridged=None)), commands",
    ),
    Mutant(
        "a third party has time to leave", "handover", "    if left.up and not carried:", "    if left.up and carried:"
    ),
    Mutant("a failure recalls", "handover", "    return recall(phone, call.id, at)", "    return phone, ()"),
    Mutant("the user is told", "handover", "notice=Notice(Trouble.NOT_TRANSFERRED, third.name)", "notice=phone.notice"),
    Mutant("no recall over a call", "handover", "(focus is not None and focus.live) or bool", "bool"),
    Mutant(
        "a recall to the ear beeps not on-hook",
        "handover",
        "if call and phone.seized and not engaged:",
        "if call and not engaged:",
    ),
    Mutant("taken is taken", "handover", "replace(third, taken=True, target=None)", "replace(third, target=None)"),
    Mutant(
        "no bridge without service",
        "handover",
        "if phone.service is not Service.ONLINE or phone.full:",
        "if phone.full:",
    ),
    Mutant(
        "no bridge too many",
        "handover",
        "if phone.service is not Service.ONLINE or phone.full:",
        "if phone.service is not Service.ONLINE:",
    ),
    Mutant(
        "refused is refused",
        "handover",
        "TransferFault.REFUSED: Sign.REFUSED",
        "TransferFault.REFUSED: Sign.UNSUPPORTED",
    ),
    Mutant(
        "a third party that leaves voids it",
        "table",
        "        Sign.LOST: Step.RECALLED,\n        Sign.UNSUPPORTED",
        "        Sign.UNSUPPORTED",
    ),
    Mutant("a transferred third party voids nothing", "table", "Sign.MOVED: Step.TAKEN", "Sign.MOVED: Step.RECALLED"),
    Mutant(
        "who cannot is called for",
        "table",
        "        Sign.UNSUPPORTED: Step.RINGING",
        "        Sign.UNSUPPORTED: Step.RECALLED",
    ),
    Mutant("silence is an answer", "table", "        Sign.SILENT: Step.RINGING", "        Sign.SILENT: Step.RECALLED"),
    Mutant(
        "a request is answered",
        "requests",
        "    if call.request or phone.transfer or not _heard(phone, call):\n        return phone, (AnswerTransfer(call.id, accept=False),)",
        "    if call.request or phone.transfer or not _heard(phone, call):\n        return phone, ()",
    ),
    Mutant(
        "a request dies with the ear",
        "requests",
        "if call.request and call.live and not _heard(phone, call):",
        "if call.request and not call.live:",
    ),
    Mutant(
        "the asker is held",
        "requests",
        "legs.hold(put(phone, replace(call, request=None)), (call.id,), at)",
        "(put(phone, replace(call, request=None)), ())",
    ),
    Mutant(
        "no means no",
        "requests",
        "(AnswerTransfer(call.id, accept=False),)\n\n\ndef settle",
        "(AnswerTransfer(call.id, accept=True),)\n\n\ndef settle",
    ),
    Mutant(
        "the old leg ends when the new one is up",
        "requests",
        "    if call.up:\n        return legs.end(",
        "    if call.up and call.held:\n        return legs.end(",
    ),
    Mutant(
        "back to who sent us there", "requests", "    return _return(phone, call, old, at)\n", "    return phone, ()\n"
    ),
    Mutant("nobody waits for ever", "timers", "Progress.PROPOSED | Progress.ALERTING", "Progress.ALERTING"),
    Mutant("a bell falls silent", "timers", "call.since + timers.ring", "call.since + 1e9"),
    Mutant("hand-overs are not for ever", "timers", "call.handover.at + timers.handover", "call.handover.at + 1e9"),
    Mutant("a request is not for ever", "timers", "call.request.at + timers.transfer_request", "call.request.at + 1e9"),
    Mutant("a recall is not for ever", "timers", "phone.recalled_at + timers.recall_ring", "phone.recalled_at + 1e9"),
    Mutant(
        "a farewell is not for ever",
        "timers",
        "yield call.leaves_at, CallAlarm.LEAVES",
        "yield call.leaves_at + 1e9, CallAlarm.LEAVES",
    ),
    Mutant(
        "a far end's third party does not ring for ever",
        "timers",
        "timers.transferred_ring if call.via else timers.no_answer",
        "timers.no_answer",
    ),
    Mutant(
        "a held call is reminded of",
        "timers",
        "yield phone.reminded_at + timers.hold_reminder",
        "yield phone.reminded_at + 1e9",
    ),
    Mutant("a reminder ends", "timers", "    yield phone.reminder_until, Alarm.REMINDED\n", ""),
    Mutant("a tick does all that is due", "core", "    while (due := next", "    if (due := next"),
    Mutant(
        "the recall ends with its leg",
        "core",
        "if phone.recall and not (recalled and recalled.live):",
        "if phone.recall and recalled is None:",
    ),
    Mutant(
        "MUTE ends with its call", "core", "    phone = legs.sweep(_unmute(phone))", "    phone = legs.sweep(phone)"
    ),
    Mutant(
        "the speaker goes off after an intercom call",
        "core",
        "    phone, left = _end_of_intercom(phone, at)",
        "    left = ()",
    ),
    Mutant("shut down", "core", "return legs.end_all(phone, phone.calls, at)", "return phone, ()"),
    Mutant("there is a code or no lock", "core", "locked=on and bool(phone.habits.lock_code)", "locked=on"),
    Mutant("no tone on-hook", "outputs", "_tone(phone, focus) if phone.seized else None", "_tone(phone, focus)"),
    Mutant("no key tone on-hook", "outputs", "phone.key_down if phone.seized and phone", "phone.key_down if phone"),
    Mutant("mute is silent", "outputs", "bool(talk) and not phone.muted", "bool(talk)"),
    Mutant(
        "nothing is heard before the answer",
        "outputs",
        "if focus is None or not focus.up or focus.held:",
        "if focus is None or not focus.live or focus.held:",
    ),
    Mutant(
        "who is held is not heard",
        "outputs",
        "if focus is None or not focus.up or focus.held:",
        "if focus is None or not focus.up:",
    ),
    Mutant(
        "all of a conference are heard",
        "outputs",
        "if focus.joined else (focus.id,)",
        "if focus.joined and not focus.joined else (focus.id,)",
    ),
    Mutant(
        "ringback while it rings",
        "outputs",
        "focus.progress is Progress.ALERTING",
        "focus.progress is Progress.PROPOSED",
    ),
    Mutant("a waiting call is heard", "outputs", "    if knocks:\n        return Tone.CALL_WAITING\n", ""),
    Mutant(
        "a waiting call is heard in a call", "outputs", "Tone.CALL_WAITING if knocks and focus.up else None", "None"
    ),
    Mutant("a beep is heard", "outputs", "if phone.beep_until is not None:", "if phone.beep_until == 0:"),
    Mutant(
        "the bell recalls",
        "outputs",
        "phone.call(phone.recall) or phone.offered:\n        return",
        "phone.offered:\n        return",
    ),
    Mutant("the held hear music", "outputs", "Feed.MUSIC if call.held else Feed.SILENCE", "Feed.SILENCE"),
    Mutant("who is bridged hears whom", "outputs", "    if call.bridged:\n        return Feed.BRIDGE\n", ""),
    Mutant(
        "who is handed over hears it ring",
        "outputs",
        "    if target and not target.up:\n        return Feed.RINGBACK\n",
        "",
    ),
    Mutant("handset or speaker", "outputs", "handset=phone.off_hook and not phone.speaker", "handset=phone.off_hook"),
    Mutant(
        "bridges are made",
        "model",
        "c.live and c.bridged and c.id < c.bridged",
        "c.live and c.bridged and c.id < c.bridged and c.held",
    ),
    Mutant(
        "what is handed over is not the user's",
        "model",
        "c.handover is None and c.leaves_at is None",
        "c.leaves_at is None",
    ),
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
