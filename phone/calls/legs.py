"""What `core` does to one leg: begin, answer, advance, end. Here, and only here, a leg's progress changes.

Law: a leg that ends is logged in the same step, once; we terminate only what is alive, and say so once.
"""

from __future__ import annotations

from dataclasses import replace

from phone.calls.commands import Accept, Command, LogCall, Propose, Terminate
from phone.calls.events import Accepted, Alerting, Ended, HookLifted, MediaUp, Offered
from phone.calls.ids import next_id
from phone.calls.model import Call, Notice, Phone, Progress, Reason, Stage, Trouble
from phone.calls.table import MOVES

Result = tuple[Phone, tuple[Command, ...]]

_UNANSWERED = frozenset({Progress.PROPOSED, Progress.ALERTING})
# how an incoming call ends that its user may want to know of
_MISSED = frozenset({Reason.CANCELLED, Reason.NO_ANSWER})
# we turned it away: silence would look like a phone that does not ring
_REFUSED = frozenset({Reason.INSECURE, Reason.INCOMPATIBLE})
_TAKEN_ELSEWHERE = frozenset({Reason.ANSWERED_ELSEWHERE, Reason.DECLINED_ELSEWHERE})
# the user did this, or heard a tone that says it all
_SILENT_REASONS = frozenset({Reason.HANGUP, Reason.CANCELLED})


def fresh(phone: Phone, at: float) -> Phone:
    """The off-hook tones start over: dial tone, or what the leg in the ear ended with."""
    return replace(phone, stage=Stage.FRESH, stage_at=at)


def put(phone: Phone, call: Call) -> Phone:
    """`phone` with `call` in the place of the leg of that id."""
    return replace(phone, calls=tuple(call if c.id == call.id else c for c in phone.calls))


def propose(phone: Phone, to: str, name: str, at: float) -> Result:
    """Call `to`, and give it the ear."""
    call_id, ids = next_id(phone.ids)
    call = Call(call_id, to, name, outgoing=True, progress=Progress.PROPOSED, since=at, progressed_at=at)
    phone = replace(phone, ids=ids, calls=(*phone.calls, call), focus=call_id, dialled="", notice=None)
    return fresh(phone, at), (Propose(call_id, to),)


def offer(phone: Phone, e: Offered) -> Result:
    """A far end calls: it rings (or waits, in the ear), or is refused as busy and logged."""
    call = Call(e.id, e.peer, e.name, outgoing=False, progress=Progress.OFFERED, since=e.at, progressed_at=e.at)
    if phone.busy or (phone.seized and phone.dialled):
        refused = replace(call, progress=Progress.ENDED, reason=Reason.BUSY)
        return phone, (Terminate(e.id, Reason.BUSY), LogCall(refused, e.at))
    return replace(phone, calls=(*phone.calls, call)), ()


def answer(phone: Phone, call: Call, at: float) -> Result:
    """Take an offered call; it is connected at once if its media were made ready while it rang."""
    call = replace(call, progress=MOVES[call.progress][HookLifted], answered_at=at, progressed_at=at)
    phone = replace(put(phone, _connect(call, at)), focus=call.id, dialled="", notice=None)
    return fresh(phone, at), (Accept(call.id),)


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


def ended(phone: Phone, e: Ended) -> Result:
    """It ended without us: log it, keep it in the ear for its tone."""
    call = phone.call(e.id)
    return _finish(phone, call, e.reason, e.at) if call and call.live else (phone, ())


def end(phone: Phone, call: Call | None, at: float, reason: Reason | None = None) -> Result:
    """End a leg that is still alive: refuse, cancel or hang up, as its progress says (or for `reason`)."""
    if call is None or not call.live:
        return phone, ()
    reason = reason or _own_reason(call)
    phone, logged = _finish(phone, call, reason, at)
    return phone, (Terminate(call.id, reason), *logged)


def _own_reason(call: Call) -> Reason:
    if call.progress is Progress.OFFERED:
        return Reason.DECLINED
    return Reason.CANCELLED if call.progress in _UNANSWERED else Reason.HANGUP


def _finish(phone: Phone, call: Call, reason: Reason, at: float) -> Result:
    call = replace(call, progress=Progress.ENDED, reason=reason, progressed_at=at)
    in_ear = call.id == phone.focus
    phone = replace(put(phone, call), muted=phone.muted and not in_ear)
    if notice := _notice(call):
        phone = replace(phone, notice=notice, notice_until=None)
    return fresh(sweep(phone), at), (LogCall(call, at),)


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
    return replace(phone, calls=keep, focus=focus)
