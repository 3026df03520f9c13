"""The user's own messages at the ear. What is played, and what the keys mean there, is for `ui.mailbox` to say.

Laws:
 1. VOICEMAIL opens the mailbox where no leg has the ear, nobody rings or knocks, and nothing is dictated or chosen to
    be transferred; what was typed is forgotten. Not on a locked phone: messages are private.
 2. On-hook it sounds at the speaker; where there is none the user is to lift, and has so long as `Timers.mailbox`.
 3. The mailbox has the ear without a tone of ours, but for who knocks, and no timer runs; any leg that comes to the
    ear ends it, and so does whatever else makes the line free (`ear.attend`).
 4. Leaving it there is dial tone, or the speaker is off.
"""

from __future__ import annotations

from phone.calls import ear, hook
from phone.calls.events import MailboxOpened
from phone.calls.frozen import replace
from phone.calls.legs import Result
from phone.calls.model import Notice, Phone, Trouble


def key(phone: Phone, at: float) -> Result:
    """VOICEMAIL pressed, and no call is what it is about."""
    return leave(phone, at) if phone.mailbox else _open(phone, "", at)


def opened(phone: Phone, e: MailboxOpened) -> Result:
    """`phone voicemail play`; where the mailbox is open already it goes on with that message."""
    return _open(phone, e.letter, e.at)


def _open(phone: Phone, letter: str, at: float) -> Result:
    if phone.ear or hook.knocking(phone) or phone.dictation or phone.transfer:
        return phone, ()
    if phone.locked:
        return replace(phone, notice=Notice(Trouble.LOCKED), notice_until=at + phone.timers.notice), ()
    speaker = phone.speaker or (phone.habits.has_speaker and not phone.off_hook)
    phone = ear.attend(replace(ear.unnoticed(phone), speaker=speaker), None, at)
    return replace(phone, mailbox=True, mailbox_at=at, mailbox_letter=letter), ()


def leave(phone: Phone, at: float) -> Result:
    """The user is through with them (law 4)."""
    if not phone.mailbox:
        return phone, ()
    return hook.leave(phone, at) if phone.speaker and not phone.off_hook else (ear.attend(phone, None, at), ())
