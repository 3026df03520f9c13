"""The simulated desk phone: fingers on one side, the driver Protocols of `base` on the other.

It is moved as a person moves it (`press`, `lift`, `hang_up`) and read as a person reads it (`screen`, `lamps`). Its
contacts bounce, and their edges pass through the same debouncing as those of real wires.
"""

from __future__ import annotations

import difflib
import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH, Contact
from phone.drivers.contacts import Contacts
from phone.errors import HardwareError

HOOK = "HOOK"
KEYS = (
    *"0123456789*#",
    *("HOLD", "TRANSFER", "VOICEMAIL", "MUTE", "SPEAKER", "REDIAL", "VOL+", "VOL-", "UP", "DOWN", "OK", "BACK"),
)
LAMPS = frozenset({"call", "message", "mute", "service", "hold", "speaker", "dnd"})
FRAME_SECONDS = 0.025
"""A 128x64 frame over I2C at 400 kHz."""
_TIMELINE = 10_000
_PAUSE = 0.05
"""Seconds that a hand needs before it moves the same contact again."""


_Edge = tuple[float, int, str, bool]
"""When, in which order, which contact, and its level from then on."""


class UnknownKeyError(HardwareError, ValueError):
    """The phone has no such key."""


Kind = Literal["edge", "contact", "lamps", "frame", "dim"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the desk phone's recorded time line."""

    at: float
    """Monotonic seconds."""
    kind: Kind
    what: str


class SimDesk:
    """Inputs, Lamps and Display of one simulated phone. Contacts bounce for up to `bounce_ms`; `seed` fixes how."""

    def __init__(self, bounce_ms: float = 5.0, seed: int = 0, *, frame_seconds: float = FRAME_SECONDS) -> None:
        self.timeline: deque[Happening] = deque(maxlen=_TIMELINE)
        self._bounce = bounce_ms / 1000
        self._frame_seconds = frame_seconds
        self._random = random.Random(seed)  # noqa: S311 - contact bounce, not a secret
        self._order = itertools.count()
        self._edges: list[_Edge] = []
        self._moved = threading.Condition()
        self._free_at: dict[str, float] = {}
        self._pushed: set[str] = set()
        self._lifted = False
        self._closed = False
        self._lamps: frozenset[str] = frozenset()
        self._frame = Image.new("1", (WIDTH, HEIGHT))
        self._dim = False
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"SimDesk({'lifted' if self._lifted else 'on hook'}, lamps={sorted(self._lamps)})"

    # -- the person's side

    def press(self, name: str, seconds: float = 0.1) -> float:
        """Hold a key down for that long and return the monotonic instant at which it is up and still again. A key
        that is still down is pressed once it is up. Raises UnknownKeyError.
        """
        down = self._when_free(name)
        still = self._move(name, down, closed=True)
        return self._open(name, max(still, down + seconds))

    def push(self, name: str) -> float:
        """Put a key down for as long as it is not let go; the monotonic instant at which it rests there. Raises
        UnknownKeyError.
        """
        still = self._move(name, self._when_free(name), closed=True)
        self._free_at[name] = still
        self._pushed.add(name)
        return still

    def let_go(self, name: str) -> float:
        """Let a pushed key up; the monotonic instant at which it is still again. Raises UnknownKeyError."""
        free = self._when_free(name)
        return self._open(name, free) if name in self._pushed else free

    def lift(self) -> float:
        """Take the handset up, if it is down; the monotonic instant at which the hook rests."""
        return self._hook(lifted=True)

    def hang_up(self) -> float:
        """Put the handset down, if it is up; the monotonic instant at which the hook rests."""
        return self._hook(lifted=False)

    def screen(self) -> Image.Image:
        """What the display shows: a mode "1" image, lit pixels set."""
        return self._frame.copy()

    def dimmed(self) -> bool:
        """Whether the display glows faintly."""
        return self._dim

    def lamps(self) -> frozenset[str]:
        """The lamps that are lit."""
        return self._lamps

    # -- the phone's side

    def start(self, sink: Callable[[Contact], None]) -> None:
        """As `Inputs.start`."""

        def deliver(contact: Contact) -> None:
            self._record("contact", f"{contact.name} {'closed' if contact.closed else 'open'}")
            sink(contact)

        with self._moved:
            self._edges.clear()  # nobody watched the wires
            levels = dict.fromkeys(KEYS, False) | {HOOK: self._lifted}
        deliver(Contact(HOOK, self._lifted, time.monotonic()))
        contacts = Contacts(levels, deliver)
        self._thread = threading.Thread(target=self._play, args=(contacts,), name="sim-desk", daemon=True)
        self._thread.start()

    def light(self, lit: frozenset[str]) -> None:
        """As `Lamps.light`. Raises ValueError on a lamp that is not there."""
        if lit - LAMPS:
            raise ValueError(f"no such lamp: {', '.join(sorted(lit - LAMPS))}; there are {', '.join(sorted(LAMPS))}")
        if lit != self._lamps:
            self._record("lamps", " ".join(sorted(lit)))
        self._lamps = lit

    def show(self, frame: Image.Image) -> None:
        """As `Display.show`, and as slow as the real one."""
        if frame.mode != "1" or frame.size != (WIDTH, HEIGHT):
            raise ValueError(f"the display takes mode 1, {WIDTH}x{HEIGHT}; this is mode {frame.mode}, {frame.size}")
        shown = frame.copy()
        time.sleep(self._frame_seconds)
        self._frame = shown
        self._record("frame", "")

    def dim(self, on: bool) -> None:
        """As `Display.dim`."""
        if on != self._dim:
            self._record("dim", "on" if on else "off")
        self._dim = on

    def close(self) -> None:
        """No contact is delivered after this. May be called twice."""
        with self._moved:
            self._closed = True
            self._moved.notify()
        if self._thread is not None:
            self._thread.join()

    # -- the mechanics

    def _hook(self, *, lifted: bool) -> float:
        rest = self._free_at.get(HOOK, 0.0)
        if lifted != self._lifted:
            self._lifted = lifted
            rest = self._move(HOOK, max(time.monotonic(), rest), closed=lifted)
            self._free_at[HOOK] = rest + _PAUSE
        return rest

    def _when_free(self, name: str) -> float:
        """When a finger can move this key next: the same hand works hook and keys, one after the other."""
        if name not in KEYS:
            near = difflib.get_close_matches(name.upper(), KEYS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownKeyError(f"There is no key {name!r} on this phone.{hint} It has {' '.join(KEYS)}.")
        return max(time.monotonic(), self._free_at.get(name, 0.0), self._free_at.get(HOOK, 0.0))

    def _open(self, name: str, at: float) -> float:
        """A key goes up, and rests there until the hand is back."""
        still = self._move(name, at, closed=False)
        self._free_at[name] = still + _PAUSE
        self._pushed.discard(name)
        return still

    def _move(self, name: str, at: float, *, closed: bool) -> float:
        """Let a contact go to `closed` from `at` on, and return when it rests."""
        bounces = self._random.randrange(1, 5) * 2 if self._bounce else 0
        times = sorted(at + self._random.uniform(0.0, self._bounce) for _ in range(bounces))
        edges = [(at, closed), *((t, closed ^ (i % 2 == 0)) for i, t in enumerate(times))]
        with self._moved:
            for when, level in edges:
                heapq.heappush(self._edges, (when, next(self._order), name, level))
            self._moved.notify()
        return edges[-1][0]

    def _play(self, contacts: Contacts) -> None:
        while (edge := self._next_edge(contacts)) is not None:
            at, _, name, level = edge
            self._record("edge", f"{name} {'closed' if level else 'open'}")
            contacts.edge(name, level, at)

    def _next_edge(self, contacts: Contacts) -> _Edge | None:
        """Wait for the next edge, and settle what rests meanwhile; None when closed."""
        while True:
            with self._moved:
                if self._closed:
                    return None
                now = time.monotonic()
                if self._edges and self._edges[0][0] <= now:
                    return heapq.heappop(self._edges)
                due = contacts.due
                if due is None or due > now:
                    self._moved.wait(_seconds(now, due, self._edges[0][0] if self._edges else None))
                    continue
            contacts.settle(now)

    def _record(self, kind: Kind, what: str) -> None:
        self.timeline.append(Happening(time.monotonic(), kind, what))


def _seconds(now: float, *instants: float | None) -> float | None:
    """Until the first of them; None if there is none."""
    return min((instant - now for instant in instants if instant is not None), default=None)
