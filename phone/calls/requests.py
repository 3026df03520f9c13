"""Another leg takes the place of one: as caller (a far end asks us to call somebody else), or as callee (somebody
calls in the place of a leg of ours). XEP-0251.

Laws:
 1. A request is heard from the leg at the ear alone, and dies when that leg leaves the ear. No answer is a no. Whom the
    phone answered by itself needs the user's yes, whatever the config allows. A leg that leaves a message has no yes:
    it could not be held.
 2. The far end that asked is held until the third party's speech flows; if that one does not come, it is at the ear
    again, unless it has left.
 3. A leg is ended (TRANSFERRED) only when the one in its place is up, or has had time enough.
 4. Nobody gets in by replacing who would not by calling: do-not-disturb and a full house refuse him.
"""

from __future__ import annotations

from phone.calls import ear, legs
from phone.calls.commands import AnswerTransfer, Command
from phone.calls.events import TransferAsked
from phone.calls.frozen import replace
from phone.calls.legs import Result, put
from phone.calls.model import Call, Phone, Reason, Service, TransferRequest


def asked(phone: Phone, e: TransferAsked) -> Result:
    """The far end of a leg wants us to call somebody else."""
    call = phone.call(e.id)
    if call is None or not call.live:
        return phone, ()
    if call.request or phone.transfer or not _heard(phone, call):
        return phone, (AnswerTransfer(call.id, accept=False),)
    call = replace(call, request=TransferRequest(e.to, e.name, e.at))
    phone = put(phone, call)
    at_once = e.allowed and not ear.unattended(phone, call)
    return say_yes(phone, call, e.at) if at_once else (phone, ())


def pending(phone: Phone) -> Call | None:
    """The leg that waits for the user's yes or no."""
    focus = phone.call(phone.focus)
    return focus if focus and focus.request else None


def say_yes(phone: Phone, call: Call, at: float) -> Result:
    """Call whom the far end of `call` wants us to call; it is held meanwhile."""
    request = call.request
    if request is None or phone.service is not Service.ONLINE or phone.full:
        return say_no(phone, call)
    phone, held = legs.hold(put(phone, replace(call, request=None)), (call.id,), at)
    phone, proposed = legs.propose(phone, request.to, request.name, at, replaces=call)
    phone = ear.attend(phone, phone.calls[-1].id, at)
    return phone, (AnswerTransfer(call.id, accept=True), *held, *proposed)


def say_no(phone: Phone, call: Call) -> Result:
    """The far end keeps us."""
    return put(phone, replace(call, request=None)), (AnswerTransfer(call.id, accept=False),)


def settle(phone: Phone, at: float) -> Result:
    """Laws 1 to 3, after whatever has happened."""
    commands: tuple[Command, ...] = ()
    for call in phone.calls:
        more: tuple[Command, ...] = ()
        if call.request and call.live and not _heard(phone, call):
            phone, more = say_no(phone, call)
        if call.replaces:
            phone, more = _replace(phone, call, phone.call(call.replaces), at)
        commands += more
    return phone, commands


def _heard(phone: Phone, call: Call) -> bool:
    heard = call.up and call.id == phone.focus and call.answering is None
    return heard and not (call.held or call.joined or call.message)


def _replace(phone: Phone, call: Call, old: Call | None, at: float) -> Result:
    if old is None or not old.live:
        return put(phone, replace(call, replaces=None)), ()
    if call.up:
        return legs.end(put(phone, replace(call, replaces=None)), old, at, Reason.TRANSFERRED)
    if call.live or phone.focus != call.id:
        return phone, ()
    return _return(phone, call, old, at)


def _return(phone: Phone, call: Call, old: Call, at: float) -> Result:
    """The new leg came to nothing; the ear is the old one's again."""
    old = replace(old, leaves_at=None, joined=call.joined)
    phone, commands = legs.resume(put(phone, replace(call, replaces=None), old), (old.id,), at)
    return ear.attend(phone, old.id, at), commands
