"""The inner parts of the xmpp room without a network: a list takes what would be sent, the test is the server."""

from __future__ import annotations

import asyncio
from xml.etree.ElementTree import Element

from rig.servers_ears import Ears, xml

from phone.clock import VirtualClock
from phone.xmpp.api import ArchivedMessage
from phone.xmpp.archive import Archive
from phone.xmpp.blocking import BlockList
from phone.xmpp.bridge import Bridge, Parts
from phone.xmpp.caps import OurCaps
from phone.xmpp.contacts import Contacts
from phone.xmpp.learning import Learning
from phone.xmpp.names import Names
from phone.xmpp.requests import Failed, Requests, Result
from phone.xmpp.services import IceServers

OWN = "alice@localhost"


class Room:
    """A bridge with all its parts."""

    def __init__(self) -> None:
        self.sent: list[Element] = []
        self.ears = Ears()
        self.clock = VirtualClock()
        self.caps = OurCaps(["urn:xmpp:jingle:1"])
        self.requests = Requests(self.sent.append)
        self.requests.answer_for_account(OWN, f"{OWN}/phone", "localhost")
        self.names = Names(self.requests, self.ears.contacts_changed, self.ears.named)
        self.contacts = Contacts(self.requests, self.names, self.ears.unavailable, self.ears.contacts_changed)
        self.learning = Learning(self.requests, self.contacts, self.names, self.ears.features)
        self.ice = IceServers(self.requests, self.clock, "localhost")
        self.blocked = BlockList(self.requests, self.ears.contacts_changed)
        self.archive = Archive(self.requests, OWN, self.clock, self.archived)
        parts = Parts(self.caps, self.requests, self.contacts, self.ice, self.blocked, self.archive)
        self.bridge = Bridge(self.sent.append, self.ears, OWN, self.clock, parts)

    def archived(self, found: tuple[ArchivedMessage, ...]) -> None:
        self.bridge.archived(found)

    def hear(self, text: str) -> bool:
        return self.bridge.stanza(xml(text))

    def answer(self, payload: str = "", sender: str | None = "", kind: str = "result") -> bool:
        """The last thing sent."""
        asked = self.sent[-1]
        to = asked.get("to") if sender == "" else sender
        source = f"from='{to}'" if to else ""
        return self.hear(f"<iq xmlns='jabber:client' type='{kind}' id='{asked.get('id')}' {source}>{payload}</iq>")

    def answer_to(self, to: str, payload: str, sender: str | None = None, kind: str = "result") -> bool:
        """The last thing sent there."""
        asked = next(stanza for stanza in reversed(self.sent) if stanza.get("to") == to and stanza.get("type") == "get")
        head = f"type='{kind}' id='{asked.get('id')}' from='{sender or to}'"
        return self.hear(f"<iq xmlns='jabber:client' {head}>{payload}</iq>")

    def close(self) -> None:
        self.requests.close()
        self.names.pause()
        self.ice.close()


async def fetch(requests: Requests, kind: str, to: str | None, payload: Element, seconds: float) -> Result | Failed:
    """`Requests.ask`, waited for: more than one word of it fails the test."""
    answer: asyncio.Future[Result | Failed] = asyncio.get_running_loop().create_future()
    requests.ask(kind, to, payload, answer.set_result, seconds)
    return await answer


def info(*features: str) -> str:
    inside = "".join(f"<feature var='{each}'/>" for each in features)
    return f"<query xmlns='http://jabber.org/protocol/disco#info'>{inside}</query>"


def presence(sender: str, extra: str = "", kind: str = "") -> str:
    state = f"type='{kind}'" if kind else ""
    return f"<presence xmlns='jabber:client' from='{sender}' {state}>{extra}</presence>"
