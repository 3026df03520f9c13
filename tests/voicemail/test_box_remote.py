"""Messages of the service's mailbox: fetched once, heard and deleted on all devices alike."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from boxes import check, left, ok, payloads, sound_files
from remotes import remote
from rig.spoken import opus_file, packets

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Counts, Failure, Limits, State, Trouble
from phone.voicemail.remote import Followed, Snapshot

SOUND = opus_file(packets(2))
SAID = packets(2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "voicemail"


@pytest.fixture
def box(path):
    box = Mailbox(path)
    yield box
    box.close()


def crashed(box: Mailbox) -> None:
    box._catalogue.close()


def test_a_message_is_added_once(box, path):
    message = ok(box.add(remote("m1", State.HEARD), SOUND))
    assert (message.origin, message.state, message.caller) == ("m1", State.HEARD, Caller("ann@a.example", "Ann"))
    assert (message.stamp, message.seconds) == (1_800_000_000.0, 1.92)
    assert payloads(box, message) == SAID
    assert box.add(remote("m1", State.NEW), SOUND) == message
    assert check(box, path) == (message,)
    assert box.followed() == Followed(frozenset({"m1"}))
    assert box.sound(message.id).is_file()


def test_two_of_one_second_are_two(box):
    one, two = ok(box.add(remote("m1"), SOUND)), ok(box.add(remote("m2"), SOUND))
    assert one.id != two.id


def test_a_message_never_takes_the_place_of_another(box, monkeypatch):
    monkeypatch.setattr("phone.voicemail.remote.hashlib.sha256", lambda _: sha)

    class sha:  # noqa: N801
        @staticmethod
        def hexdigest():
            return "0badcafe"

    one, two = ok(box.add(remote("m1"), SOUND)), ok(box.add(remote("m2"), SOUND))
    assert {m.origin for m in ok(box.messages())} == {"m1", "m2"}
    assert one.id != two.id


@pytest.mark.parametrize("sound", [b"", b"OggS", SOUND[:150], opus_file([])])
def test_what_is_no_sound_is_not_added(box, path, sound):
    failed = box.add(remote("m1"), sound)
    assert isinstance(failed, Failure)
    assert failed.trouble is Trouble.UNREADABLE
    assert sound_files(path) == set()


@pytest.mark.parametrize("limits", [Limits(messages=1), Limits(bytes=8000)])
def test_a_full_mailbox_takes_none(path, limits):
    box = Mailbox(path, limits)
    message = ok(box.add(remote("m1"), SOUND))
    failed = box.add(remote("m2"), SOUND)
    assert isinstance(failed, Failure)
    assert failed.trouble is Trouble.QUOTA
    assert ok(box.messages()) == (message,)
    box.close()


def test_what_was_heard_elsewhere_is_heard_here(box):
    new = ok(box.add(remote("m1"), SOUND))
    own = left(box)
    assert box.follow(Snapshot((remote("m1", State.HEARD), remote("m9")))) == 1
    assert box.follow(Snapshot((remote("m1", State.HEARD),))) == 0
    assert set(ok(box.messages())) == {replace(new, state=State.HEARD), own}
    assert ok(box.followed()).marks == {}


def test_what_was_deleted_elsewhere_is_deleted_here(box, path):
    kept = ok(box.add(remote("m1", State.KEPT), SOUND))
    for name in ("m2", "m3"):
        box.add(remote(name, State.HEARD), SOUND)
    box.add(remote("m4", State.KEPT), SOUND)
    assert box.follow(Snapshot((remote("m3", State.HEARD),), frozenset({"m4"}))) == 2
    assert {m.origin for m in check(box, path)} == {"m1", "m3"}
    assert ok(box.get(kept.id)) == kept  # not there any more, but nobody said that it was deleted
    assert ok(box.followed()).marks == {}


def test_what_a_list_does_not_get_to_is_not_deleted_here(box, path):
    for name in ("m1", "m2", "m3"):
        box.add(remote(name), SOUND)
    cut_off = Snapshot((remote("m1", State.HEARD),), frozenset({"m3"}), whole=False)
    assert box.follow(cut_off) == 2
    assert {m.origin: m.state for m in check(box, path)} == {"m1": State.HEARD, "m2": State.NEW}
    assert box.follow(Snapshot((remote("m1", State.HEARD),))) == 1
    assert {m.origin for m in check(box, path)} == {"m1"}


def test_what_the_user_does_is_to_be_told(box):
    for name in ("m1", "m2", "m3"):
        box.add(remote(name), SOUND)
    own = left(box, stamp=1_700_000_000.0)
    ids = {m.origin: m.id for m in ok(box.messages())}
    box.mark(own.id, State.HEARD)
    box.mark(ids["m1"], State.HEARD)
    box.mark(ids["m2"], State.HEARD)
    box.delete(ids["m2"])
    box.delete(ids["m3"])
    box.undo()
    assert box.followed() == Followed(frozenset({"m1", "m2", "m3"}), {"m1": State.HEARD, "m2": State.HEARD})
    box.purge()
    assert box.followed() == Followed(frozenset({"m1", "m3"}), {"m1": State.HEARD, "m2": State.DELETED})
    assert box.told("m1", State.KEPT) is None
    assert box.told("m2", State.DELETED) is None
    assert ok(box.followed()).marks == {"m1": State.HEARD}


def test_what_the_user_did_wins_until_it_was_told(box):
    message = ok(box.add(remote("m1"), SOUND))
    box.mark(message.id, State.KEPT)
    assert box.follow(Snapshot((remote("m1", State.NEW),))) == 0
    assert box.follow(Snapshot()) == 0
    assert ok(box.get(message.id)).state is State.KEPT
    box.told("m1", State.KEPT)
    assert box.follow(Snapshot((remote("m1", State.NEW),))) == 1


def test_one_that_may_come_back_follows_nobody(box):
    message = ok(box.add(remote("m1"), SOUND))
    box.delete(message.id)
    assert box.follow(Snapshot((remote("m1", State.HEARD),))) == 0
    assert box.undo() == message
    box.delete(message.id)
    assert box.follow(Snapshot()) == 1  # elsewhere it was deleted for good
    assert isinstance(box.undo(), Failure)


def test_expiry_is_a_deletion(path):
    box = Mailbox(path, Limits(days=7))
    box.add(remote("m1", State.HEARD), SOUND)
    assert box.expire(1_800_000_000.0 + 8 * 86_400) == 1
    assert box.followed() == Followed(frozenset(), {"m1": State.DELETED})
    box.close()


def test_a_file_that_is_lost_is_fetched_again(box, path):
    message = ok(box.add(remote("m1"), SOUND))
    box.sound(message.id).unlink()
    crashed(box)
    again = Mailbox(path)
    assert again.followed() == Followed()
    again.close()


def test_files_alone_say_where_they_are_from(box, path):
    message = ok(box.add(remote("m1"), SOUND))
    crashed(box)
    (path / "index.sqlite").unlink()
    again = Mailbox(path)
    assert ok(again.messages()) == (message,)
    again.close()


def test_a_damaged_index_still_tells_what_the_service_must_know(box, path):
    for number in range(40):
        box.add(remote(f"m{number}", stamp=1_800_000_000.0 + number), SOUND)
    ids = {m.origin: m.id for m in ok(box.messages())}
    box.mark(ids["m1"], State.HEARD)
    box.delete(ids["m2"])
    box.purge()
    box.delete(ids["m3"])
    crashed(box)
    raw = bytearray((path / "index.sqlite").read_bytes())
    with closing(sqlite3.connect(path / "index.sqlite")) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'by_stamp'").fetchone()
    raw[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    (path / "index.sqlite").write_bytes(raw)
    again = Mailbox(path)
    told = ok(again.followed())
    assert told.marks == {"m1": State.HEARD, "m2": State.DELETED, "m3": State.DELETED}
    assert told.origins == {f"m{number}" for number in range(40)} - {"m2", "m3"}
    again.close()


FORMAT_1 = """
CREATE TABLE messages (
    id TEXT PRIMARY KEY, stamp REAL NOT NULL, jid TEXT NOT NULL, name TEXT NOT NULL, seconds REAL NOT NULL,
    size INTEGER NOT NULL, state TEXT NOT NULL, before TEXT NOT NULL DEFAULT '', interrupted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX by_stamp ON messages (stamp, id);
CREATE INDEX by_state ON messages (state, stamp, id);
CREATE INDEX by_size ON messages (size);
"""


def test_a_mailbox_of_the_first_format_is_taken_over(box, path):
    kept = ok(box.mark(left(box).id, State.KEPT))
    gone = left(box, stamp=1_700_000_000.0)
    crashed(box)
    with closing(sqlite3.connect(path / "index.sqlite")) as database, database:
        rows = database.execute(
            "SELECT id, stamp, jid, name, seconds, size, state, before, interrupted FROM messages"
        ).fetchall()
        database.execute("DROP TABLE messages")
        database.execute("DROP TABLE marks")
        for statement in FORMAT_1.split(";"):
            database.execute(statement)
        database.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("UPDATE messages SET before = state, state = 'deleted' WHERE id = ?", (gone.id,))
        database.execute("PRAGMA user_version=1")
    again = Mailbox(path)
    assert check(again, path) == (kept,)
    assert ok(again.add(remote("m1"), SOUND)).origin == "m1"
    assert ok(again.counts()) == Counts(1, 0, 1)
    assert not list(path.glob("*aside*"))
    again.close()


def test_one_that_was_cut_off_while_it_was_added_is_there_or_comes_again(box, path):
    message = ok(box.add(remote("m1", State.HEARD), SOUND))
    crashed(box)
    with closing(sqlite3.connect(path / "index.sqlite")) as database, database:
        database.execute("DELETE FROM messages")
    again = Mailbox(path)
    assert check(again, path) == (replace(message, state=State.NEW),)
    assert again.follow(Snapshot((remote("m1", State.HEARD),))) == 1
    assert check(again, path) == (message,)
    again.close()


def test_one_that_the_card_refused_is_tried_again(box, path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("phone.voicemail.index.Index.add", _refuse)
        failed = box.add(remote("m1"), SOUND)
    assert isinstance(failed, Failure)
    assert ok(box.add(remote("m1"), SOUND)).origin == "m1"
    assert len(check(box, path)) == 1


def _refuse(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")
