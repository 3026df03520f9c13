"""What the engine drives: the loop, the rooms below it, and what it hands to the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from xml.etree.ElementTree import Element

from phone import inbox
from phone.calls import commands as do
from phone.calls.events import Event
from phone.calls.model import Memory, Phone, Ring
from phone.drivers.base import Lamps
from phone.jingle.agent import Agent
from phone.mailnews import MailNews
from phone.media import plan, planrecordings
from phone.media.planprobes import AskServers
from phone.sayings import Sayings
from phone.ui.book import Book
from phone.ui.menu import BoxRequest, Menu
from phone.ui.screens import Screen
from phone.xmpp.api import Client


class Timer(Protocol):
    """A pending wake-up."""

    def cancel(self) -> None:
        """It will not come."""


class Loop(Protocol):
    """The part of asyncio's event loop that the engine uses; virtual in tests."""

    def time(self) -> float:
        """Monotonic seconds."""

    def call_at(self, when: float, callback: Callable[[inbox.Item], None], item: inbox.Item, /) -> Timer:
        """Wake up at a monotonic time."""

    def call_soon_threadsafe(self, callback: Callable[[inbox.Item], None], item: inbox.Item, /) -> object:
        """The hop from another thread."""

    def call_exception_handler(self, context: dict[str, object], /) -> None:
        """Where bugs of ours go: asyncio logs them with their traceback, tests fail by them."""


class MediaDown(Protocol):
    """The way down to the media process (`media.host.MediaHost`)."""

    def send(self, message: plan.Plan | plan.SendDigit | plan.PlayDigit | planrecordings.SkipPlay | AskServers) -> None:
        """Hand one message over; kept for a process that is just being restarted."""


class Mail(Protocol):
    """The messages: recorded, kept, sent (`mailroom.Mailroom`). Nothing in here blocks; news come by the inbox."""

    def record(self, command: do.StartRecording, source: str) -> None:
        """A message begins; its sound comes under that name."""

    def stop(self, command: do.StopRecording, now: float) -> None:
        """It ends."""

    def sound(self, report: planrecordings.Recorded) -> tuple[Event, ...]:
        """More of a recording; what the core is to be told of it."""

    def all_in(self, source: str) -> None:
        """Nothing more comes of it."""

    def media_lost(self) -> tuple[Event, ...]:
        """Nothing more comes of any; what the core is to be told of that."""

    def told(self, news: MailNews, now: float) -> tuple[Event, ...]:
        """Take in what its own threads posted; what the core is to be told of it."""

    def request(self, request: BoxRequest, now: float) -> None:
        """What the menu asks for."""

    @property
    def coming(self) -> int:
        """New messages on their way to the mailbox: the lamp does not wait for their sound."""

    def online(self, full_jid: str, now: float) -> None:
        """There is service: what waits can be sent, the server's mailbox is looked at."""

    def offline(self) -> None:
        """There is none any more."""

    def answered(self, token: str, payload: Element | None, now: float) -> None:
        """The reply to a question of its own."""

    def published(self, sender: str, event: Element, now: float) -> None:
        """The server's mailbox has changed."""

    def deadline(self) -> float | None:
        """When `expire` is to be called (monotonic seconds)."""

    def expire(self, now: float) -> None:
        """Time has passed."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """How calls from one address are met."""

    ring: Ring | None = None
    """What announces them; None: what announces all."""
    intercom: bool = False
    """Answered at once, on the speaker."""


@dataclass(slots=True)
class Ports:
    """What the engine drives. All are called on the event loop and must not block."""

    agent: Agent
    client: Client
    media: MediaDown
    lamps: Lamps
    show: Callable[[Screen], None]
    log_call: Callable[[do.LogCall], None]
    remember: Callable[[Memory], None]
    """Keep this over a restart."""
    compose: Callable[[Phone, Menu, Book, float], Screen]
    """The screen for a state at a monotonic time."""
    screen_due: Callable[[Phone, Menu, float], float]
    """When the screen changes by itself next (a call's seconds, the idle clock)."""
    greet: Callable[[str], Greeting]
    """By the caller's address."""
    text: Callable[[int], str]
    """The ready-made text of that number to refuse a call with."""
    clear_log: Callable[[], None]
    """Forget all calls."""
    missed_seen: Callable[[float], None]
    """The user has looked at the missed calls up to that moment (Unix seconds): keep it over a restart."""
    book: Callable[[], Book]
    """The telephone book as it is now, and the mailbox in it."""
    mail: Mail
    sayings: Sayings
