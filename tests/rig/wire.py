"""Whole engines on a wire: real call core and Jingle agents, virtual time; server and media are small stand-ins.

The wire carries payload elements by address as a server would: IQs to full JIDs, messages to bare JIDs fan out to all
resources with carbons to the sender's others. `lose` drops stanzas by a pattern, `delay` orders them.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Literal
from xml.etree.ElementTree import Element

from rig.mailbag import Mailbag

from phone import inbox
from phone.calls import commands as do
from phone.calls.model import IdSource, Memory, Phone, Timers
from phone.calls.numbers import DialPlan
from phone.calls.outputs import Outputs, outputs
from phone.drivers.base import Contact
from phone.engine import Engine
from phone.jingle.agent import Agent
from phone.jingle.api import PeerPolicy, Permission
from phone.jingle.elements import FEATURES
from phone.media import plan, planrecordings
from phone.media.planprobes import AskServers
from phone.ports import Greeting, Ports
from phone.sayings import Sayings
from phone.ui.book import Book
from phone.ui.menu import Menu
from phone.ui.screens import Screen
from phone.xmpp.api import ContactFact, IceServerFact, IqError, PeerResource


@dataclass(slots=True)
class _Timer:
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualLoop:
    """Time that moves only when nothing is left to do now."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._order = itertools.count()
        self._queue: list[tuple[float, int, _Timer, Callable[[], None]]] = []
        self.faults: list[BaseException] | None = None
        """Where bugs are gathered; None: a test fails by them."""

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[..., None], *args: object) -> _Timer:
        timer = _Timer()
        heapq.heappush(self._queue, (max(when, self.now), next(self._order), timer, lambda: callback(*args)))
        return timer

    def call_soon_threadsafe(self, callback: Callable[..., None], *args: object) -> _Timer:
        return self.call_at(self.now, callback, *args)

    def call_exception_handler(self, context: dict[str, object]) -> None:
        error = context["exception"]
        assert isinstance(error, BaseException)
        if self.faults is None:
            raise error
        self.faults.append(error)

    def run(self, seconds: float = 0.0) -> None:
        """Let that much time pass, with all that happens in it."""
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            when, _, timer, callback = heapq.heappop(self._queue)
            if not timer.cancelled:
                self.now = max(self.now, when)
                callback()
        self.now = end


@dataclass(slots=True)
class Media:
    """A media process in one breath: describes a leg as soon as it is planned, is up once both sides are known."""

    loop: VirtualLoop
    post: Callable[[inbox.Item], None]
    seconds: float = 0.002
    plan: plan.Plan | None = None
    described: set[str] = field(default_factory=set)
    up: set[str] = field(default_factory=set)
    digits: list[tuple[str, str]] = field(default_factory=list)
    played: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[planrecordings.SkipPlay] = field(default_factory=list)
    speech_seconds: float = 3.0
    """How long whatever is said or played takes."""
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tokens: set[int] = field(default_factory=set)
    asked: list[AskServers] = field(default_factory=list)

    def send(self, message: plan.Plan | plan.SendDigit | plan.PlayDigit | planrecordings.SkipPlay | AskServers) -> None:
        if isinstance(message, AskServers):
            self.asked.append(message)
            return
        if isinstance(message, planrecordings.SkipPlay):
            self.skipped.append(message)
            return
        if isinstance(message, plan.PlayDigit):
            self.played.append((message.leg, message.digit))
            return
        if isinstance(message, plan.SendDigit):
            self.digits.append((message.leg, message.digit))
            return
        self.plan = message
        ids = {leg.id for leg in message.legs}
        self.described &= ids
        self.up &= ids
        for leg in message.legs:
            self._serve(leg)
            self._say(leg)
        play = message.audio.play
        if play is not None and not play.paused and play.token not in self.tokens:
            self.tokens.add(play.token)
            self._tell(planrecordings.PlayDone(play.token), self.speech_seconds)

    def _say(self, leg: plan.LegPlan) -> None:
        if leg.feed == "say" and leg.id in self.up and self.said.get(leg.id) != leg.say:
            self.said[leg.id] = leg.say
            self._tell(plan.LegSaid(leg.id), self.speech_seconds)

    def _serve(self, leg: plan.LegPlan) -> None:
        if leg.id not in self.described:
            self.described.add(leg.id)
            self._tell(
                plan.LegDescribed(
                    leg.id,
                    "uf" + leg.id[:6],
                    "p" * 22,
                    plan.Fingerprint("sha-256", "AB:" * 31 + "CD"),
                    (plan.Candidate(1, "1", "127.0.0.1", 40000, 2130706431),),
                )
            )
        r = leg.remote
        known = r is not None and (r.candidates and (leg.security == "plain" or (r.fingerprint and r.ufrag)))
        if known and leg.id not in self.up:
            self.up.add(leg.id)
            self._tell(plan.LegUp(leg.id, leg.security == "dtls", "AES" if leg.security == "dtls" else ""))

    def _tell(self, report: plan.Report, seconds: float = 0.0) -> None:
        self.loop.call_at(self.loop.now + self.seconds + seconds, self.post, inbox.MediaTold(report))


