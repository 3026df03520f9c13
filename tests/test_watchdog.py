"""What ends the feeding, and what does not. Time is virtual; systemd's socket is real."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig.supervisor import Supervisor

from phone import inbox
from phone.sdnotify import Notifier
from phone.watchdog import MENDING, SILENT, STUCK, Watchdog


@dataclass
class Phone:
    """Engine and sound process as the watchdog sees them."""

    time: float = 1000.0
    hangs: bool = False
    starting: bool = False
    reported_at: float = 1000.0
    stuck: float = 0.0
    items: list[inbox.Item] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def post(self, item: inbox.Item) -> None:
        self.items.append(item)
        if not self.hangs:
            item.reply()

    def silent_for(self, now: float) -> float:
        return now - self.reported_at


@pytest.fixture
def phone():
    return Phone()


@pytest.fixture
def systemd(tmp_path):
    with Supervisor(tmp_path / "notify", watchdog_seconds=10) as systemd:
        yield systemd


def watchdog(phone, notifier=None):
    return Watchdog(notifier or Notifier(), phone, phone, lambda: phone.stuck, lambda: "registered as alice")


def test_a_phone_that_works_is_fed(phone, systemd):
    watchdog(phone, Notifier.from_environment(systemd.environment)).look()
    assert systemd.values("WATCHDOG") == ["1"]
    assert systemd.values("STATUS") == ["registered as alice"]
    assert isinstance(phone.items[0], inbox.Asked)


def test_an_engine_that_does_not_answer_is_not_fed(phone, systemd, caplog):
    caplog.set_level(logging.INFO)
    dog = watchdog(phone, Notifier.from_environment(systemd.environment))
    dog.look()
    phone.hangs = True
    dog.look()
    dog.look()
    assert systemd.values("WATCHDOG") == ["1"]
    assert systemd.values("STATUS") == ["registered as alice", "the engine does not answer"]
    assert caplog.text.count("the engine does not answer") == 1
    phone.hangs = False
    dog.look()
    assert systemd.values("WATCHDOG") == ["1", "1"]
    assert "all is well again" in caplog.text


@pytest.mark.parametrize(("starting", "patience"), [(False, SILENT), (True, MENDING)])
def test_the_sound_process_may_be_silent_only_so_long(phone, starting, patience):
    phone.starting = starting
    phone.reported_at = phone.time - patience
    assert not watchdog(phone).complaint(phone.time)
    assert "sound process" in watchdog(phone).complaint(phone.time + 0.1)


def test_a_driver_that_hangs_is_a_reason(phone):
    phone.stuck = STUCK
    assert not watchdog(phone).complaint(phone.time)
    phone.stuck = STUCK + 0.1
    assert "driver" in watchdog(phone).complaint(phone.time)


@given(
    hangs=st.booleans(),
    starting=st.booleans(),
    silent=st.floats(0, 100),
    stuck=st.floats(0, 20),
)
def test_fed_means_that_all_of_it_works(hangs, starting, silent, stuck):
    phone = Phone(hangs=hangs, starting=starting, reported_at=1000.0 - silent, stuck=stuck)
    well = not hangs and phone.silent_for(1000.0) <= (MENDING if starting else SILENT) and stuck <= STUCK
    assert bool(watchdog(phone).complaint(1000.0)) is not well


async def test_it_looks_often_enough(phone, tmp_path):
    with Supervisor(tmp_path / "notify", watchdog_seconds=0.2) as systemd:
        running = asyncio.ensure_future(watchdog(phone, Notifier.from_environment(systemd.environment)).run())
        assert await systemd.until(lambda s: len(s.values("WATCHDOG")) > 3, 20)
        running.cancel()
