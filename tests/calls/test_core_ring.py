"""What announces a call: its caller's own ring, else the one of all."""

from __future__ import annotations

import pytest
from lifted import Desk

from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import CallId, Habits, Ring
from phone.calls.outputs import outputs

OWN = Habits(ring="/etc/phone/ring.wav")


@pytest.mark.parametrize(
    ("habits", "ring", "heard"),
    [
        (Habits(), None, 0),
        (Habits(), 3, 3),
        (OWN, None, "/etc/phone/ring.wav"),
        (OWN, "/boss.wav", "/boss.wav"),
        (OWN, 2, 2),
        (OWN, 0, 0),
    ],
)
def test_the_callers_own_ring_comes_first(habits: Habits, ring: Ring | None, heard: Ring) -> None:
    desk = Desk(habits=habits).act(ev.Offered(CallId("in"), "boss@example.org/x", "Boss", 0.0, ring=ring))
    assert outputs(desk.phone).ring == heard


def test_whom_one_has_called_rings_back_as_all_do() -> None:
    desk = Desk(habits=OWN).talk().key(Key.HOLD).cradle().wait(60)
    assert (outputs(desk.phone).ringer, outputs(desk.phone).ring) == (True, OWN.ring)


def test_a_bell_that_is_silent_plays_nothing() -> None:
    assert outputs(Desk(habits=OWN).phone).ring == 0