@dataclass(slots=True)
class Lamps:
    lit: frozenset[str] = frozenset()

    def light(self, lit: frozenset[str]) -> None:
        self.lit = lit

    def close(self) -> None: ...


class Wire:
    """A server for some phones, with latency and loss."""

    def __init__(self, *, latency: float = 0.005, lose: Callable[[int], bool] = lambda _: False) -> None:
        self.loop = VirtualLoop()
        self.latency = latency
        self.lose = lose
        self.count = 0
        self.phones: dict[str, WirePhone] = {}
        self.strangers: set[str] = set()
        self.without: dict[str, frozenset[str]] = {}
        """Features that the phone of a bare JID does not have."""
        self.sent: list[tuple[str, str, Element]] = []
        self.answers: dict[tuple[str, str], Element] = {}
        """To questions, by address and disco node; others are answered by an error."""

    def add(self, name: str, resource: str = "desk", **numbers: str) -> WirePhone:
        phone = WirePhone(self, f"{name}@x", f"{name}@x/{resource}")
        self.phones[phone.full] = phone
        return phone

    def resources(self, bare: str) -> list[WirePhone]:
        return [p for p in self.phones.values() if p.bare == bare]

    def carry(self, sender: str, to: str, payload: Element, deliver: Callable[[WirePhone], None]) -> None:
        self.count += 1
        self.sent.append((sender, to, payload))
        if self.lose(self.count):
            return
        targets = [self.phones[to]] if to in self.phones else self.resources(to)
        for target in targets:
            self.loop.call_at(self.loop.now + self.latency, deliver, target)

    def run(self, seconds: float = 0.5) -> None:
        self.loop.run(seconds)


