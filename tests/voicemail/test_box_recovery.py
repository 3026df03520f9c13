"""What a mailbox makes of a folder that is not as it left it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from boxes import BOB, begun, check, left, ok, payloads, sound_files
from rig.spoken import packets

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Counts, Failure, State, Trouble


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "voicemail"


def crashed(box: Mailbox) -> None:
    """The process is gone: nothing is purged, nothing folded."""
    box._catalogue.close()


def reopened(path: Path) -> Mailbox:
    box = Mailbox(path)
    check(box, path)
    return box


def test_a_torn_recording_becomes_a_message(path, caplog):
    box = Mailbox(path)
    recording = begun(box, 4.5)
    crashed(box)
    box = reopened(path)
    (message,) = ok(box.messages())
    assert (message.id, message.caller, message.interrupted) == (recording.id, BOB, True)
    assert payloads(box, message) == packets(4)
    assert sound_files(path) == {f"{message.id}.opus"}
    assert "cut off" in caplog.text
    box.close()


def test_one_that_was_being_recorded_is_left_alone(path):
    box = Mailbox(path)
    recording = begun(box, 4.5)
    assert ok(box.recover()) == ()
    assert payloads(box, ok(recording.finish())) == packets(4.5)
    box.close()


@pytest.mark.parametrize("size", [0, 10, 200, 3000])
def test_a_recording_too_short_is_removed(path, size):
    box = Mailbox(path)
    recording = begun(box, 4.5)
    crashed(box)
    part = path / f"{recording.id}.part"
    part.write_bytes(part.read_bytes()[:size])
    box = reopened(path)
    assert ok(box.counts()) == Counts()
    assert sound_files(path) == set()
    box.close()


def test_a_recording_that_was_ended_in_order_is_no_interrupted_one(path):
    box = Mailbox(path)
    message = left(box)
    crashed(box)
    (path / f"{message.id}.opus").rename(path / f"{message.id}.part")
    with closing(sqlite3.connect(path / "index.sqlite")) as database, database:
        database.execute("DELETE FROM messages")
    box = reopened(path)
    assert ok(box.messages()) == (message,)
    box.close()


def test_leftovers_of_mending_go(path):
    box = Mailbox(path)
    message = left(box)
    crashed(box)
    (path / f"{message.id}.part").write_bytes(b"half")
    (path / f"{message.id}.cut").write_bytes(b"half")
    box = reopened(path)
    assert sound_files(path) == {f"{message.id}.opus"}
    box.close()


def test_a_deleted_message_does_not_come_back_as_what_it_was_recorded_in(path):
    box = Mailbox(path)
    message = left(box)
    box.delete(message.id)
    crashed(box)
    whole = path / f"{message.id}.opus"
    (path / f"{message.id}.part").write_bytes(whole.read_bytes())  # its removal was not on the card yet
    box = reopened(path)
    assert ok(box.messages()) == ()
    assert sound_files(path) == set()
    box.close()


def test_rows_without_file_are_dropped(path, caplog):
    box = Mailbox(path)
    message, other = left(box), left(box)
    (path / f"{message.id}.opus").unlink()
    assert isinstance(box.open(message.id), Failure)
    crashed(box)
    box = reopened(path)
    assert ok(box.messages()) == (other,)
    assert "is gone" in caplog.text
    box.close()


def test_files_that_are_not_listed_are_messages(path):
    box = Mailbox(path)
    message = left(box)
    torn = left(box, 4.5)
    crashed(box)
    with closing(sqlite3.connect(path / "index.sqlite")) as database, database:
        database.execute("DELETE FROM messages")
    file = path / f"{torn.id}.opus"
    file.write_bytes(file.read_bytes()[:-500])
    (path / "20270115T080000Z-0badcafe.opus").write_bytes(b"no Ogg at all")
    (path / "20270115T080000Z-0badcaff.opus").write_bytes(file.read_bytes()[:200])
    (path / "my notes.opus").write_bytes(b"none of ours")
    box = Mailbox(path)
    found = {each.id: each for each in ok(box.messages())}
    assert found[message.id] == message
    assert found[torn.id].interrupted
    assert payloads(box, found[torn.id]) == packets(4)
    assert len(found) == 2
    box.close()


def test_a_message_damaged_later_is_told(path):
    box = Mailbox(path)
    message = left(box)
    (path / f"{message.id}.opus").write_bytes(b"\0" * 5000)
    failed = box.open(message.id)
    assert isinstance(failed, Failure)
    assert failed.trouble is Trouble.FAILED
    box.close()


STATES = (State.NEW, State.HEARD, State.KEPT)


def filled(path: Path) -> dict[str, object]:
    box = Mailbox(path)
    messages = {}
    for number in range(60):
        message = left(box, 1.2, stamp=1_800_000_000.5 + number)
        messages[message.id] = ok(box.mark(message.id, STATES[number % 3]))
    crashed(box)
    return messages


@pytest.mark.parametrize("garbage", [b"this is no database" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_an_index_that_is_lost_is_made_anew(path, garbage, caplog):
    messages = filled(path)
    (path / "index.sqlite").write_bytes(garbage)
    box = reopened(path)
    assert {m.id: m for m in ok(box.messages(limit=99))} == {
        id_: replace(message, state=State.NEW) for id_, message in messages.items()
    }
    assert (path / "index.sqlite.aside-1").read_bytes() == garbage
    assert "made it anew" in caplog.text
    assert not (path / "index.new").exists()
    box.close()
    (path / "index.sqlite").write_bytes(garbage)
    reopened(path).close()
    assert (path / "index.sqlite.aside-2").exists()


def test_a_damaged_index_still_tells_what_it_can(path):
    messages = filled(path)
    raw = bytearray((path / "index.sqlite").read_bytes())
    with closing(sqlite3.connect(path / "index.sqlite")) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'by_state'").fetchone()
    raw[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    (path / "index.sqlite").write_bytes(raw)
    box = reopened(path)
    assert {m.id: m for m in ok(box.messages(limit=99))} == messages
    box.close()


def test_an_index_of_a_later_version_is_kept_aside(path):
    messages = filled(path)
    with closing(sqlite3.connect(path / "index.sqlite")) as database:
        database.execute("PRAGMA user_version=99")
    box = reopened(path)
    assert {m.id for m in ok(box.messages(limit=99))} == set(messages)
    assert (path / "index.sqlite.aside-1").exists()
    box.close()


def test_damage_found_in_use_is_mended_in_use(path, caplog):
    messages = filled(path)
    box = Mailbox(path)
    recording = begun(box)
    index = box._catalogue._opened()
    raw = bytearray((path / "index.sqlite").read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)  # all but the schema
    (path / "index.sqlite").write_bytes(raw)
    index._database.execute("PRAGMA shrink_memory")  # or it answers from its cache
    message = ok(recording.finish())
    assert {m.id for m in ok(box.messages(limit=99))} == {*messages, message.id}
    assert not message.interrupted
    assert "made it anew" in caplog.text
    box.close()
    reopened(path).close()


def test_a_file_that_cannot_be_dealt_with_waits(path, monkeypatch, caplog):
    box = Mailbox(path)
    begun(box, 4.5)
    crashed(box)
    with monkeypatch.context() as patch:
        patch.setattr("phone.voicemail.files.PartFile.write", _full)
        box = Mailbox(path)
        assert ok(box.messages()) == ()
        assert "stays in" in caplog.text
    (message,) = ok(box.recover())
    assert payloads(box, message) == packets(4)
    assert check(box, path) == (message,)
    box.close()


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
