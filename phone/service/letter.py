"""A mail with a message (pure): one recipient, headers by template alone, nothing in them that a caller chose but his
address and the recipient's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError, MessageDefect
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from phone.errors import PhoneError
from phone.service.admission import is_mail

_POLICY: Final = SMTP.clone(raise_on_defect=True, max_line_length=998)


class LetterError(PhoneError, ValueError):
    """Something that cannot be made a mail."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`id`: unguessable, the same at each try, so that a mail that went twice is known to be one."""

    id: str
    sender: str
    recipient: str
    subject: str
    body: str
    file: str
    sound: bytes
    stamp: float


def compose(letter: Letter) -> EmailMessage:
    """RFC 5322 and MIME; no Reply-To: the caller's address need not be one for mail. Raises LetterError."""
    if not is_mail(letter.recipient):
        raise LetterError(f"{letter.recipient!r} is no mail address")
    if not letter.subject.isprintable():
        raise LetterError("a subject has one line")
    mail = EmailMessage(_POLICY)
    try:
        mail["From"] = _address(letter.sender)
        mail["To"] = _address(letter.recipient)
        mail["Subject"] = letter.subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(letter.stamp, UTC))
        mail["Message-ID"] = f"<{letter.id}@{letter.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notes
    except (ValueError, HeaderParseError, MessageDefect) as error:
        raise LetterError(f"the headers cannot be made: {error}") from error
    mail.set_content(letter.body)
    mail.add_attachment(letter.sound, maintype="audio", subtype="mp4", filename=letter.file)
    return mail


def _address(text: str) -> Address:
    user, _, domain = text.rpartition("@")
    return Address(username=user, domain=domain)
