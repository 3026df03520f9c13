"""The screens without a call: the idle clock, dial tone, a number being typed. Pure."""

from __future__ import annotations

from phone.calls.model import Call, Notice, Phone, Service, Trouble
from phone.ui import incall, mailboxscreen, taking
from phone.ui.dates import clock, day
from phone.ui.fit import clean, cut, cut_start, sentence, tail
from phone.ui.frame import BIG_CHARS, LINE_CHARS, LINES, TITLE_CHARS, Screen, View, small
from phone.ui.menu import matches, picked, unseen

_PLACES = 3
"""In each direction, by which the idle screen wanders."""


def idle(v: View) -> Screen:
    """The time of day, the date, and what there is to know."""
    told = _news(v)
    date = (day(v.wall.now, v.texts),) if len(told) < LINES else ()
    title = cut(clean(v.line), TITLE_CHARS) if v.line and online(v.phone) else v.title(_ready(v.phone))
    minute = int(v.wall.now.timestamp() // 60)
    shift = minute % _PLACES, minute // _PLACES % _PLACES
    return Screen(title, clock(v.wall.now), (*date, *told), digits=True, shift=shift)


def off_hook(v: View) -> Screen:
    """Dial tone, or the sentence that says why not; who waits, or is being chosen for."""
    phone = v.phone
    if (trouble := _no_dial_tone(v)) is not None:
        return trouble
    if phone.transfer and (transferee := phone.call(phone.transfer.transferee)):
        return incall.picking(v, transferee)
    if leaving := _leaving(phone):
        return Screen(v.title("dial"), "", incall.handing_over(v, leaving[-1]))
    if phone.held:
        return Screen(v.title("dial"), "", incall.held_lines(v))
    if leaves := taking.beside(v):
        return Screen(v.title("dial"), "", leaves)
    if phone.locked:
        return Screen(v.title("locked"), "", small(v.hint("emergency_only")))
    return Screen(v.title("dial"), "", small(v.hint("dial")))


def number(v: View) -> Screen:
    """What is dialled, and whom its digits find. What stands large is what will be called."""
    phone = v.phone
    hint = v.hint(_how_to_call(phone))
    title = v.title("transfer_to" if phone.transfer else "number")
    if phone.locked:
        return Screen(v.title("locked"), _masked(phone), (hint,), digits=True)
    if (person := picked(v.menu, phone)) is not None:
        place = f"{v.menu.pick.place if v.menu.pick else 0}/{len(matches(v.menu, phone))}"
        title = tail(cut_start(clean(phone.dialled), TITLE_CHARS - len(place) - 1), place, TITLE_CHARS)
        return Screen(title, _big(person.name), (cut(clean(person.number or person.address), LINE_CHARS), hint))
    typed = clean(phone.dialled)
    if "@" in typed:
        known = next((p.name for p in v.book.people if p.address == phone.dialled), "")
        where = (cut(typed, LINE_CHARS),) if known else ()
        return Screen(title, _big(known or typed), (*where, hint))
    return Screen(title, cut_start(typed, BIG_CHARS), (*_found(v), hint), digits=True)


def online(phone: Phone) -> bool:
    """Calls can be made."""
    return phone.service is Service.ONLINE


def _ready(phone: Phone) -> str:
    if phone.service is Service.NO_ACCOUNT:
        return "no_account"
    return "idle" if online(phone) else "no_service"


def _big(text: str) -> str:
    return cut(clean(text), BIG_CHARS)


def _found(v: View) -> tuple[str, ...]:
    people = matches(v.menu, v.phone)
    if not people:
        return ()
    first = f"↓{clean(people[0].name)}"
    return (tail(first, f"+{len(people) - 1}", LINE_CHARS) if len(people) > 1 else cut(first, LINE_CHARS),)


def _how_to_call(phone: Phone) -> str:
    if phone.transfer:
        return "transfer_connects"
    if phone.locked and phone.dialled not in phone.habits.emergency:
        return "ok_opens" if phone.habits.lock_code and not phone.seized else "emergency_only"
    return "hash_calls" if phone.seized else "lift_to_call"


def _masked(phone: Phone) -> str:
    """The code that opens the keypad is not for all eyes; an emergency number is seen while it may still be one."""
    if any(number.startswith(phone.dialled) for number in phone.habits.emergency):
        return phone.dialled
    return "*" * min(len(phone.dialled), BIG_CHARS)


def _no_dial_tone(v: View) -> Screen | None:
    if v.phone.notice:
        return Screen(v.title("failed"), "", _told(v, v.phone.notice))
    if not online(v.phone):
        return Screen(v.title("no_service"), "", small(v.texts.get("service", v.phone.service)))
    return None if v.phone.sound else Screen(v.title("failed"), "", small(v.hint("no_sound")))


def _news(v: View) -> tuple[str, ...]:
    """The most important of all there is to tell."""
    phone = v.phone
    if phone.notice:
        return _told(v, phone.notice)
    if not online(phone):
        return _no_service(v)
    if not phone.sound:
        return (v.hint("sound_fails"), *_troubles(v)) if v.troubles else small(v.hint("no_sound"))
    return _elsewhere(v) or _small_news(v)


def _troubles(v: View) -> tuple[str, ...]:
    """The menu has the sentences: they would not fit here."""
    count = len(v.troubles)
    if not count:
        return ()
    return (v.hint("trouble_one" if count == 1 else "trouble_some", count=str(count)),)


def _no_service(v: View) -> tuple[str, ...]:
    """Why; of a phone without account, where it is reached."""
    if v.phone.service is Service.NO_ACCOUNT and v.reach.address:
        return tuple(cut(clean(each), LINE_CHARS) for each in (v.reach.host, v.reach.address) if each)
    return small(v.texts.get("service", v.phone.service))


def _elsewhere(v: View) -> tuple[str, ...]:
    """Far ends that this phone connects, or is connecting."""
    for call, other in incall.bridged(v.phone):
        return incall.bridge_lines(v, call, other)
    leaving = _leaving(v.phone)
    return incall.handing_over(v, leaving[-1]) if leaving else ()


def _leaving(phone: Phone) -> tuple[Call, ...]:
    """Legs on their way to a third party."""
    return tuple(c for c in phone.calls if c.live and c.handover and not c.bridged)


def _small_news(v: View) -> tuple[str, ...]:
    phone, missed = v.phone, unseen(v.menu, v.book)
    if phone.locked:
        return (v.hint("code" if phone.habits.lock_code else "locked"),)
    mail = (mailboxscreen.count(v),) if phone.mail.new else ()
    calls = (v.hint("missed_one" if missed == 1 else "missed_some", count=str(missed)),) if missed else ()
    dnd = (v.hint("dnd"),) if phone.dnd and not (mail or calls) else ()
    return (*mail, *calls, *_troubles(v), *dnd)[:LINES]


def _told(v: View, notice: Notice) -> tuple[str, ...]:
    if notice.why is Trouble.NO_SERVICE and not online(v.phone):
        return small(v.texts.get("service", v.phone.service))
    return sentence(lambda who: v.texts.fill("notice", notice.why, who=who), clean(notice.who), LINE_CHARS, LINES)
