"""On a virtual Pi, by `tests/hil/test_drivers.py`: the real keys on the kernel's own pins.

How fast the machine is does not matter: a switch is kept until the phone has noticed it. A contact that bounced for
longer than any real one, because the machine stood still in the middle, may be heard twice.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from hil.guest.witness import Witness, press_of, second_pins
from rig.header import HAND

from phone.drivers.base import Contact
from phone.drivers.gpio import FactoryName
from phone.drivers.profile import HookProfile, KeypadProfile, PinsProfile, Profile, RotaryProfile
from phone.drivers.realdesk import open_profile

PATIENCE = 20.0
ROWS, COLUMNS = (18, 23, 24, 25), (12, 16, 20, 21)
KEYS = ("1 2 3 HOLD", "4 5 6 TRANSFER", "7 8 9 VOICEMAIL", "* 0 # MUTE")
BUTTONS = {"UP": 10, "DOWN": 9, "OK": 11, "BACK": 5, "SPEAKER": 6, "REDIAL": 13, "VOL+": 19, "VOL-": 26}
HOOK = 17
PINS = PinsProfile(cast("FactoryName", os.environ.get("PHONE_TEST_PINS", "gpiod")))
"""One for a process: gpiozero's own factories keep their pins for whoever comes next."""
PULSE, TURNED = 4, 27
PROFILE = Profile(
    title="keys",
    board="a virtual Pi",
    hook=HookProfile(HOOK, "closed"),
    keypad=KeypadProfile(ROWS, COLUMNS, KEYS),
    keys=BUTTONS,
)
WIRES: dict[str, int | tuple[int, int]] = {**BUTTONS, "HOOK": HOOK} | {
    name: (row, column)
    for row, names in zip(ROWS, KEYS, strict=True)
    for name, column in zip(names.split(), COLUMNS, strict=True)
}
_WITNESSES = second_pins(WIRES)
PRESSES = 1000
TURNS = 4
_INSTANTS = (0.0005, 0.001, 0.002, 0.004)
"""Seconds after the first edge of a move at which contacts bounce; the worst of keypads do so for 10 ms."""


def moved(name: str, *, closed: bool) -> str:
    """Lines of a script for `vpi.c`: the contact, and its witness in the same instant."""
    wire = WIRES[name]
    own = pulled(wire, closed=closed) if isinstance(wire, int) else f"key {wire[0]} {wire[1]} {int(closed)}\n"
    return own + pulled(_WITNESSES[name], closed=closed)


def pulled(pin: int, *, closed: bool) -> str:
    """The same of a pin that is connected to ground."""
    return f"pull {pin} {'0' if closed else '-'}\n"


class Fingers:
    """Many switches at once."""

    def __init__(self) -> None:
        self._device = os.open(HAND, os.O_WRONLY)
        self._luck = random.Random(5)

    def set(self, name: str, *, closed: bool) -> None:
        os.write(self._device, moved(name, closed=closed).encode())

    def pull(self, pin: int, *, closed: bool) -> None:
        """To ground."""
        os.write(self._device, pulled(pin, closed=closed).encode())

    def move(self, names: list[str], *, closed: bool) -> float:
        """All of them, each bouncing on its own, in the kernel: this Python is busy listening. How long it took."""
        changes = [(0.0, name, closed) for name in names]
        for name in names:
            times = sorted(self._luck.choice(_INSTANTS) for _ in range(2 * self._luck.randrange(4)))
            changes += [(at, name, closed ^ (number % 2 == 0)) for number, at in enumerate(times)]
        script, now = "", 0.0
        for at, name, level in sorted(changes, key=lambda change: change[0]):
            script += (f"wait {round((at - now) * 1e6)}\n" if at > now else "") + moved(name, closed=level)
            now = at
        began = time.monotonic()
        os.write(self._device, script.encode())
        return time.monotonic() - began

    def close(self) -> None:
        for name in WIRES:
            self.set(name, closed=False)
        os.close(self._device)


@dataclass
class Ears:
    """What the phone's core hears."""

    contacts: list[Contact] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, contact: Contact) -> None:
        with self.came:
            self.contacts.append(contact)
            self.came.notify_all()

    def wait(self, true: Callable[[list[Contact]], bool]) -> None:
        with self.came:
            assert self.came.wait_for(lambda: true(self.contacts), PATIENCE), self.contacts[-20:]

    def noticed(self, names: list[str], *, closed: bool) -> None:
        def all_of_them(contacts: list[Contact]) -> bool:
            last = {contact.name: contact.closed for contact in contacts}
            return all(last.get(name, False) is closed for name in names)

        self.wait(all_of_them)

    def told(self) -> list[tuple[str, bool]]:
        return [(contact.name, contact.closed) for contact in self.contacts]

    def forget(self) -> None:
        with self.came:
            self.contacts.clear()


