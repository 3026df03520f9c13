"""The panel's token over restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from phone.drivers.panel import TOKEN_CHARS
from phone.front import kept_token


def test_a_bookmark_works_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state" / "panel-token"
    token = kept_token(path)
    assert len(token) >= TOKEN_CHARS
    assert kept_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("left", [b"", b"\n", b"half-of-it", b"\xff" * 40])
def test_what_a_power_cut_left_is_made_anew(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "panel-token"
    path.write_bytes(left)
    path.chmod(0o644)
    token = kept_token(path)
    assert len(token) >= TOKEN_CHARS
    assert kept_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_card_that_cannot_be_written_stops_no_phone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    token = kept_token(tmp_path / "state" / "panel-token")
    assert len(token) >= TOKEN_CHARS
    assert "cannot keep the panel's token" in caplog.text
    assert token not in caplog.text
