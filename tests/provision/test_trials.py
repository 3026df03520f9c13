"""A trial's life, and what becomes of it when everything dies."""

import os
from dataclasses import replace

import msgspec
import pytest
from provision.conftest import ANNA, CONFIG, given
from rig.cuts import Cut, cuts

from phone.provision import files, startup, trials
from phone.provision.contents import Contents
from phone.provision.errors import BusyError, ProvisionError
from phone.provision.store import Store
from phone.provision.values import Trial


def text(store: Store) -> str | None:
    data = store.present().config
    return data.decode() if data is not None else None


def begun(store: Store, **more) -> Trial:
    trial = trials.begin(store, given(**more))
    trials.install(store, trial)
    return trial


def test_a_confirmed_version_stays_and_the_one_before_is_kept(store):
    trial = begun(store, comment="because")
    assert text(store) == "new = 1\n"
    assert trials.confirm(store).result == "confirmed"
    newest, first = store.records()
    assert (newest.version, newest.comment, newest.who, newest.result) == (2, "because", ANNA, "confirmed")
    assert first.comment == "edited by hand"
    assert store.contents(1).config == CONFIG.encode()
    assert store.current() == trial.version == 2
    assert trials.pending(store) is None


def test_a_version_that_is_rolled_back_says_why(store):
    trial = begun(store)
    trials.roll_back(store, "bad password")
    assert text(store) == CONFIG
    assert (store.record(trial.version).result, store.record(trial.version).why) == ("rolled back", "bad password")
    assert store.current() == 1


def test_back_to_no_config_at_all(store, config):
    config.unlink()
    begun(store)
    assert text(store) is not None
    trials.roll_back(store, "x")
    assert text(store) is None


def test_only_one_is_on_trial(store):
    trial = begun(store)
    with pytest.raises(ProvisionError, match="version 2 is on trial"):
        trials.begin(store, given("other = 1\n"))
    trials.confirm(store, trial.version)
    assert trials.begin(store, given("other = 1\n")).previous == trial.version


def test_what_is_judged_is_judged_once(store):
    trial = begun(store)
    trials.confirm(store, trial.version)
    for late in (trials.confirm, lambda s, v: trials.roll_back(s, "late", v)):
        with pytest.raises(ProvisionError, match="is over, it was confirmed"):
            late(store, trial.version)
    assert text(store) == "new = 1\n"
    with pytest.raises(ProvisionError, match="no version is on trial"):
        trials.confirm(store)


def test_two_sessions(store):
    with store.session(), pytest.raises(BusyError, match="another session"), replace(store).session():
        pass
    with store.session():
        assert store.session_lives()
    assert not store.session_lives()


def test_a_version_that_is_not_kept(store):
    with pytest.raises(ProvisionError, match="there is no version 7"):
        store.contents(7)


def test_the_store_is_bounded_and_keeps_what_it_needs(config):
    store = Store(config.parent / "provision", config, most=3)
    for number in range(6):
        trial = begun(store, text=f"n = {number}\n")
        trials.confirm(store, trial.version)
    last = begun(store, text="n = 6\n")
    assert [r.version for r in store.records()] == [8, 7, 6]
    trials.roll_back(store, "x", last.version)
    assert text(store) == "n = 5\n"


def test_a_folder_that_cannot_be_made(config):
    blocked = config.parent / "file"
    blocked.write_text("")
    with pytest.raises(ProvisionError, match="file"):
        trials.begin(Store(blocked / "store", config), given())


# --- what ends a trial ------------------------------------------------------------------------------------------


def test_a_lost_session_ends_it(store):
    with store.session():
        trial = begun(store)
        assert trials.overdue(store, trial) is None
    assert trials.overdue(store, trial) == "the session was lost before it was confirmed"


