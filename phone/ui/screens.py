"""What the display says, computed from the phone: pure, and in characters, not pixels.

Law: the screen tells the truth and no more. The lock is closed only while speech is known to be encrypted, and what
stands large beside "lift to call" is what lifting calls.
"""

from __future__ import annotations

import math
from dataclasses import replace

from phone.calls.model import Phone, Service
from phone.ui import card, idle, incall, mailboxscreen, taking
from phone.ui.frame import BIG_CHARS, LINE_CHARS, LINES, ROW_CHARS, ROWS, TITLE_CHARS, Screen, View, Wall, duration
from phone.ui.icons import Icon
from phone.ui.listing import listing
from phone.ui.menu import Menu, recording, top
from phone.ui.pages import calls_first

__all__ = [
    "BIG_CHARS",
    "LINES",
    "LINE_CHARS",
    "ROWS",
    "ROW_CHARS",
    "TITLE_CHARS",
    "Screen",
    "View",
    "Wall",
    "dims_at",
    "duration",
    "lines",
    "next_change",
    "screen",
]


def screen(v: View, *, dim_seconds: float = 0.0) -> Screen:
    """The screen of `v.phone`; dim if nothing has happened for so long (0: never)."""
    dims = dims_at(v.phone, v.menu, dim_seconds)
    dim = dims is not None and dims <= v.now
    shown = replace(_content(v, dim=dim), icons=_icons(v.phone), dim=dim)
    return shown if v.phone.volume_until is None else _with_volume(shown, v)


def lines(screen: Screen) -> tuple[str, ...]:
    """The screen as text, icons as words: what `phone status` shows."""
    bar = " ".join([screen.title, *(f"[{icon.value}]" for icon in screen.icons)])
    volume = () if screen.volume is None else (f"{screen.volume} %",)
    heard = screen.progress
    progress = () if heard is None else (f"{heard.at} / {heard.total}",)
    code = (f"[QR {screen.code}]",) if screen.code else ()
    rows = (f"{'>' if place == screen.chosen else ' '} {row}" for place, row in enumerate(screen.rows))
    pattern = (f"({screen.pattern})",) if screen.pattern else ()
    return (bar, *pattern, *((screen.big,) if screen.big else ()), *screen.lines, *rows, *volume, *progress, *code)


def next_change(phone: Phone, now: float, menu: Menu | None = None) -> float | None:
    """When a clock shows another second, or something is offered; None if nothing moves by itself but the time of day
    and what `menu.playing` tells.
    """
    focus = phone.call(phone.focus)
    clocks = [*(c.held_at for c in phone.held), *taking.clocks(phone)]
    if focus is not None and focus.up:
        clocks.append(incall.talked_from(focus))
    if menu is not None and menu.mail is not None and recording(menu):
        clocks.append(menu.mail.since)
    changes = (*(at + math.floor(max(0.0, now - at)) + 1 for at in clocks), taking.next_offer(phone, now))
    return min((at for at in changes if at is not None), default=None)


def dims_at(phone: Phone, menu: Menu, dim_seconds: float) -> float | None:
    """When the display is dimmed, or was, if nothing happens meanwhile; None while somebody is at the phone or wanted
    at it.
    """
    near = phone.seized or any(c.live and not c.bridged and not c.handover for c in phone.calls)
    if near or not dim_seconds:
        return None
    stamps = (phone.key_down_at, phone.last_digit_at, phone.service_at, phone.stage_at, phone.reminded_at)
    calls = (max(c.since, c.progressed_at, c.held_at) for c in phone.calls)
    return max(menu.touched_at, *stamps, *calls) + dim_seconds


def _content(v: View, *, dim: bool) -> Screen:
    phone = v.phone
    focus, recall = phone.call(phone.focus), phone.call(phone.recall)
    for call in phone.calls:
        if call.live and call.request:
            return incall.asked(v, call, call.request.name or call.request.to)
    if (page := top(v.menu, phone)) is not None:
        return listing(v, page)
    if not calls_first(phone) and (letters := _messages(v)) is not None:
        return letters
    if focus and focus.live and phone.seized:
        if recall and recall is not focus:
            return incall.knocking(v, recall, focus, "recall", "hold_swaps")
        if phone.offered:
            return incall.knocking(v, phone.offered, focus, "waiting", "hold_answers")
        return incall.at_ear(v, focus)
    if recall:
        return incall.recalled(v, recall)
    if phone.offered:
        return incall.offered(v, phone.offered)
    if phone.dialled:
        return idle.number(v)
    if focus and phone.seized:
        return incall.ended(v, focus)
    return idle.off_hook(v) if phone.seized else _on_hook(v, dim=dim)


def _messages(v: View) -> Screen | None:
    """What has the ear while there are messages to listen to, or one to record."""
    if v.phone.mailbox:
        return mailboxscreen.mailbox(v, v.menu.mail) if v.menu.mail and v.phone.seized else mailboxscreen.lift(v)
    return taking.dictation(v)


def _on_hook(v: View, *, dim: bool) -> Screen:
    if legs := v.phone.answering:
        return taking.taken(v, legs[0])
    if v.phone.service is Service.NO_ACCOUNT and not dim and (shown := card.fresh(v)):
        return shown
    return incall.on_cradle(v) if v.phone.held else idle.idle(v)


def _icons(phone: Phone) -> tuple[Icon, ...]:
    """The lock is that of what the ear hears, else of whom the phone answers for its user."""
    knocks = phone.seized or phone.offered or phone.recall
    secure = incall.encrypted(incall.talking(phone) or (() if knocks else phone.answering[:1]))
    facts = {
        Icon.MUTE: phone.muted,
        Icon.SPEAKER: phone.speaker,
        Icon.CONFERENCE: len(incall.joined(phone)) > 1,
        Icon.BRIDGE: bool(incall.bridged(phone)),
        Icon.HOLD: bool(phone.held),
        Icon.MESSAGE: phone.mail.new > 0 and not phone.mailbox,
        Icon.DND: phone.dnd,
        Icon.KEYPAD_LOCKED: phone.locked,
        Icon.LOCK_CLOSED: secure is True,
        Icon.LOCK_OPEN: secure is False,
        Icon.SERVICE: idle.online(phone),
        Icon.NO_SERVICE: not idle.online(phone),
    }
    return tuple(icon for icon, true in facts.items() if true)


def _with_volume(shown: Screen, v: View) -> Screen:
    """The bar takes the last line's place, and its name the first's."""
    phone = v.phone
    if phone.speaker:
        key, percent = "speaker", phone.speaker_volume
    else:
        key, percent = ("volume", phone.handset_volume) if phone.off_hook else ("ringer", phone.ringer_volume)
    bare = replace(shown, rows=(), progress=None, chosen=None, scroll=None, shift=None, code="")
    return replace(bare, lines=(v.title(key),), volume=percent)
