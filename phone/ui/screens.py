"""What the display says, computed from the phone: pure, and in characters, not pixels.

Law: the screen tells the truth and no more. The lock is closed only while speech is known to be encrypted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from phone.calls.model import Call, Notice, Phone, Progress, Reason, Service, Trouble
from phone.ui.fit import clean, cut, cut_start, sentence, wrap
from phone.ui.icons import Icon
from phone.ui.texts import Texts

TITLE_CHARS = 15
BIG_CHARS = 14
LINE_CHARS = 18
LINES = 2
_TITLES = {
    Progress.PROPOSED: "proposed",
    Progress.ALERTING: "alerting",
    Progress.CONNECTING: "connecting",
    Progress.ENDED: "ended",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: a bar with title and icons, one big text, up to two small lines."""

    title: str
    big: str
    lines: tuple[str, ...] = ()
    icons: tuple[Icon, ...] = ()
    digits: bool = False
    """`big` is a number or the time: as large as it can be."""
    volume: int | None = None
    """Percent: a bar in the place of the last line."""


def screen(phone: Phone, *, clock_text: str, now: float, texts: Texts) -> Screen:
    """The screen of `phone`; `clock_text` is the time of day, `now` the monotonic clock in seconds."""
    focus = phone.call(phone.focus)
    shown = _content(phone, focus, clock_text, now, texts)
    shown = replace(shown, icons=_icons(phone, focus))
    return shown if phone.volume_until is None else _with_volume(shown, phone, texts)


def lines(screen: Screen) -> tuple[str, ...]:
    """The screen as text, icons as words: what `phone status` shows."""
    bar = " ".join([screen.title, *(f"[{icon.value}]" for icon in screen.icons)])
    volume = () if screen.volume is None else (f"{screen.volume} %",)
    return (bar, *((screen.big,) if screen.big else ()), *screen.lines, *volume)


def next_change(phone: Phone, now: float) -> float | None:
    """When a call's clock shows another second; None if nothing moves by itself but the time of day."""
    focus = phone.call(phone.focus)
    if focus is None or not focus.up or focus.answered_at is None:
        return None
    return focus.answered_at + math.floor(max(0.0, now - focus.answered_at)) + 1


def duration(seconds: float) -> str:
    """mm:ss, or h:mm:ss."""
    minutes, rest = divmod(max(0, math.floor(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _content(phone: Phone, focus: Call | None, clock_text: str, now: float, texts: Texts) -> Screen:
    if focus and focus.live:
        return _call(focus, phone, now, texts)
    if phone.offered:
        return _offered(phone.offered, phone, texts)
    if phone.dialled:
        hint = "hash_calls" if phone.seized else "lift_to_call"
        return _number(phone.dialled, texts.get("title", "number"), texts.get("hint", hint))
    if focus:
        return _ended(focus, texts)
    return _off_hook(phone, texts) if phone.seized else _idle(phone, clock_text, texts)


def _call(call: Call, phone: Phone, now: float, texts: Texts) -> Screen:
    name = _name(call)
    if not call.up:
        return Screen(texts.get("title", _TITLES[call.progress]), name, _address(call))
    facts = {
        "no_sound": not phone.sound,
        "held": call.held_by_peer,
        "muted": phone.muted,
        "insecure": call.encrypted is False,
    }
    told = [texts.get("hint", key) for key, true in facts.items() if true]
    since = call.progressed_at if call.answered_at is None else call.answered_at
    return Screen(duration(now - since), name, _small(*told) if told else _address(call))


def _offered(call: Call, phone: Phone, texts: Texts) -> Screen:
    title, hint = ("waiting", "ok_answers") if phone.seized else ("offered", "lift_to_answer")
    told = _small(texts.get("hint", hint))
    address = _address(call) if len(told) < LINES else ()
    return Screen(texts.get("title", title), _name(call), (*address, *told))


def _ended(call: Call, texts: Texts) -> Screen:
    reason = call.reason or Reason.FAILED
    talked = () if call.answered_at is None else (duration(call.progressed_at - call.answered_at),)
    why = texts.get("ended", reason)
    told = _small(*([why] if why else talked))
    return Screen(texts.get("title", "ended"), _name(call), told)


def _number(number: str, title: str, hint: str) -> Screen:
    number = clean(number)
    if "@" in number:
        return Screen(title, cut(number, BIG_CHARS), (hint,))
    return Screen(title, cut_start(number, BIG_CHARS), (hint,), digits=True)


def _off_hook(phone: Phone, texts: Texts) -> Screen:
    """Dial tone, or the sentence that says why not."""
    if phone.notice:
        return Screen(texts.get("title", "failed"), "", _told(phone.notice, phone, texts))
    if phone.service is not Service.ONLINE:
        return Screen(texts.get("title", "no_service"), "", _small(texts.get("service", phone.service)))
    if not phone.sound:
        return Screen(texts.get("title", "failed"), "", _small(texts.get("hint", "no_sound")))
    return Screen(texts.get("title", "dial"), "", _small(texts.get("hint", "dial")))


def _idle(phone: Phone, clock_text: str, texts: Texts) -> Screen:
    online = phone.service is Service.ONLINE
    title = texts.get("title", "idle" if online else "no_service")
    if phone.notice:
        told = _told(phone.notice, phone, texts)
    elif not online:
        told = _small(texts.get("service", phone.service))
    else:
        told = () if phone.sound else _small(texts.get("hint", "no_sound"))
    return Screen(title, clock_text, told, digits=True)


def _told(notice: Notice, phone: Phone, texts: Texts) -> tuple[str, ...]:
    if notice.why is Trouble.NO_SERVICE and phone.service is not Service.ONLINE:
        return _small(texts.get("service", phone.service))
    pattern = texts.get("notice", notice.why)
    return sentence(lambda who: pattern.replace("{who}", who), clean(notice.who), LINE_CHARS, LINES)


def _name(call: Call) -> str:
    """A far end without a name is shown by its address."""
    return cut(clean(call.name) or clean(call.peer), BIG_CHARS)


def _small(*sentences: str) -> tuple[str, ...]:
    return tuple(line for text in sentences for line in wrap(text, LINE_CHARS))[:LINES]


def _address(call: Call) -> tuple[str, ...]:
    """The far end's bare address, where the name does not say it already."""
    bare = clean(call.peer.partition("/")[0])
    return () if bare == clean(call.name) else (cut(bare, LINE_CHARS),)


def _icons(phone: Phone, focus: Call | None) -> tuple[Icon, ...]:
    icons: list[Icon] = []
    if phone.muted:
        icons.append(Icon.MUTE)
    if focus and focus.up and focus.encrypted is not None:
        icons.append(Icon.LOCK_CLOSED if focus.encrypted else Icon.LOCK_OPEN)
    icons.append(Icon.SERVICE if phone.service is Service.ONLINE else Icon.NO_SERVICE)
    return tuple(icons)


def _with_volume(shown: Screen, phone: Phone, texts: Texts) -> Screen:
    """The bar takes the last line's place, and its name the first's."""
    key, percent = ("volume", phone.handset_volume) if phone.seized else ("ringer", phone.ringer_volume)
    return replace(shown, lines=(texts.get("title", key),), volume=percent)
