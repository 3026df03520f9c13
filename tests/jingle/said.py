"""Short ways to say what a test tells an agent, and agents that have come so far."""

from __future__ import annotations

from jingle_wire import ALICE, BOB, CONTACT, agent, media, target, xml

from phone.jingle.agent import Agent
from phone.jingle.api import (
    Effects,
    PeerPolicy,
    Reply,
    SendIq,
    SendMessage,
    StanzaError,
)
from phone.jingle.elements import ICE_UDP, JINGLE, JMI, RTP, RTP_AUDIO, RTP_INFO, TRANSFER

TABLET = "bob@desk.test/tablet"
DESK = "alice@desk.test/kitchen"
DIRECT = (JINGLE, RTP, RTP_AUDIO)
CODECS = "<payload-type id='0'/><rtcp-mux/>"
ICE = f"<transport xmlns='{ICE_UDP}'/>"
PLAIN = PeerPolicy(contact=True, plain_rtp=True)


def jmi(verb: str, call: str = "c1", inner: str = "") -> str:
    return f"<{verb} xmlns='{JMI}' id='{call}'>{inner}</{verb}>"


def propose(call: str = "c1", media_kind: str = "audio") -> str:
    return jmi("propose", call, f"<description xmlns='{RTP}' media='{media_kind}'/>")


def reason(condition: str) -> str:
    return f"<reason xmlns='{JINGLE}'><{condition}/></reason>"


def jingle(action: str, inner: str = "", sid: str = "c1") -> str:
    return f"<jingle xmlns='{JINGLE}' action='{action}' sid='{sid}'>{inner}</jingle>"


def content(description: str = CODECS, transport: str = ICE, name: str = "audio", kind: str = "audio") -> str:
    return (
        f"<content name='{name}' creator='initiator'>"
        f"<description xmlns='{RTP}' media='{kind}'>{description}</description>{transport}</content>"
    )


def info(name: str, space: str = "urn:xmpp:jingle:apps:rtp:info:1", more: str = "") -> str:
    return jingle("session-info", f"<{name} xmlns='{space}' {more}/>")


def tell(to: Agent, text: str, sender: str = BOB, *, carbon: bool = False, sent_by_us: bool = False) -> Effects:
    return to.receive_message(sender, ALICE, xml(text), 0, carbon=carbon, sent_by_us=sent_by_us)


def iq(to: Agent, text: str, sender: str = BOB) -> tuple[StanzaError | None, Effects]:
    reply, *rest = to.receive_iq(sender, "i", xml(text), 0)
    assert isinstance(reply, Reply)
    return reply.error, tuple(rest)


def proposed(policy: PeerPolicy = CONTACT) -> Agent:
    """Alice has called bob by JMI."""
    alice = agent(policy=policy)
    alice.call("c1", "bob@desk.test", [], 0)
    return alice


def initiated(policy: PeerPolicy = CONTACT) -> Agent:
    """Alice has sent bob a session-initiate."""
    alice = agent(policy=policy)
    alice.call("c1", "bob@desk.test", [target(BOB, DIRECT)], 0)
    alice.described("c1", media(), 0)
    return alice


def offered(policy: PeerPolicy = CONTACT) -> Agent:
    """Bob's proposal rings at alice."""
    alice = agent(policy=policy)
    tell(alice, propose())
    return alice


def active() -> Agent:
    """Bob's plain session is up at alice."""
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content()))
    alice.described("c1", media(), 0)
    alice.accept("c1", 0)
    return alice


def wire_reason(effects: Effects) -> list[str]:
    return [
        r[0].tag.rpartition("}")[2]
        for e in effects
        if isinstance(e, SendIq | SendMessage) and (r := e.payload.find(f"{{{JINGLE}}}reason")) is not None
    ]


def told(effects: Effects) -> list[str]:
    """What our session-infos say."""
    return [
        child.tag.removeprefix(f"{{{RTP_INFO}}}").removeprefix(f"{{{TRANSFER}}}")
        for e in effects
        if isinstance(e, SendIq) and e.payload.get("action") == "session-info"
        for child in e.payload
    ]
