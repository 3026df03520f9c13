"""A room for each test."""

from __future__ import annotations

import pytest
from xmpp_room import Room


@pytest.fixture
async def room() -> Room:
    return Room()
