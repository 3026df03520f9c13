"""One far end at one of our addresses: its sessions in either dialect.

His stanzas are taken in order: while he is being admitted, those that follow wait. An agent of his own keeps one
caller's nonsense from all others.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    Nonsense,
    PeerPolicy,
    Reply,
    SendIq,
    SendMessage,
    StanzaError,
)
from phone.legs import candidate_up, local_media
from phone.media import plan, planrecordings
from phone.service.admission import FULL, Errand, errand, initiates, regarding
from phone.service.desk import Admitted
from phone.service.guest import Guest, House
from phone.xmpp.api import IqError

log = logging.getLogger(__name__)

JMI: Final = "{urn:xmpp:jingle-message:0}"
_JINGLE: Final = "{urn:xmpp:jingle:1}jingle"
_STORE: Final = "{urn:xmpp:hints}store"
_LINGER: Final = 60.0
"""Seconds after the last call, for what is repeated or late."""
_MOST_WAITING: Final = 64
_MOST_CALLS: Final = 8

_numbers = itertools.count(1)
_legs = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Heard:
    """A stanza of his: an IQ-set with a session, or (without an id) a JMI message."""

    to: str
    iq_id: str
    payload: Element


class Caller:
    """`own`: our address, in full; `sender`: his full JID. `legs`: where reports of media find their call."""

    def __init__(self, house: House, own: str, sender: str, legs: dict[str, tuple[Caller, str]]) -> None:
        self.number = next(_numbers)
        """Names him in tokens of IQs, so that their answers find him."""
        self._house = house
        self._sender = sender
        self._legs = legs
        self._agent = Agent(own, policy=self._policy, new_id=_new_id, account=False, most=_MOST_CALLS)
        self._guests: dict[str, Guest] = {}
        self._invited: dict[str, str] = {}
        """Id of a proposal -> its call."""
        self._queue: asyncio.Queue[Heard] = asyncio.Queue(_MOST_WAITING)
        self._admitted: Admitted | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def calls(self) -> int:
        """How many there are now."""
        return len(self._guests)

    async def run(self) -> None:
        """Serve him until he has been quiet for a while."""
        while True:
            try:
                async with asyncio.timeout(_LINGER):
                    heard = await self._queue.get()
            except TimeoutError:
                if not self._guests:
                    return
            else:
                await (self._session(heard) if heard.iq_id else self._proposal(heard))

    def hear(self, heard: Heard) -> bool:
        """One more stanza; False: he sends too many."""
        try:
            self._queue.put_nowait(heard)
        except asyncio.QueueFull:
            return False
        return True

    async def close(self) -> None:
        """End all his calls, and wait until their messages are kept."""
        guests = dict(self._guests)
        for call, guest in guests.items():
            self._act(self._agent.terminate(call, EndReason.FAILED, _now()))
            guest.lost(_now())
        await asyncio.gather(*(guest.kept() for guest in guests.values()))
        if self._timer is not None:
            self._timer.cancel()

    # --- his stanzas --------------------------------------------------------------------------------------------

    async def _session(self, heard: Heard) -> None:
        refused = await self._admit_session(heard) if initiates(heard.payload) else None
        if refused is not None:
            log.info("%s may not call %s: %s", self._sender, heard.to, refused.condition)
            self._act((Reply(self._sender, heard.iq_id, refused),), heard.to)
            return
        effects = self._agent.receive_iq(self._sender, heard.iq_id, heard.payload, _now(), heard.to)
        self._act(effects, heard.to)
        self._admitted = None

    async def _admit_session(self, heard: Heard) -> StanzaError | None:
        wanted = errand(self._house.desk.rules, self._sender, heard.to, regarding(heard.payload))
        if isinstance(wanted, StanzaError):
            return wanted
        guest = self._invitee(heard.payload)
        if guest is not None:
            guest.errand = wanted
            return None
        return await self._admit(wanted)

    def _invitee(self, payload: Element) -> Guest | None:
        """Whom he proposed, and we let in, before this session: in Jingle alone, Google's dialect has no proposals."""
        call = self._invited.get(payload.get("sid", "")) if payload.tag == _JINGLE else None
        return None if call is None else self._guests.get(call)

    async def _proposal(self, heard: Heard) -> None:
        id = heard.payload.get("id", "")  # noqa: A001 - the field's word
        refused = None
        if heard.payload.tag == f"{JMI}propose" and id not in self._invited:
            refused = await self._admit_proposal(heard)
        if refused is not None:
            log.info("%s may not call %s: %s", self._sender, heard.to, refused.condition)
            self._act((SendMessage(self._sender, Element(f"{JMI}reject", {"id": id})),))
            return
        effects = self._agent.receive_message(
            self._sender, heard.to, heard.payload, _now(), carbon=False, sent_by_us=False
        )
        offered = next((effect.id for effect in effects if isinstance(effect, CallOffered)), None)
        if offered is not None:
            self._invited[id] = offered
        self._act(effects)
        self._admitted = None

    async def _admit_proposal(self, heard: Heard) -> StanzaError | None:
        wanted = errand(self._house.desk.rules, self._sender, heard.to, None, proposal=True)
        return wanted if isinstance(wanted, StanzaError) else await self._admit(wanted)

    async def _admit(self, wanted: Errand) -> StanzaError | None:
        if not self._house.room():
            return FULL
        admitted = await self._house.desk.admit(wanted)
        if isinstance(admitted, StanzaError):
            return admitted
        self._admitted = admitted
        return None

    # --- the media, the clock, the network ------------------------------------------------------------------------

    def report(self, call: str, report: plan.Report) -> None:
        """What a media process tells of one of his calls."""
        guest, now = self._guests.get(call), _now()
        if guest is None:
            return
        match report:
            case plan.LegDescribed():
                self._act(self._agent.described(call, local_media(report), now))
            case plan.LegCandidate(candidate=candidate, restart=restart):
                self._act(self._agent.candidate(call, candidate_up(candidate), restart, now))
            case plan.LegFailed(fault=fault, detail=detail):
                log.info("the media of call %s failed: %s: %s", guest.leg, fault, detail)
                self._act(self._agent.media_failed(call, fault, now))
            case plan.LegSaid():
                guest.said(now)
            case planrecordings.Recorded():
                guest.recorded(report, now)
            case planrecordings.RecordedAll():
                guest.recorded_all()
            case _:
                pass

    def lost(self, call: str) -> None:
        """His media died with their process."""
        guest = self._guests.get(call)
        if guest is not None:
            self._act(self._agent.media_failed(call, "internal", _now()))
            guest.lost(_now())

    def replied(self, token: str, error: str | None) -> None:
        """The answer to one of our IQs."""
        self._act(self._agent.replied(token, error, _now()))

    def unavailable(self) -> None:
        """His device went away."""
        self._act(self._agent.resource_gone(self._sender, _now()))

    def _expire(self) -> None:
        now = _now()
        for guest in tuple(self._guests.values()):
            guest.expire(now)
        self._act(self._agent.expire(now))

    # --- what is done -------------------------------------------------------------------------------------------

    def _act(self, effects: Effects, own: str = "") -> None:
        """`own`: the address of ours that is answered from."""
        component = self._house.component
        for effect in effects:
            match effect:
                case SendIq(to, payload, token, frm):
                    component.send_iq(frm or self._agent.own, to, payload, f"{self.number}:{token}")
                case Reply(to, iq_id, error):
                    component.reply(own, to, iq_id, None if error is None else _iq_error(error))
                case SendMessage(to, payload):
                    component.send_message(self._agent.own, to, (payload, Element(_STORE)), kind="chat")
                case CallOffered(call):
                    self._welcome(call)
                case CallEnded(call, reason):
                    log.info("call %s of %s is over: %s", call, self._sender, reason.value)
                case Nonsense(_, what):
                    log.info("nonsense of %s: %s", self._sender, what)
                case _:
                    pass
        self._settle()

    def _welcome(self, call: str) -> None:
        """He was admitted: nothing is offered that was not."""
        if self._admitted is None:
            raise AssertionError(f"call {call} of {self._sender} came in past the desk")
        leg = f"{self.number}.{next(_legs)}:{call}"
        self._legs[leg] = (self, call)

        def end(reason: EndReason) -> None:
            self._act(self._agent.terminate(call, reason, _now()))

        def moved() -> None:
            asyncio.get_running_loop().call_soon(self._settle)

        self._guests[call] = Guest(self._house, leg, self._admitted, _now(), end, moved)
        self._act(self._agent.accept(call, _now()))

    def _settle(self) -> None:
        """The media are as the calls want them; calls that are over are no more."""
        wishes = {wish.id: wish for wish in self._agent.wishes()}
        for call, guest in tuple(self._guests.items()):
            wish = wishes.get(call)
            if wish is None:
                guest.gone(_now())
                self._house.studio.drop(guest.leg)
            elif not guest.over:
                self._house.studio.set(guest.plan(wish))
            if guest.over:
                self._house.studio.drop(guest.leg)
                self._legs.pop(guest.leg, None)
                del self._guests[call]
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        every = (self._agent.deadline(), *(guest.deadline for guest in self._guests.values()))
        due = min((at for at in every if at is not None), default=None)
        self._timer = None if due is None else asyncio.get_running_loop().call_at(due, self._expire)

    def _policy(self, _: str) -> PeerPolicy:
        # contact: he may learn our addresses at once, since he is answered at once
        return PeerPolicy(plain_rtp=self._house.plain_rtp(self._sender), contact=True)


def _iq_error(error: StanzaError) -> IqError:
    return IqError(error.condition, error.type, error.extra, error.text)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _new_id() -> str:
    return secrets.token_hex(16)
