"""A dial's pulses as digits: of good dials, worn ones, and of what is no dial's doing."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.drivers.base import Contact
from phone.drivers.rotary import DIGITS, HOLD, PAUSE, PULSE, TURNED, Rotary

Edge = tuple[float, str, bool]


def bounced(at: float, wire: str, luck: random.Random, *, level: bool) -> list[Edge]:
    times = sorted(at + luck.uniform(1e-5, HOLD * 0.6) for _ in range(2 * luck.randrange(3)))
    return [(at, wire, level), *((t, wire, level ^ (i % 2 == 0)) for i, t in enumerate(times))]


def dialled(digits: str, luck: random.Random, *, rate: float = 10.0, share: float = 0.6) -> list[Edge]:
    """Both contacts while those digits are dialled, `rate` pulses a second, broken for `share` of each."""
    edges: list[Edge] = []
    at = 1.0
    for digit in digits:
        edges += bounced(at, TURNED, luck, level=True)
        at += 0.3
        for _ in range(int(digit) or 10):
            edges += bounced(at, PULSE, luck, level=True)
            edges += bounced(at + share / rate, PULSE, luck, level=False)
            at += 1 / rate
        at += 0.1
        edges += bounced(at, TURNED, luck, level=False)
        at += 0.4
    return sorted(edges, key=lambda edge: edge[0])  # stable: what bounces at one instant keeps its order


def decode(edges: list[Edge], *, has_turned: bool = True, digits: str = DIGITS) -> list[Contact]:
    heard: list[Contact] = []
    rotary = Rotary(heard.append, has_turned=has_turned, digits=digits)
    for at, wire, level in edges:
        run(rotary, at)
        rotary.edge(wire, level, at)
    run(rotary, 1e6)
    return heard


def run(rotary: Rotary, until: float) -> None:
    for _ in itertools.count():
        if (due := rotary.due) is None or due > until:
            return
        rotary.settle(due)


def keys(contacts: list[Contact]) -> str:
    assert [c.closed for c in contacts] == [True, False] * (len(contacts) // 2)
    return "".join(c.name for c in contacts[::2])


@given(
    st.text("0123456789", min_size=1, max_size=8),
    st.integers(0, 10**6),
    st.floats(7, 14),
    st.floats(0.5, 0.68),
    st.booleans(),
)
def test_any_number_on_any_dial(number: str, seed: int, rate: float, share: float, has_turned: bool) -> None:
    edges = dialled(number, random.Random(seed), rate=rate, share=share)
    if not has_turned:
        edges = [edge for edge in edges if edge[1] == PULSE]
    assert keys(decode(edges, has_turned=has_turned)) == number


def test_a_digit_has_the_time_at_which_the_dial_was_home() -> None:
    edges = dialled("3", random.Random(1))
    last = max(at for at, wire, _ in edges if wire == TURNED)
    assert {c.at for c in decode(edges)} == {last}


def test_without_the_second_contact_a_pause_ends_a_digit() -> None:
    edges = [(1.0, PULSE, True), (1.06, PULSE, False), (1.06 + PAUSE + 0.1, PULSE, True), (1.5, PULSE, False)]
    assert keys(decode(edges, has_turned=False)) == "11"


def test_a_hand_that_holds_the_dial_makes_the_digit_void() -> None:
    edges = [(1.0, TURNED, True), (1.3, PULSE, True), (1.5, PULSE, False), (2.0, TURNED, False)]
    assert decode(edges) == []
    assert decode(edges[1:3], has_turned=False) == []
    assert keys(decode(edges + [(at + 5, wire, level) for at, wire, level in dialled("2", random.Random(0))])) == "2"


@pytest.mark.parametrize("length", [0.004, 0.012])
def test_scratches_are_no_pulses(length: float) -> None:
    edges = [(1.0, TURNED, True), (1.3, PULSE, True), (1.3 + length, PULSE, False), (2.0, TURNED, False)]
    assert decode(edges) == []


def test_a_dial_that_was_turned_for_nothing_or_makes_eleven_pulses_gives_no_digit() -> None:
    assert decode([(1.0, TURNED, True), (2.0, TURNED, False)]) == []
    pulses = [(2 + n / 10 + part, PULSE, part == 0) for n in range(11) for part in (0, 0.06)]
    assert decode([(1.0, TURNED, True), *pulses, (9.0, TURNED, False)]) == []


def test_pulses_while_the_dial_is_at_rest_do_not_count() -> None:
    noise = [(0.5, PULSE, True), (0.56, PULSE, False)]
    assert keys(decode(noise + dialled("4", random.Random(0)))) == "4"


def test_dials_of_other_countries() -> None:
    edges = dialled("1", random.Random(0))
    assert keys(decode(edges, digits="0123456789")) == "0"
