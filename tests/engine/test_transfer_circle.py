"""Two phones that send every caller to each other, whatever happens: it comes to an end, for all and soon."""

from __future__ import annotations

import logging

import pytest
from engine.house import NUMBERS, House
from rig.wire import WirePhone

from phone.jingle.elements import TRANSFER

ROUNDS = 40
"""Far more than the phones stand."""
MOST_HOPS = 8
"""Transfers that come through: the legs of a phone, or the trail of a caller, end them."""

LINES_A_HOP = 12
"""Of all three phones together."""


def send_on(phone: WirePhone, other: str, kind: str) -> None:
    """Whoever is at `phone` takes what rings and passes it on."""
    phone.hang_up()
    phone.lift()
    phone.wire.run(2)
    phone.press("TRANSFER")
    phone.wire.run(2)
    phone.dial(NUMBERS[other])
    if kind == "ringing":
        phone.wire.run(3)
    phone.hang_up()
    phone.wire.run(5)


@pytest.mark.parametrize("without", [(), ("carol",), ("alice", "bob")], ids=["all can", "caller cannot", "nobody can"])
@pytest.mark.parametrize("kind", ["typed", "ringing"])
def test_a_circle_of_transfers_ends(kind: str, without: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.without = {f"{name}@x": frozenset({TRANSFER}) for name in without}
    alice, bob, carol = house.add("alice"), house.add("bob"), house.add("carol")
    carol.call(NUMBERS["alice"])
    house.run(2)
    hops = 0
    with caplog.at_level(logging.INFO):
        for _ in range(ROUNDS):
            ringing = next((p for p in (alice, bob) if p.out.ringer), None)
            if ringing is None or ringing.engine.phone.recall:
                break
            hops += 1
            send_on(ringing, "bob" if ringing is alice else "alice", kind)
    assert 2 <= hops <= MOST_HOPS
    assert len(caplog.records) <= LINES_A_HOP * (hops + 1)
    house.run(200)
    assert not any(p.out.ringer and not p.engine.phone.recall for p in (alice, bob)), "only who waits rings back"
    assert all(p.engine.phone.notice for p in (alice, bob) if p.engine.phone.recall), "and the display says why"
    house.rest()
    house.all_hang_up()