@pytest.fixture
def fingers() -> Iterator[Fingers]:
    fingers = Fingers()
    fingers.pull(PULSE, closed=True)  # a dial's pulse contact rests closed
    yield fingers
    fingers.close()


@pytest.fixture
def witness(fingers: Fingers) -> Iterator[Witness]:
    witness = Witness(WIRES)
    yield witness
    witness.close()


def listening(profile: Profile) -> Iterator[Ears]:
    ears = Ears()
    real = open_profile(profile)
    assert real.troubles() == ()
    real.inputs.start(ears)
    ears.wait(lambda contacts: contacts[:1] != [])
    ears.forget()
    yield ears
    real.inputs.close()
    real.lamps.close()
    real.give_back()
    assert real.troubles() == ()


@pytest.fixture
def ears() -> Iterator[Ears]:
    yield from listening(Profile("", "", pins=PINS, hook=PROFILE.hook, keypad=PROFILE.keypad, keys=PROFILE.keys))


def test_each_key_is_itself(fingers: Fingers, ears: Ears) -> None:
    for name in WIRES:
        for closed in (True, False):
            fingers.set(name, closed=closed)
            ears.noticed([name], closed=closed)
    assert ears.told() == [(name, closed) for name in WIRES for closed in (True, False)]


def test_a_fourth_corner_is_refused_and_comes_when_it_is_certain(fingers: Fingers, ears: Ears) -> None:
    for name in ("1", "2"):
        fingers.set(name, closed=True)
        ears.noticed([name], closed=True)
    fingers.set("4", closed=True)  # 5 reads as down now, too
    fingers.set("OK", closed=True)  # so that there is something to wait for
    ears.noticed(["OK"], closed=True)
    time.sleep(0.1)
    assert ears.told() == [("1", True), ("2", True), ("OK", True)]
    fingers.set("1", closed=False)
    ears.noticed(["1"], closed=False)
    ears.noticed(["4"], closed=True)
    assert "5" not in {name for name, _ in ears.told()}


def test_not_one_of_many_bouncing_presses_is_lost_or_doubled(fingers: Fingers, ears: Ears, witness: Witness) -> None:
    """None is lost by any library. lgpio's thread looks at times and tells late, to rpi-lgpio as well, and nobody can
    ask it whether there is more: only with gpiod is it known that no edge of a press is still to come.
    """
    luck = random.Random(7)
    pressed = torn = doubled = 0
    while pressed < PRESSES:
        names = luck.sample([*BUTTONS, "HOOK"], 3) + luck.sample(luck.choice(KEYS).split(), luck.randrange(1, 3))
        ears.forget()
        fingers.move(names, closed=True)
        ears.noticed(names, closed=True)
        let_go = time.monotonic()
        fingers.move(names, closed=False)
        ears.noticed(names, closed=False)
        told, moves = Counter(ears.told()), witness.moves()
        assert set(told) == {(name, closed) for name in names for closed in (True, False)}
        for name in names:
            press = press_of(moves.get(name, []), let_go)
            once = (told[name, True], told[name, False]) == (1, 1)
            assert press.torn or once or PINS.factory != "gpiod", (name, told, moves)
            torn += press.torn
            doubled += not (press.torn or once)
        pressed += len(names)
    print(f"{pressed} presses: {doubled} doubled; {torn} bounced for longer than any contact, and were not judged")


@pytest.fixture
def dial() -> Iterator[Ears]:
    yield from listening(Profile("", "", rotary=RotaryProfile(PULSE, TURNED), pins=PINS))


def test_a_dial_is_read_pulse_by_pulse(fingers: Fingers, dial: Ears) -> None:
    """Sixty milliseconds broken, forty closed, as ITU-T Q.500 has them; a turn that was torn is dialled again."""
    for digit in "140":
        for _ in range(TURNS):
            if dialled(fingers, int(digit) or 10):
                break
            time.sleep(1.0)
            dial.forget()
        else:
            pytest.skip("this machine stands still too often to dial on it")
        dial.wait(lambda contacts: len(contacts) >= 2)
        assert dial.told() == [(digit, True), (digit, False)]
        dial.forget()


def dialled(fingers: Fingers, pulses: int) -> bool:
    """Turn the dial. False: the machine stood still meanwhile."""
    steps = [(0.0, TURNED, True)]
    for pulse in range(pulses):
        steps += [(0.3 + pulse * 0.1, PULSE, False), (0.36 + pulse * 0.1, PULSE, True)]
    steps.append((0.45 + pulses * 0.1, TURNED, False))
    began, late = time.monotonic(), 0.0
    for at, pin, closed in steps:
        time.sleep(max(0.0, began + at - time.monotonic()))
        fingers.pull(pin, closed=closed)
        late = max(late, time.monotonic() - began - at)
    return late < 0.015
