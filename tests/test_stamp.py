"""One moment kept over a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from phone import stamp


def test_what_is_kept_is_read_again_and_the_newest_counts(tmp_path: Path) -> None:
    path = tmp_path / "state" / "last-seen"
    assert stamp.read(path) is None
    for at in (1_767_225_600.25, 1_767_225_000.0):
        stamp.keep(path, at)
        assert stamp.read(path) == at


def test_a_card_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    stamp.keep(tmp_path / "state" / "last-seen", 1.0)
    assert "cannot keep a time" in caplog.text
    assert stamp.read(tmp_path / "state" / "last-seen") is None
