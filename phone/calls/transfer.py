"""TRANSFER: the user chooses whom a held leg goes to, dials, talks first if he likes, and lets go.

Laws:
 1. `Phone.transfer` is the user's choosing alone; once he lets go, all is in `Call.handover`, and the handset is free.
 2. Letting go is TRANSFER or hanging up: with an answered third party (attended), with one that rings, or with a
    number just typed (unattended). One that has answered but is not heard yet is kept, as a bridge.
 3. Nothing chosen and hung up: the caller rings back at once. TRANSFER with nothing typed, while another call is held
    beside the caller, connects those two.
 4. BACK forgets what is typed, then ends the consultation and returns to the caller.
 5. Another call at the ear than the caller or the consultation ends the choosing; held legs stay held.
"""

from __future__ import annotations

from phone.calls import conference, ear, legs
from phone.calls.dialling import address, refuse, remember
from phone.calls.frozen import replace
from phone.calls.handover import attended, hand_over, recall
from phone.calls.legs import Result, end
from phone.calls.model import Call, HandOver, Method, Notice, Phone, Progress, Transfer, Trouble


def key(phone: Phone, at: float) -> Result:
    """TRANSFER pressed."""
    if not phone.seized:
        return phone, ()
    if caller := _caller(phone):
        others = [c for c in phone.held if c.id != caller.id]
        target = _target(phone) or (others[-1] if others and not phone.dialled else None)
        return _let_go(phone, caller, target, at)
    focus = phone.current
    if focus is None or not focus.up or focus.message:
        return phone, ()
    return conference.connect(phone, at) if focus.joined else _begin(phone, focus, at)


def hang_up(phone: Phone, at: float) -> Result:
    """The user leaves while choosing."""
    caller = _caller(phone)
    phone, commands = _let_go(phone, caller, _target(phone), at) if caller else (phone, ())
    if caller is None or phone.transfer is None:
        return phone, commands
    phone, recalled = recall(replace(phone, transfer=None, dialled=""), caller.id, at)
    return phone, commands + recalled


def back(phone: Phone, at: float) -> Result:
    """BACK with nothing typed: return to the caller."""
    phone, commands = end(phone, _target(phone), at)
    caller = _caller(phone)
    phone = replace(phone, transfer=None)
    phone, taken = ear.take(phone, caller, at) if caller else (phone, ())
    return phone, commands + taken


def settle(phone: Phone) -> Phone:
    """Law 5, and what the ends of legs mean for the choosing."""
    t = phone.transfer
    if t is None:
        return phone
    caller, target, focus = phone.call(t.transferee), phone.call(t.target), phone.call(phone.focus)
    target = target if target and target.live else None
    heard = focus.id if focus and focus.live else None
    at_ear = heard in (t.transferee, target.id) if target else heard is None
    if caller is None or not caller.live or not at_ear:
        return replace(phone, transfer=None)
    return phone if target or t.target is None else replace(phone, transfer=Transfer(t.transferee))


def _caller(phone: Phone) -> Call | None:
    return phone.call(phone.transfer.transferee) if phone.transfer else None


def _target(phone: Phone) -> Call | None:
    return phone.call(phone.transfer.target) if phone.transfer else None


def _begin(phone: Phone, call: Call, at: float) -> Result:
    phone, commands = legs.hold(phone, (call.id,), at)
    return replace(ear.attend(phone, None, at), transfer=Transfer(call.id)), commands


def _let_go(phone: Phone, caller: Call, target: Call | None, at: float) -> Result:
    if target is None:
        return _unattended(phone, caller, at) if phone.dialled else (phone, ())
    if target.up:
        return hand_over(phone, caller, attended(caller, target, at), at)
    third = HandOver(target.peer, target.name, Method.BRIDGE, at, target.id)
    if target.progress is Progress.CONNECTING or not caller.transferable:
        return hand_over(phone, caller, third, at)
    phone, ended = end(phone, target, at)
    phone, asked = hand_over(phone, caller, replace(third, method=Method.TRANSFER, target=None), at)
    return phone, ended + asked


def _unattended(phone: Phone, caller: Call, at: float) -> Result:
    """To the number typed; where the far end cannot call it, this phone does."""
    number = phone.dialled
    phone = remember(phone, number)
    to = address(phone, number)
    if not caller.transferable and phone.full:
        to = Notice(Trouble.NO_ROOM, number)
    if isinstance(to, Notice):
        return refuse(phone, to, at)
    if caller.transferable:
        return hand_over(phone, caller, HandOver(to, number, Method.TRANSFER, at), at)
    phone, proposed = legs.propose(phone, to, number, at)
    third = HandOver(to, number, Method.BRIDGE, at, phone.calls[-1].id)
    phone, commands = hand_over(phone, caller, third, at)
    return phone, proposed + commands
