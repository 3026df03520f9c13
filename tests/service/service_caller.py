"""A scripted far end: an XMPP client, a Jingle agent and a media process that says a file."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from xml.etree.ElementTree import Element

from rig.servers_ears import Ears, Server
from rig.spoken import opus_file, tone

from phone.calls.outputs import Feed
from phone.jingle.agent import Agent
from phone.jingle.api import CallEnded, Effects, EndReason, PeerPolicy, Reply, SendIq, SendMessage, StanzaError
from phone.jingle.elements import FEATURES
from phone.legs import candidate_up, leg_plan, local_media
from phone.media import plan
from phone.media.host import MediaHost
from phone.xmpp.api import Account, IqError
from phone.xmpp.client import XmppClient

PATIENCE = 100.0
SETUP = plan.Setup(handset=plan.Device(), ringer=plan.Device(), addresses=("127.0.0.1",))
PADDED = "{ http://jabber.org/protocol/disco#items}query"
"""As Google's text prints it."""
QUERY = "{http://jabber.org/protocol/disco#items}query"


def speech(path: Path, seconds: float, hertz: float = 440.0) -> Path:
    path.write_bytes(opus_file(tone(seconds, hertz)))
    return path


class CallerEars(Ears):
    def __init__(self) -> None:
        super().__init__()
        self.on_iq: Callable[[str, str, Element], bool] = lambda *_: False
        self.on_message: Callable[[str, str, Element], None] = lambda *_: None
        self.on_replied: Callable[[str, str | None], None] = lambda *_: None

    def iq(self, sender: str, iq_id: str, payload: Element) -> bool:
        super().iq(sender, iq_id, payload)
        return self.on_iq(sender, iq_id, payload)

    def message(self, sender: str, to: str, payload: Element, *, carbon: bool, sent_by_us: bool) -> None:
        super().message(sender, to, payload, carbon=carbon, sent_by_us=sent_by_us)
        self.on_message(sender, to, payload)

    def replied(self, token: str, error: str | None) -> None:
        super().replied(token, error)
        self.on_replied(token, error)


