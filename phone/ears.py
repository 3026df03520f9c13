"""The xmpp room's listener: everything becomes an inbox item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from phone import inbox
from phone.xmpp.api import ArchivedMessage, ServiceName


def _nowhere(_: object) -> None:
    """Before the engine is there."""


@dataclass(slots=True)
class Ears:
    """`post` and `catch_up` are tied once there is an engine; what comes before is nobody's."""

    post: Callable[[inbox.Item], None] = _nowhere
    contacts: Callable[[], None] = lambda: None
    """The book's people are to be read anew."""
    catch_up: Callable[[tuple[ArchivedMessage, ...]], None] = _nowhere

    def service(self, name: ServiceName, detail: str) -> None:
        self.post(inbox.ServiceTold(name, detail))

    def iq(self, sender: str, iq_id: str, payload: Element) -> bool:
        self.post(inbox.IqArrived(sender, iq_id, payload))
        return True

    def message(self, sender: str, to: str, payload: Element, *, carbon: bool, sent_by_us: bool) -> None:
        self.post(inbox.MessageArrived(sender, to, payload, carbon, sent_by_us))

    def bounced(self, sender: str, proposal: str, condition: str) -> None:
        self.post(inbox.Bounced(sender, proposal, condition))

    def replied(self, token: str, error: str | None) -> None:
        self.post(inbox.Replied(token, error))

    def unavailable(self, full_jid: str) -> None:
        self.post(inbox.ResourceGone(full_jid))

    def contacts_changed(self) -> None:
        self.contacts()
        self.post(inbox.BookChanged())

    def named(self, jid: str, name: str) -> None:
        self.post(inbox.NameTold(jid, name))

    def features(self, full_jid: str, features: frozenset[str]) -> None:
        self.post(inbox.FeaturesTold(full_jid, features))

    def answered(self, token: str, payload: Element | None) -> None:
        self.post(inbox.Answered(token, payload))

    def published(self, sender: str, event: Element) -> None:
        self.post(inbox.Published(sender, event))

    def archived(self, messages: tuple[ArchivedMessage, ...]) -> None:
        self.catch_up(messages)
