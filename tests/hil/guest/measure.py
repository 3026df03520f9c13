"""On a virtual Pi, by `bench/board.py`: what keys and display take and cost, with fingers that wait for nobody.

Prints JSON: figure -> one value a trial.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

_TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(_TESTS), str(_TESTS / "hil" / "guest")]

import keys  # noqa: E402
from hil.guest.witness import Press, Witness, press_of  # noqa: E402
from PIL import Image  # noqa: E402

from phone.drivers.base import HEIGHT, WIDTH  # noqa: E402
from phone.drivers.gpio import FactoryName  # noqa: E402
from phone.drivers.profile import DisplayProfile, PinsProfile  # noqa: E402
from phone.drivers.realdesk import RealDesk, open_profile  # noqa: E402
from phone.drivers.slot import DisplaySlot  # noqa: E402

HELD, REST = 0.06, 0.06
"""Seconds of a quick finger."""
STALL = HELD - 0.025
"""Seconds for which a machine may stand still in a press, and the phone must hear of it all the same."""
QUIET = 1.0
"""Seconds at the end, for what is told late."""
IDLE_SECONDS = 10.0
Figures = dict[str, list[float]]


class Stopwatch(keys.Ears):
    """When each contact was told, on the monotonic clock."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[keys.Contact, float]] = []

    def __call__(self, contact: keys.Contact) -> None:
        self.heard.append((contact, time.monotonic()))
        super().__call__(contact)


@dataclass
class Bench:
    """Fingers that wait for nobody, and what became of their presses."""

    ears: Stopwatch
    fingers: keys.Fingers
    witness: Witness
    torn: int = 0

    def press(self, names: list[str]) -> dict[str, Press]:
        """All of them at once, bouncing, for 60 ms: what their wires did. Where a sleep of this very process took too
        long for a phone to look at its keys in time, they count as torn.
        """
        self.fingers.move(names, closed=True)
        asleep = time.monotonic()
        time.sleep(HELD)
        let_go = time.monotonic()
        took = self.fingers.move(names, closed=False)
        time.sleep(REST)
        still = max(let_go - asleep - HELD, time.monotonic() - let_go - took - REST) > STALL
        moves = self.witness.moves()
        made = {name: press_of(moves.get(name, []), let_go) for name in names}
        return {name: replace(press, torn=press.torn or still) for name, press in made.items()}

    def latencies(self, names: list[str], count: int) -> list[float]:
        """Milliseconds from the instant at which a key that bounces first closes, the phone being asleep, to its event;
        but for presses that the machine tore.
        """
        luck, delays = random.Random(1), []
        for _ in range(count):
            name = luck.choice(names)
            self.ears.heard.clear()
            press = self.press([name])[name]
            time.sleep(luck.uniform(0, 0.01))
            told = [at for contact, at in self.ears.heard if contact.name == name and contact.closed]
            delays += [] if press.torn else [(at - press.began) * 1e3 for at in told[:1]]
            self.torn += press.torn
        return delays

    def presses(self, count: int) -> Figures:
        """Of so many presses, up to 12 at once. An event counts for the press in whose time it says that it was."""
        luck = random.Random(2)
        self.ears.heard.clear()
        rounds: list[tuple[float, dict[str, Press]]] = []
        while sum(len(made) for _, made in rounds) < count:
            names = [*keys.BUTTONS, "HOOK", *luck.sample(luck.choice(keys.KEYS).split(), luck.randrange(1, 4))]
            rounds.append((time.monotonic(), self.press(names)))
        time.sleep(QUIET)
        return tally(rounds, [contact for contact, _ in self.ears.heard if contact.closed])


def tally(rounds: list[tuple[float, dict[str, Press]]], told: list[keys.Contact]) -> Figures:
    """What was told of which press."""
    starts = [began for began, _ in rounds]
    heard = Counter((bisect_right(starts, contact.at) - 1, contact.name) for contact in told)
    all_of_them = [
        (press, heard[number, name]) for number, (_, made) in enumerate(rounds) for name, press in made.items()
    ]
    sound = [times for press, times in all_of_them if not press.torn]
    torn = [(press.presses, times) for press, times in all_of_them if press.torn]
    return {
        "bouncing presses": [len(sound)],
        "bouncing presses lost": [sound.count(0)],
        "bouncing presses doubled": [sum(times - 1 for times in sound if times > 1)],
        "presses that the machine tore": [len(torn)],
        "presses that the machine tore, told otherwise than an ideal debounce tells them": [
            sum(ideal != times for ideal, times in torn)
        ],
    }


def idle_cpu(seconds: float) -> float:
    """Percent of a core that this process takes while nobody touches it."""
    cpu, wall = time.process_time(), time.monotonic()
    time.sleep(seconds)
    return 100 * (time.process_time() - cpu) / (time.monotonic() - wall)


def frames(desk: RealDesk, count: int) -> list[float]:
    """Milliseconds of a whole picture."""
    taken = []
    for number in range(count):
        began = time.monotonic()
        desk.display.show(Image.new("1", (WIDTH, HEIGHT), number % 2))
        taken.append((time.monotonic() - began) * 1e3)
    return taken[1:]


def measure(pins: FactoryName, count: int, rounds: int) -> Figures:
    """All of it."""
    desk = open_profile(replace(keys.PROFILE, pins=PinsProfile(pins), display=DisplayProfile("ssd1306")))
    bench = Bench(Stopwatch(), keys.Fingers(), Witness(keys.WIRES))
    desk.inputs.start(bench.ears)
    time.sleep(0.2)
    matrix = " ".join(keys.KEYS).split()
    figures: Figures = {
        "key of the matrix to event, ms": bench.latencies(matrix, count),
        "button to event, ms": bench.latencies(list(keys.BUTTONS), count),
        "hook to event, ms": bench.latencies(["HOOK"], count),
        "whole picture, ms": frames(desk, 30),
    }
    figures["keys and display, idle, CPU %"] = [idle_cpu(IDLE_SECONDS)]
    slot = DisplaySlot[int](desk.display, lambda n: Image.new("1", (WIDTH, HEIGHT), n % 2))
    figures["key of the matrix to event while pictures are drawn, ms"] = while_drawing(slot, bench, matrix, count)
    slot.close()
    figures["timed presses that the machine tore"] = [bench.torn]
    figures |= bench.presses(rounds)
    desk.inputs.close()
    bench.fingers.close()
    return figures


def while_drawing(slot: DisplaySlot[int], bench: Bench, names: list[str], count: int) -> list[float]:
    """The same while the display never rests."""
    drawing = True

    def draw() -> None:
        number = 0
        while drawing:
            number += 1
            slot.show(number)
            time.sleep(0.02)

    thread = threading.Thread(target=draw)
    thread.start()
    delays = bench.latencies(names, count)
    drawing = False
    thread.join()
    return delays


if __name__ == "__main__":
    print(json.dumps(measure(cast("FactoryName", sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
