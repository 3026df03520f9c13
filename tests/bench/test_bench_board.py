"""The judge of the board's presses: what the phone doubled or lost is told from what the machine tore."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "hil" / "guest"))

import measure
from hil.guest.witness import Press, press_of

from phone.drivers.base import Contact


def test_a_press_that_bounces_as_contacts_do_is_one() -> None:
    moves = [(1.0, True), (1.001, False), (1.002, True), (1.06, False), (1.064, True), (1.066, False)]
    assert press_of(moves, 1.059) == Press(1.0, torn=False, presses=1)


def test_a_press_is_torn_where_the_machine_stood_still_in_its_bounce() -> None:
    assert press_of([(1.0, True), (1.001, False), (1.017, True), (1.07, False)], 1.069) == Press(
        1.0, torn=True, presses=2
    )
    assert press_of([(1.0, True), (1.06, False), (1.064, True), (1.073, False)], 1.059) == Press(
        1.0, torn=True, presses=1
    )


def test_what_the_kernel_itself_did_not_see_closed_is_nobodys_fault() -> None:
    assert press_of([(1.06, False)], 1.059).torn
    assert press_of([], 1.059).torn


def test_an_event_counts_for_the_press_in_whose_time_it_was() -> None:
    sound = Press(0.0, torn=False, presses=1)
    rounds = [
        (1.0, {"1": sound, "2": sound, "3": sound}),
        (2.0, {"1": sound, "2": sound, "3": Press(2.0, torn=True, presses=2)}),
    ]
    told = [("1", 1.0), ("1", 2.1), ("2", 2.1), ("2", 2.2), ("3", 1.9), ("3", 2.0)]
    assert measure.tally(rounds, [Contact(name, closed=True, at=at) for name, at in told]) == {
        "bouncing presses": [5],
        "bouncing presses lost": [1],
        "bouncing presses doubled": [1],
        "presses that the machine tore": [1],
        "presses that the machine tore, told otherwise than an ideal debounce tells them": [1],
    }
