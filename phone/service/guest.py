"""One call while it lasts, and until its message is in the store: the visit's steps become deeds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from phone.calls.outputs import Feed
from phone.jingle.api import EndReason, MediaWish
from phone.legs import leg_plan
from phone.media.plan import LegPlan
from phone.media.planrecordings import Recorded
from phone.service import visit
from phone.service.addresses import Mailbox
from phone.service.admission import Errand
from phone.service.desk import Admitted, Desk
from phone.service.duties import Kind
from phone.service.keeper import Keeper
from phone.service.spool import Label
from phone.service.studio import Studio
from phone.service.tape import Tape, Tapes
from phone.service.visit import Act, Phase, Step, Terms, Visit, Why
from phone.voicemail.message import Caller
from phone.xmpp.component_api import Component

log = logging.getLogger(__name__)

_PACKET_MS = 20


@dataclass(frozen=True, slots=True)
class House:
    """What all guests share."""

    component: Component
    studio: Studio
    desk: Desk
    tapes: Tapes
    keeper: Keeper
    terms: Terms
    plain_rtp: Callable[[str], bool]
    """Whether the config lets this far end speak without encryption."""
    room: Callable[[], bool]
    """For one more call."""


class Guest:
    """`leg` names its media. `end(reason)`: the session is to be ended by us; `moved()`: something about it changed."""

    def __init__(
        self,
        house: House,
        leg: str,
        admitted: Admitted,
        now: float,
        end: Callable[[EndReason], None],
        moved: Callable[[], None],
    ) -> None:
        self.leg = leg
        self.errand = admitted.errand
        """Of a proposal: until its session says whom the message is for."""
        self._house = house
        self._admitted = admitted
        self._end = end
        self._moved = moved
        self._visit = visit.arrived(now)
        self._tape: Tape | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        """Nothing more is to be done for it."""
        return self._visit.phase is Phase.ENDED

    @property
    def deadline(self) -> float | None:
        """When `expire` should be called next."""
        return None if self._visit.phase in {Phase.KEEPING, Phase.ENDED} else self._visit.deadline

    def plan(self, wish: MediaWish) -> LegPlan:
        """Its leg as it should be now."""
        recording = self._visit.phase is Phase.RECORDING
        named = replace(wish, id=self.leg)
        return leg_plan(named, _PACKET_MS, Feed.GREETING, say=self._admitted.greeting, record=recording)

    # --- what happens -------------------------------------------------------------------------------------------

    def said(self, now: float) -> None:
        """He has heard greeting and beep. That is said anew where he agrees on another codec: it counts once."""
        if self._visit.phase is not Phase.GREETING:
            return
        errand = self.errand
        label = Label(_kind(errand), errand.owner, errand.recipient, Caller(errand.caller), time.time())
        self._tape = self._house.tapes.begin(label, self._admitted.bytes, self._full)
        self._step(visit.said(self._visit, self._house.terms, now))

    def recorded(self, report: Recorded, now: float) -> None:
        """What he said since the last of these."""
        if self._tape is not None:
            self._tape.add(report.packets)
        self._step(visit.heard(self._visit, self._house.terms, report.speech_ms, report.silent_ms, now))

    def recorded_all(self) -> None:
        """No more comes of it."""
        self._step(visit.closed(self._visit))

    def gone(self, now: float) -> None:
        """His session is over."""
        self._step(visit.gone(self._visit, now))

    def lost(self, now: float) -> None:
        """His media are gone with their process, and nothing more comes of them."""
        self._step(visit.over(self._visit, Why.LOST, now))
        self.recorded_all()

    def expire(self, now: float) -> None:
        """The clock."""
        self._step(visit.expired(self._visit, now))

    async def kept(self) -> None:
        """Wait until what is being kept is."""
        if self._keeping is not None:
            await self._keeping

    # --- what is done -------------------------------------------------------------------------------------------

    def _full(self) -> None:
        self._step(visit.over(self._visit, Why.ROOM, asyncio.get_running_loop().time()))

    def _step(self, step: Step) -> None:
        before, (self._visit, acts) = self._visit, step
        if before.phase is not self._visit.phase:
            self._log(before)
        for act in acts:
            self._do(act)
        if before.phase is not self._visit.phase:
            self._moved()

    def _do(self, act: Act) -> None:
        match act:
            case Act.KEEP:
                self._keeping = asyncio.get_running_loop().create_task(self._keep())
            case Act.DROP:
                if self._tape is not None:
                    self._tape.abandon()
            case Act.FINISH:
                self._end(EndReason.HANGUP)
            case Act.FAIL:
                self._end(EndReason.FAILED)

    async def _keep(self) -> None:
        committed = False
        try:
            found = None if self._tape is None else await self._tape.finish()
            committed = found is not None and await self._house.keeper.keep(found)
        except OSError as error:
            log.error("a message stays in the spool: %s; look after the disk of store.spool", error)  # noqa: TRY400
        finally:
            self._step(visit.kept(self._visit, committed=committed))

    def _log(self, before: Visit) -> None:
        why = f" ({self._visit.why.value})" if self._visit.why else ""
        log.info(
            "call %s for %s: %s -> %s%s",
            self.leg,
            self.errand.recipient,
            before.phase.name,
            self._visit.phase.name,
            why,
        )


def _kind(errand: Errand) -> Kind:
    return Kind.CHAT if isinstance(errand.place, Mailbox) else Kind.MAIL
