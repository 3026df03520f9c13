"""A scripted client that speaks Google's session protocol: its stanzas, its manners in answering, what comes in."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from peers.xmpp_peer import Peer, Server
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

SESSION = "http://www.google.com/session"
PHONE = "http://www.google.com/session/phone"
VIDEO = "http://www.google.com/session/video"
P2P = "http://www.google.com/transport/p2p"
VOICE = "http://www.google.com/xmpp/protocol/voice/v1"
VOICEMAIL = "http://www.google.com/session/voicemail"
G = {"s": SESSION, "a": PHONE, "p": P2P, "v": VOICEMAIL}
TEN = {
    *("name", "address", "port", "username", "password"),
    *("preference", "protocol", "type", "network", "generation"),
}
"""Attributes of a candidate: wocky answers bad-request for want of any."""
MUTE = frozenset({"transport-accept", "info", "content-info", "redirect"})
"""What Asterisk has no handler for, and gives no reply to."""


class GooglePeer(Peer):
    """`got` is `expect` for acts of this protocol."""

    def __init__(self, server: Server, name: str, resource: str, features: tuple[str, ...] = (VOICE,)) -> None:
        super().__init__(server, name, resource, features)
        match = MatchXPath(f"{{jabber:client}}iq/{{{SESSION}}}session")
        self.register_handler(Callback("Google", match, self._jingle))

    async def got(self, act: str, within: float = 8) -> Element:
        """The next of that act; it is taken away. Others stay."""
        return await self._next(lambda payload: act_of(payload) == act, within)

    async def finds(self, within: float = 8) -> list[Element]:
        """All stanzas with candidates that the phone has told so far: at least one."""
        first = await self._next(lambda payload: bool(candidates_in(payload)), within)
        others = [payload for payload in self.came if candidates_in(payload)]
        self.came = [payload for payload in self.came if payload not in others]
        return [first, *others]

    def acts(self) -> list[str]:
        """What has come and nobody has taken."""
        return [act for act in map(act_of, self.came) if act]

    def as_asterisk(self) -> None:
        """No replies to what it does not know."""
        self.silent_on = lambda payload: act_of(payload) in MUTE


def act_of(payload: Element) -> str:
    """ "" for what is none of this protocol."""
    return payload.get("type", "") if payload.tag == f"{{{SESSION}}}session" else ""


def candidates_in(payload: Element) -> list[Element]:
    """Of either form."""
    return [*payload.iterfind(f"{{{SESSION}}}candidate"), *payload.iterfind("p:transport/p:candidate", G)]


def reasons(payload: Element) -> list[str]:
    """The children of a terminate or reject, those of `<reason/>` as reason/NAME."""
    return [name for child in payload for name in ([f"reason/{local(c)}" for c in child] or [local(child)])]


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def session(act: str, sid: str, initiator: str, inner: str = "", more: str = "") -> str:
    return f"<session xmlns='{SESSION}' type='{act}' id='{sid}' initiator='{initiator}' {more}>{inner}</session>"


def payload_type(id: int, name: str, rate: int = 8000, more: str = "") -> str:
    return f"<payload-type id='{id}' name='{name}' clockrate='{rate}' {more}/>"


def description(*types: str) -> str:
    return f"<description xmlns='{PHONE}'>{''.join(types)}</description>"


def candidate(port: int, username: str, **changes: object) -> str:
    """All ten attributes."""
    told: dict[str, object] = {
        "name": "rtp",
        "address": "127.0.0.1",
        "port": port,
        "username": username,
        "password": "",
        "preference": "1",
        "protocol": "udp",
        "type": "local",
        "network": "0",
        "generation": "0",
    }
    attributes = " ".join(f"{key}='{value}'" for key, value in (told | changes).items())
    return f"<candidate {attributes}/>"


def wrapped(*candidates: str) -> str:
    return f"<transport xmlns='{P2P}'>{''.join(candidates)}</transport>"
