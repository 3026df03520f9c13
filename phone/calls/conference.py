"""Three at the table, or more: this phone mixes them (`Outputs.talk`).

Laws:
 1. There is one conference; it has the ear, or is on hold, as a whole. Long press of HOLD joins who has the ear and
    who was held last; with nobody else held it splits: one stays at the ear, the others are held.
 2. With one other left it is a call like any other.
 3. If this phone leaves, two others are handed to each other as by an attended transfer; more than two are ended.
"""

from __future__ import annotations

from phone.calls import ear, legs
from phone.calls.frozen import replace
from phone.calls.handover import attended, hand_over
from phone.calls.legs import Result, end_all, put
from phone.calls.model import Call, Phone


def long_press(phone: Phone, at: float) -> Result:
    """HOLD is held down; its press has done already what a press does."""
    focus = phone.current
    if focus is None or not focus.up or focus.message:
        return phone, ()
    if not focus.held:
        others = [c for c in phone.held if c.id not in ear.party(phone, focus)]
        return _join(phone, focus, others[-1], at) if others else (phone, ())
    return _split(phone, focus, at) if focus.joined else (phone, ())


def _join(phone: Phone, focus: Call, other: Call, at: float) -> Result:
    ids = {*ear.party(phone, focus), *ear.party(phone, other)}
    phone, resumed = legs.resume(phone, ids, at)
    # another conference, all of it on hold, breaks up: its legs are held calls each
    phone = put(phone, *(replace(c, joined=c.id in ids) for c in phone.calls))
    return ear.beep(replace(phone, transfer=None), at), resumed


def _split(phone: Phone, focus: Call, at: float) -> Result:
    phone, resumed = legs.resume(phone, (focus.id,), at)
    return put(phone, *(replace(c, joined=False) for c in phone.conference)), resumed


def connect(phone: Phone, at: float) -> Result:
    """Leave two others alone with each other."""
    others = [c for c in phone.conference if c.up]
    if len(others) != 2:
        return phone, ()
    first, second = (replace(c, joined=False) for c in others)
    return hand_over(put(phone, first, second), first, attended(first, second, at), at)


def hang_up(phone: Phone, at: float) -> Result:
    """Law 3."""
    if len(phone.conference) == 2 and all(c.up for c in phone.conference):
        return connect(phone, at)
    return end_all(phone, phone.conference, at)


def settle(phone: Phone) -> Phone:
    """Law 2; and when the leg of the ear leaves, another of the conference has it."""
    left = phone.conference
    focus = phone.call(phone.focus)
    if left and focus and focus.joined and not focus.live:
        phone = replace(phone, focus=left[0].id)
    if len(left) == 1:
        phone = put(phone, replace(left[0], joined=False))
    return phone
