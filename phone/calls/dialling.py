"""Digits, and what becomes of a number.

Laws:
 1. A digit is DTMF where speech flows; nothing at the mailbox, nor in a dictation (but `#` ends it); a refusal with a
    text where a call waits and no number is being typed (the last digit came longer ago than the inter-digit timer);
    else it dials. A leg on hold in the ear gives way.
 2. A number is called when the digit map, `#`, OK or the inter-digit timer says so, and the handset is up.
 3. The lock holds for whatever the keypad and the menus dial: digits, REDIAL, speed dial, `DialRequested`; emergency
    numbers alone go through, once even where there is no room for one more call. The config's hotline goes through
    the lock too. The code is typed on-hook, then `#` or OK; REDIAL never learns it.
 4. Who is called while he calls us, or leaves a message here, is answered instead: the two would meet each other as
    busy.
 5. One of the legs that the phone answers for its user does not take the room of his own call.
 6. The hotline is called at mere dial tone only: no digit, no transfer, no other leg of the user's, and with service.
"""

from __future__ import annotations

from phone.calls import answering, ear, legs, messages
from phone.calls.commands import SendDtmf, SendText
from phone.calls.digitmap import Verdict
from phone.calls.events import DIGITS, DialRequested
from phone.calls.frozen import replace
from phone.calls.legs import Result
from phone.calls.model import Call, Notice, Phone, Reason, Service, Stage, Transfer, Trouble
from phone.calls.numbers import Fault

_LONGEST_NUMBER = 64


def digit(phone: Phone, digit: str, at: float) -> Result:
    """A digit key went down (law 1)."""
    if focus := phone.ear:
        heard = phone.conference if focus.joined else (focus,)
        return phone, tuple(SendDtmf(c.id, digit) for c in heard if c.up)
    if phone.dictation:
        return messages.digit(phone, digit, at)
    return (phone, ()) if phone.mailbox and phone.seized else _not_in_talk(phone, digit, at)


def _not_in_talk(phone: Phone, digit: str, at: float) -> Result:
    phone = ear.unnoticed(phone)
    if (call := phone.offered) and _is_text(phone, digit, at):
        phone, commands = legs.end(phone, call, at, Reason.DECLINED)
        return phone, (*commands, SendText(call.peer, int(digit) - 1))
    return (phone, ()) if phone.mailbox else _dial_digit(phone, digit, at)


def _dial_digit(phone: Phone, digit: str, at: float) -> Result:
    if digit == "#" and phone.dialled:
        if phone.seized and not _map_takes(phone, "#"):
            return dial(phone, at)
        if phone.locked and not phone.seized:
            return unlock(phone), ()
    phone = _type(phone, digit, at)
    if phone.seized and phone.plan.digit_map.judge(phone.dialled) is Verdict.COMPLETE:
        return dial(phone, at)
    return phone, ()


def _is_text(phone: Phone, digit: str, at: float) -> bool:
    typing = phone.dialled and at < phone.last_digit_at + phone.timers.inter_digit
    return not typing and digit in DIGITS[1:10] and int(digit) <= phone.habits.texts


def _map_takes(phone: Phone, digit: str) -> bool:
    return phone.plan.digit_map.judge(phone.dialled + digit) is not Verdict.MISMATCH


def _type(phone: Phone, digit: str, at: float) -> Phone:
    """One digit more; an address put there by `phone call` cannot grow digits and gives way."""
    typed = phone.dialled if set(phone.dialled) <= set(DIGITS + "+") else ""
    phone = replace(phone, dialled=(typed + digit)[:_LONGEST_NUMBER], last_digit_at=at)
    return ear.on_line(phone, at)


def unlock(phone: Phone) -> Phone:
    """What was typed on-hook is the code, or not; an emergency number stays, to be called by lifting."""
    if phone.dialled in phone.habits.emergency:
        return phone
    if phone.dialled == phone.habits.lock_code:
        return replace(phone, dialled="", locked=False)
    return replace(phone, dialled="", notice=Notice(Trouble.LOCKED))


