"""The phone answers for its user: it greets who calls, and takes a message.

Laws:
 1. Only if the config says so (`Habits.answers`): whom nobody takes for `Timers.answer`, as long as there is service to
    say it by; at once whom VOICEMAIL sends there, and who would be refused as busy for do-not-disturb or for want of
    call waiting. Never with as many legs alive as may be. Who was to take the place of a leg leaves a message instead.
 2. Such a leg is not the user's: it has no bell, no microphone and no place among those held; nobody is there to say
    yes to its far end. It bars him neither from calling nor from his messages.
 3. The greeting counts from when speech flows, and is over when the sound process says so or has said nothing for too
    long; then the far end is recorded, until it leaves, is silent, or nothing more can be kept.
 4. Each `StartRecording` has one `StopRecording`: in the step in which the leg ends (then what was said is kept) or
    the user takes it over (then it is not).
 5. He takes over by lifting (the leg that he listens to, else the newest), from a menu, or by calling who it is.
 6. At the speaker he listens to it, and nothing of ours goes there; when it ends the speaker is off.
 7. Nobody took that call: it ends as not answered, however it ended (`legs`).
"""

from __future__ import annotations

from phone.calls import ear, legs
from phone.calls.commands import Command, StartRecording, StopRecording
from phone.calls.events import GreetingOver, HookLifted, RecordingEnd, RecordingStopped
from phone.calls.frozen import replace
from phone.calls.legs import Result, put
from phone.calls.model import Answering, Call, CallId, Notice, Phone, Trouble
from phone.calls.table import ANSWERING_MOVES, Turn


def greet(phone: Phone, call: Call, at: float) -> Result:
    """Answer an offered call for the user. A tone that it covered as it knocked starts over."""
    phone = legs.fresh(phone, at)
    return legs.answer(phone, replace(call, replaces=None), at, Answering.GREETING)


def greeting_over(phone: Phone, id: CallId, at: float) -> Result:
    """The far end has heard the greeting, or has waited long enough for it."""
    call = phone.call(id)
    if call is None or not call.up or _turn(call, GreetingOver) is not Turn.RECORD:
        return phone, ()
    call = replace(call, answering=Answering.RECORDING, answering_at=at)
    return put(phone, call), (StartRecording(call),)


def stopped(phone: Phone, id: CallId, why: RecordingEnd, at: float) -> Result:
    """Nothing more is recorded of that leg: it ends, and what there is is kept."""
    call = phone.call(id)
    if call is None or not call.live or _turn(call, RecordingStopped) is not Turn.HANG_UP:
        return phone, ()
    phone, commands = legs.end(phone, call, at)
    if why is RecordingEnd.FAILED:
        phone = replace(phone, notice=Notice(Trouble.NO_MESSAGE, call.name), notice_until=None)
    return phone, commands


def take_over(phone: Phone, call: Call, at: float) -> Result:
    """From now on it is the user's call like any other (law 5)."""
    assert _turn(call, HookLifted) is Turn.TAKE_OVER, "only what the phone answers is taken over"  # noqa: S101
    stop: tuple[Command, ...] = ()
    if call.answering is Answering.RECORDING:
        stop = (StopRecording(call.id, keep=False),)
    phone, commands = ear.park(phone, at)
    phone = put(phone, replace(call, answering=None, answering_at=at, answered_at=at))
    return ear.attend(ear.unnoticed(phone), call.id, at), commands + stop


def join(phone: Phone, at: float) -> Result:
    """The user has come to the phone: with the handset he takes the newest over, at the speaker he listens to it."""
    newest = phone.answering[-1]
    return take_over(phone, newest, at) if phone.off_hook else (ear.attend(phone, newest.id, at), ())


def _turn(call: Call, event: type[GreetingOver | RecordingStopped | HookLifted]) -> Turn | None:
    return ANSWERING_MOVES[call.answering].get(event) if call.answering else None
