"""What outlives a restart: written whole or not at all, and never a reason not to start."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import memory
from phone.calls.model import Memory
from phone.memory import MemoryWriter

LOUD = Memory(100, 90, "+4930123", 70, dnd=True, locked=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "memory.json"


def test_what_is_written_is_read_at_the_next_start(path: Path) -> None:
    writer = MemoryWriter(path)
    writer.write(Memory(10, 20, "1"))
    writer.write(LOUD)
    writer.close()
    assert memory.read(path) == LOUD
    assert [each.name for each in path.parent.iterdir()] == ["memory.json"]


def test_a_new_phone_has_the_defaults(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert memory.read(path) == Memory()
    assert not caplog.records


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"handset_volume": "loud"}', b'{"locked": 1}', b"[" * 5000]
)
def test_nonsense_is_begun_anew(path: Path, caplog: pytest.LogCaptureFixture, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert memory.read(path) == Memory()
    assert "begin anew" in caplog.text


def test_a_file_from_another_version_is_used_as_far_as_it_goes(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"handset_volume": 1000, "ringer_volume": -5, "speaker_volume": 101, "shoe_size": 43}')
    assert memory.read(path) == Memory(100, 0, "", 100)


def test_a_file_from_before_the_speaker_and_the_lock_keeps_what_it_has(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"handset_volume": 10, "ringer_volume": 20, "last_dialled": "7"}')
    assert memory.read(path) == Memory(10, 20, "7", 80, dnd=False, locked=False)


_volume = st.integers(0, 100)


@given(st.builds(Memory, _volume, _volume, st.text(max_size=40), _volume, st.booleans(), st.booleans()))
def test_all_of_it_comes_back(remembered: Memory) -> None:
    with TemporaryDirectory() as folder:
        writer = MemoryWriter(Path(folder) / "memory.json")
        writer.write(remembered)
        writer.close()
        assert memory.read(Path(folder) / "memory.json") == remembered


def test_a_folder_in_the_way_stops_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir(parents=True)
    assert memory.read(path) == Memory()
    writer = MemoryWriter(path)
    writer.write(LOUD)
    writer.close()
    assert "the phone goes on without" in caplog.text


def test_while_one_is_written_only_the_newest_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, written = threading.Event(), []

    def slow(_: Path, data: bytes) -> None:
        go.wait(5)
        written.append(data)

    monkeypatch.setattr(memory, "replace_file", slow)
    writer = MemoryWriter(path)
    for volume in range(0, 100, 10):
        writer.write(Memory(volume))
    go.set()
    writer.close()
    assert len(written) <= 2
    assert b'"handset_volume":90' in written[-1]


def test_a_bug_off_the_loop_is_not_swallowed(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory, "replace_file", lambda *_: 1 / 0)
    writer = MemoryWriter(path)
    with caplog.at_level(logging.ERROR):
        writer.write(LOUD)
        writer.close()
    assert "ZeroDivisionError" in caplog.text
