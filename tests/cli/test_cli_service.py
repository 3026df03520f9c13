"""Where `phone voicemail-service` looks for its config."""

from __future__ import annotations

from pathlib import Path

import pytest

from phone.cli import voicemail_service
from phone.cli.main import main


def test_a_config_at_the_old_place_is_found_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new, old = tmp_path / "new.toml", tmp_path / "old.toml"
    monkeypatch.setattr(voicemail_service, "DEFAULT_CONFIG", new)
    monkeypatch.setattr(voicemail_service, "OLD_CONFIG", old)
    monkeypatch.delenv("PHONE_VOICEMAIL_SERVICE_CONFIG", raising=False)
    assert main(["voicemail-service", "status"]) == 1
    assert f"{new}: there is no such file" in capsys.readouterr().err
    old.write_text("nonsense = 1\n")
    assert main(["voicemail-service", "status"]) == 1
    told = capsys.readouterr().err
    assert f"{new} is not there: it is still at {old}" in told
    assert f"{old}:1: nonsense" in told
    new.write_text("nonsense = 2\n")
    assert main(["voicemail-service", "status"]) == 1
    assert str(old) not in capsys.readouterr().err