def test_time_ends_it_counted_from_the_daemons_start(store, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(trials.time, "monotonic", lambda: now)
    with store.session():
        trial = begun(store, within=60.0)
        now = 5000.0
        assert trials.overdue(store, trial) is None
        trial = trials.started(store, trial)
        now = 5059.0
        assert trials.overdue(store, trial) is None
        now = 5060.0
        assert trials.overdue(store, trial) == "the phone has not registered within 60 s"


def test_a_word_from_any_session_is_waited_for_as_long(store, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(trials.time, "monotonic", lambda: now)
    trial = trials.extend(store, begun(store), 300.0)
    now = 1299.0
    assert trials.overdue(store, trial) is None
    now = 1300.0
    assert trials.overdue(store, trial) == "nobody confirmed it within 300 s"


def test_a_restart_of_the_machine_ends_it(store, monkeypatch):
    begun(store)
    with store.session():
        monkeypatch.setattr(trials, "boot_id", lambda: "another")
        assert startup.take_up(store) is None
    assert text(store) == CONFIG
    assert store.records()[0].why == "the machine was restarted before it was confirmed"


def test_a_phone_that_does_not_stay_up_ends_it(store):
    with store.session():
        begun(store)
        assert [startup.take_up(store) is not None for _ in range(4)] == [True, True, True, False]
    assert text(store) == CONFIG
    assert "did not stay up" in store.records()[0].why


def test_a_config_that_fails_ends_it_and_the_phone_starts_anew(store):
    def fails() -> bool:
        raise ValueError("no such card")

    with store.session():
        begun(store)
        trial = startup.take_up(store)
        assert startup.guarded(store, trial, fails)
    assert text(store) == CONFIG
    assert store.records()[0].why == "the phone cannot run with it: no such card"
    with pytest.raises(ValueError, match="no such card"):
        startup.guarded(store, None, fails)
    with pytest.raises(ValueError, match="no such card"):
        startup.guarded(store, trial, fails)  # it is over: there is nothing to go back to


def test_before_the_session_has_put_it_in_place_the_old_one_runs(store):
    with store.session():
        trials.begin(store, given())
        assert startup.take_up(store) is None
        assert trials.pending(store).starts == 0


@pytest.mark.parametrize("nonsense", [b"", b"{", b"[]", b'{"version": "x"}', b"\xff"])
def test_nonsense_in_the_store_stops_no_phone(store, nonsense):
    with store.session():
        begun(store)
    (store.folder / "trial.json").write_bytes(nonsense)
    assert startup.take_up(store) is None
    assert text(store) == "new = 1\n"


def test_a_trial_of_a_version_that_has_gone_stops_no_phone(store):
    trial = begun(store)
    store.write_trial(msgspec.structs.replace(trial, version=99))
    assert startup.take_up(store) is None


def test_a_phone_that_was_never_provisioned_makes_no_folder(store):
    assert startup.take_up(store) is None
    assert startup.runs(store) == Contents(CONFIG.encode())
    assert not store.folder.exists()


# --- kill -9 anywhere -------------------------------------------------------------------------------------------


@pytest.fixture
def killed_at(monkeypatch):
    """Die before the n-th time that anything reaches the disk; whether it came to that."""
    arm = cuts(monkeypatch, ((os, name) for name in ("fsync", "fchmod", "rename", "replace", "unlink")))
    # what a killed process leaves half made stays
    monkeypatch.setattr(files.Path, "unlink", lambda path, missing_ok=False: _unlink(path, missing_ok=missing_ok))
    return arm


def _unlink(path, *, missing_ok):
    try:
        os.unlink(path)  # noqa: PTH108 - the one that is watched
    except FileNotFoundError:
        if not missing_ok:
            raise


def whole_trial(store: Store, how: str) -> None:
    with store.session():
        trial = begun(store)
        trials.started(store, trial)
        if how == "confirm":
            trials.confirm(store)
        else:
            trials.roll_back(store, "asked")


@pytest.mark.parametrize("how", ["confirm", "roll back"])
def test_killed_at_any_moment_the_config_is_the_old_or_the_new_and_the_history_agrees(tmp_path, killed_at, how):
    for moment in range(1, 200):
        folder = tmp_path / str(moment)
        folder.mkdir()
        config = folder / "phone.toml"
        config.write_text(CONFIG)
        store = Store.of(config)
        killed_at(moment)
        try:
            whole_trial(store, how)
        except Cut:
            killed_at(-1)
        else:
            killed_at(-1)
            break
        assert text(store) in (CONFIG, "new = 1\n")
        trial = startup.take_up(store)  # the daemon starts, and the session is gone
        assert trial is None
        assert trials.pending(store) is None
        newest = next(iter(store.records()), None)
        stands = newest is not None and newest.version == 2 and newest.result == "confirmed"
        assert text(store) == ("new = 1\n" if stands else CONFIG)
        again = begun(store, text="third = 1\n")  # and the next session goes on
        trials.confirm(store, again.version)
        assert text(store) == "third = 1\n"
    else:
        pytest.fail("it never came to its end")
    assert moment > 20


def test_who_waits_for_his_turn_takes_nothing_away_that_another_is_making(store):
    store.folder.joinpath("versions").mkdir(parents=True)
    half_made = [store.folder / "versions" / ".000001.1.new", store.folder / ".trial.json.1.new"]
    with files.lock(store.folder / "lock"):
        half_made[0].mkdir()
        half_made[1].touch()
        with store.session():
            assert all(path.exists() for path in half_made)
    with store.step(first=True):
        assert not any(path.exists() for path in half_made)


def test_a_config_that_a_kill_left_half_written_is_swept_and_nothing_else_beside_it(store):
    left = [store.config.with_name(".phone.toml.77.new"), store.config.with_name(".authorized_keys.77.new")]
    others = [store.config.with_name(".mine.77.new"), store.config.with_name("phone.toml.new")]
    for path in (*left, *others):
        path.write_text("")
    with store.step(first=True):
        assert not any(path.exists() for path in left)
    assert all(path.exists() for path in others)
