"""The session's side of a trial, against a control socket that answers as a daemon would."""

import asyncio
import errno
import threading
import time
from functools import partial

import pytest
from provision.conftest import ANNA, CONFIG

from phone.control import ControlError, Done, Reload, Status, StatusReply
from phone.control.server import ControlServer
from phone.provision import apply, conduct, draft, making, trials
from phone.provision.conduct import SessionLostError
from phone.provision.contents import Contents
from phone.provision.errors import ProvisionError

KEYS = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtleWtleWtl anna\n"
NEW = CONFIG.replace('"de"', '"ch"').replace("[account]", 'run_dir = "run"\n[account]').encode()


class Daemon:
    """Takes a version up when it is asked to start anew; its status is what the test says."""

    def __init__(self, store):
        self.store = store
        self.why = "server away"
        self.starts = True
        self.mailbox = False
        self.began = time.monotonic() - 100
        self.reloads = 0
        self.tried = False
        self.dies_slowly = 3
        """So often it answers yet after a rollback, before it begins anew; -1: for ever."""

    async def answer(self, request):
        match request:
            case Reload():
                self.reloads += 1
                trial = trials.pending(self.store)
                if self.starts and trial and self.store.present() == self.store.contents(trial.version):
                    trials.started(self.store, trial)
                    self.tried = True
                return Done("")
            case Status() if self.why == "silent":
                raise ControlError("no")
            case Status():
                return self.status()

    def status(self):
        if self.tried and trials.pending(self.store) is None:
            self.dies_slowly -= 1
            if self.dies_slowly == 0:
                self.began = time.monotonic()
        up = round(time.monotonic() - self.began, 1)
        told = ("1", up, "a@b", not self.why, self.why, False, (), (), None, False, ())
        return StatusReply(*told, mailbox=self.mailbox)


