"""What the control socket's requests do: the operator's hand on the engine, the person's on the simulated phone."""

from __future__ import annotations

import asyncio
import base64
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from phone import control
from phone.calllog import CallLog, Entry, Kind
from phone.calls import events as ev
from phone.calls.model import Service
from phone.control.selftest import SelfTest, SelfTestReply
from phone.drivers.debounce import HOLD_OPEN
from phone.drivers.sim import SimDesk
from phone.engine import Engine
from phone.mailclerk import MailClerk
from phone.status import status
from phone.supportclerk import SupportClerk
from phone.ui.book import Person
from phone.ui.screens import lines
from phone.xmpp.jids import canonical

_SETTLE_SECONDS = 0.06
"""A display frame over I2C, and the step before it: what `screen` shows has settled by then."""


class ReloadHook(Protocol):
    """Start anew with the config as it then is."""

    def __call__(self, *, now: bool) -> None:
        """`now`: without waiting for a call's end."""


def _no_trial() -> None:
    """There is nothing that could be tried."""


@dataclass(slots=True)
class Attendant:
    """Answers requests. Raises ControlError with the sentence that the asker sees."""

    engine: Engine
    account: str
    calls: CallLog
    sim: SimDesk | None
    started_at: float
    clerk: MailClerk
    support: SupportClerk
    panel_url: str = ""
    desk_troubles: Callable[[], tuple[str, ...]] = tuple
    """What of keys, lamps and display does not work: a sentence each."""
    trial: Callable[[], control.TrialStatus | None] = _no_trial
    """The version of the config that nobody has confirmed yet."""
    reload: ReloadHook | None = None
    """None: there is no file to read anew."""

    async def answer(self, request: control.Request) -> control.Reply:
        """One reply for one request."""
        match request:
            case control.Status():
                told = status(self.engine, self.account, self.started_at)
                return msgspec.structs.replace(told, desk_troubles=self.desk_troubles(), trial=self.trial())
            case control.Call(number):
                return self._call(number)
            case control.HangUp():
                self.engine.post(ev.HangUpRequested(self.engine.now()))
                return control.Done("the line is free")
            case control.Dnd() | control.Lock() | control.Block():
                return self._set(request)
            case control.Contacts(search, limit):
                return self._contacts(search, limit)
            case control.Panel():
                return self._panel()
            case control.Reload(now):
                return self._reload(now=now)
            case control.Log():
                return await self._log(request)
            case control.Sim():
                return await self._sim(request)
            case SelfTest():
                return self.engine.tester.answer(request)
            case (
                control.VoicemailList() | control.VoicemailPlay() | control.VoicemailDelete() | control.VoicemailSave()
            ):
                return await self.clerk.answer(request)
            case _:
                return self.support.answer(request)

    def left(self, asked: control.Request, reply: control.Reply) -> None:
        """A command is gone that had asked and got this last."""
        match asked, reply:
            case SelfTest(attended=True), SelfTestReply(running=True):
                self.engine.tester.left()

    def _call(self, number: str) -> control.Done:
        if _taken(self.engine):
            raise control.ControlError("there is a call already: end it with `phone hang-up` first")
        self.engine.post(ev.DialRequested(number, self.engine.now()))
        phone = self.engine.phone
        if _taken(self.engine):
            return control.Done(f"calling {number}")
        if phone.seized:
            raise control.ControlError(f"{number} cannot be called: {self._shown()}")
        if not phone.dialled:
            raise control.ControlError("give a number or an address: blanks cannot be called")
        return control.Done(f"{number} is on the display: lift the handset to call")

    def _set(self, request: control.Dnd | control.Lock | control.Block) -> control.Done:
        now = self.engine.now()
        match request:
            case control.Dnd(on):
                self.engine.post(ev.DndChanged(on, now))
                return control.Done(self._undisturbed() if on else "callers ring the bell")
            case control.Lock(on):
                self.engine.post(ev.LockChanged(on, now))
                if self.engine.phone.locked is not on:
                    raise control.ControlError("there is no code to open it with: set calls.lock_code first")
                return control.Done("the keypad is locked" if on else "the keypad is open")
            case control.Block(address, on):
                return self._block(address, on=on)

    def _undisturbed(self) -> str:
        habits = self.engine.phone.habits
        greets = habits.answers and habits.answers_dnd
        return "callers hear the greeting and may leave a message" if greets else "callers hear busy"

    def _block(self, address: str, *, on: bool) -> control.Done:
        if (jid := canonical(address)) is None:
            raise control.ControlError(f"{address!r} is no address: it must read like eve@example.org or example.org")
        if self.engine.phone.service is not Service.ONLINE:
            raise control.ControlError("the block list is kept by the server, and there is no service now: try later")
        self.engine.ports.client.block(jid, on=on)
        return control.Done(f"{jid} is {'blocked' if on else 'blocked no more'}")

    def _contacts(self, search: str, limit: int) -> control.ContactsReply:
        book = self.engine.book
        wanted = search.casefold()
        known = {person.address for person in book.people}
        listed = [*book.people, *(Person(jid, jid) for jid in sorted(book.blocked - known))]
        found = [p for p in listed if any(wanted in text.casefold() for text in (p.name, p.address, p.number))]
        entries = tuple(control.Contact(p.name, p.address, p.number, p.address in book.blocked) for p in found[:limit])
        return control.ContactsReply(entries, len(found))

    def _panel(self) -> control.PanelReply:
        if not self.panel_url:
            raise control.ControlError("the panel is off: set panel.port in the config and restart the phone")
        return control.PanelReply(self.panel_url)

    def _reload(self, *, now: bool) -> control.Done:
        if self.reload is None:
            raise control.ControlError("this phone was started without a config file: it cannot read one anew")
        self.reload(now=now)
        waits = self.engine.busy() and not now
        return control.Done("the phone starts anew" + (" once nobody is on the line" if waits else ""))

    def _shown(self) -> str:
        shown = self.engine.levels.shown
        return " ".join(shown.lines) if shown else "see the display"

    async def _log(self, request: control.Log) -> control.LogReply:
        kind = None if request.kind is None else Kind(request.kind)
        entries = await asyncio.to_thread(self.calls.entries, request.limit, kind)
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


def _taken(engine: Engine) -> bool:
    """Someone is at the ear, or about to be."""
    focus = engine.phone.call(engine.phone.focus)
    return (focus is not None and focus.live) or engine.phone.offered is not None


async def _rest(instant: float) -> None:
    await asyncio.sleep(max(0.0, instant - time.monotonic()))


def _png(sim: SimDesk) -> str:
    file = io.BytesIO()
    sim.screen().save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _log_entry(e: Entry) -> control.LogEntry:
    direction: Literal["in", "out"] = "out" if e.outgoing else "in"
    return control.LogEntry(
        peer=e.peer,
        name=e.name,
        direction=direction,
        began=e.started,
        seconds=e.duration if e.answered else None,
        reason=e.reason,
        kind=e.kind.value,
        via=e.via,
        encrypted=e.encrypted,
    )
