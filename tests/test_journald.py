"""Against real datagram sockets, with a reader of the protocol of our own."""

import logging
import os
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import journald, logs


@pytest.fixture(autouse=True)
def _logging_as_before():
    root = logging.getLogger()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in logs._CHATTY}
    yield
    for handler in set(root.handlers) - set(before[0]):
        handler.close()
    root.handlers[:], level, chatty = before
    root.setLevel(level)
    for name, its in chatty.items():
        logging.getLogger(name).setLevel(its)


@pytest.fixture
def daemon(tmp_path):
    """journald's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "socket"))
        sock.settimeout(0)
        yield sock


@pytest.fixture
def stream(tmp_path, monkeypatch):
    """A stderr that systemd has tied to the journal."""
    with (tmp_path / "stderr").open("w+") as file:
        it = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{it.st_dev}:{it.st_ino}")
        yield file


def read(data):
    """Fields of one entry."""
    fields = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(data[:8], "little")
            value, end, data = data[8 : 8 + size], data[8 + size : 9 + size], data[9 + size :]
            assert end == b"\n"
        fields[name.decode()] = value.decode()
    return fields


def entry(daemon):
    return read(daemon.recv(1 << 20))


def test_an_entry_has_fields(daemon, stream):
    logs.setup("INFO", ["hunter2"], stream, daemon.getsockname())
    about = {"call": "1a2b3c4d-5e6f-7080", "peer": "bob@example.org"}
    logging.getLogger("phone.room").warning("it is %s", "hunter2", extra=about)
    told = entry(daemon)
    assert int(told.pop("CODE_LINE")) > 0
    assert told == {
        "MESSAGE": "phone.room: it is ***",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "phone",
        "LOGGER": "phone.room",
        "CODE_FILE": __file__,
        "CODE_FUNC": "test_an_entry_has_fields",
        "THREAD_NAME": "MainThread",
        "PHONE_CALL": "1a2b3c4d",
        "PHONE_PEER": "bob@example.org",
    }
    assert stream.tell() == 0


def test_a_peer_cannot_forge_a_field(daemon, stream):
    logs.setup("INFO", [], stream, daemon.getsockname())
    logging.getLogger("x").info("from %s", "eve\nPRIORITY=0", extra={"remote": "eve\nPRIORITY=1"})
    told = entry(daemon)
    assert told["PRIORITY"] == "6"
    assert told["PHONE_REMOTE"] == "eve\nPRIORITY=1"
    assert "\n" not in told["MESSAGE"]


def test_a_traceback_is_one_entry(daemon, stream):
    logs.setup("INFO", [], stream, daemon.getsockname())
    try:
        int("no number")
    except ValueError:
        logging.getLogger("x").exception("ouch")
    told = entry(daemon)
    assert told["PRIORITY"] == "3"
    assert told["MESSAGE"].startswith("x: ouch\nTraceback")
    with pytest.raises(BlockingIOError):
        daemon.recv(1)


def test_what_is_too_long_loses_its_middle(daemon, stream):
    logs.setup("INFO", [], stream, daemon.getsockname())
    logging.getLogger("x").info("%s", "a" * 10_000_000 + "z")
    told = entry(daemon)["MESSAGE"]
    assert len(told) < journald.LONGEST + 20
    assert told.startswith("x: aaa")
    assert told.endswith("aaz")


def test_without_journald_lines_go_to_the_stream_with_their_priority(daemon, stream):
    logs.setup("INFO", [], stream, daemon.getsockname() + "-away")
    logging.getLogger("x").error("y")
    assert (stream.seek(0), stream.read()) == (0, "<3>x: y\n")


def test_a_journald_that_does_not_read_stops_nobody(daemon, stream):
    logs.setup("INFO", [], stream, daemon.getsockname())
    for _ in range(2000):
        logging.getLogger("x").info("y")
    stream.seek(0)
    assert "<6>x: y\n" in stream.read()
    assert entry(daemon)["MESSAGE"] == "x: y"


def test_peers_that_flood_are_held_back_there_too(daemon, stream):
    logs.setup("INFO", [], stream, daemon.getsockname())
    for _ in range(logs.BURST + 5):
        logging.getLogger("x").info("nonsense", extra={"remote": "eve"})
    for _ in range(logs.BURST):
        assert entry(daemon)["PHONE_REMOTE"] == "eve"
    with pytest.raises(BlockingIOError):
        daemon.recv(1)


def test_a_bad_log_call_is_told_and_ends_nothing(daemon, stream, monkeypatch, capsys):
    monkeypatch.setattr(logging, "raiseExceptions", True)
    logs.setup("INFO", [], stream, daemon.getsockname())
    logging.getLogger("x").info("%d", "no number")
    assert "--- Logging error ---" in capsys.readouterr().err


@pytest.mark.parametrize("told", ["", "1:2", "nonsense"])
def test_another_stream_than_the_journals_gets_lines(stream, monkeypatch, told):
    monkeypatch.setenv("JOURNAL_STREAM", told)
    assert not journald.is_journal(stream)
    monkeypatch.delenv("JOURNAL_STREAM")
    assert not journald.is_journal(stream)
    assert not journald.is_journal(sys.__stdin__.__class__(open(os.devnull, "rb")))  # noqa: PTH123, SIM115


def test_a_closed_stream_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    file = (tmp_path / "x").open("w")
    file.close()
    assert not journald.is_journal(file)


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,20}", fullmatch=True), st.text(max_size=200)))
def test_whatever_is_told_is_read_back(fields):
    assert read(journald.encode(fields)) == fields
