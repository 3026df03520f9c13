"""The pure parts: one step of the call core with eight calls, one key of a search among ten thousand people."""

# ruff: noqa: A001 - `id` is the field's word; events read as rows

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from bench.model import Case, Options, Result, Say
from phone.calls import events as ev
from phone.calls.core import step
from phone.calls.events import DIGITS, Event, Key
from phone.calls.model import CallId, Habits, IdSource, Phone, Reason, Service
from phone.calls.numbers import DialPlan
from phone.picture import Picture
from phone.ui import menu
from phone.ui.book import Book, Person
from phone.ui.menu import Menu
from phone.ui.pages import Contacts
from phone.ui.texts import load_texts

T = TypeVar("T")
LEGS = 8
_STEPS = 10_000
"""A round."""
_WARM = 500
_PEOPLE = 10_000
_WORDS = 30
"""A round; each is typed until six digits of it are."""
_SYLLABLES = ("an", "ber", "chi", "da", "el", "fran", "gu", "hein", "in", "ka", "lu", "ma", "ni", "o", "pe", "ri", "ul")


@contextlib.contextmanager
def shielded(priority: int) -> Iterator[None]:
    """This process at that SCHED_FIFO priority, as all that is measured; 0: as it is."""
    if priority:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    try:
        yield
    finally:
        if priority:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@dataclass(slots=True)
class Stopwatch:
    """Of one kind of act, in nanoseconds."""

    wall: list[int] = field(default_factory=list)
    cpu: list[int] = field(default_factory=list)

    def time(self, act: Callable[[], T]) -> T:
        cpu, wall = time.thread_time_ns(), time.perf_counter_ns()
        done = act()
        self.wall.append(time.perf_counter_ns() - wall)
        self.cpu.append(time.thread_time_ns() - cpu)
        return done

    def figures(self, what: str, unit: str, nanoseconds: float) -> dict[str, list[float]]:
        """Percentiles 0 to 100 of each clock, since there are too many values."""
        return {
            f"{what}, {clock}, {unit}": [round(float(x), 2) for x in np.percentile(values, range(101)) / nanoseconds]
            for clock, values in (("wall", self.wall), ("CPU", self.cpu))
        }


# --- step -------------------------------------------------------------------------------------------------------


