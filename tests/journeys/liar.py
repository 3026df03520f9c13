"""A far end under the test's control: it signals and speaks as the phone's own rooms do, and lies where told to."""

from __future__ import annotations

import asyncio
import contextlib
import math
import uuid
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from phone import legs
from phone.demo.stage import Server
from phone.jingle import api as jingle
from phone.jingle.agent import Agent
from phone.jingle.elements import FEATURES
from phone.media.coders import make_codec
from phone.media.dtls import Certificate
from phone.media.leg import Leg, Surroundings
from phone.media.plan import LegCandidate, LegDescribed, LegFailed, LegUp, Report
from phone.media.speech import Speech
from phone.xmpp import stanzas
from phone.xmpp.api import Account, ArchivedMessage, IqError
from phone.xmpp.client import XmppClient

HERTZ = 1000
"""What a liar says; no tone of the phone's own has it."""
_FRAME = 960


class Witness(XmppClient):
    """Counts the answers to what is sent past the rules."""

    answers: Counter[str]

    def stanza(self, stanza: Element) -> bool:
        if stanza.tag == stanzas.IQ and stanza.get("type") in {"result", "error"}:
            self.answers[stanza.get("id", "")] += 1
        return super().stanza(stanza)

    def raw(self, stanza: Element) -> None:
        """As it stands."""
        self._send(stanza)


@dataclass
class Liar:
    """One account, online. It answers each call at once, and says a tone of `HERTZ` all the time."""

    jid: str
    alter: Callable[[Element], Element] = lambda payload: payload
    """The lie: what becomes of each `<jingle/>` before it is sent."""
    reports: list[Report] = field(default_factory=list)
    stanzas: list[Element] = field(default_factory=list)
    """All `<jingle/>` that came."""
    legs: dict[str, Leg] = field(default_factory=dict)
    closing: set[asyncio.Task[None]] = field(default_factory=set)
    online: asyncio.Event = field(default_factory=asyncio.Event)
    client: Witness = field(init=False)
    agent: Agent = field(init=False)

    # --- as it is asked

    def call(self, to: str) -> str:
        """Call; the id of the call."""
        call = str(uuid.uuid4())
        known = [jingle.Target(r.jid, r.features, r.priority) for r in self.client.resources(to)]
        self._do(self.agent.call(call, to, known, self._now()))
        return call

    def send_iq(self, to: str, payload: Element) -> str:
        """A set of whatever kind; its id, to be found in `client.answers`."""
        request = f"liar-{uuid.uuid4()}"
        self.client.raw(stanzas.iq("set", to, request, payload))
        return request

    async def until(self, true: Callable[[], object], seconds: float = 10) -> bool:
        """Wait for it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not true():
                    await asyncio.sleep(0.02)
                return True
        return False

    def told(self, kind: type[Report]) -> list[Report]:
        return [each for each in self.reports if isinstance(each, kind)]

    def endings(self) -> list[str]:
        """The reasons of the session-terminates that came."""
        ends = [each for each in self.stanzas if each.get("action") == "session-terminate"]
        return [child.tag.rpartition("}")[2] for each in ends for reason in each for child in reason]

    # --- xmpp.api.Listener

    def service(self, name: str, detail: str) -> None:
        del detail
        if name == "online" and self.client.full_jid:
            self.agent.own = self.client.full_jid
            self.online.set()

    def iq(self, sender: str, iq_id: str, payload: Element) -> bool:
        self.stanzas.append(payload)
        self._do(self.agent.receive_iq(sender, iq_id, payload, self._now()))
        return True

    def message(self, sender: str, to: str, payload: Element, *, carbon: bool, sent_by_us: bool) -> None:
        self._do(
            self.agent.receive_message(sender, to, payload, self._now(), carbon=carbon, sent_by_us=sent_by_us),
        )

    def bounced(self, sender: str, proposal: str, condition: str) -> None: ...

    def replied(self, token: str, error: str | None) -> None:
        self._do(self.agent.replied(token, error, self._now()))

    def unavailable(self, full_jid: str) -> None: ...

    def contacts_changed(self) -> None: ...

    def named(self, jid: str, name: str) -> None: ...

    def features(self, full_jid: str, features: frozenset[str]) -> None: ...

    def archived(self, messages: tuple[ArchivedMessage, ...]) -> None: ...

    # --- inside

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _do(self, effects: jingle.Effects) -> None:
        for effect in effects:
            match effect:
                case jingle.SendIq(to, payload, token):
                    self.client.send_iq(to, self.alter(payload), token)
                case jingle.Reply(to, iq_id, None):
                    self.client.reply(to, iq_id, None)
                case jingle.Reply(to, iq_id, jingle.StanzaError(condition, type, extra, text)):
                    self.client.reply(to, iq_id, IqError(condition, type, extra, text))
                case jingle.SendMessage(to, payload):
                    self.client.send_message(to, payload)
                case jingle.SendPresence(to, available):
                    self.client.send_presence(to, available=available)
                case jingle.CallOffered(id):
                    self._do(self.agent.accept(id, self._now()))
        self._follow()

    def _follow(self) -> None:
        wishes = {wish.id: legs.leg_plan(wish, 20) for wish in self.agent.wishes()}
        for gone in self.legs.keys() - wishes.keys():
            leg = self.legs.pop(gone)
            self.closing.add(asyncio.get_running_loop().create_task(leg.close()))
        for call, plan in wishes.items():
            if call in self.legs:
                self.legs[call].follow(plan)
            else:
                around = Surroundings(("127.0.0.1",), (0, 0), (), relay_only=False, report=self._report)
                speech = Speech(call, lambda name: make_codec(name, bitrate=28_000, complexity=1), lambda _: None)
                self.legs[call] = Leg(plan, around, Certificate(), speech)

    def _report(self, report: Report) -> None:
        self.reports.append(report)
        match report:
            case LegDescribed():
                self._do(self.agent.described(report.leg, legs.local_media(report), self._now()))
            case LegCandidate():
                self._do(self.agent.candidate(report.leg, legs.candidate_up(report.candidate), 0, self._now()))
            case LegUp():
                self._do(self.agent.media_up(report.leg, self._now()))
            case LegFailed():
                self._do(self.agent.media_failed(report.leg, report.fault, self._now()))

    async def speak(self) -> None:
        """Say the tone on every leg, as a card would pace it."""
        step = 2 * math.pi * HERTZ / 48_000
        frame = array("h", [round(12_000 * math.sin(step * i)) for i in range(_FRAME)])
        due = self._now()
        while True:
            for leg in self.legs.values():
                leg.speech.speak(frame, _FRAME)
                leg.speech.hear(_FRAME)
            due += 0.02
            await asyncio.sleep(due - self._now())


@contextlib.asynccontextmanager
async def liar(name: str, password: str, server: Server) -> AsyncIterator[Liar]:
    """Online, until the context ends."""
    one = Liar(f"{name}@{server.domain}")
    account = Account(one.jid, password, "lair", host="127.0.0.1", port=server.port, ca_file=Path(server.ca_file))
    one.client = Witness(account, one, FEATURES)
    one.client.answers = Counter()
    policy = jingle.PeerPolicy(plain_rtp=False, direct=False, contact=True)
    one.agent = Agent(one.jid, policy=lambda _: policy, new_id=lambda: str(uuid.uuid4()))
    tasks = [asyncio.create_task(one.client.run()), asyncio.create_task(one.speak())]
    try:
        await asyncio.wait_for(one.online.wait(), 10)
        yield one
    finally:
        for leg in one.legs.values():
            await leg.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *one.closing, return_exceptions=True)
