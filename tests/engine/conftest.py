"""The wire that most engine tests play on, and the two who call over it; a file may string its own `wire`."""

from __future__ import annotations

import pytest
from rig.wire import Wire, WirePhone


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def alice(wire: Wire) -> WirePhone:
    return wire.add("alice")


@pytest.fixture
def bob(wire: Wire) -> WirePhone:
    return wire.add("bob")
