"""A phone loses its power in the middle of a transfer, in each step: nobody who is left hears silence for long."""

from __future__ import annotations

from itertools import takewhile

import pytest
from engine.house import NUMBERS, House
from rig.wire import WirePhone

from phone.calls.outputs import Feed
from phone.jingle.elements import TRANSFER

SOUND = {Feed.MUSIC, Feed.RINGBACK, Feed.BRIDGE}
STEPS = ("held", "picking", "ringing", "talking", "asked", "completed")


def walk(house: House, step: str, kind: str) -> tuple[WirePhone, WirePhone, WirePhone]:
    """alice called bob; bob is passing her on to carol, as far as `step`."""
    alice, bob, carol = house.add("alice"), house.add("bob"), house.add("carol")
    alice.call(NUMBERS["bob"])
    bob.lift()
    house.run(3)
    acts = {
        "held": lambda: bob.press("TRANSFER"),
        "picking": lambda: bob.dial("20"),
        "ringing": lambda: bob.dial("3"),
        "talking": lambda: carol.lift() if kind == "attended" else None,
        "asked": bob.hang_up,
        "completed": carol.lift,
    }
    before = takewhile(lambda name: name != step, STEPS)
    for name in (*before, step):
        acts[name]()
        house.run(0.008 if name == step == "asked" else 2)  # just after the request has gone out
    return alice, bob, carol


@pytest.mark.parametrize("without", [(), ("alice",), ("carol",)], ids=["all can", "caller cannot", "callee cannot"])
@pytest.mark.parametrize("kind", ["unattended", "attended"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("whose", ["alice", "bob", "carol"])
def test_nobody_is_left_with_silence(whose: str, step: str, kind: str, without: tuple[str, ...]) -> None:
    house = House()
    house.without = {f"{name}@x": frozenset({TRANSFER}) for name in without}
    phones = dict(zip(("alice", "bob", "carol"), walk(house, step, kind), strict=True))
    house.dead.add(phones[whose].full)
    house.run(18)
    for phone in house.alive:
        assert_no_silence(house, phone)
    house.live(120)
    house.rest()
    house.all_hang_up()


def assert_no_silence(house: House, phone: WirePhone) -> None:
    """Off-hook there is somebody, or a tone, or music for the moment in which a call is on its way."""
    if not phone.engine.phone.off_hook:
        return
    focus = phone.engine.phone.call(phone.engine.phone.focus)
    if phone.out.tone is not None:
        return
    assert focus is not None, f"{phone.bare} hears nothing"
    far = house.far_call(phone, focus)
    assert far is not None, f"{phone.bare} hears {focus.peer}, who is not there: {focus}"
    heard = far[1].id in far[0].out.talk or dict(far[0].out.feeds).get(far[1].id) in SOUND
    assert heard, f"{phone.bare} hears silence of {far[0].bare}: {far[1]}"
