"""What the mailroom tells the engine."""

from __future__ import annotations

from dataclasses import dataclass

from phone.calls.model import Notice
from phone.takes import Ended, Troubled
from phone.ui.book import Box
from phone.voicemail.greeting import Owed
from phone.voicemail.remote import Followed


@dataclass(frozen=True, slots=True)
class BoxChanged:
    """The mailbox as it is now."""

    box: Box
    followed: Followed | None = None
    """What of the server's mailbox is here; None: the card does not tell."""
    owed: Owed | None = None
    """The greeting, as far as the server does not have it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A sentence for the display: a dictated message was sent, or waits."""

    notice: Notice


MailNews = Ended | Troubled | BoxChanged | Posted
