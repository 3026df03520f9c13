from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from boxes import BOB, NOON, begun, check, left, ok, payloads, sound_files
from rig.spoken import packets

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Counts, Failure, Limits, MessageId, State, Trouble

DAY = 86_400
ANN = Caller("ann@example.org", "Ännchen")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "voicemail"


@pytest.fixture
def box(path: Path):
    box = Mailbox(path)
    yield box
    box.close()


def trouble(result: object) -> Trouble | None:
    return result.trouble if isinstance(result, Failure) else None


def test_a_message_is_left_and_heard(box, path):
    assert ok(box.counts()) == Counts()
    message = left(box, 2.0, ANN)
    assert (message.caller, message.stamp, message.seconds, message.state) == (ANN, NOON, 1.92, State.NEW)
    assert not message.interrupted
    assert ok(box.counts()) == Counts(new=1)
    assert payloads(box, message) == packets(2.0)
    assert ok(box.mark(message.id, State.HEARD)) == replace(message, state=State.HEARD)
    assert ok(box.mark(message.id, State.KEPT)).state is State.KEPT
    assert ok(box.counts()) == Counts(kept=1)
    assert check(box, path) == (ok(box.get(message.id)),)


def test_messages_outlive_the_process(box, path):
    message = left(box)
    ok(box.mark(message.id, State.HEARD))
    box.close()
    assert ok(Mailbox(path).messages()) == (replace(message, state=State.HEARD),)


