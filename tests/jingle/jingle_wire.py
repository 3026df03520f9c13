"""Two agents on an in-memory wire, as h11's ConnectionPair: what one sends, the other gets, in order."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, fromstring, tostring

from phone.jingle.agent import Agent
from phone.jingle.api import (
    Effect,
    Effects,
    IceCandidate,
    LocalMedia,
    Nonsense,
    PeerPolicy,
    Permission,
    Reply,
    SendIq,
    SendMessage,
    SendPresence,
    Target,
    TransferAsked,
)
from phone.jingle.elements import FEATURES

CONTACT = PeerPolicy(contact=True)
ALICE = "alice@desk.test/phone"
BOB = "bob@desk.test/phone"
FINGERPRINT = ":".join(["AB"] * 32)


def ids(prefix: str) -> Callable[[], str]:
    counter = itertools.count(1)
    return lambda: f"{prefix}{next(counter)}"


def agent(own: str = ALICE, policy: PeerPolicy = CONTACT, transfers: Permission = Permission.REFUSE) -> Agent:
    names = ids(own.partition("@")[0])
    return Agent(own, policy=lambda _: policy, new_id=names, transfers=lambda _, __: transfers)


def host(port: int = 4000, ip: str = "192.0.2.1", generation: int = 0) -> IceCandidate:
    return IceCandidate(1, "1", ip, port, 2130706431, generation=generation)


def media(name: str = "a", port: int = 4000, restart: int = 0) -> LocalMedia:
    return LocalMedia(f"{name}fr{restart}", f"{name}password{restart}", "sha-256", FINGERPRINT, (host(port),), restart)


def target(jid: str = BOB, features: tuple[str, ...] = FEATURES, priority: int = 0) -> Target:
    return Target(jid, frozenset(features), priority)


def bare(jid: str) -> str:
    return jid.partition("/")[0]


def xml(text: str | bytes) -> Element:
    return fromstring(text)  # noqa: S314 - written by our own tests


def of(effects: Effects, kind: type[Effect]) -> list[Effect]:
    return [e for e in effects if isinstance(e, kind)]


def sent(effects: Effects) -> list[tuple[str, str]]:
    """(to, action or verb) of all that goes out, in order."""
    return [
        (e.to, e.payload.get("action") or e.payload.tag.rpartition("}")[2])
        for e in effects
        if isinstance(e, SendIq | SendMessage)
    ]


def news(effects: Effects) -> list[Effect]:
    """What the core is told."""
    kept = SendIq | SendMessage | SendPresence | Reply | Nonsense
    return [e for e in effects if not isinstance(e, kept)]


@dataclass
class End:
    """One device."""

    agent: Agent
    heard: list[Effect] = field(default_factory=list)
    nonsense: list[Nonsense] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    @property
    def jid(self) -> str:
        return self.agent.own


class Wire:
    """Devices, a server between. `drop(effect)` says what is lost; `now` is the only clock."""

    def __init__(self, *agents: Agent, drop: Callable[[Effect], bool] = lambda _: False) -> None:
        self.ends = {a.own: End(a) for a in agents}
        self.queue: deque[tuple[str, Effect]] = deque()
        self.tokens: dict[str, tuple[str, str]] = {}
        self.drop = drop
        self.now = 0.0
        self._iq = ids("iq")
        self.log: list[tuple[str, str, str]] = []

    def do(self, jid: str, effects: Effects) -> Effects:
        """Put what `jid` wants done on the wire."""
        end = self.ends[jid]
        for effect in effects:
            match effect:
                case SendIq() | SendMessage() | Reply() | SendPresence():
                    self.queue.append((jid, effect))
                case Nonsense():
                    end.nonsense.append(effect)
                case _:
                    end.heard.append(effect)
        return effects

    def run(self) -> None:
        """Until nothing is under way."""
        while self.queue:
            self.step()

    def step(self) -> None:
        sender, effect = self.queue.popleft()
        if isinstance(effect, SendIq | SendMessage):
            name = effect.payload.get("action") or effect.payload.tag.rpartition("}")[2]
            self.log.append((sender, effect.to, name))
        lost = self.drop(effect)
        match effect:
            case SendIq():
                self._iq_set(sender, effect, lost=lost)
            case Reply() if not lost and effect.iq_id in self.tokens:
                self._reply(effect)
            case SendMessage() if not lost:
                self._message(sender, effect)
            case _:
                pass

    def _iq_set(self, sender: str, effect: SendIq, *, lost: bool) -> None:
        iq_id = self._iq()
        self.tokens[iq_id] = (sender, effect.token)
        payload = xml(tostring(effect.payload))
        if lost:
            self._answer(iq_id, "timeout")
        elif effect.to not in self.ends:
            self._answer(iq_id, "service-unavailable")
        else:
            to = self.ends[effect.to].agent
            effects = to.receive_iq(sender, iq_id, payload, self.now)
            replies = [e for e in effects if isinstance(e, Reply) and e.iq_id == iq_id]
            if not of(effects, TransferAsked):  # its reply is the user's to give
                assert replies == [effects[0]]
            self.do(effect.to, effects)

    def _reply(self, effect: Reply) -> None:
        self._answer(effect.iq_id, None if effect.error is None else effect.error.condition)

    def _answer(self, iq_id: str, error: str | None) -> None:
        jid, token = self.tokens.pop(iq_id)
        self.do(jid, self.ends[jid].agent.replied(token, error, self.now))

    def _message(self, sender: str, effect: SendMessage) -> None:
        payload = xml(tostring(effect.payload))
        for jid, end in tuple(self.ends.items()):
            if jid == effect.to or (effect.to == bare(jid) and jid != sender):
                got = end.agent.receive_message(sender, effect.to, payload, self.now, carbon=False, sent_by_us=False)
                self.do(jid, got)
            elif jid != sender and bare(jid) in {bare(sender), bare(effect.to)}:
                ours = bare(jid) == bare(sender)
                got = end.agent.receive_message(sender, effect.to, payload, self.now, carbon=True, sent_by_us=ours)
                self.do(jid, got)
