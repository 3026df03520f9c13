"""`phone run`, where another phone runs with the same config."""

from __future__ import annotations

from pathlib import Path

import pytest

from phone.cli.main import main
from phone.control.claim import CONTROL_SOCKET, claimed
from phone.provision import trials
from phone.provision.contents import Contents
from phone.provision.store import Store
from phone.provision.values import Trial, Who

NEW = """\
run_dir = "run"
[audio.handset]
capture = "plughw:CARD=NotThere"
playback = "plughw:CARD=NotThere"
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    config = tmp_path / "phone.toml"
    config.write_text('run_dir = "run"\n')
    return Store.of(config)


def tried(store: Store) -> Trial:
    """A version on trial."""
    trial = trials.begin(store, trials.Given(Contents(NEW.encode()), Who("anna")))
    trials.install(store, trial)
    return trial


def test_a_second_phone_is_no_start_of_the_trial(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with store.session(), claimed(store.config.parent / "run" / CONTROL_SOCKET):
        trial = tried(store)
        assert main(["run", "--config", str(store.config)]) == 1
        assert trials.pending(store) == trial
    assert "a phone is running already" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_ends_the_trial(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the run_dir of the config on trial: the one before comes back."""
    monkeypatch.setattr("phone.cli.run._anew", lambda: pytest.exit("it ends here"))
    (store.config.parent / "run").touch()
    with store.session():
        trial = tried(store)
        with pytest.raises(pytest.exit.Exception):
            main(["run", "--config", str(store.config)])
        assert "cannot write in run_dir" in store.record(trial.version).why