def test_pages_and_order(box):
    messages = [left(box, 1.2, stamp=NOON + number // 2) for number in range(7)]
    messages.sort(key=lambda m: (m.stamp, m.id))
    kept = messages[3]
    ok(box.mark(kept.id, State.KEPT))
    messages[3] = replace(kept, state=State.KEPT)
    forward: list = []
    while page := ok(box.messages(None, 2, forward[-1] if forward else None, oldest_first=True)):
        forward += page
    assert forward == messages
    assert ok(box.messages(limit=3)) == tuple(messages[:3:-1])
    assert ok(box.messages(limit=9, after=messages[4])) == tuple(messages[3::-1])
    assert ok(box.messages(State.KEPT)) == (messages[3],)
    assert ok(box.messages(State.NEW, after=messages[4])) == tuple(messages[2::-1])
    assert ok(box.messages(State.DELETED)) == ()


def test_deleting_and_undoing(box, path):
    first, second = left(box), left(box, stamp=NOON + 1)
    ok(box.mark(first.id, State.KEPT))
    assert ok(box.delete(first.id)).state is State.DELETED
    assert ok(box.mark(second.id, State.DELETED)).state is State.DELETED
    assert ok(box.messages()) == ()
    assert len(sound_files(path)) == 2
    for _ in range(2):
        assert trouble(box.get(first.id)) is Trouble.UNKNOWN
        assert trouble(box.open(first.id)) is Trouble.UNKNOWN
        assert trouble(box.delete(first.id)) is Trouble.UNKNOWN
        assert trouble(box.mark(first.id, State.HEARD)) is Trouble.UNKNOWN
    assert ok(box.undo()) == second
    assert ok(box.undo()) == replace(first, state=State.KEPT)
    assert trouble(box.undo()) is Trouble.UNKNOWN
    ok(box.delete(first.id))
    assert ok(box.purge()) == 1
    assert trouble(box.undo()) is Trouble.UNKNOWN
    assert sound_files(path) == {f"{second.id}.opus"}
    assert ok(box.purge()) == 0


def test_what_plays_can_be_deleted(box):
    message = left(box)
    reader = ok(box.open(message.id))
    ok(box.delete(message.id))
    ok(box.purge())
    assert [packet.payload for packet in reader.packets()] == packets(2.0)
    reader.close()


def test_deleted_messages_do_not_come_back(box, path):
    message = left(box)
    ok(box.delete(message.id))
    again = box
    again._catalogue.close()  # as if killed: no purge
    again = Mailbox(path)
    assert ok(again.messages()) == ()
    assert sound_files(path) == set()
    again.close()


def test_short_and_abandoned_recordings_leave_nothing(box, path):
    assert trouble(begun(box, 1.0).finish()) is Trouble.TOO_SHORT  # 80 ms of it are not played
    recording = begun(box)
    recording.abandon()
    recording.abandon()
    assert trouble(recording.finish()) is Trouble.ENDED
    assert trouble(recording.packet(b"\x08")) is Trouble.ENDED
    assert sound_files(path) == set()
    assert ok(box.counts()) == Counts()


def test_what_happens_while_recording(box):
    recording = begun(box)
    assert recording.packet(b"") is None
    assert recording.packet(b"\x08\x01\x02", lost=48_000) is None
    assert (recording.refused, recording.seconds) == (1, 2 - 0.08 + 1 + 0.02)
    message = ok(recording.finish())
    assert trouble(recording.finish()) is Trouble.ENDED
    assert message.seconds == recording.seconds
    assert len(payloads(box, message)) == 100 + 9 + 1


def test_a_leap_of_the_callers_clock_is_no_hour_of_silence(box):
    recording = begun(box)
    recording.packet(b"\x08\x01", lost=1 << 31)
    assert recording.seconds < 70
    recording.abandon()


def test_a_recording_that_was_interrupted_says_so(box, path):
    message = ok(begun(box).finish(interrupted=True))
    assert message.interrupted
    assert payloads(box, message) == packets(2.0)
    assert check(box, path) == (message,)
    assert trouble(begun(box, 1.0).finish(interrupted=True)) is Trouble.TOO_SHORT


def test_a_full_mailbox_takes_no_more(path):
    box = Mailbox(path, Limits(messages=2))
    left(box)
    recording = begun(box)
    assert trouble(box.begin(BOB, NOON)) is Trouble.QUOTA  # the one being recorded counts
    ok(recording.finish())
    failed = box.begin(BOB, NOON)
    assert failed == Failure(Trouble.QUOTA, "cannot record a message: the mailbox is full; delete messages")
    box.close()


def test_a_mailbox_that_becomes_full_ends_the_message(path):
    box = Mailbox(path, Limits(bytes=9000))
    recording = ok(box.begin(BOB, NOON))
    said = [recording.packet(payload) for payload in packets(10)]
    stopped = next(number for number, failed in enumerate(said) if failed)
    assert 0 < stopped < 300
    assert {trouble(failed) for failed in said[stopped:]} == {Trouble.QUOTA}
    message = ok(recording.finish())
    assert not message.interrupted
    assert payloads(box, message) == packets(10)[: stopped + 1]
    assert trouble(box.begin(BOB, NOON)) is Trouble.QUOTA
    box.close()


def test_strangers_leave_room_for_whom_the_user_knows(path):
    box = Mailbox(path, Limits(messages=4))
    for _ in range(2):
        recording = ok(box.begin(BOB, NOON, known=False))
        for payload in packets(1.5):
            recording.packet(payload)
        ok(recording.finish())
    assert trouble(box.begin(BOB, NOON, known=False)) is Trouble.QUOTA
    for _ in range(2):
        left(box)
    assert trouble(box.begin(BOB, NOON)) is Trouble.QUOTA
    box.close()


def test_a_strangers_message_ends_where_half_of_the_mailbox_does(path):
    box = Mailbox(path, Limits(bytes=18_000))
    recording = ok(box.begin(BOB, NOON, known=False))
    said = [recording.packet(payload) for payload in packets(10)]
    assert trouble(said[-1]) is Trouble.QUOTA
    assert ok(recording.finish()).size < 12_000
    box.close()


def test_one_message_does_not_fill_the_mailbox(path):
    """A far end may send any number of packets in the time that a message may take."""
    box = Mailbox(path, Limits(largest=9000))
    recording = ok(box.begin(BOB, NOON))
    said = [recording.packet(payload) for payload in packets(10)]
    assert trouble(said[-1]) is Trouble.QUOTA
    assert ok(recording.finish()).size < 12_000
    left(box)
    box.close()


def test_the_card_keeps_a_reserve(path, monkeypatch):
    box = Mailbox(path, Limits(reserve=1 << 60))
    assert trouble(box.begin(BOB, NOON)) is Trouble.FULL
    box.close()
    free = iter([1 << 40] * 2 + [100] * 9)
    box = Mailbox(path, Limits(reserve=1000))
    monkeypatch.setattr(type(box._folder), "free", lambda _: next(free))
    recording = ok(box.begin(BOB, NOON))
    said = [recording.packet(payload) for payload in packets(20)]
    assert trouble(said[-1]) is Trouble.FULL
    assert 5 < ok(recording.finish()).seconds < 12
    box.close()


def test_heard_messages_expire(path):
    box = Mailbox(path, Limits(days=30))
    old = [left(box, 1.2) for _ in range(4)]
    young = left(box, 1.2, stamp=NOON + 2 * DAY)
    for message in (old[0], old[3], young):
        ok(box.mark(message.id, State.HEARD))
    ok(box.mark(old[1].id, State.KEPT))
    ok(box.delete(old[3].id))
    assert ok(box.expire(NOON + 30 * DAY)) == 0
    assert ok(box.expire(NOON + 31 * DAY)) == 1
    assert {m.id for m in ok(box.messages())} == {old[1].id, old[2].id, young.id}
    assert ok(box.undo()).id == old[3].id
    box.close()


def test_nothing_expires_by_default_and_what_is_full_expires_first(path):
    box = Mailbox(path)
    ok(box.mark(left(box).id, State.HEARD))
    assert ok(box.expire(NOON + 9999 * DAY)) == 0
    box.close()
    box = Mailbox(path, Limits(messages=1, days=1))
    ok(begun(box, stamp=NOON + 9 * DAY).finish())
    assert len(ok(box.messages())) == 1
    box.close()


def test_one_process_has_it(box, path):
    left(box)
    second = Mailbox(path)
    assert trouble(second.counts()) is Trouble.BUSY
    box.close()
    assert ok(second.counts()) == Counts(new=1)
    second.close()


def test_an_index_that_somebody_else_holds(path, caplog):
    box = Mailbox(path, patience=0.01)
    message = left(box)
    recording = begun(box)
    with closing(sqlite3.connect(path / "index.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert trouble(box.delete(message.id)) is Trouble.BUSY
        assert trouble(recording.finish()) is Trouble.BUSY
        assert ok(box.messages()) == (message,)  # reading goes on
    assert "another program" in caplog.text
    (found,) = ok(box.recover())
    assert found.seconds == 1.92
    assert not found.interrupted
    assert len(check(box, path)) == 2
    assert ok(box.recover()) == ()
    box.close()


def test_what_is_owed_is_listed_when_the_next_message_begins(path):
    box = Mailbox(path, patience=0.01)
    recording = begun(box)
    with closing(sqlite3.connect(path / "index.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert trouble(recording.finish()) is Trouble.BUSY
    begun(box).abandon()
    assert ok(box.counts()) == Counts(new=1)
    box.close()


def test_threads_may_record_at_once(box, path):
    def record() -> None:
        for _ in range(4):
            left(box, 1.2)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(check(box, path)) == 16


def test_a_place_that_cannot_be_used(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    box = Mailbox(tmp_path / "file" / "voicemail")
    assert trouble(box.counts()) is Trouble.FAILED
    assert trouble(box.begin(BOB, NOON)) is Trouble.FAILED
    box.close()
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert "check the card" in caplog.text


def test_a_bug_of_ours_is_not_hidden(box):
    with pytest.raises(sqlite3.ProgrammingError):
        box.get(["no", "text"])  # type: ignore[arg-type]


def test_no_operation_is_slow_with_ten_thousand_messages(path):
    """By SQLite's own word: none of them reads the table from end to end, or sorts it."""
    box = Mailbox(path)
    index = box._catalogue._opened()
    template = left(box)
    ids = (MessageId(f"20270115T080000Z-{number:08x}") for number in range(10_000))
    index.add([replace(template, id=each, stamp=NOON + n, state=list(State)[n % 3]) for n, each in enumerate(ids)])
    seen: list[str] = []
    index._database.set_trace_callback(seen.append)
    for call in (
        box.counts,
        index.used,
        box.messages,
        lambda: box.messages(State.NEW, 50),
        lambda: box.messages(State.HEARD, 50, template, oldest_first=True),
        lambda: box.get(template.id),
        lambda: box.mark(template.id, State.HEARD),
        lambda: box.delete(template.id),
        box.undo,
        lambda: index.heard_before(0.0),
        index.deleted,
    ):
        call()
    index._database.set_trace_callback(None)
    looked = [query for query in seen if query.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(looked) > 10
    for query in looked:
        plan = [row[3] for row in index._database.execute(f"EXPLAIN QUERY PLAN {query}")]
        assert all(step.startswith("SEARCH") or "USING COVERING INDEX" in step or "by_stamp" in step for step in plan)
    box._catalogue.close()
