"""The demo at a terminal: the keyboard is the hand, curses the desk."""

from __future__ import annotations

import asyncio
import curses
from array import array
from dataclasses import dataclass

from phone.control import ControlError
from phone.demo.hearing import RATE
from phone.demo.persons import Person
from phone.demo.stage import Desk, Stage
from phone.demo.view import HOLD_DOWN, KEYS, DeskView, layout

_FRAME_SECONDS = 0.08
_LONG = 1.2
_THIN = 8
"""A meter needs every eighth sample only."""


@dataclass(slots=True)
class Hands:
    """Which phone the keys belong to."""

    desks: tuple[Desk, ...]
    persons: tuple[Person, ...]
    chosen: int = 0
    quit: bool = False
    note: str = ""

    @property
    def desk(self) -> Desk:
        """The chosen one."""
        return self.desks[self.chosen]

    async def key(self, key: str) -> None:
        """Do what one key of the keyboard means."""
        match key:
            case "q":
                self.quit = True
            case "\t":
                self.chosen = (self.chosen + 1) % len(self.desks)
            case " ":
                await self._hook()
            case "y":
                await self.persons[self.chosen].speak()
            case _ if key == HOLD_DOWN:
                await self.desk.press("HOLD", _LONG)
            case _ if key in KEYS:
                await self.desk.press(KEYS[key])

    async def _hook(self) -> None:
        if (await self.desk.status()).off_hook:
            await self.desk.hang_up()
        else:
            await self.desk.lift()


async def _view(desk: Desk, *, chosen: bool) -> DeskView:
    status = await desk.status()
    now, span = desk.handset.now(), RATE
    bell = array("h", desk.ringer.hear(desk.ringer.now() - span, desk.ringer.now()))
    return DeskView(
        desk.name,
        desk.number,
        chosen,
        status.off_hook,
        await desk.screen_png(),
        status.screen,
        status.lamps,
        desk.heard(now - span, now)[::_THIN],
        bell[::_THIN],
    )


async def play(scene: Stage) -> None:
    """Show the phones and obey the keyboard until `q`."""
    desks = tuple(scene.desks.values())
    hands = Hands(desks, tuple(map(Person, desks)))
    window = curses.initscr()
    try:
        curses.noecho()
        curses.cbreak()
        window.keypad(True)
        window.nodelay(True)
        while not hands.quit:
            await _frame(window, hands)
            await asyncio.sleep(_FRAME_SECONDS)
    finally:
        curses.nocbreak()
        window.keypad(False)
        curses.echo()
        curses.endwin()


async def _frame(window: curses.window, hands: Hands) -> None:
    try:
        while (key := _pressed(window)) is not None:
            await hands.key(key)
        views = [await _view(d, chosen=d is hands.desk) for d in hands.desks]
        hands.note = ""
    except ControlError as error:
        hands.note = str(error)
        views = []
    rows, columns = window.getmaxyx()
    window.erase()
    for y, line in enumerate([*layout(views, columns, rows - 1), hands.note][:rows]):
        window.addnstr(y, 0, line, columns - 1)
    window.refresh()


def _pressed(window: curses.window) -> str | None:
    try:
        key = window.get_wch()
    except curses.error:
        return None
    return key if isinstance(key, str) else curses.keyname(key).decode()
