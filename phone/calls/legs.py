"""What happens to one leg: begin, answer, advance, hold, end. Here, and only here, a leg's progress changes.

Law: a leg that ends is logged in the same step, once; we terminate only what is alive, and say so once.
Law: a leg is told of hold only while it is up, and only when that changes.
Law: a leg that the phone answered for its user (`answering`) is not answered: nobody took it, and so it is logged.
"""

from __future__ import annotations

from collections.abc import Iterable

from phone.calls.commands import Accept, Command, LogCall, Propose, SetHold, StopRecording, Terminate
from phone.calls.events import Accepted, Alerting, Ended, HookLifted, MediaUp, Offered
from phone.calls.frozen import replace
from phone.calls.ids import next_id
from phone.calls.model import Answering, Call, CallId, Notice, Phone, Progress, Reason, Stage, Trouble
from phone.calls.table import MOVES

Result = tuple[Phone, tuple[Command, ...]]

UNANSWERED = frozenset({Progress.PROPOSED, Progress.ALERTING})
# how an incoming call ends that its user may want to know of
_MISSED = frozenset({Reason.CANCELLED, Reason.NO_ANSWER})
# we turned it away: silence would look like a phone that does not ring
_REFUSED = frozenset({Reason.INSECURE, Reason.INCOMPATIBLE})
_TAKEN_ELSEWHERE = frozenset({Reason.ANSWERED_ELSEWHERE, Reason.DECLINED_ELSEWHERE})
# the user did this, or heard a tone that says it all
_SILENT_REASONS = frozenset({Reason.HANGUP, Reason.CANCELLED, Reason.TRANSFERRED})


def fresh(phone: Phone, at: float) -> Phone:
    """The off-hook tones start over: dial tone, or what the leg in the ear ended with."""
    return replace(phone, stage=Stage.FRESH, stage_at=at)


def put(phone: Phone, *changed: Call) -> Phone:
    """`phone` with `changed` in the places of the legs of those ids."""
    new = {c.id: c for c in changed}
    return replace(phone, calls=tuple(new.get(c.id, c) for c in phone.calls))


def propose(
    phone: Phone, to: str, name: str, at: float, replaces: Call | None = None, *, message: bool = False
) -> Result:
    """Call `to`, or whoever takes a `message` for it; the new leg is the last. `replaces`: the leg whose far end asked
    for it (XEP-0251).
    """
    call_id, ids = next_id(phone.ids)
    old, via = (replaces.id, replaces.name) if replaces else (None, "")
    call = Call(
        call_id,
        to,
        name,
        outgoing=True,
        progress=Progress.PROPOSED,
        since=at,
        progressed_at=at,
        via=via,
        replaces=old,
        message=message,
    )
    return replace(phone, ids=ids, calls=(*phone.calls, call)), (Propose(call_id, to, old, message),)


def offered_call(e: Offered) -> Call:
    """The leg that a far end's call begins."""
    return Call(
        e.id,
        e.peer,
        e.name,
        outgoing=False,
        progress=Progress.OFFERED,
        since=e.at,
        progressed_at=e.at,
        via=e.via,
        replaces=e.replaces,
        ring=e.ring,
        intercom=e.intercom,
    )


def refuse_busy(phone: Phone, call: Call, at: float) -> Result:
    """It never becomes a leg of this phone, but is logged."""
    refused = replace(call, progress=Progress.ENDED, reason=Reason.BUSY, progressed_at=at)
    return phone, (Terminate(call.id, Reason.BUSY), LogCall(refused, at))


def answer(phone: Phone, call: Call, at: float, answering: Answering | None = None) -> Result:
    """Take an offered call; it is connected at once if its media were made ready while it rang. `answering`: for the
    user, who has not answered it.
    """
    progress, answered_at = MOVES[call.progress][HookLifted], None if answering else at
    call = replace(call, progress=progress, answered_at=answered_at, progressed_at=at)
    call = replace(call, answering=answering, answering_at=at) if answering else call
    return put(phone, _connect(call, at)), (Accept(call.id),)


