from __future__ import annotations

from pathlib import Path

import pytest
from boxes import ok
from rig.spoken import opus_file, packets

from phone.ogg.opusreader import OpusReader
from phone.voicemail.greeting import MOST_BYTES, Greetings, Owed
from phone.voicemail.message import Failure, Trouble

NOON = 1_800_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "greeting"


def recorded(greetings: Greetings, seconds: float = 2.0):
    recording = ok(greetings.begin(NOON))
    for payload in packets(seconds):
        assert recording.packet(payload) is None
    return recording.finish()


def heard(path: Path | None) -> list[bytes]:
    assert path is not None
    with OpusReader(path.open("rb")) as reader:
        return [packet.payload for packet in reader.packets()]


def test_callers_hear_the_own_greeting_then_the_configured_then_the_built_in(path, tmp_path):
    configured, built_in = tmp_path / "configured.opus", tmp_path / "built-in.opus"
    assert Greetings(path).heard() is None
    built_in.write_bytes(opus_file(packets(3)))
    assert Greetings(path, configured, built_in).heard() == built_in
    configured.write_bytes(b"no sound")
    assert Greetings(path, configured, built_in).heard() == built_in
    configured.write_bytes(opus_file(packets(1)))
    greetings = Greetings(path, configured, built_in)
    assert greetings.heard() == configured
    assert not greetings.own
    recorded(greetings)
    assert greetings.heard() == configured
    assert greetings.commit() is None
    assert greetings.own
    assert heard(greetings.heard()) == packets(2)
    assert greetings.remove() is None
    assert greetings.heard() == configured
    assert not greetings.own


def test_a_draft_is_heard_and_taken_or_not(path):
    greetings = Greetings(path)
    assert greetings.draft is None
    message = ok(recorded(greetings))
    assert message.seconds == pytest.approx(1.92)
    assert heard(greetings.draft) == packets(2)
    assert greetings.discard() is None
    assert greetings.draft is None
    failed = greetings.commit()
    assert isinstance(failed, Failure)
    assert failed.trouble is Trouble.UNKNOWN
    recorded(greetings, 3)
    recorded(greetings, 4)
    assert heard(greetings.draft) == packets(4)
    assert greetings.commit() is None
    assert greetings.draft is None
    assert heard(greetings.heard()) == packets(4)


def test_a_new_one_takes_the_place_of_the_old_one_only_when_it_is_taken(path):
    greetings = Greetings(path)
    recorded(greetings, 2)
    greetings.commit()
    recording = ok(greetings.begin(NOON))
    recording.packet(packets(1)[0])
    assert heard(greetings.heard()) == packets(2)
    recording.abandon()
    assert greetings.draft is None
    assert heard(greetings.heard()) == packets(2)


@pytest.mark.parametrize("interrupted", [True, False])
def test_one_that_is_too_short_or_cut_off_is_none(path, interrupted):
    greetings = Greetings(path)
    recording = ok(greetings.begin(NOON))
    for payload in packets(3 if interrupted else 0.5):
        recording.packet(payload)
    assert isinstance(recording.finish(interrupted=interrupted), Failure)
    assert greetings.draft is None
    assert list(path.iterdir()) == []


def test_a_draft_does_not_outlive_the_phone(path):
    greetings = Greetings(path)
    recorded(greetings)
    greetings.commit()
    recorded(greetings, 3)
    recording = ok(Greetings(path).begin(NOON))
    assert {each.name for each in path.iterdir()} == {"own.opus", "draft.part"}
    recording.packet(b"\x08")
    again = Greetings(path)
    assert {each.name for each in path.iterdir()} == {"own.opus"}
    assert heard(again.heard()) == packets(2)


def test_a_file_is_taken_at_once(path):
    greetings = Greetings(path)
    assert greetings.take(opus_file(packets(2))) is None
    assert heard(greetings.heard()) == packets(2)
    for sound, trouble in ((b"WAV", Trouble.UNREADABLE), (bytes(MOST_BYTES + 1), Trouble.QUOTA)):
        failed = greetings.take(sound)
        assert isinstance(failed, Failure)
        assert failed.trouble is trouble
        assert heard(greetings.heard()) == packets(2)
    assert {each.name for each in path.iterdir()} == {"own.opus"}


def test_the_service_gets_what_it_does_not_have(path):
    greetings = Greetings(path)
    assert greetings.owed() is None
    recorded(greetings)
    assert greetings.owed() is None
    greetings.commit()
    owed = greetings.owed()
    assert owed == Owed((path / "own.opus").read_bytes())
    assert greetings.told(owed) is None
    assert Greetings(path).owed() is None
    greetings.remove()
    assert greetings.owed() == Owed(None)
    greetings.told(Owed(None))
    assert greetings.owed() is None


def test_what_the_card_does_is_told(path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    greetings = Greetings(path)
    recorded(greetings)
    monkeypatch.setattr("phone.voicemail.files.PartFile.write", full)
    for failed in (greetings.begin(NOON), greetings.take(opus_file(packets(2)))):
        assert isinstance(failed, Failure)
        assert failed.trouble is Trouble.FULL
    monkeypatch.undo()
    monkeypatch.setattr("phone.voicemail.files.Folder.free", lambda _: 100)
    failed = greetings.begin(NOON)
    assert isinstance(failed, Failure)
    assert failed.trouble is Trouble.FULL