@pytest.fixture
def daemon(store, monkeypatch):
    monkeypatch.setattr(conduct, "_ASK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(conduct, "_LOOK_SECONDS", 0.01)
    told = Daemon(store)
    loop, started, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve():
        async with ControlServer(store.config.parent / "run" / "control.sock", told.answer):
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    started.wait()
    yield told
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def applied(store, alive=lambda: True, tell=lambda _: None, **wish):
    make = making.from_config(partial(draft.whole, NEW))
    return apply.apply(store, make, apply.Wish(ANNA, **wish), apply.Session(tell, alive))


def test_registered_it_is_confirmed(store, daemon):
    daemon.why = ""
    outcome = applied(store)
    assert (outcome.result, outcome.changed, outcome.version) == ("confirmed", True, 2)
    assert store.present().config == NEW


def test_or_it_waits_for_a_word(store, daemon):
    daemon.why = ""
    assert applied(store, hold=300.0).result == "pending"
    trial = trials.pending(store)
    assert (trial.session, trial.within) == (False, 300.0)
    with pytest.raises(ProvisionError, match="version 2 is on trial"):
        applied(store)


def test_what_no_waiting_mends_is_not_waited_for(store, daemon):
    daemon.why = "bad password: the server refuses the password"
    outcome = applied(store)
    assert (outcome.ok, outcome.result, outcome.why) == (False, "rolled back", daemon.why)
    assert store.present().config == CONFIG.encode()


def test_a_session_that_is_lost(store, daemon):
    looks = iter([True, True, False])
    with pytest.raises(SessionLostError):
        applied(store, alive=lambda: next(looks))
    assert store.present().config == CONFIG.encode()
    assert store.records()[0].why == "the session was lost before it was confirmed"


@pytest.mark.parametrize("error", [BrokenPipeError, KeyboardInterrupt, SystemExit, ZeroDivisionError("bug")])
def test_whatever_ends_the_session(store, daemon, error):
    def alive():
        raise error

    with pytest.raises(BaseException, match=r"bug|^$"):
        applied(store, alive=alive)
    assert store.present().config == CONFIG.encode()
    assert store.records()[0].result == "rolled back"


def test_a_daemon_that_is_gone(store, daemon, monkeypatch):
    monkeypatch.setattr(conduct, "_GRACE_SECONDS", 0.0)
    monkeypatch.setattr("phone.provision.daemon.START_SECONDS", 0.2)
    daemon.why = "silent"
    assert applied(store, within=0.05).why == "the phone does not answer any more"


def test_a_daemon_that_does_not_start(store, daemon, monkeypatch):
    monkeypatch.setattr(conduct, "_START_SECONDS", 0.2)
    daemon.starts = False
    assert applied(store).why.startswith("the phone did not start within 0.2 s: `systemctl status phone` tells why")


def keyed(store, **wish):
    def make(present):
        return apply.Proposal(Contents(present.config, KEYS), None)

    return apply.apply(store, make, apply.Wish(ANNA, **wish), apply.Session(lambda _: None, lambda: True))


def test_keys_alone_restart_nothing(store, daemon):
    daemon.why = "server away"
    told = keyed(store)
    assert (told.result, told.restarted, daemon.reloads) == ("confirmed", False, 0)
    assert store.present().keys == KEYS


def test_keys_alone_may_wait_for_a_word(store, daemon):
    store.config.write_bytes(NEW)
    told = keyed(store, hold=300.0)
    assert (told.result, told.restarted) == ("pending", False)
    assert trials.pending(store).deadline is not None
    assert daemon.reloads == 1, "the daemon takes them back, and must know"
    back = apply.take_back(store, trials.pending(store), "asked")
    assert (back.restarted, back.back) == (False, "answers")
    assert store.present().keys is None


def test_keys_wait_for_no_word_where_nobody_would_take_them_back(store):
    with pytest.raises(ProvisionError, match="nothing else would take the keys back"):
        keyed(store, hold=300.0)
    assert store.present().keys is None


def test_who_is_told_of_a_rollback_finds_the_phone_as_it_was(store, daemon):
    """A daemon that has the version on trial yet is not meant: only one that began after it."""
    daemon.why = "bad password"
    outcome = applied(store)
    assert daemon.dies_slowly == 0, "the old one was taken for the new one"
    assert (outcome.restarted, outcome.back) == (True, "answers")
    assert outcome.error == "rolled back, the phone is as it was: bad password"


def test_a_phone_that_does_not_come_back_is_told(store, daemon, monkeypatch):
    monkeypatch.setattr("phone.provision.daemon.START_SECONDS", 0.2)
    daemon.why, daemon.dies_slowly = "bad password", -1
    outcome = applied(store)
    assert outcome.back == "silent"
    assert outcome.error.startswith("rolled back, but the phone has not come back within 0.2 s: `systemctl status")


def test_or_that_comes_back_after_a_call(store, daemon):
    daemon.why, daemon.mailbox = "bad password", True
    assert applied(store).back == "busy"


def test_a_trial_that_is_ended_by_hand(store, daemon):
    daemon.why = ""
    assert applied(store, hold=300.0).restarted
    back = apply.take_back(store, trials.pending(store), "asked")
    assert (back.restarted, back.back, back.result) == (True, "answers", "rolled back")


def test_a_trial_that_is_ended_where_no_phone_runs(store):
    trial = trials.begin(store, trials.Given(Contents(NEW), ANNA))
    trials.install(store, trial)
    back = apply.take_back(store, trial, "asked")
    assert (back.restarted, back.back) == (False, "")


def test_nobody_is_hurried_off_the_line(store, daemon):
    daemon.starts, daemon.mailbox, daemon.why = False, True, ""
    told = []

    def tell(line):
        told.append(line)
        if "waiting" in line:
            daemon.starts = True

    assert applied(store, tell=tell).result == "confirmed"
    assert told[-1] == "waiting until nobody is on the line (--now ends calls)"


def test_without_a_daemon_it_can_be_taken_as_it_is(store):
    assert applied(store, unproven=True).result == "confirmed"
    assert store.present().config == NEW


def test_the_trial_of_a_session_that_is_gone_is_over(store, daemon):
    with store.session():
        trials.install(store, trials.begin(store, trials.Given(store.present(), ANNA)))
    daemon.why = ""
    assert applied(store).version == 3
    assert store.record(2).why == "the session was lost before it was confirmed"


def test_back_to_an_earlier_version(store):
    applied(store, unproven=True)
    make = making.from_version(store, 1)
    outcome = apply.apply(store, make, apply.Wish(ANNA, unproven=True), apply.Session(lambda _: None, lambda: True))
    assert outcome.version == 3
    assert store.present().config == CONFIG.encode()


def test_back_to_no_config_needs_no_proof(store):
    store.config.unlink()
    applied(store, unproven=True)
    apply.apply(store, making.from_version(store, 1), apply.Wish(ANNA), apply.Session(lambda _: None, lambda: True))
    assert store.present().config is None


def test_a_full_disk_ends_the_session_with_a_sentence(store, daemon, monkeypatch):
    """Not one that waits for ever for a record that cannot be written."""
    daemon.why = "bad password"

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(store), "judge", full)
    with pytest.raises(ProvisionError, match="disk is full: make room"):
        applied(store)
    assert store.present().config == CONFIG.encode()
