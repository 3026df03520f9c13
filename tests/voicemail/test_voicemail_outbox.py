"""What the user dictated is kept until it is sent: once."""

from __future__ import annotations

from pathlib import Path

import pytest
from boxes import NOON, ok
from rig.spoken import packets

from phone.voicemail.message import Failure, Limits, Trouble
from phone.voicemail.outbox import Outbox, Outgoing, Uploaded

ANN = ("ann@a.example", "Ann")
URL = Uploaded("https://a.example/1.m4a", 4711, 1.92, b"\x01" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def dictated(outbox: Outbox, seconds: float = 2.0, stamp: float = NOON, *, interrupted: bool = False) -> Outgoing:
    recording = ok(outbox.begin(*ANN, stamp))
    for payload in packets(seconds):
        assert recording.packet(payload) is None
    message = ok(recording.finish(interrupted=interrupted))
    return next(each for each in ok(outbox.pending()) if each.id == message.id)


def crashed(outbox: Outbox) -> None:
    outbox._box._catalogue.close()


def test_a_message_is_pending_until_it_is_removed(path):
    outbox = Outbox(path)
    assert outbox.pending() == ()
    message = dictated(outbox)
    assert (message.to, message.name, message.stamp) == (*ANN, NOON)
    assert message.seconds == pytest.approx(1.92)
    assert outbox.sound(message.id).is_file()
    later = dictated(outbox, stamp=NOON + 60)
    assert outbox.pending() == (message, later)
    assert outbox.remove(message.id) is None
    assert outbox.remove(message.id) is None
    assert outbox.pending() == (later,)
    outbox.close()
    assert Outbox(path).pending() == (later,)


def test_how_far_it_has_come_is_remembered(path):
    outbox = Outbox(path)
    message = dictated(outbox)
    assert outbox.note_tried(message.id, 5.0) is None
    assert outbox.note_uploaded(message.id, URL) is None
    crashed(outbox)
    outbox = Outbox(path)
    (again,) = ok(outbox.pending())
    assert (again.tried, again.uploaded) == (5.0, URL)
    assert outbox.note_failed(message.id, "the server is gone") is None
    crashed(outbox)
    outbox = Outbox(path)
    assert outbox.pending() == ()
    assert [each.failed for each in ok(outbox.failed())] == ["the server is gone"]
    outbox.remove(message.id)
    assert list(path.glob("2*")) == []
    outbox.close()


def test_what_was_cut_off_before_it_was_ended_is_not_sent(path):
    outbox = Outbox(path)
    recording = ok(outbox.begin(*ANN, NOON))
    for payload in packets(4):
        recording.packet(payload)
    crashed(outbox)
    outbox = Outbox(path)
    assert outbox.pending() == ()
    outbox.close()
    assert list(path.glob("2*")) == []


def test_what_was_cut_off_and_ended_is_sent(path):
    outbox = Outbox(path)
    message = dictated(outbox, interrupted=True)
    crashed(outbox)
    assert Outbox(path).pending() == (message,)


def test_one_that_the_user_gives_up_is_nothing(path):
    outbox = Outbox(path)
    ok(outbox.begin(*ANN, NOON)).abandon()
    short = ok(outbox.begin(*ANN, NOON))
    short.packet(packets(1)[0])
    assert short.finish().trouble is Trouble.TOO_SHORT
    assert outbox.pending() == ()


def test_one_that_was_given_up_makes_room(path):
    outbox = Outbox(path, Limits(messages=2))
    first, second = dictated(outbox), dictated(outbox, stamp=NOON + 1)
    full = outbox.begin(*ANN, NOON + 2)
    assert isinstance(full, Failure)
    assert full.trouble is Trouble.QUOTA
    outbox.note_failed(first.id, "no")
    third = dictated(outbox, stamp=NOON + 3)
    assert outbox.pending() == (second, third)
    assert outbox.failed() == ()


def test_leftovers_go(path):
    outbox = Outbox(path)
    message = dictated(outbox)
    for name in (f"{message.id}.m4a", f"{message.id}.m4a.part", f"{message.id}.note.new", "20270115T080000Z-0.note"):
        (path / name).write_bytes(b"old")
    crashed(outbox)
    assert Outbox(path).pending() == (message,)
    assert {each.name for each in path.glob("2*")} == {f"{message.id}.opus"}


def test_a_note_that_cannot_be_read_sends_from_the_beginning(path, caplog):
    outbox = Outbox(path)
    message = dictated(outbox, interrupted=True)
    outbox.note_uploaded(message.id, URL)
    crashed(outbox)
    (path / f"{message.id}.note").write_bytes(b"{")
    assert Outbox(path).pending() == (message,)
    assert "from the beginning" in caplog.text


def test_a_card_that_refuses_makes_nobody_hear_it_twice(path, monkeypatch):
    outbox = Outbox(path)
    message, other = dictated(outbox), dictated(outbox, stamp=NOON + 1)

    def full(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("phone.voicemail.files.Folder.put", full)
        assert isinstance(outbox.note_uploaded(message.id, URL), Failure)
        assert ok(outbox.pending())[0].uploaded == URL
        patch.setattr("phone.voicemail.index.Index.delete", full)
        assert isinstance(outbox.remove(message.id), Failure)
        assert outbox.pending() == (other,)
    assert outbox.pending() == (other,)
    crashed(outbox)
    assert Outbox(path).pending() == (other,)


def test_a_busy_outbox_is_told(path):
    outbox = Outbox(path)
    dictated(outbox)
    second = Outbox(path)
    for failed in (second.pending(), second.failed(), second.begin(*ANN, NOON)):
        assert isinstance(failed, Failure)
        assert failed.trouble is Trouble.BUSY
    outbox.close()
    assert len(ok(second.pending())) == 1


def test_an_interrupted_one_that_cannot_be_noted_is_not_acknowledged(path, monkeypatch):
    outbox = Outbox(path)
    recording = ok(outbox.begin(*ANN, NOON))
    for payload in packets(3):
        recording.packet(payload)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("phone.voicemail.files.Folder.put", full)
    assert recording.finish(interrupted=True).trouble is Trouble.FULL