def advance(phone: Phone, e: Alerting | Accepted | MediaUp) -> Phone:
    """The far end or the media got on. Unknown legs and moves that the table does not list change nothing."""
    call = phone.call(e.id)
    if call is None or not call.live:
        return phone
    if isinstance(e, MediaUp):
        return put(phone, _connect(replace(call, media_up=True, encrypted=e.encrypted), e.at))
    to = MOVES[call.progress].get(type(e))
    if to is None:
        return phone
    answered_at = e.at if isinstance(e, Accepted) else None
    return put(phone, _connect(replace(call, progress=to, answered_at=answered_at, progressed_at=e.at), e.at))


def _connect(call: Call, at: float) -> Call:
    """Connected, if both want it and the media are up."""
    to = MOVES[call.progress].get(MediaUp) if call.media_up else None
    return replace(call, progress=to, progressed_at=at) if to else call


def hold(phone: Phone, ids: Iterable[CallId], at: float) -> Result:
    """Put those legs on hold; who is not up cannot be, who is already knows."""
    return _set_hold(phone, {*ids}, at, held=True)


def resume(phone: Phone, ids: Iterable[CallId], at: float) -> Result:
    """Take those legs off hold."""
    return _set_hold(phone, {*ids}, at, held=False)


def _set_hold(phone: Phone, ids: set[CallId], at: float, *, held: bool) -> Result:
    changed = [c for c in phone.calls if c.id in ids and c.up and c.held is not held]
    phone = put(phone, *(replace(c, held=held, held_at=at) for c in changed)) if changed else phone
    return phone, tuple(SetHold(c.id, held) for c in changed)


def ended(phone: Phone, e: Ended) -> Result:
    """It ended without us: log it; in the ear it stays for its tone."""
    call = phone.call(e.id)
    return _finish(phone, call, e.reason, e.at) if call and call.live else (phone, ())


def end(phone: Phone, call: Call | None, at: float, reason: Reason | None = None) -> Result:
    """End a leg that is still alive: refuse, cancel or hang up, as its progress says (or for `reason`)."""
    if call is None or not call.live:
        return phone, ()
    reason = reason or _own_reason(call)
    phone, logged = _finish(phone, call, reason, at)
    return phone, (Terminate(call.id, reason), *logged)


def end_all(phone: Phone, calls: Iterable[Call], at: float) -> Result:
    """End several, each as its progress says."""
    commands: tuple[Command, ...] = ()
    for call in calls:
        phone, more = end(phone, call, at)
        commands += more
    return phone, commands


def _own_reason(call: Call) -> Reason:
    if call.progress is Progress.OFFERED:
        return Reason.DECLINED
    return Reason.CANCELLED if call.progress in UNANSWERED else Reason.HANGUP


def _finish(phone: Phone, call: Call, reason: Reason, at: float) -> Result:
    # a tone that a waiting call covered starts over, like the ended call's own
    sounds = call.id == phone.focus or call.progress is Progress.OFFERED
    recorded = call.answering is Answering.RECORDING
    if call.answering and reason not in _TAKEN_ELSEWHERE | _REFUSED:
        reason = Reason.NO_ANSWER
    call = replace(call, progress=Progress.ENDED, reason=reason, progressed_at=at)
    phone = put(phone, call)
    if notice := _notice(call):
        phone = replace(phone, notice=notice, notice_until=None)
    stop: tuple[Command, ...] = (StopRecording(call.id, keep=True),) if recorded else ()
    return fresh(phone, at) if sounds else phone, (*stop, LogCall(call, at))


def _notice(call: Call) -> Notice | None:
    reason = call.reason
    if reason is None or reason in _TAKEN_ELSEWHERE:
        return None
    if not call.outgoing and call.answered_at is None:
        told = Notice(reason, call.name) if reason in _REFUSED else None
        return Notice(Trouble.MISSED, call.name) if reason in _MISSED else told
    return None if reason in _SILENT_REASONS else Notice(reason, call.name)


def sweep(phone: Phone) -> Phone:
    """Forget ended legs, but the one whose tone the user hears."""
    keep = tuple(c for c in phone.calls if c.live or (c.id == phone.focus and phone.seized))
    focus = phone.focus if any(c.id == phone.focus for c in keep) else None
    if focus == phone.focus and len(keep) == len(phone.calls):
        return phone
    return replace(phone, calls=keep, focus=focus)
