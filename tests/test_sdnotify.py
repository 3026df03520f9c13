"""Against real datagram sockets."""

import os
import socket

import pytest
from rig.supervisor import Supervisor

from phone.sdnotify import Notifier


@pytest.fixture
def systemd(tmp_path):
    with Supervisor(tmp_path / "notify", watchdog_seconds=10) as systemd:
        yield systemd


def said(systemd):
    return [(told.name, told.value) for told in systemd.read()]


def test_systemd_hears_that_it_is_ready_alive_and_ends(systemd):
    notifier = Notifier.from_environment(systemd.environment)
    assert notifier.listening
    assert notifier.watchdog_seconds == 10
    notifier.ready()
    notifier.alive()
    notifier.stopping()
    assert said(systemd) == [
        ("READY", "1"),
        ("WATCHDOG_USEC", "10000000"),
        ("WATCHDOG", "1"),
        ("WATCHDOG", "1"),
        ("STOPPING", "1"),
    ]


def test_without_a_watchdog_nothing_is_fed(tmp_path):
    with Supervisor(tmp_path / "notify") as systemd:
        notifier = Notifier.from_environment(systemd.environment)
        assert notifier.watchdog_seconds is None
        notifier.ready()
        notifier.alive()
        notifier.again(90)
        assert said(systemd) == [("READY", "1")]


def test_a_process_that_begins_anew_has_time_for_it(systemd):
    notifier = Notifier.from_environment(systemd.environment)
    notifier.again(90)
    notifier.ready()
    assert systemd.values("WATCHDOG_USEC") == ["90000000", "10000000"]


def test_the_status_is_one_line_told_once(systemd):
    notifier = Notifier.from_environment(systemd.environment)
    notifier.status("registered as a@b")
    notifier.status("registered as a@b")
    notifier.status("not\nREADY=1")
    assert said(systemd) == [("STATUS", "registered as a@b"), ("STATUS", "not READY=1")]


def test_an_abstract_address():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("")  # the kernel chooses one
        sock.settimeout(1)
        Notifier("@" + sock.getsockname()[1:].decode()).ready()
        assert sock.recv(100) == b"READY=1"


def test_where_nobody_asks_nothing_happens():
    notifier = Notifier.from_environment({"WATCHDOG_USEC": "10000000"})
    assert not notifier.listening
    assert notifier.watchdog_seconds is None
    notifier.ready()
    notifier.status("fine")


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_whose_watchdog_it_is(variables, seconds):
    assert Notifier.from_environment({"NOTIFY_SOCKET": "/x", **variables}).watchdog_seconds == seconds


def test_a_systemd_that_is_gone_or_does_not_read_stops_nobody(systemd, tmp_path, caplog):
    gone = Notifier(str(tmp_path / "nowhere"), 10)
    gone.ready()
    gone.alive()
    assert caplog.text.count("cannot be told") == 1
    deaf = Notifier.from_environment(systemd.environment)
    for _ in range(2000):
        deaf.alive()
    assert caplog.text.count("cannot be told") == 2
