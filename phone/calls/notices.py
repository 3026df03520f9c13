"""Sentences for the display that come from behind the calls.

Law: one that tells who called in vain lasts until the user acts, and gives way to none that passes by itself.
"""

from __future__ import annotations

from phone.calls.events import MissedAway, Told
from phone.calls.frozen import replace
from phone.calls.model import Notice, Phone, Trouble

LASTING = frozenset(
    (
        *(Trouble.MISSED, Trouble.MISSED_AWAY),
        *(Trouble.MESSAGE_TAKEN, Trouble.NO_MESSAGE, Trouble.MESSAGE_NOT_SENT),
    )
)


def learn(phone: Phone, e: MissedAway | Told) -> Phone:
    """What there is to be told of."""
    return _missed_away(phone, e) if isinstance(e, MissedAway) else _told(phone, e)


def _missed_away(phone: Phone, e: MissedAway) -> Phone:
    """Calls came while the phone was off."""
    return _show(phone, Notice(Trouble.MISSED_AWAY, e.name), e.at) if e.count > 0 else phone


def _told(phone: Phone, e: Told) -> Phone:
    """The engine has something to say."""
    passes = e.notice.why not in LASTING
    return phone if passes and phone.notice and phone.notice.why in LASTING else _show(phone, e.notice, e.at)


def _show(phone: Phone, notice: Notice, at: float) -> Phone:
    until = None if notice.why in LASTING else at + phone.timers.notice
    return replace(phone, notice=notice, notice_until=until)