def delete(phone: Phone, at: float, *, all_of_them: bool = False) -> Phone:
    """BACK, short or long."""
    rest = "" if all_of_them else phone.dialled[:-1]
    return legs.fresh(replace(phone, dialled=rest, last_digit_at=at), at)


def long_press(phone: Phone, key: str, at: float) -> Result:
    """A digit is held down with nothing else typed: speed dial; a leading 0 becomes `+`."""
    number = dict(phone.habits.speed).get(key)
    if phone.ear or phone.dialled != key:
        return phone, ()
    if number:
        return request(replace(phone, dialled=""), DialRequested(number, at))
    return (replace(phone, dialled="+", last_digit_at=at) if key == "0" else phone), ()


def request(phone: Phone, e: DialRequested) -> Result:
    """REDIAL, a menu, `phone call`: as if typed; called at once if the handset is up."""
    number = e.number.strip()
    if phone.ear or not number:
        return phone, ()
    phone = ear.on_line(replace(phone, dialled=number, last_digit_at=e.at, notice=None), e.at)
    return dial(phone, e.at) if phone.seized else (phone, ())


def dial(phone: Phone, at: float) -> Result:
    """Call the number that stands on the display, or say with tone and sentence why not."""
    number = phone.dialled
    phone = remember(phone, number)
    to = address(phone, number)
    if _no_room(phone) and not _calls_for_help(phone, number, to):
        to = Notice(Trouble.NO_ROOM, number)
    return refuse(phone, to, at) if isinstance(to, Notice) else _call(phone, to, number, at)


def _no_room(phone: Phone) -> bool:
    """Law 5."""
    room = phone.habits.max_calls + (1 if phone.answering else 0)
    return phone.full and sum(c.live for c in phone.calls) >= room


def _calls_for_help(phone: Phone, number: str, to: str | Notice) -> bool:
    """And has not yet: the legs that this phone connects with each other must not bar that."""
    return number in phone.habits.emergency and not any(c.live and c.peer == to for c in phone.calls)


def remember(phone: Phone, number: str) -> Phone:
    """What REDIAL calls. What the lock refuses may be its code, typed with the handset up: REDIAL would type it again,
    and OK open the keypad.
    """
    barred = phone.locked and number not in phone.habits.emergency
    return phone if barred or number == phone.habits.lock_code else replace(phone, last_dialled=number)


def hotline(phone: Phone, at: float) -> Result:
    """Law 6; REDIAL does not learn it."""
    number = phone.habits.hotline
    to = address(replace(phone, locked=False), number)
    return refuse(phone, to, at) if isinstance(to, Notice) else _call(phone, to, number, at)


def address(phone: Phone, number: str) -> str | Notice:
    """Whom that number calls, or why nobody."""
    if phone.locked and number not in phone.habits.emergency:
        return Notice(Trouble.LOCKED, number)
    if phone.service is not Service.ONLINE:
        return Notice(Trouble.NO_SERVICE, number)
    to = phone.plan.resolve(number)
    return Notice(to, number) if isinstance(to, Fault) else to


def refuse(phone: Phone, notice: Notice, at: float) -> Result:
    """Reorder tone and a sentence."""
    return replace(phone, dialled="", focus=None, notice=notice, stage=Stage.REORDER, stage_at=at), ()


def _call(phone: Phone, to: str, number: str, at: float) -> Result:
    """The new leg has the ear; while a transfer is being chosen it is the consultation."""
    if phone.transfer is None and (caller := _calling_us(phone, to)):
        return (answering.take_over if caller.answering else ear.answer)(phone, caller, at)
    phone, commands = legs.propose(phone, to, number, at)
    new: Call = phone.calls[-1]
    if phone.transfer:
        phone = replace(phone, transfer=Transfer(phone.transfer.transferee, new.id))
    return ear.attend(ear.unnoticed(phone), new.id, at), commands


def _calling_us(phone: Phone, to: str) -> Call | None:
    """By any device of that address."""
    return next((c for c in (*phone.waiting, *phone.answering) if to in (c.peer, c.peer.partition("/")[0])), None)