@dataclass
class Person:
    """One account, signed in. `chats`: every message with a body that came in."""

    jid: str
    client: XmppClient
    ears: CallerEars
    chats: list[Element] = field(default_factory=list)

    async def until(self, true: Callable[[], object]) -> None:
        """A message is recorded, encoded and put on the web meanwhile, on a machine that has much else to do."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                await asyncio.sleep(0.02)

    async def ask(self, to: str, payload: Element, kind: str = "get") -> Element | None:
        token = secrets.token_hex(4)
        self.client.ask(to, payload, token, kind=kind)
        await self.until(lambda: token in self.ears.answers)
        return self.ears.answers[token][0]

    async def set(self, to: str, payload: Element) -> str | None:
        """The condition of the error, None: it was done."""
        token = secrets.token_hex(4)
        self.client.send_iq(to, payload, token)
        await self.until(lambda: token in self.ears.replies)
        return self.ears.replies[token][0]

    async def address(self, of: str, node: str = "voicemail", query: str = QUERY) -> str:
        """By discovery; "" for none."""
        answer = await self.ask(of, Element(query, {"node": node}))
        return "" if answer is None or not len(answer) else answer[0].get("jid", "")

    def bodies(self) -> list[str]:
        return [chat.findtext("{jabber:client}body") or "" for chat in self.chats]


@contextlib.asynccontextmanager
async def person(server: Server, user: str, password: str, resource: str = "desk") -> AsyncIterator[Person]:
    ears = CallerEars()
    account = Account(
        f"{user}@{server.domain}", password, resource, host="127.0.0.1", port=server.port, ca_file=server.ca_file
    )
    client = XmppClient(account, ears, FEATURES, random=lambda: 0.0)
    made = Person(account.jid, client, ears)
    inner = client._bridge._message

    def message(stanza: Element) -> bool:
        if stanza.find("{jabber:client}body") is not None:
            made.chats.append(stanza)
        return inner(stanza)

    client._bridge._message = message
    task = asyncio.create_task(client.run())
    try:
        await ears.until_service("online")
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def two(server: Server) -> AsyncIterator[tuple[Person, Person]]:
    """Ann, who calls, and Boss, who is called."""
    async with person(server, "ann", "a") as ann, person(server, "boss", "b") as boss:
        yield ann, boss


class Call:
    """One outgoing call that says a file, and remembers what becomes of it."""

    def __init__(self, who: Person, say: Path, *, plain: bool = False) -> None:
        self.who = who
        self.id = secrets.token_hex(16)
        self._say = str(say)
        self._policy = PeerPolicy(plain_rtp=plain, contact=True)
        self.agent = Agent(
            who.client.full_jid or "", policy=lambda _: self._policy, new_id=lambda: secrets.token_hex(16)
        )
        self.ended: EndReason | None = None
        self.accepted_at: float | None = None
        self.reports: list[plan.Report] = []
        self.ways: set[str] = set()
        """Types of the candidates that the far end gave."""
        self._news = asyncio.Event()
        self._host = MediaHost(self._report, lambda: None)
        self.to = ""

    async def __aenter__(self) -> Self:
        await self._host.start(SETUP)
        self.who.ears.on_iq, self.who.ears.on_message = self._iq, self._message
        self.who.ears.on_replied = lambda token, error: self.act(self.agent.replied(token, error, self._now()))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.act(self.agent.terminate(self.id, EndReason.HANGUP, self._now()))
        ears = self.who.ears
        ears.on_iq, ears.on_message, ears.on_replied = lambda *_: False, lambda *_: None, lambda *_: None
        await self._host.close()

    def start(self, to: str, regarding: str = "", *, google: bool = False) -> None:
        """With a regarding: as a phone that leaves a message; without: as any client calls."""
        self.to = to
        if regarding:
            effects = self.agent.call_voicemail(self.id, to, regarding, google=google, now=self._now())
        else:
            self._policy = PeerPolicy(direct=True, contact=True)
            effects = self.agent.call(self.id, to, (), self._now())
        self.act(effects)

    def propose(self, to: str) -> None:
        """XEP-0353, as Conversations and Dino do."""
        self.to = to
        self.act(self.agent.call(self.id, to, (), self._now()))

    def hang_up(self) -> None:
        self.act(self.agent.terminate(self.id, EndReason.HANGUP, self._now()))

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def until_heard(self, kind: type[plan.Report]) -> None:
        await self.until(lambda: self.ended or any(isinstance(each, kind) for each in self.reports))
        assert self.ended is None, self.ended

    async def until_said(self) -> None:
        """The file was heard at the far end."""
        await self.until_heard(plan.LegSaid)

    async def until_ended(self) -> EndReason:
        await self.until(lambda: self.ended)
        assert self.ended is not None
        return self.ended

    def act(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case SendIq(to, payload, token):
                    self.who.client.send_iq(to, payload, token)
                case Reply(to, iq_id, error):
                    self.who.client.reply(to, iq_id, None if error is None else _iq_error(error))
                case SendMessage(to, payload):
                    self.who.client.send_message(to, payload)
                case CallEnded(_, reason):
                    self.ended = reason
                case _:
                    pass
        wishes = self.agent.wishes()
        self.ways |= {each.type for wish in wishes for each in wish.candidates}
        legs = tuple(leg_plan(wish, 20, Feed.GREETING, say=(self._say,)) for wish in wishes)
        self._host.send(plan.Plan(plan.AudioPlan(), legs))
        self._news.set()

    def _iq(self, sender: str, iq_id: str, payload: Element) -> bool:
        self.act(self.agent.receive_iq(sender, iq_id, payload, self._now()))
        return True

    def _message(self, sender: str, to: str, payload: Element) -> None:
        self.act(self.agent.receive_message(sender, to, payload, self._now(), carbon=False, sent_by_us=False))

    def _report(self, report: plan.Report) -> None:
        self.reports.append(report)
        match report:
            case plan.LegDescribed():
                self.act(self.agent.described(report.leg, local_media(report), self._now()))
            case plan.LegCandidate():
                self.act(self.agent.candidate(report.leg, candidate_up(report.candidate), report.restart, self._now()))
            case plan.LegFailed():
                self.act(self.agent.media_failed(report.leg, report.fault, self._now()))
        self._news.set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _iq_error(error: StanzaError) -> IqError:
    return IqError(error.condition, error.type, error.extra, error.text)
