import io
import logging

import pytest

from phone import logs


@pytest.fixture
def stream():
    """Logging goes here; as it was afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in logs._CHATTY}
    yield io.StringIO()
    root.handlers[:], level, chatty = before
    root.setLevel(level)
    for name, its in chatty.items():
        logging.getLogger(name).setLevel(its)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_journald_gets_priorities_and_no_time(stream):
    logs.setup("DEBUG", stream=stream)
    log = logging.getLogger("phone.room")
    log.debug("a")
    log.info("b %d", 1)
    log.warning("c")
    log.error("d")
    log.log(5, "below")
    assert stream.getvalue() == "<7>phone.room: a\n<6>phone.room: b 1\n<4>phone.room: c\n<3>phone.room: d\n"


def test_every_line_of_a_traceback_has_its_priority(stream):
    logs.setup("INFO", stream=stream)
    try:
        int("no number")
    except ValueError:
        logging.getLogger("x").exception("ouch")
    lines = stream.getvalue().splitlines()
    assert len(lines) > 2
    assert all(line.startswith("<3>") for line in lines)


def test_a_terminal_gets_the_time(stream):
    terminal = Terminal()
    logs.setup("INFO", stream=terminal)
    logging.getLogger("x").info("y")
    assert terminal.getvalue()[2] == ":"
    assert terminal.getvalue().endswith(" x: y\n")


def test_secrets_are_blotted_out_wherever_they_stand(stream):
    logs.setup("INFO", ["hunter2", "", "hunter2000"], stream)
    logging.getLogger("x").info("auth %s then %s", "hunter2000", "hunter2")
    try:
        int("hunter2")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "hunter2" not in stream.getvalue()
    assert "auth *** then ***" in stream.getvalue()


def test_a_peer_cannot_forge_a_line(stream):
    logs.setup("INFO", stream=stream)
    logging.getLogger("x").info("from %s", "a\n<0>kernel: fire\x1b[2J")
    assert stream.getvalue() == "<6>x: from a\\n<0>kernel: fire\\x1b[2J\n"


def test_libraries_that_log_stanzas_stay_quiet(stream):
    logs.setup("DEBUG", stream=stream)
    logging.getLogger("slixmpp.xmlstream").debug("SEND: <auth>secret</auth>")
    assert not stream.getvalue()
    logs.setup("ERROR", stream=stream)
    logging.getLogger("slixmpp.xmlstream").warning("x")
    assert not stream.getvalue()


def record(message="junk %d", remote="eve@x", *args):
    made = logging.LogRecord("phone.jingle", logging.WARNING, "", 0, message, args or (1,), None)
    if remote:
        made.remote = remote
    return made


def test_a_flood_from_one_peer_is_cut_and_counted():
    now = [0.0]
    limit = logs.RemoteLimit(lambda: now[0])
    assert [limit.filter(record()) for _ in range(10)] == [True] * 5 + [False] * 5
    assert limit.filter(record(remote="mallory@x"))
    assert limit.filter(record("other %d"))
    assert limit.filter(record(remote=None))
    now[0] = logs.QUIET_SECONDS
    late = record()
    assert limit.filter(late)
    assert late.getMessage() == "junk 1 (and 5 more like it)"
    assert not limit.filter(record())


def test_invented_addresses_share_one_allowance():
    limit = logs.RemoteLimit(lambda: 0.0)
    passed = sum(limit.filter(record(remote=f"{i}@x")) for i in range(10_000))
    assert passed == logs._KINDS + logs.BURST
    assert len(limit._seen) <= logs._KINDS + 1


def test_two_that_hear_the_same_line_agree_and_keep_nothing_of_what_it_says():
    now = [0.0]
    stderr, ring = logs.RemoteLimit(lambda: now[0]), logs.RemoteLimit(lambda: now[0])
    told = []
    for minute in range(20):
        now[0] = minute * logs.QUIET_SECONDS
        for number in range(logs.BURST + 2):
            line = logging.makeLogRecord({"name": "x", "msg": "from %s", "args": (f"{minute}-{number}",)})
            line.remote = "eve"
            if stderr.filter(line) and ring.filter(line):
                told.append(line.getMessage())
    assert not [line for line in told if line.count("more like it") > 1]
    assert len(told) == logs.BURST + 20 - 1
    assert len(ring._seen) <= len(stderr._seen) == 1
