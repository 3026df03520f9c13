"""When the daemon starts anew, and when it puts the config before back: without a phone, on a real store."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from phone.control import TrialStatus
from phone.provision import trials
from phone.provision.contents import Contents
from phone.provision.store import Store
from phone.provision.trials import Given
from phone.provision.values import Who
from phone.trial import Keeper


@pytest.fixture
def store(tmp_path: Path) -> Store:
    config = tmp_path / "phone.toml"
    config.write_text("old = 1\n")
    return Store.of(config)


def given() -> Given:
    return Given(Contents(b"new = 1\n"), Who("anna"), within=60.0)


async def runs_on(keeper: asyncio.Task[None]) -> bool:
    """It is not over within some of its looks."""
    await asyncio.sleep(0.4)
    return not keeper.done()


async def within_time(keeper: asyncio.Task[None]) -> None:
    async with asyncio.timeout(20):
        await keeper


async def test_asked_without_a_trial_it_starts_anew(store: Store) -> None:
    keeper = Keeper(store, store.present())
    running = asyncio.create_task(keeper.run())
    assert await runs_on(running)
    keeper.reload(now=False)
    await within_time(running)


async def test_nobody_is_cut_off_unless_told(store: Store) -> None:
    keeper = Keeper(store, store.present(), busy=lambda: True)
    running = asyncio.create_task(keeper.run())
    keeper.reload(now=False)
    assert await runs_on(running)
    keeper.reload(now=True)
    await within_time(running)


async def test_it_starts_anew_once_the_config_is_in_place(store: Store) -> None:
    keeper = Keeper(store, store.present())
    running = asyncio.create_task(keeper.run())
    with store.session():
        trial = trials.begin(store, given())
        keeper.reload(now=False)
        assert await runs_on(running)
        trials.install(store, trial)
        await within_time(running)


async def test_a_session_that_is_lost_before_that_changes_nothing(store: Store) -> None:
    keeper = Keeper(store, store.present())
    running = asyncio.create_task(keeper.run())
    with store.session():
        trial = trials.begin(store, given())
        keeper.reload(now=False)
        assert await runs_on(running)
    while store.record(trial.version).result == "pending":
        await asyncio.sleep(0.02)
    assert await runs_on(running)
    keeper.reload(now=False)  # and it listens still
    await within_time(running)


async def test_a_lost_session_brings_the_config_before_back(store: Store) -> None:
    with store.session():
        trial = trials.begin(store, given())
        trials.install(store, trial)
        keeper = Keeper(store, store.present(), trial.version, trouble=lambda: "server away")
        running = asyncio.create_task(keeper.run())
        assert await runs_on(running)
    await within_time(running)
    assert store.present().config == b"old = 1\n"
    assert store.record(trial.version).why == "the session was lost before it was confirmed: server away"


async def test_the_same_tried_again_at_once_is_another_trial(store: Store) -> None:
    with store.session():
        first = trials.begin(store, given())
        trials.install(store, first)
        keeper = Keeper(store, store.present(), first.version)
        trials.roll_back(store, "asked", first.version)
        trials.install(store, trials.begin(store, given()))
        running = asyncio.create_task(keeper.run())
        keeper.reload(now=False)
        await within_time(running)


async def test_keys_alone_restart_nothing(store: Store) -> None:
    """Nor when they are taken back because nobody gave his word."""
    config = store.present().config
    keeper = Keeper(store, store.present())
    running = asyncio.create_task(keeper.run())
    with store.session():
        trial = trials.begin(store, trials.Given(Contents(config, b"key"), Who("anna")))
        keeper.reload(now=False)
        trials.install(store, trial)
        trials.extend(store, trial, 0.6)
        assert await shown(keeper, lambda s: s is not None)
    async with asyncio.timeout(20):
        while store.record(trial.version).result == "pending":
            await asyncio.sleep(0.02)
    assert store.present() == Contents(config)
    assert await runs_on(running)
    running.cancel()


async def shown(keeper: Keeper, what: Callable[[TrialStatus | None], bool]) -> TrialStatus | None:
    async with asyncio.timeout(20):
        while not what(keeper.on_trial()):
            await asyncio.sleep(0.02)
    return keeper.on_trial()


async def test_it_tells_what_waits_for_a_call_to_end(store: Store) -> None:
    keeper = Keeper(store, store.present(), busy=lambda: True)
    assert keeper.on_trial() is None
    running = asyncio.create_task(keeper.run())
    with store.session():
        trial = trials.begin(store, given())
        keeper.reload(now=False)
        waits = TrialStatus(2, 1, None, session=True)
        assert await shown(keeper, lambda s: s is not None) == waits
        trials.install(store, trial)
        assert await runs_on(running)
        assert keeper.on_trial() == waits
        trials.roll_back(store, "asked")
        await shown(keeper, lambda s: s is None)
    running.cancel()


async def test_it_tells_what_is_on_trial(store: Store) -> None:
    with store.session():
        trial = trials.begin(store, given())
        trials.install(store, trial)
        trials.started(store, trial)
        keeper = Keeper(store, store.present(), trial.version)
        running = asyncio.create_task(keeper.run())
        seen = await shown(keeper, lambda s: s is not None)
        assert seen is not None
        assert (seen.version, seen.previous, seen.session) == (2, 1, True)
        assert 0 < (seen.seconds_left or 0.0) <= 60
        trials.extend(store, trial, 300.0)
        seen = await shown(keeper, lambda s: s is not None and not s.session)
        assert seen is not None
        assert 60 < (seen.seconds_left or 0.0) <= 300
        trials.confirm(store, trial.version)
        await shown(keeper, lambda s: s is None)
        assert await runs_on(running)
    running.cancel()


async def test_confirmed_it_goes_on(store: Store) -> None:
    with store.session():
        trial = trials.begin(store, given())
        trials.install(store, trial)
        keeper = Keeper(store, store.present(), trial.version)
        running = asyncio.create_task(keeper.run())
        trials.confirm(store, trial.version)
    assert await runs_on(running)
    assert store.present().config == b"new = 1\n"
    running.cancel()


async def test_a_store_that_cannot_be_read_stops_no_phone(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.config.unlink()
    store.config.mkdir()
    keeper = Keeper(store, Contents(), 1)
    running = asyncio.create_task(keeper.run())
    assert await runs_on(running)
    assert caplog.text.count("provisioning is out of order") == 1
    running.cancel()


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_where_the_disk_is_full_the_config_is_back_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The record cannot be written; that is told once, for it looks often."""
    trial = trials.begin(store, given())
    trials.install(store, trial)
    monkeypatch.setattr(Store, "judge", full)
    calls = [True]
    keeper = Keeper(store, store.present(), trial.version, busy=lambda: bool(calls))
    running = asyncio.create_task(keeper.run())
    assert await runs_on(running)
    calls.clear()
    await within_time(running)
    assert store.present().config == b"old = 1\n"
    assert caplog.text.count("the phone's disk is full: make room on it") == 1
    assert "is rolled back" not in caplog.text


async def test_what_cannot_be_put_back_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trial = trials.begin(store, given())
    trials.install(store, trial)
    keeper = Keeper(store, store.present(), trial.version)
    with monkeypatch.context() as patched:
        patched.setattr(Contents, "install", full)
        running = asyncio.create_task(keeper.run())
        assert await runs_on(running)
    await within_time(running)
    assert store.record(trial.version).result == "rolled back"
    assert caplog.text.count("disk is full") == 1
