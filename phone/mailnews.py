"""What the mailroom tells the engine."""

from __future__ import annotations

from dataclasses import dataclass

from phone.calls.model import Notice
from phone.takes import Ended, Troubled
from phone.ui.book import Box


@dataclass(frozen=True, slots=True)
class BoxChanged:
    """The mailbox as it is now."""

    box: Box


@dataclass(frozen=True, slots=True)
class Posted:
    """A sentence for the display: a dictated message was sent, or waits."""

    notice: Notice


MailNews = Ended | Troubled | BoxChanged | Posted
