"""Stanzas captured from real peers (tests/captures/jingle), fed to an agent as if they came now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, parse

from jingle_wire import agent, media, news, target

from phone.jingle.agent import Agent
from phone.jingle.api import Effect, Effects, MediaWish, PeerPolicy, Reply, SendIq, SendMessage
from phone.jingle.elements import JINGLE, JMI, RTP, RTP_AUDIO
from phone.jingle.parse import parse_jingle

CAPTURES = Path(__file__).parents[1] / "captures" / "jingle"
TRANSFERS = Path(__file__).parents[1] / "captures" / "transfer"
PLAIN = PeerPolicy(contact=True, plain_rtp=True)
JMI_PEER = (JINGLE, RTP, RTP_AUDIO, JMI)


@dataclass(frozen=True)
class Capture:
    """One peer's stanzas, in order."""

    peer: str
    stanzas: tuple[Element, ...]

    @property
    def own(self) -> str:
        return next(jid for s in self.stanzas if "/" in (jid := s.get("to", "")))

    @property
    def sid(self) -> str:
        return next(c.get("sid", "") for s in self.stanzas for c in s if c.tag == f"{{{JINGLE}}}jingle")


def capture(name: str) -> Capture:
    root = parse(CAPTURES / f"{name}.xml").getroot()  # noqa: S314 - our own fixture
    return Capture(root.get("peer", ""), tuple(root))


def transfer_flow(name: str) -> list[Element]:
    """The stanzas of a transfer, with answers; each says from whom and to whom it is."""
    return list(parse(TRANSFERS / f"{name}.xml").getroot())  # noqa: S314 - our own fixture


@dataclass
class Replay:
    """An agent that has been through (part of) a capture."""

    peer: str
    agent: Agent
    effects: list[Effect] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    @property
    def wish(self) -> MediaWish:
        (wish,) = self.agent.wishes()
        return wish

    @property
    def news(self) -> list[Effect]:
        return news(tuple(self.effects))

    @property
    def errors(self) -> list[str]:
        return [r.error.condition for r in self.replies if r.error is not None]

    def actions(self) -> list[str]:
        return [
            e.payload.get("action") or e.payload.tag.rpartition("}")[2]
            for e in self.effects
            if isinstance(e, SendIq | SendMessage)
        ]

    def jingles(self, action: str) -> list[Element]:
        return [e.payload for e in self.effects if isinstance(e, SendIq) and e.payload.get("action") == action]

    def took(self, effects: Effects) -> None:
        self.replies += [e for e in effects if isinstance(e, Reply)]
        self.effects += effects

    def feed(self, stanzas: Sequence[Element]) -> None:
        for stanza in stanzas:
            (payload,) = (c for c in stanza if not c.tag.endswith("hints}store"))
            if stanza.tag == "message":
                self.took(
                    self.agent.receive_message(
                        self.peer, stanza.get("to", ""), payload, 0, carbon=False, sent_by_us=False
                    )
                )
            else:
                iq_id = stanza.get("id", "")
                got = self.agent.receive_iq(self.peer, iq_id, payload, 0)
                assert [r.iq_id for r in got if isinstance(r, Reply)] == [iq_id]
                self.took(got)


def called(name: str, policy: PeerPolicy, *, jmi: bool = False) -> tuple[Capture, Replay]:
    """We have called the captured peer; nothing of its answer was fed yet."""
    captured = capture(name)
    replay = Replay(captured.peer, agent(captured.own, policy))
    features = JMI_PEER if jmi else JMI_PEER[:3]
    bare = captured.peer.partition("/")[0]
    for stanza in captured.stanzas:
        for content in stanza.iter(f"{{{JINGLE}}}content"):
            content.set("name", "audio")  # it echoed what the other caller had sent
    to = captured.peer if policy.direct else bare
    replay.took(replay.agent.call(captured.sid, to, [target(captured.peer, features)], 0))
    replay.took(replay.agent.described(captured.sid, media(), 0))
    return captured, replay


def calling(name: str, policy: PeerPolicy) -> tuple[Capture, Replay]:
    """The captured peer is about to call us."""
    captured = capture(name)
    return captured, Replay(captured.peer, agent(captured.own, policy))


def initiates(captured: Capture) -> int:
    """Where the session-initiate stands."""
    return next(
        i
        for i, s in enumerate(captured.stanzas)
        for c in s
        if c.tag == f"{{{JINGLE}}}jingle" and parse_jingle(c).action.value == "session-initiate"
    )
