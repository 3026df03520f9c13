"""What becomes of a leg that the user has let go of: the moves of `table.HANDOVER_MOVES`, and recall.

Laws:
 1. The handset is free as soon as a leg is handed over; the leg comes back to the user only by recall.
 2. A far end that does XEP-0251 calls the third party itself; in the place of our leg to it (attended) only where the
    third party does XEP-0251 too, else that would hear a second call knock and refuse it. All others are bridged.
 3. Nobody waits for ever: silence counts as `cannot`, a bridge's ringing has its no-answer timer, and a leg whose far
    end has somebody else is ended by us if it is not ended by then.
 4. Both legs of a bridge name each other and are off hold; if one ends, so does the other.
 5. Recall: to the ear, with a beep, if the user sits there with nothing in it; else it rings, or knocks, and after that
    it is a held call like any other. Of several the latest rings.
"""

from __future__ import annotations

from collections.abc import Callable

from phone.calls import ear, legs
from phone.calls.commands import Command, TransferTo
from phone.calls.events import TransferFailed, TransferFault
from phone.calls.frozen import replace
from phone.calls.legs import Result, put
from phone.calls.model import Call, CallId, HandOver, Method, Notice, Phone, Reason, Service, Trouble
from phone.calls.table import HANDOVER_MOVES, Sign, Step

_SIGNS = {
    TransferFault.UNSUPPORTED: Sign.UNSUPPORTED,
    TransferFault.REFUSED: Sign.REFUSED,
    TransferFault.FAILED: Sign.FAILED,
}


def hand_over(phone: Phone, call: Call, third: HandOver, at: float) -> Result:
    """Let go of `call`: it shall talk with `third`. The ear is free."""
    phone = replace(ear.attend(phone, None, at), transfer=None)
    phone = put(phone, replace(phone.call(call.id) or call, handover=third))
    if third.method is Method.BRIDGE:
        return phone, ()
    both = (call.id, third.target) if third.target else (call.id,)
    phone, held = legs.hold(phone, both, at)
    return phone, (*held, TransferTo(call.id, third.to, third.target))


def attended(call: Call, target: Call, at: float) -> HandOver:
    """To a third party that has answered already."""
    method = Method.TRANSFER if call.transferable and target.transferable else Method.BRIDGE
    return HandOver(target.peer, target.name, method, at, target.id)


def failed(phone: Phone, e: TransferFailed) -> Result:
    """The far end says that it does not, or could not."""
    call = phone.call(e.id)
    return _move(phone, call, _SIGNS[e.fault], e.at) if call and call.live else (phone, ())


def silent(phone: Phone, call: Call, at: float) -> Result:
    """The far end has said nothing for too long."""
    return _move(phone, call, Sign.SILENT, at)


def settle(phone: Phone, at: float) -> Result:
    """Take in what the other legs have come to."""
    commands: tuple[Command, ...] = ()
    for known in phone.calls:
        if known.handover is None and known.bridged is None:
            continue
        call = phone.call(known.id)
        if call and (sign := _sign(phone, call)):
            phone, more = _move(phone, call, sign, at)
            commands += more
    return phone, commands


def _sign(phone: Phone, call: Call) -> Sign | None:
    if not call.live:
        return Sign.GONE if call.handover or call.bridged else None
    target = phone.call(call.handover.target) if call.handover else None
    if call.handover is None or target is None:
        return None
    if not target.live:
        return Sign.MOVED if target.reason is Reason.TRANSFERRED else Sign.LOST
    return Sign.ANSWERED if target.up and call.handover.method is Method.BRIDGE else None


def step_of(call: Call) -> Step | None:
    """How far the hand-over of `call` has come; None: there is none."""
    if call.bridged:
        return Step.BRIDGED
    if call.handover is None:
        return None
    if call.handover.method is Method.BRIDGE:
        return Step.RINGING
    return Step.TAKEN if call.handover.taken else Step.ASKED


def _move(phone: Phone, call: Call, sign: Sign, at: float) -> Result:
    step = step_of(call)
    to = HANDOVER_MOVES[step].get(sign) if step else None
    return _ENTER[to](phone, call, at) if to else (phone, ())


def _taken(phone: Phone, call: Call, _: float) -> Result:
    third = _third(call)
    return put(phone, replace(call, handover=replace(third, taken=True, target=None))), ()


def _ring_for(phone: Phone, call: Call, at: float) -> Result:
    """Become the bridge: call the third party, unless there is a leg to it already."""
    third = replace(_third(call), method=Method.BRIDGE)
    if third.target:
        return put(phone, replace(call, handover=third)), ()
    if phone.service is not Service.ONLINE or phone.full:
        return _recalled(phone, call, at)
    phone, commands = legs.propose(phone, third.to, third.name, at)
    return put(phone, replace(call, handover=replace(third, target=phone.calls[-1].id))), commands


def _bridge(phone: Phone, call: Call, at: float) -> Result:
    target = phone.call(_third(call).target) or call
    phone, commands = legs.resume(phone, (call.id, target.id), at)
    this, other = phone.call(call.id) or call, phone.call(target.id) or target
    pair = replace(this, handover=None, bridged=other.id), replace(other, bridged=this.id)
    return put(phone, *pair), commands


def _done(phone: Phone, call: Call, at: float) -> Result:
    """Whichever leg is left has nobody to talk to here: an answered one is its far end's to end, for a while."""
    left = phone.call(call.handover.target if call.handover else call.bridged)
    carried = call.bridged is not None
    phone = put(phone, replace(call, handover=None, bridged=None))
    phone, commands = legs.end(phone, phone.call(call.id), at, Reason.TRANSFERRED)
    if left is None or not left.live:
        return phone, commands
    if left.up and not carried:
        return put(phone, replace(left, leaves_at=at + phone.timers.farewell)), commands
    phone, more = legs.end(put(phone, replace(left, bridged=None)), left, at)
    return phone, commands + more


def _recalled(phone: Phone, call: Call, at: float) -> Result:
    third = _third(call)
    phone = put(phone, replace(call, handover=None))
    phone = replace(phone, notice=Notice(Trouble.NOT_TRANSFERRED, third.name), notice_until=None)
    return recall(phone, call.id, at)


def recall(phone: Phone, id: CallId, at: float) -> Result:
    """A held leg wants its user back."""
    focus = phone.call(phone.focus)
    engaged = (focus is not None and focus.live) or bool(phone.dialled) or phone.transfer is not None
    engaged = engaged or phone.mailbox or phone.dictation is not None
    call = phone.call(id)
    if call and phone.seized and not engaged:
        phone, commands = ear.take(phone, call, at)
        return replace(ear.beep(phone, at), notice_until=at + phone.timers.notice), commands
    return replace(phone, recall=id, recalled_at=at, reminded_at=at), ()


def _third(call: Call) -> HandOver:
    assert call.handover, "the table moves only what is handed over"  # noqa: S101
    return call.handover


_ENTER: dict[Step, Callable[[Phone, Call, float], Result]] = {
    Step.TAKEN: _taken,
    Step.RINGING: _ring_for,
    Step.BRIDGED: _bridge,
    Step.DONE: _done,
    Step.RECALLED: _recalled,
}
