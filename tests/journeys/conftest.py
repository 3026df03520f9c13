"""Whole daemons on a private Prosody and virtual sound cards, as users meet them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from phone.demo.stage import Desk, Stage, stage


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    """alice (200) and bob (201), each other's contacts, registered."""
    async with stage(tmp_path, "alice", "bob") as scene:
        yield scene


@pytest.fixture(autouse=True)
def _no_bugs(tmp_path: Path) -> Iterator[None]:
    """Whatever a journey puts the phones through, none of them may show a bug of its own."""
    yield
    for log in tmp_path.rglob("phone.log"):
        text = log.read_text()
        assert "Traceback" not in text, text
        assert "a bug of the phone's own" not in text, text


@pytest.fixture
def alice(scene: Stage) -> Desk:
    return scene.desks["alice"]


@pytest.fixture
def bob(scene: Stage) -> Desk:
    return scene.desks["bob"]
