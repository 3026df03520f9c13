"""A call of any of the clients with the phone, in one form: it begins, is held and resumed as that client does it."""

from __future__ import annotations

import itertools
from contextlib import AsyncExitStack
from typing import Self
from xml.etree.ElementTree import Element

from peers import asterisk, dino, gajim, jitsi, snikket, yate
from peers.rtp_end import HZ_THERE, Ear, LegEnd, RtpEnd, Samples
from peers.softphones import softphone
from peers.xmpp_peer import Peer, infos_of, terminate

from phone.demo.stage import Desk

PLAIN = frozenset({"yate", "pbx", "gajim"})
"""Kinds that do not encrypt."""
_NUMBERS = itertools.count(1)
ALL = ("yate", "pbx", "gajim", "dino", "snikket", "jitsi")
"""One of each kind of client."""


def behave(kind: str, client: Peer) -> None:
    """Answer session-info as that kind of client does (PEERS.md)."""
    match kind:
        case "yate":
            client.refused = lambda payload: "unhold" in infos_of(payload)
        case "gajim":
            client.doubted = lambda payload: bool(infos_of(payload)) and infos_of(payload) != ["ringing"]
        case "dino":
            client.silent_on = lambda payload: bool(infos_of(payload))


class Line:
    """`async with` prepares the client's end of one call and ends the call; then `calls`, or `answers`."""

    def __init__(self, client: Peer, *, calling: bool, hz: float = HZ_THERE) -> None:
        """`client` is named as its kind; `boss` is as `jitsi`."""
        self.client = client
        self.kind = client.boundjid.user
        self.hz = hz
        self.sid = ""
        self.offer: Element | None = None
        """What of a call of the phone came; jitsi keeps it."""
        self.far: LegEnd | RtpEnd = self._far(calling=calling)
        self._stack = AsyncExitStack()
        behave(self.kind, client)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.far)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.sid:
            await self.client.tell(terminate(self.sid, "success"))  # it may be over already
        await self._stack.aclose()

    @property
    def ear(self) -> Ear:
        """What the client hears, from whichever socket it has now."""
        return self._heard

    async def calls(self, alice: Desk, sid: str) -> None:
        """It calls alice, who lifts. A proposal of XEP-0353 needs an id of its own each time a test is run."""
        self.sid = sid = f"{sid}-{next(_NUMBERS)}" if self.kind in {"dino", "snikket"} else sid
        match self.far, self.kind:
            case RtpEnd() as rtp, _:
                await yate.yate_calls(alice, self.client, rtp, sid)
            case LegEnd() as far, "pbx":
                await asterisk.asterisk_calls(alice, self.client, far, sid)
            case LegEnd() as far, "gajim":
                await gajim.gajim_calls(alice, self.client, far, sid)
            case LegEnd() as far, "dino":
                await dino.dino_calls(alice, self.client, far, sid)
            case LegEnd() as far, "snikket":
                await snikket.snikket_calls(alice, self.client, far, sid)
            case LegEnd() as far, _:
                await jitsi.jitsi_calls(alice, self.client, far, sid)

    async def answers(self) -> None:
        """The phone calls it, and its user lifts."""
        match self.far, self.kind:
            case RtpEnd() as rtp, _:
                self.sid = await yate.yate_answers(self.client, rtp)
            case LegEnd() as far, "pbx":
                self.sid = await asterisk.asterisk_answers(self.client, far)
            case LegEnd() as far, "gajim":
                self.sid = await gajim.gajim_answers(self.client, far)
            case LegEnd() as far, "dino":
                self.sid = await dino.dino_answers(self.client, far)
            case LegEnd() as far, "snikket":
                self.sid = await snikket.snikket_answers(self.client, far)
            case LegEnd() as far, _:
                self.offer = await jitsi.jitsi_answers(self.client, far)
                self.sid = self.offer.get("sid", "")

    async def hangs_up(self) -> None:
        """Its user does."""
        sid, self.sid = self.sid, ""
        await self.client.acked(terminate(sid, "success"))

    @property
    def softphone(self) -> LegEnd:
        """Its end with ICE."""
        assert isinstance(self.far, LegEnd)
        return self.far

    @property
    def address(self) -> str:
        """What one dials."""
        return self.client.own if self.kind == "pbx" else str(self.client.boundjid.bare)

    @property
    def encrypted(self) -> bool:
        return self.kind not in PLAIN

    def forget(self) -> None:
        """What it heard until now."""
        self.far.forget()

    # --- hold by the phone --------------------------------------------------------------------------------------

    async def is_held(self) -> None:
        """It is told, and does what its kind does then: Yate stops speaking, the others speak on."""
        await self.client.informed("hold")
        if isinstance(self.far, RtpEnd):
            self.far.target, self._target = None, self.far.target

    async def is_back(self, *, generation: int = 1) -> None:
        """The hold is over. Yate and Gajim do not know unhold; Yate speaks from a new port, as `generation`."""
        await self.client.informed("unhold")
        if self.kind in {"yate", "gajim"}:
            await self.client.informed("active")
        if isinstance(self.far, RtpEnd):
            self.far = await self._stack.enter_async_context(RtpEnd(hz=self.hz))
            self.far.target = self._target
            moved = yate.content(yate.NAME, yate.ice(self.far.port, generation), described=False)
            await self.client.acked(yate.says(self.client, "transport-info", self.sid, moved))

    # --- inside -------------------------------------------------------------------------------------------------

    def _heard(self) -> tuple[Samples, int]:
        return self.far.ear()

    def _far(self, *, calling: bool) -> LegEnd | RtpEnd:
        match self.kind:
            case "yate":
                return RtpEnd(hz=self.hz)
            case "pbx":
                return LegEnd((asterisk.PCMU, asterisk.EVENTS), calling=calling, hz=self.hz)
            case "gajim":
                codecs = (gajim.OPUS_96, gajim.EVENTS_99) if calling else (gajim.OPUS_111,)
                return LegEnd(codecs, calling=calling, hz=self.hz)
            case _:
                return softphone(calling=calling, hz=self.hz)
