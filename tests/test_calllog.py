# ruff: noqa: FBT003 - entries read as rows
from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest

from phone.calllog import CallLog, Entry, Kind, entry_of
from phone.calls.model import Reason
from phone.jingle.history import Outcome, PastCall

ENTRY = Entry("2026-11-21T06:35:33+01:00", "bob@example.org", "Bob", True, True, 12.5, "hang-up", True)


def numbered(number: int) -> Entry:
    return Entry(f"2026-11-21T00:00:{number:02}+00:00", "bob@example.org", "Böb", False, False, 0.0, "busy", None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "calls.sqlite"


def test_entries_come_back_newest_first_and_limited(path):
    log = CallLog(path)
    for number in range(5):
        log.add(numbered(number))
    log.add(ENTRY)
    assert log.entries(3) == (ENTRY, numbered(4), numbered(3))
    log.close()
    again = CallLog(path)
    assert len(again.entries(100)) == 6
    again.close()
    again.close()


def test_a_closed_log_opens_again_by_use(path):
    log = CallLog(path)
    log.close()
    log.add(ENTRY)
    assert log.entries(1) == (ENTRY,)
    log.close()


@pytest.mark.parametrize("garbage", [b"this is no database" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_a_damaged_file_is_moved_aside_with_a_warning(path, garbage, caplog):
    path.parent.mkdir()
    path.write_bytes(garbage)
    path.with_name(path.name + "-wal").write_bytes(b"its write-ahead log")
    (path.parent / f"{path.name}.aside-1").write_bytes(b"an older one")
    log = CallLog(path)
    log.add(ENTRY)
    assert log.entries(9) == (ENTRY,)
    log.close()
    assert (path.parent / f"{path.name}.aside-2").read_bytes() == garbage
    assert "moved it to" in caplog.text


def test_damage_found_in_use_is_moved_aside_too(path, caplog):
    log = CallLog(path)
    for number in range(50):
        log.add(numbered(number))
    log.close()
    log = CallLog(path)
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)  # all but the schema
    path.write_bytes(raw)
    assert log._database is not None
    log._database.execute("PRAGMA shrink_memory")  # or it answers from its cache
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode")  # a reader keeps the write-ahead log in its place
    assert log.entries(9) == ()
    other.close()
    assert "moved it to" in caplog.text
    log.add(ENTRY)
    assert log.entries(9) == (ENTRY,)
    log.close()


def test_quick_check_finds_what_opening_does_not(path, caplog):
    log = CallLog(path)
    for number in range(200):
        log.add(numbered(number))
    log.close()
    raw = bytearray(path.read_bytes())
    raw[8192:12288] = bytes(4096)
    path.write_bytes(raw)
    log = CallLog(path)
    assert "malformed" in caplog.text
    assert log.entries(9) == ()
    log.close()


def test_a_file_of_a_later_version_is_kept_aside(path, caplog):
    CallLog(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    log = CallLog(path)
    assert "it has format 99" in caplog.text
    log.add(ENTRY)
    assert log.entries(9) == (ENTRY,)
    log.close()


def test_a_full_disk_loses_the_entry_and_nothing_else(path, caplog):
    log = CallLog(path)
    log.add(ENTRY)
    assert log._database is not None
    pages = log._database.execute("PRAGMA page_count").fetchone()[0]
    # SQLite answers SQLITE_FULL as it does when the disk is
    log._database.execute(f"PRAGMA max_page_count={pages}")
    for number in range(200):
        log.add(numbered(number % 60))
    assert "full" in caplog.text
    assert ENTRY in log.entries(1000)
    log._database.execute("PRAGMA max_page_count=100000")
    log.add(ENTRY)
    assert log.entries(1) == (ENTRY,)
    log.close()


def test_a_place_that_cannot_be_written_is_logged(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    log = CallLog(tmp_path / "file" / "calls.sqlite")
    log.add(ENTRY)
    assert log.entries(1) == ()
    log.close()
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3


def test_a_directory_in_the_files_place_is_logged(path, caplog):
    path.mkdir(parents=True)
    log = CallLog(path)
    assert log.entries(1) == ()
    assert "unable to open" in caplog.text


def test_a_bug_of_ours_is_not_hidden(path):
    log = CallLog(path)
    with pytest.raises(sqlite3.ProgrammingError):
        log.add(Entry("now", "bob", "Bob", True, True, 1.0, ["no", "text"], None))  # type: ignore[arg-type]
    log.close()


def test_threads_may_write_at_once(path):
    log = CallLog(path)
    threads = [threading.Thread(target=lambda: [log.add(ENTRY) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.entries(1000)) == 80
    log.close()


WRITER = """
import sys
from pathlib import Path
from phone.calllog import CallLog, Entry
log = CallLog(Path(sys.argv[1]))
while True:
    log.add(Entry("now", "bob", "Bob", True, True, 1.0, "hang-up", True))
    print("written", flush=True)
"""


def test_kill_9_loses_nothing_that_was_written(path):
    written = 0
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(20):
            written += writer.stdout.readline() == b"written\n"
        os.kill(writer.pid, signal.SIGKILL)
        written += writer.stdout.read().count(b"written")
        writer.wait()
        writer.stdout.close()
    log = CallLog(path)
    assert written >= 60
    assert len(log.entries(1_000_000)) >= written
    assert not list(path.parent.glob("*aside*"))
    log.close()


def test_the_log_keeps_the_newest_calls_and_does_not_grow_for_ever(path, monkeypatch):
    monkeypatch.setattr("phone.calllog.KEPT", 3)
    log = CallLog(path)
    for number in range(10):
        log.add(numbered(number))
    assert log.entries(100) == (numbered(9), numbered(8), numbered(7))
    log.close()


def came_in(reason: Reason, *, answered: bool = False, id: str = "", peer: str = "bob@example.org/x") -> Entry:
    return Entry("2026-11-21T06:35:33+01:00", peer, "Bob", False, answered, 0.0, reason.value, None, id, "Carol")


def test_all_calls_can_be_forgotten(path):
    log = CallLog(path)
    for _ in range(3):
        log.add(ENTRY)
    log.clear()
    assert log.entries(9) == ()
    assert log.add(ENTRY)
    assert log.entries(9) == (ENTRY,)
    log.close()


KINDS = {
    Reason.CANCELLED: Kind.MISSED,
    Reason.NO_ANSWER: Kind.MISSED,
    Reason.BUSY: Kind.MISSED,
    Reason.DECLINED: Kind.REFUSED,
    Reason.ANSWERED_ELSEWHERE: Kind.ANSWERED_ELSEWHERE,
    Reason.DECLINED_ELSEWHERE: Kind.DECLINED_ELSEWHERE,
    Reason.INCOMPATIBLE: Kind.FAILED,
}


def test_what_a_call_was_is_found_by_kind(path):
    log = CallLog(path)
    entries = [came_in(reason) for reason in KINDS]
    for entry in (ENTRY, *entries, came_in(Reason.BUSY, answered=True)):
        log.add(entry)
    assert [entry.kind for entry in entries] == list(KINDS.values())
    assert log.entries(9, Kind.PLACED) == (ENTRY,)
    assert log.entries(9, Kind.ANSWERED) == (came_in(Reason.BUSY, answered=True),)
    assert log.entries(9, Kind.MISSED) == (entries[2], entries[1], entries[0])
    assert log.entries(1, Kind.MISSED) == (entries[2],)
    log.close()


def test_a_call_is_written_once(path):
    log = CallLog(path)
    first = came_in(Reason.CANCELLED, id="c1")
    others = [
        came_in(Reason.CANCELLED, id="c2"),
        came_in(Reason.CANCELLED, id="c1", peer="eve@example.org/x"),
        came_in(Reason.CANCELLED),
        came_in(Reason.CANCELLED),  # without id they cannot be told apart
    ]
    for entry in (first, *others):
        assert log.add(entry)
    assert not log.add(came_in(Reason.ANSWERED_ELSEWHERE, id="c1", peer="Bob@Example.org/other"))
    assert log.entries(9) == (*reversed(others), first)
    log.close()


def test_old_files_lose_no_call(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE calls (started TEXT NOT NULL, peer TEXT NOT NULL, name TEXT NOT NULL,"
            " outgoing INTEGER NOT NULL, answered INTEGER NOT NULL,"
            " duration REAL NOT NULL, reason TEXT NOT NULL, encrypted INTEGER)"
        )
        row = ("2026-11-21T06:35:33+01:00", "bob@example.org/x", "Bob", 0, 0, 0.0, "cancelled", None)
        database.executemany("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [row] * 20)
        database.execute("PRAGMA user_version=1")
    database.close()
    for _ in range(2):
        log = CallLog(path)
        assert log.entries(99) == (Entry(*row[:3], False, False, *row[5:]),) * 20
        assert len(log.entries(99, Kind.MISSED)) == 20
        log.close()
    log = CallLog(path)
    for _ in range(2):
        log.add(came_in(Reason.CANCELLED, id="c1"))
    assert len(log.entries(99)) == 21
    log.close()
    assert not list(path.parent.glob("*aside*"))


def test_a_migration_cut_off_half_way_begins_again(path):
    log = CallLog(path)
    log.add(ENTRY)
    assert log._database is not None
    log._database.execute("PRAGMA user_version=0")
    log._database.execute("DROP INDEX call_once")
    log.close()
    log = CallLog(path)
    assert log.entries(9, Kind.PLACED) == (ENTRY,)
    log.close()


def test_entries_of_a_kind_are_found_by_index(path):
    log = CallLog(path)
    assert log._database is not None
    query = "EXPLAIN QUERY PLAN SELECT name FROM calls WHERE kind = ? ORDER BY rowid DESC LIMIT 9"
    (plan,) = log._database.execute(query, ("missed",)).fetchall()
    assert "USING INDEX by_kind" in plan[3]
    log.close()


def test_calls_of_the_archive_become_entries(path):
    def past(outcome: Outcome) -> PastCall:
        return PastCall("c1", "bob@example.org/x", 1_800_000_000.0, outcome, None)  # type: ignore[arg-type]

    entry = entry_of(past(Outcome.MISSED), "Bob")
    assert entry is not None
    assert (entry.id, entry.peer, entry.name, entry.kind) == ("c1", "bob@example.org/x", "Bob", Kind.MISSED)
    assert datetime.fromisoformat(entry.started).timestamp() == 1_800_000_000
    for outcome, kind in (
        (Outcome.ANSWERED_ELSEWHERE, Kind.ANSWERED_ELSEWHERE),
        (Outcome.DECLINED_ELSEWHERE, Kind.DECLINED_ELSEWHERE),
    ):
        entry = entry_of(past(outcome), "Bob")
        assert entry is not None
        assert entry.kind is kind
    assert entry_of(past(Outcome.RINGING), "Bob") is None
