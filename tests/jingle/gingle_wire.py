"""Google sessions on an in-memory wire, and far ends of each dialect: our own agent behind a filter."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree.ElementTree import Element, parse, tostring

from jingle_wire import ALICE, BOB, ids, news, xml

from phone.jingle.api import Effect, Effects, IceCandidate, LocalMedia, Nonsense, PeerPolicy, Reply, SendIq
from phone.jingle.gingle_agent import GoogleAgent
from phone.jingle.gingle_codec import encode_session, parse_session
from phone.jingle.gingle_elements import SESSION, Act, Gingle
from phone.jingle.register import Register

CAPTURES = Path(__file__).parents[1] / "captures" / "gingle"
OLD = PeerPolicy(contact=True, plain_rtp=True)
STRANGER = PeerPolicy(plain_rtp=True)
SESSION_NS = {"s": SESSION, "p": "http://www.google.com/transport/p2p", "a": "http://www.google.com/session/phone"}
TEN = {
    "name",
    "address",
    "port",
    "username",
    "password",
    "preference",
    "protocol",
    "type",
    "network",
    "generation",
}


def host(port: int = 4000, ip: str = "192.0.2.1", kind: str = "host") -> IceCandidate:
    return IceCandidate(1, "1", ip, port, 2130706431, kind)


def voice(name: str = "alice", *candidates: IceCandidate) -> LocalMedia:
    username = (name * 16)[:16]
    return LocalMedia(username, "", "", "", candidates or (host(),))


def google(own: str = ALICE, policy: PeerPolicy = OLD, taken: str = "") -> GoogleAgent:
    """`taken`: the id of a call of another dialect."""
    new_id = ids(own.partition("@")[0])
    register = Register(new_id)
    if taken:
        register.add(taken)
    return GoogleAgent(own, policy=lambda _: policy, new_id=new_id, register=register)


def said(effects: Effects) -> list[str]:
    """What goes out, in order."""
    return [e.payload.get("type", "") for e in effects if isinstance(e, SendIq)]


def stanzas(effects: Effects, act: Act) -> list[Gingle]:
    every = [parse_session(e.payload) for e in effects if isinstance(e, SendIq)]
    return [g for g in every if g.act is act]


def token(effects: Effects) -> str:
    (iq,) = [e for e in effects if isinstance(e, SendIq)]
    return iq.token


def answer(effects: Effects) -> str | None:
    """The condition of the one reply, which must come first; None for a result."""
    assert [isinstance(e, Reply) for e in effects].index(True) == 0
    (reply,) = [e for e in effects if isinstance(e, Reply)]
    return None if reply.error is None else reply.error.condition


def capture(name: str) -> tuple[str, list[Element]]:
    """The peer, and its stanzas in order."""
    root = parse(CAPTURES / f"{name}.xml").getroot()  # noqa: S314 - our own fixture
    return root.get("peer", ""), list(root)


Filter = Callable[[Gingle], Gingle | None]


def everything(stanza: Gingle) -> Gingle | None:
    return stanza


def only_gtalk3(stanza: Gingle) -> Gingle | None:
    """libjingle 0.3 and newer than 0.4, Asterisk: blind and mute for all transport elements."""
    if stanza.act is Act.TRANSPORT_ACCEPT or (stanza.act is Act.TRANSPORT_INFO and not stanza.bare):
        return None
    return replace(stanza, transport=False, wrapped=())


def only_gtalk4(stanza: Gingle) -> Gingle | None:
    return None if stanza.act is Act.CANDIDATES else stanza


@dataclass
class End:
    agent: GoogleAgent
    speaks: Filter = everything
    heard: list[Effect] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    nonsense: list[Nonsense] = field(default_factory=list)


class Wire:
    """Two ends. What a filter holds back was never sent, or is acked and not understood."""

    def __init__(self, alice: End, bob: End) -> None:
        self.ends = {ALICE: alice, BOB: bob}
        self.queue: deque[tuple[str, SendIq]] = deque()
        self._iq = ids("iq")

    def do(self, jid: str, effects: Effects) -> None:
        end = self.ends[jid]
        end.heard += news(effects)
        end.nonsense += [e for e in effects if isinstance(e, Nonsense)]
        self.queue += [(jid, e) for e in effects if isinstance(e, SendIq)]

    def run(self) -> None:
        while self.queue:
            self.step()

    def step(self) -> None:
        jid, iq = self.queue.popleft()
        end, to = self.ends[jid], self.ends[iq.to]
        error = None
        stanza = end.speaks(parse_session(iq.payload))
        if stanza is not None:
            end.said.append(stanza.act.value)
            stanza = to.speaks(stanza)
        if stanza is not None:
            name = self._iq()
            payload = xml(tostring(encode_session(stanza)))
            effects = to.agent.receive_iq(jid, name, payload)
            error = answer(effects)
            self.do(iq.to, effects)
        self.do(jid, end.agent.replied(iq.token, error))
