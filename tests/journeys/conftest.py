"""Whole daemons on a private Prosody and virtual sound cards, as users meet them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from phone.demo.stage import Desk, Stage, stage


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    """alice (200) and bob (201), each other's contacts, registered."""
    async with stage(tmp_path, "alice", "bob") as scene:
        yield scene


@pytest.fixture
def alice(scene: Stage) -> Desk:
    return scene.desks["alice"]


@pytest.fixture
def bob(scene: Stage) -> Desk:
    return scene.desks["bob"]
