"""A store beside a config, without a daemon."""

from pathlib import Path

import pytest

from phone.provision.contents import Contents
from phone.provision.store import Store
from phone.provision.trials import Given
from phone.provision.values import Who

CONFIG = """\
country = "de"  # as at home

[account]
jid = "anna@example.org"
password = "hunter2"

[audio.handset]
capture = "plughw:CARD=Handset"
playback = "plughw:CARD=Handset"
"""
ANNA = Who("anna", "SHA256:abc", "192.0.2.7")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "phone.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def store(config: Path) -> Store:
    return Store.of(config)


def given(text: str = "new = 1\n", **more) -> Given:
    return Given(Contents(text.encode()), ANNA, **more)
