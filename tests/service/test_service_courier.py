"""Deliveries by hand-written carriers: once each, again when it did not go, given up, and left to others."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial

import pytest
from sqlalchemy import insert, update

from phone.service import courier as courier_file
from phone.service import duties, schema
from phone.service.courier import Courier, Later, Never, Outcome, Sent
from phone.service.duties import Delivery, Kind
from phone.service.store import Store

PATIENCE = 60.0


@dataclass
class Hands:
    """Does what it is told; remembers what it carried."""

    outcomes: list[Outcome] = field(default_factory=list)
    carried: list[Delivery] = field(default_factory=list)
    hold: asyncio.Event | None = None
    tells: bool = False
    can: bool = True

    def ready(self) -> bool:
        return self.can

    async def carry(self, delivery: Delivery, told: object) -> Outcome:
        self.carried.append(delivery)
        if self.tells and not delivery.told:
            await told()
        if self.hold is not None:
            await self.hold.wait()
        return self.outcomes.pop(0) if self.outcomes else Sent()


def delivery(number=1, kind=Kind.CHAT, stamp=None):
    about = ("boss@b.example", "boss@b.example", "ann@a.example", "")
    return Delivery(f"d{number}", kind, f"s{number}", *about, stamp or time.time(), 3.0)


def enqueue(store, *wanted):
    for each in wanted:
        store.write_now(partial(duties.enqueue, wanted=each, due=time.time()))
        if each.sound:
            store.write_now(lambda c, each=each: c.execute(insert(schema.sound).values(id=each.sound, data=b"x")))


async def until(true):
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


class Running:
    def __init__(self, store, hands, holder="one", give_up=3600.0):
        self.hands = hands
        self.courier = Courier(store, holder, dict.fromkeys(Kind, hands), give_up, lambda: 0.5)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.courier.run())
        return self.courier

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def waiting(store):
    return store.read_now(duties.waiting)


def due(store):
    """As if the time had come."""
    store.write_now(lambda c: c.execute(update(schema.delivery).values(due=0.0)))


async def test_what_is_sent_is_settled(store):
    hands = Hands()
    enqueue(store, *(delivery(n) for n in range(20)))
    async with Running(store, hands) as courier:
        courier.due()
        await until(lambda: waiting(store) == {})
    assert sorted(each.id for each in hands.carried) == sorted(f"d{n}" for n in range(20))


async def test_what_did_not_go_is_tried_again_and_its_text_is_not_repeated(store):
    hands = Hands([Later("away"), Later("still away")], tells=True)
    enqueue(store, delivery())
    async with Running(store, hands) as courier:
        for tries in (1, 2, 3):
            await until(lambda tries=tries: len(hands.carried) == tries and _free(store))
            due(store)
            courier.due()
        await until(lambda: waiting(store) == {})
    assert [(each.told, each.attempts) for each in hands.carried] == [(False, 0), (True, 1), (True, 2)]


def _free(store):
    rows = store.read_now(lambda c: c.execute(schema.delivery.select()).all())
    return not rows or all(row.holder == "" for row in rows)


async def test_pauses_grow(store):
    pauses = []
    hands = Hands([Later("away")] * 9)
    enqueue(store, delivery())
    async with Running(store, hands) as courier:
        for tries in range(1, 10):
            await until(lambda tries=tries: len(hands.carried) == tries and _free(store))
            (row,) = store.read_now(lambda c: c.execute(schema.delivery.select()).all())
            pauses.append(row.due - time.time())
            due(store)
            courier.due()
    # what the machine took to look is less than a third
    expected = [30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0]
    assert pauses == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize(
    ("outcome", "stamp", "why"),
    [(Never("550 no"), None, "550 no"), (Later("away"), 1.0, "")],
    ids=["refused", "given up"],
)
async def test_a_mail_that_does_not_go_bounces_once(store, outcome, stamp, why):
    hands = Hands([outcome])
    enqueue(store, delivery(kind=Kind.MAIL, stamp=stamp))
    async with Running(store, hands):
        await until(lambda: waiting(store) == {})
    mail, bounce = hands.carried
    assert (mail.kind, bounce.kind, bounce.name, bounce.owner) == (Kind.MAIL, Kind.BOUNCE, why, "boss@b.example")
    assert store.read_now(lambda c: c.execute(schema.sound.select()).all()) == []


async def test_a_chat_that_cannot_be_does_not_bounce(store):
    hands = Hands([Never("too large")])
    enqueue(store, delivery())
    async with Running(store, hands):
        await until(lambda: waiting(store) == {})
    assert len(hands.carried) == 1


async def test_what_an_instance_cannot_send_now_it_leaves_to_others(store):
    idle, busy = Hands(can=False), Hands()
    enqueue(store, delivery(1, kind=Kind.MAIL), delivery(2))
    lonely = Courier(store, "one", {Kind.CHAT: idle}, 1.0)
    task = asyncio.create_task(lonely.run())
    async with Running(store, busy, "two"):
        await until(lambda: waiting(store) == {})
    assert idle.carried == []
    assert sorted((each.id, each.attempts) for each in busy.carried) == [("d1", 0), ("d2", 0)]
    enqueue(store, delivery(3))
    idle.can = True
    lonely.due()  # the server took us
    await until(lambda: waiting(store) == {})
    assert [each.id for each in idle.carried] == ["d3"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_orderly_end_leaves_what_is_not_done_to_others(store, monkeypatch):
    monkeypatch.setattr(courier_file, "_GRACE", 0.05)
    hands = Hands(hold=asyncio.Event())
    enqueue(store, delivery())
    async with Running(store, hands):
        await until(lambda: hands.carried)
    other = Hands()
    async with Running(store, other, "two"):
        await until(lambda: waiting(store) == {})
    assert other.carried == [delivery(stamp=other.carried[0].stamp)]


async def test_who_lost_the_lease_stops(store, monkeypatch):
    monkeypatch.setattr(courier_file, "LEASE", 0.1)
    hands = Hands(hold=asyncio.Event())
    enqueue(store, delivery())
    async with Running(store, hands) as courier:
        await until(lambda: hands.carried)
        store.write_now(lambda c: c.execute(update(schema.delivery).values(holder="two", until=time.time() + 99)))
        await until(lambda: not courier._busy)
        hands.hold.set()
    (row,) = store.read_now(lambda c: c.execute(schema.delivery.select()).all())
    assert row.holder == "two"


async def test_a_fault_of_ours_does_not_end_the_courier(store, caplog):
    class Clumsy(Hands):
        async def carry(self, delivery, told):
            if not self.carried:
                self.carried.append(delivery)
                raise RuntimeError("oops")
            return await super().carry(delivery, told)

    hands = Clumsy()
    enqueue(store, delivery(1))
    async with Running(store, hands) as courier:
        await until(lambda: hands.carried and not courier._busy)
        enqueue(store, delivery(2))
        courier.due()
        await until(lambda: len(hands.carried) == 2)
    assert "a fault of ours" in caplog.text


async def test_two_instances_carry_each_delivery_once(url):
    stores = (Store(url), Store(url))
    stores[0].prepare()
    hands = (Hands(), Hands())
    enqueue(stores[0], *(delivery(n) for n in range(40)))
    async with Running(stores[0], hands[0], "one"), Running(stores[1], hands[1], "two"):
        await until(lambda: waiting(stores[0]) == {})
    carried = [each.id for hand in hands for each in hand.carried]
    assert len(carried) == len(set(carried)) == 40
    for store in stores:
        store.close()
