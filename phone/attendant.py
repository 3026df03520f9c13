"""What the control socket's requests do: the operator's hand on the engine, the person's on the simulated phone."""

from __future__ import annotations

import asyncio
import base64
import io
import time
from dataclasses import dataclass

from phone import control
from phone.calllog import CallLog, Entry
from phone.calls import events as ev
from phone.drivers.debounce import HOLD_OPEN
from phone.drivers.sim import SimDesk
from phone.engine import Engine
from phone.status import status
from phone.ui.screens import lines

_SETTLE_SECONDS = 0.06
"""A display frame over I2C, and the step before it: what `screen` shows has settled by then."""


@dataclass(slots=True)
class Attendant:
    """Answers requests. Raises ControlError with the sentence that the asker sees."""

    engine: Engine
    account: str
    calls: CallLog
    sim: SimDesk | None
    started_at: float

    async def answer(self, request: control.Request) -> control.Reply:
        """One reply for one request."""
        match request:
            case control.Status():
                return status(self.engine, self.account, self.started_at)
            case control.Call(number):
                return self._call(number)
            case control.HangUp():
                self.engine.post(ev.HangUpRequested(self.engine.now()))
                return control.Done("the line is free")
            case control.Log(limit):
                return await self._log(limit)
            case control.Sim():
                return await self._sim(request)

    def _call(self, number: str) -> control.Done:
        if self.engine.phone.busy:
            raise control.ControlError("there is a call already: end it with `phone hang-up` first")
        self.engine.post(ev.DialRequested(number, self.engine.now()))
        phone = self.engine.phone
        if phone.busy:
            return control.Done(f"calling {number}")
        if phone.seized:
            raise control.ControlError(f"{number} cannot be called: {self._shown()}")
        if not phone.dialled:
            raise control.ControlError("give a number or an address: blanks cannot be called")
        return control.Done(f"{number} is on the display: lift the handset to call")

    def _shown(self) -> str:
        return " ".join(self.engine.levels.shown.lines) if self.engine.levels.shown else "see the display"

    async def _log(self, limit: int) -> control.LogReply:
        entries = await asyncio.to_thread(self.calls.entries, limit)
        return control.LogReply(tuple(map(_log_entry, entries)))

    async def _sim(self, request: control.Sim) -> control.SimReply:
        if self.sim is None:
            raise control.ControlError('this phone has real keys: `phone sim` needs [hardware] profile = "sim"')
        match request.action:
            case "lift":
                await _rest(self.sim.lift())
            case "hang-up":
                await _rest(self.sim.hang_up() + HOLD_OPEN)
            case "press":
                await _rest(self.sim.press(request.key, request.seconds))
            case "screen":
                await asyncio.sleep(_SETTLE_SECONDS)
            case "lamps":
                pass
        shown = self.engine.levels.shown
        png = _png(self.sim) if request.action == "screen" else ""
        return control.SimReply(lines(shown) if shown else (), tuple(sorted(self.sim.lamps())), png)


async def _rest(instant: float) -> None:
    await asyncio.sleep(max(0.0, instant - time.monotonic()))


def _png(sim: SimDesk) -> str:
    file = io.BytesIO()
    sim.screen().save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _log_entry(e: Entry) -> control.LogEntry:
    return control.LogEntry(
        peer=e.peer,
        name=e.name,
        direction="out" if e.outgoing else "in",
        began=e.started,
        seconds=e.duration if e.answered else None,
        reason=e.reason,
    )