class WirePhone:
    """One phone on the wire; also its engine's `Client`."""

    def __init__(self, wire: Wire, bare: str, full: str) -> None:
        self.wire, self.bare, self.full = wire, bare, full
        self.log: list[do.LogCall] = []
        self.remembered: list[Memory] = []
        self.policy: dict[str, PeerPolicy] = {}
        self.permission = Permission.ALLOW
        self.greetings: dict[str, Greeting] = {}
        self.chats: list[tuple[str, str]] = []
        self.blocks: set[str] = set()
        ids = itertools.count(1)
        agent = Agent(
            full,
            policy=self._policy,
            new_id=lambda: f"{full}-{next(ids)}",
            transfers=lambda asker, target: self.permission,
        )
        short = {str(201 + i): f"{n}@x" for i, n in enumerate(("alice", "bob", "carol", "dave"))}
        phone = Phone(
            ids=IdSource(full.encode()), plan=DialPlan.of("x", None, "20x", short), timers=Timers(), country="de"
        )
        self.mail = Mailbag()
        self.asked: list[tuple[str, str]] = []
        ports = Ports(
            agent=agent,
            client=self,
            media=Media(wire.loop, self._post),
            lamps=Lamps(),
            show=lambda _: None,
            log_call=self.log.append,
            remember=self.remembered.append,
            compose=_no_screen,
            screen_due=lambda phone, menu, now: now + 3600,
            greet=lambda peer: self.greetings.get(peer.partition("/")[0], Greeting()),
            text="refused {}".format,
            clear_log=self.log.clear,
            missed_seen=lambda at: None,
            book=lambda: Book(box=self.mail.box),
            mail=self.mail,
            sayings=Sayings("/prompts/{}.opus".format),
        )
        self.engine = Engine(phone, ports, wire.loop)
        self.media = ports.media
        self.engine.post(inbox.ServiceTold("online", ""))
        self.engine.post(inbox.ContactChanged(Contact("HOOK", closed=False, at=wire.loop.now)))

    def _post(self, item: inbox.Item) -> None:
        self.engine.post(item)

    def _policy(self, jid: str) -> PeerPolicy:
        bare = jid.partition("/")[0]
        return self.policy.get(bare, PeerPolicy(contact=bare not in self.wire.strangers))

    # --- the user -------------------------------------------------------------------------------------------

    def contact(self, name: str, *, closed: bool) -> None:
        self.engine.post(inbox.ContactChanged(Contact(name, closed, self.wire.loop.now)))

    def lift(self) -> None:
        self.contact("HOOK", closed=True)

    def hang_up(self) -> None:
        self.contact("HOOK", closed=False)

    def press(self, name: str) -> None:
        self.contact(name, closed=True)
        self.contact(name, closed=False)

    def dial(self, number: str) -> None:
        for digit in number:
            self.press(digit)

    def call(self, number: str) -> None:
        """Lift, dial, and give the wire time to carry it."""
        self.lift()
        self.dial(number)
        self.wire.run()

    @property
    def out(self) -> Outputs:
        return outputs(self.engine.phone)

    @property
    def talks(self) -> bool:
        return bool(self.out.talk) and self.out.send

    # --- Client -------------------------------------------------------------------------------------------

    async def run(self) -> None: ...

    @property
    def full_jid(self) -> str | None:
        return self.full

    def send_iq(self, to: str, payload: Element, token: str) -> None:
        payload = deepcopy(payload)
        iq_id = f"{self.full}#{token}"

        def deliver(target: WirePhone) -> None:
            target.engine.post(inbox.IqArrived(self.full, iq_id, payload))

        if to not in self.wire.phones:
            self.wire.loop.call_at(
                self.wire.loop.now + self.wire.latency, self.engine.post, inbox.Replied(token, "service-unavailable")
            )
        self.wire.carry(self.full, to, payload, deliver)

    def reply(self, to: str, iq_id: str, error: IqError | None) -> None:
        token = iq_id.partition("#")[2]
        answer = inbox.Replied(token, error.condition if error else None)
        self.wire.carry(self.full, to, Element("reply"), lambda target: target.engine.post(answer))

    def send_message(self, to: str, payload: Element) -> None:
        payload = deepcopy(payload)

        def deliver(target: WirePhone) -> None:
            target.engine.post(inbox.MessageArrived(self.full, to, payload, carbon=False, sent_by_us=False))

        def copy(target: WirePhone) -> None:
            target.engine.post(inbox.MessageArrived(self.full, to, payload, carbon=True, sent_by_us=True))

        self.wire.carry(self.full, to, payload, deliver)
        if not self.wire.resources(to.partition("/")[0]):
            bounced = inbox.Bounced(to, payload.get("id", ""), "service-unavailable")
            self.wire.loop.call_at(self.wire.loop.now + self.wire.latency, self.engine.post, bounced)
        for other in self.wire.resources(self.bare):
            if other is not self:
                self.wire.loop.call_at(self.wire.loop.now + self.wire.latency, copy, other)
        if "/" in to:  # XEP-0280: the addressee's other resources get a copy of what went to one
            for other in self.wire.resources(to.partition("/")[0]):
                if other.full != to:
                    received = inbox.MessageArrived(self.full, to, payload, carbon=True, sent_by_us=False)
                    self.wire.loop.call_at(self.wire.loop.now + self.wire.latency, other.engine.post, received)

    def ask(self, to: str, payload: Element, token: str, *, kind: Literal["get", "set"] = "get") -> None:
        self.asked.append((to, payload.get("node", "")))
        answer = self.wire.answers.get((to, payload.get("node", "")))
        told = inbox.Answered(token, deepcopy(answer))
        self.wire.loop.call_at(self.wire.loop.now + self.wire.latency, self.engine.post, told)

    def send_presence(self, to: str, *, available: bool) -> None: ...

    def resources(self, bare: str) -> tuple[PeerResource, ...]:
        if bare in self.wire.strangers:
            return ()
        return tuple(PeerResource(p.full, self._features(bare), 0) for p in self.wire.resources(bare))

    def _features(self, bare: str) -> frozenset[str]:
        return frozenset(FEATURES) - self.wire.without.get(bare, frozenset())

    def learn(self, full_jid: str) -> None:
        told = inbox.FeaturesTold(full_jid, self._features(full_jid.partition("/")[0]))
        self.wire.loop.call_at(self.wire.loop.now + self.wire.latency, self.engine.post, told)

    def send_chat(self, to: str, body: str) -> None:
        self.chats.append((to, body))

    def contacts(self) -> tuple[ContactFact, ...]:
        return ()

    def blocked(self) -> frozenset[str]:
        return frozenset(self.blocks)

    def block(self, jid: str, *, on: bool) -> None:
        (self.blocks.add if on else self.blocks.discard)(jid)

    def is_contact(self, jid: str) -> bool:
        return jid.partition("/")[0] not in self.wire.strangers

    def name_of(self, jid: str) -> str | None:
        return None

    def ice_servers(self) -> tuple[IceServerFact, ...]:
        return ()


def _no_screen(phone: Phone, menu: Menu, book: Book, now: float) -> Screen | None:
    return None
