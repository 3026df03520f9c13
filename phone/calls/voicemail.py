"""What the phone knows of messages: frozen values. Times in monotonic seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Answering(Enum):
    """What the phone does with a call that it answered for its user."""

    GREETING = "greeting"  # the far end hears the greeting and the tone
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Dictation:
    """A message for `to` that no server takes: recorded here, then sent as a voice message."""

    to: str
    name: str
    at: float
    """When this stage began."""
    recording: bool = False
    """The prompt and the tone are over."""


@dataclass(frozen=True, slots=True)
class Mail:
    """How many messages wait."""

    new: int = 0
    old: int = 0
