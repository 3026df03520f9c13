"""What a screen is made of, and what all screens need. Pure, in characters, not pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from phone.calls.model import Call, Phone
from phone.ui.book import Book
from phone.ui.fit import clean, cut, wrap
from phone.ui.icons import Icon
from phone.ui.menustate import Menu
from phone.ui.texts import Texts

TITLE_CHARS = 15
BIG_CHARS = 14
LINE_CHARS = 18
LINES = 2
ROW_CHARS = 20
ROWS = 4
CODE_ROW_CHARS = 10
"""Beside a QR code."""
CODE_BYTES = 53
"""ISO/IEC 18004, table 7: what version 3 holds at level L. A larger code has no two pixels for a module here."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a message was heard, as a bar between two times."""

    at: str
    total: str
    part: float
    """0.0 to 1.0."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: a bar with title and icons; below it one big text and up to two small lines, or some rows."""

    title: str
    big: str
    lines: tuple[str, ...] = ()
    icons: tuple[Icon, ...] = ()
    digits: bool = False
    """`big` is a number or the time: as large as it can be."""
    volume: int | None = None
    """Percent: a bar in the place of the last line."""
    progress: Heard | None = None
    """The same."""
    rows: tuple[str, ...] = ()
    """A list in the place of all below the bar."""
    chosen: int | None = None
    """Which of `rows` OK acts on."""
    scroll: tuple[int, int] | None = None
    """Which entry is the first of `rows`, and how many there are, if not all are seen."""
    dim: bool = False
    """Nobody is there: the display may glow faintly."""
    pattern: str = ""
    """A picture to test the display with, in place of all else."""
    shift: tuple[int, int] | None = None
    """Pixels to the right and down: what stands for hours must not burn in."""
    code: str = ""
    """A text of CODE_BYTES at most, as a QR code: it takes the right half, `title` and `rows` share the left one."""


@dataclass(frozen=True, slots=True)
class Wall:
    """The time of day."""

    now: datetime
    """Local."""
    local: Callable[[float], datetime] = lambda at: datetime.fromtimestamp(at, UTC)
    """Local time of Unix seconds."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a phone that has no account yet can be reached."""

    host: str = ""
    address: str = ""
    """IPv4 or IPv6; "": it has none."""


@dataclass(frozen=True, slots=True)
class View:
    """All that a screen is computed from."""

    phone: Phone
    menu: Menu
    book: Book
    wall: Wall
    now: float
    """Monotonic seconds."""
    texts: Texts
    line: str = ""
    """What the idle phone calls itself."""
    about: tuple[str, ...] = ()
    account: str = ""
    """The bare JID; "": none yet."""
    reach: Reach = Reach()
    troubles: tuple[str, ...] = ()
    """What does not work: whole sentences."""

    def hint(self, key: str, **facts: str) -> str:
        """A text of one line."""
        return self.texts.fill("hint", key, **facts)

    def title(self, key: str) -> str:
        """A text of the bar."""
        return self.texts.get("title", key)

    def since(self, at: float) -> str:
        """How long ago that was, see `duration`."""
        return duration(self.now - at)


def duration(seconds: float) -> str:
    """mm:ss, or h:mm:ss."""
    minutes, rest = divmod(max(0, math.floor(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def brief_duration(seconds: float) -> str:
    """m:ss, or h:mm:ss."""
    return duration(seconds).removeprefix("0")


def small(*sentences: str) -> tuple[str, ...]:
    """The small lines that have room."""
    return tuple(line for text in sentences for line in wrap(text, LINE_CHARS))[:LINES]


def full_name(call: Call) -> str:
    """A far end without a name is shown by its address."""
    return clean(call.name) or clean(call.peer)


def name(call: Call) -> str:
    """As the big text."""
    return cut(full_name(call), BIG_CHARS)


def address(call: Call) -> tuple[str, ...]:
    """The far end's bare address, where the name does not say it already."""
    bare = clean(call.peer.partition("/")[0])
    return () if bare == clean(call.name) else (cut(bare, LINE_CHARS),)


def named(who: str, say: Callable[[str], str]) -> str:
    """`say(who)` in one line, with as much of `who` as fits."""
    who = clean(who)
    return say(cut(who, max(2, LINE_CHARS - len(say("")))))