class Walk:
    """Events of all kinds, in any order, on a phone that always has eight legs: held, joined, waiting, bridged."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0
        self.now = 1000.0
        habits = Habits(has_speaker=True, max_calls=LEGS, lock_code="1234", emergency=frozenset({"112"}))
        self.phone = Phone(IdSource(b"bench"), plan=DialPlan(domain="example.org"), habits=habits)
        self.feed(ev.ServiceChanged(Service.ONLINE, self.now))

    def feed(self, event: Event) -> None:
        self.phone, _ = step(self.phone, event)

    @property
    def legs(self) -> int:
        return sum(call.live for call in self.phone.calls)

    def fill(self) -> None:
        """People call, are called, joined and sent on, until all legs are taken."""
        tries = 0
        while self.legs < LEGS:
            tries += 1
            self.now += 1.0
            if tries % 20 == 0:  # something stands in the way
                self.feed(ev.ShutDown(self.now))
            self.feed(ev.DndChanged(on=False, at=self.now))
            self.feed(ev.LockChanged(on=False, at=self.now))
            self.feed(ev.ServiceChanged(Service.ONLINE, self.now))
            self._random.choice((self._come, self._come, self._go, self._go, self._join, self._send_on))()

    def _come(self) -> None:
        self._count += 1
        id, at = CallId(f"in{self._count}"), self.now
        self.feed(ev.Offered(id, f"bob{self._count % 9}@example.org", "Bob", at))
        self.feed(ev.MediaUp(id, encrypted=True, at=at))
        if self._random.random() < 0.8:
            self.feed(ev.HookLifted(at))
            self.feed(ev.ResumeRequested(id, at))
            self.feed(ev.Capable(id, transfer=self._random.random() < 0.5, at=at))

    def _go(self) -> None:
        self.feed(ev.HookLifted(self.now))
        self.feed(ev.DialRequested("5", self.now))
        if self.phone.focus and self._random.random() < 0.8:
            self.feed(ev.Accepted(self.phone.focus, self.now))
            self.feed(ev.MediaUp(self.phone.focus, encrypted=True, at=self.now))

    def _join(self) -> None:
        self.feed(ev.KeyPressed(Key.HOLD, self.now))
        self.now += 1.0
        self.feed(ev.Ticked(self.now))
        self.feed(ev.KeyReleased(Key.HOLD.value, self.now))

    def _send_on(self) -> None:
        self.feed(ev.KeyPressed(Key.TRANSFER, self.now))
        self._go()
        self.feed(ev.HookReplaced(self.now))

    def event(self) -> Event:
        """Any, about any leg, or about none that there is."""
        r, self.now = self._random, self.now + self._random.choice((0.0, 0.1, 0.1, 1.0))
        ids = [*(call.id for call in self.phone.calls), CallId("none")]
        id, on, at, digit, key = r.choice(ids), r.random() < 0.5, self.now, r.choice(DIGITS), r.choice(list(Key))
        makers: Sequence[Callable[[], Event]] = (
            lambda: ev.HookLifted(at),
            lambda: ev.HookReplaced(at),
            lambda: ev.DigitPressed(digit, at),
            lambda: ev.KeyPressed(key, at),
            lambda: ev.KeyReleased(r.choice((digit, key.value, self.phone.key_down or digit)), at),
            lambda: ev.DialRequested(r.choice(("5", "112", "bob@example.org", "+4930")), at),
            lambda: ev.HangUpRequested(at),
            lambda: ev.ResumeRequested(id, at),
            lambda: ev.ServiceChanged(r.choice(list(Service)), at),
            lambda: ev.SoundChanged(on, at),
            lambda: ev.DndChanged(on, at),
            lambda: ev.LockChanged(on, at),
            lambda: ev.MissedAway(2, "Bob", at),
            lambda: ev.Offered(CallId(f"new{at}"), "eve@example.org", "Eve", at, replaces=id if on else None),
            lambda: ev.Named(id, "Bob", at),
            lambda: ev.Alerting(id, at),
            lambda: ev.Accepted(id, at),
            lambda: ev.MediaUp(id, on, at),
            lambda: ev.PeerHeld(id, on, at),
            lambda: ev.Capable(id, on, at),
            lambda: ev.TransferAsked(id, "carol@example.org", "Carol", on, at),
            lambda: ev.TransferFailed(id, r.choice(list(ev.TransferFault)), at),
            lambda: ev.Ended(id, r.choice(list(Reason)), at),
            lambda: ev.Ticked(at),
        )
        return r.choice(makers)()


def steps(count: int, seed: int) -> Stopwatch:
    """So many steps, each with eight legs alive when it begins."""
    walk, watch = Walk(seed), Stopwatch()
    for number in range(_WARM + count):
        if number == _WARM:
            watch = Stopwatch()
        walk.fill()
        event = walk.event()
        walk.phone, _ = watch.time(lambda event=event: step(walk.phone, event))
    return watch


# --- search -----------------------------------------------------------------------------------------------------


def people(count: int, seed: int) -> tuple[Person, ...]:
    """Made-up names of two words."""
    r = random.Random(seed)

    def word() -> str:
        return "".join(r.choices(_SYLLABLES, k=r.randint(2, 3))).capitalize()

    made = [Person(f"{word()} {word()}", f"p{n}@example.org", str(10_000 + n)) for n in range(count)]
    return tuple(sorted(made, key=lambda person: person.name))


def searches(words: int, seed: int, *, in_menu: bool, among: int = _PEOPLE) -> Stopwatch:
    """Each key as the control process takes it, from the menus to the composed screen; drawing is another thread's.
    Nothing is remembered of earlier words.
    """
    r, watch, picture = random.Random(seed), Stopwatch(), Picture(load_texts("en"))
    book = Book(people(among, seed))
    plain = Phone(IdSource(b"bench"), service=Service.ONLINE)
    known = menu.refresh(Menu(), book)
    for _ in range(words):
        fresh = replace(known, index=replace(known.index), pages=(Contacts(),) if in_menu else ())
        phone, menus = plain, fresh
        for number, digit in enumerate(_typed(r.choice(book.people).name)):
            at = 1000.0 + number

            def key(
                digit: str = digit, at: float = at, menus: Menu = menus, phone: Phone = phone
            ) -> tuple[Menu, Phone]:
                handled = menu.handle(menus, ev.DigitPressed(digit, at), phone, book)
                for event in handled.events:
                    phone, _ = step(phone, event)
                picture.compose(phone, handled.menu, book, at)
                return handled.menu, phone

            menus, phone = watch.time(key)
    return watch


def _typed(name: str) -> str:
    """Its first six letters on the keys (ITU-T E.161)."""
    return name.lower().translate(str.maketrans("abcdefghijklmnopqrstuvwxyz ", "222333444555666777788899990"))[:6]


def _run(options: Options, say: Say) -> Result:
    result = Result("manners-core")
    with shielded(options.priority):
        say("steps with eight calls")
        result.figures.update(steps(_STEPS * options.rounds, 1).figures("step at 8 calls", "us", 1e3))
        for what, in_menu in (("in the telephone book", True), ("typed on-hook", False)):
            say(f"a name among {_PEOPLE}, {what}")
            watch = searches(_WORDS * options.rounds, 2, in_menu=in_menu)
            result.figures.update(watch.figures(f"key of a name {what}, {_PEOPLE} people", "ms", 1e6))
    return result


CASES = (Case("manners-core", "a step of the call core at 8 calls, a key of a search among 10 000 people", _run),)
