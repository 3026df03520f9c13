"""On a virtual Pi, by `bench/board.py`: what keys and display take and cost, with fingers that wait for nobody.

Prints JSON: figure -> one value a trial.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

_TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(_TESTS), str(_TESTS / "hil" / "guest")]

import keys  # noqa: E402
from PIL import Image  # noqa: E402

from phone.drivers.base import HEIGHT, WIDTH  # noqa: E402
from phone.drivers.profile import DisplayProfile  # noqa: E402
from phone.drivers.realdesk import RealDesk, open_profile  # noqa: E402
from phone.drivers.slot import DisplaySlot  # noqa: E402

HELD, REST = 0.06, 0.06
"""Seconds of a quick finger."""
IDLE_SECONDS = 10.0
Figures = dict[str, list[float]]


class Stopwatch(keys.Ears):
    """When each contact was told, on the monotonic clock."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, bool, float]] = []

    def __call__(self, contact: keys.Contact) -> None:
        self.heard.append((contact.name, contact.closed, time.monotonic()))
        super().__call__(contact)


def latencies(fingers: keys.Fingers, ears: Stopwatch, names: list[str], count: int) -> list[float]:
    """Milliseconds from the instant at which a key that bounces first closes, the phone being asleep, to its event."""
    luck, delays = random.Random(1), []
    for _ in range(count):
        name = luck.choice(names)
        ears.heard.clear()
        began = time.monotonic()
        fingers.move([name], closed=True)
        time.sleep(HELD)
        fingers.move([name], closed=False)
        time.sleep(REST + luck.uniform(0, 0.01))
        delays += [(at - began) * 1e3 for told, closed, at in ears.heard if told == name and closed][:1]
    return delays


def presses(fingers: keys.Fingers, ears: Stopwatch, count: int) -> Figures:
    """Of so many bouncing presses by fingers that hold a key for 60 ms, up to 12 at once."""
    luck = random.Random(2)
    done = lost = doubled = 0
    while done < count:
        names = [*keys.BUTTONS, "HOOK", *luck.sample(luck.choice(keys.KEYS).split(), luck.randrange(1, 4))]
        ears.heard.clear()
        fingers.move(names, closed=True)
        time.sleep(HELD)
        fingers.move(names, closed=False)
        time.sleep(REST)
        told = Counter(name for name, closed, _ in ears.heard if closed)
        lost += sum(not told[name] for name in names)
        doubled += sum(max(0, told[name] - 1) for name in names)
        done += len(names)
    return {"bouncing presses": [done], "bouncing presses lost": [lost], "bouncing presses doubled": [doubled]}


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


def measure(count: int, rounds: int) -> Figures:
    """All of it."""
    desk = open_profile(replace(keys.PROFILE, display=DisplayProfile("ssd1306")))
    ears, fingers = Stopwatch(), keys.Fingers()
    desk.inputs.start(ears)
    time.sleep(0.2)
    matrix = " ".join(keys.KEYS).split()
    figures: Figures = {
        "key of the matrix to event, ms": latencies(fingers, ears, matrix, count),
        "button to event, ms": latencies(fingers, ears, list(keys.BUTTONS), count),
        "hook to event, ms": latencies(fingers, ears, ["HOOK"], count),
        "whole picture, ms": frames(desk, 30),
    }
    figures["keys and display, idle, CPU %"] = [idle_cpu(IDLE_SECONDS)]
    slot = DisplaySlot[int](desk.display, lambda n: Image.new("1", (WIDTH, HEIGHT), n % 2))
    figures["key of the matrix to event while pictures are drawn, ms"] = while_drawing(
        slot, fingers, ears, matrix, count
    )
    slot.close()
    figures |= presses(fingers, ears, rounds)
    desk.inputs.close()
    fingers.close()
    return figures


def while_drawing(
    slot: DisplaySlot[int], fingers: keys.Fingers, ears: Stopwatch, names: list[str], count: int
) -> list[float]:
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
    delays = latencies(fingers, ears, names, count)
    drawing = False
    thread.join()
    return delays


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
