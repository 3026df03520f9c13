"""What the engine's one inbox holds, beside the call core's own events.

Drivers, the xmpp room and the media host post these; the engine alone turns them into steps of the core.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from phone.calls.events import Event
from phone.drivers.base import Contact
from phone.mailnews import MailNews
from phone.media.plan import Report
from phone.selftest.steps import Event as SelfTestEvent
from phone.xmpp.api import ServiceName


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A debounced key or hook contact."""

    contact: Contact


@dataclass(frozen=True, slots=True)
class ServiceTold:
    """The xmpp room's word on whether there is service, and why not."""

    name: ServiceName
    detail: str


@dataclass(frozen=True, slots=True)
class IqArrived:
    """An IQ-set with a `<jingle/>` payload; it must be answered exactly once."""

    sender: str
    iq_id: str
    payload: Element


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A JMI message or a carbon of one."""

    sender: str
    to: str
    payload: Element
    carbon: bool
    sent_by_us: bool


@dataclass(frozen=True, slots=True)
class Bounced:
    """Our proposal came back undelivered."""

    sender: str
    proposal: str
    condition: str


@dataclass(frozen=True, slots=True)
class Replied:
    """The reply to one of our IQs: None for a result, else the error's condition."""

    token: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The reply to a question of ours: the payload of a result, None for an error or none at all."""

    token: str
    payload: Element | None


@dataclass(frozen=True, slots=True)
class Published:
    """A PubSub event (XEP-0060)."""

    sender: str
    event: Element


@dataclass(frozen=True, slots=True)
class MailTold:
    """A recording was kept, or cannot be; the mailbox has changed; a message to somebody was sent, or waits."""

    news: MailNews


@dataclass(frozen=True, slots=True)
class ResourceGone:
    """A resource sent unavailable."""

    full_jid: str


@dataclass(frozen=True, slots=True)
class MediaTold:
    """A report of the media process."""

    report: Report


@dataclass(frozen=True, slots=True)
class MediaRestarted:
    """The media process died and a new one is up: every leg's keys and path are gone."""


@dataclass(frozen=True, slots=True)
class FeaturesTold:
    """disco#info of a far end's full JID."""

    full_jid: str
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class NameTold:
    """What the vCard of a bare JID calls it."""

    jid: str
    name: str


@dataclass(frozen=True, slots=True)
class BookChanged:
    """Contacts, call log or block list are not what they were."""


@dataclass(frozen=True, slots=True)
class CaptureAsked:
    """A helper wants the headers of the calls' packets, under this name."""

    token: int
    seconds: float
    """0: no more."""


@dataclass(frozen=True, slots=True)
class SelfTestTold:
    """An answer, or a finding, of the self-test."""

    event: SelfTestEvent


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline of the core, of the Jingle room, of a menu or of the screen's clock has come."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Does the engine answer? Then it calls this, at the item's turn."""

    reply: Callable[[], None]


FromNetwork = IqArrived | MessageArrived | Bounced | Replied | ResourceGone
"""What the Jingle room answers with effects."""


OfMessages = Answered | Published | MailTold
"""What is about messages, and about the questions that they need."""


Item = (
    Event
    | ContactChanged
    | ServiceTold
    | FromNetwork
    | OfMessages
    | MediaTold
    | MediaRestarted
    | FeaturesTold
    | NameTold
    | BookChanged
    | CaptureAsked
    | SelfTestTold
    | TimePassed
    | Asked
)
