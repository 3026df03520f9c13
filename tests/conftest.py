"""What holds for all tests: the order they run in, and how properties are searched."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_ROOT = Path(__file__).parent
_LAST = ("bench", "hil", "xmpp", "service", "demo", "panel", "fleet", "journeys", "interop")
"""Folders whose tests start servers, daemons or browsers: what is quick to tell is told first."""

# A loaded machine is no fault of the code under test. `--hypothesis-profile=ci`, Hypothesis' own, which the gate uses,
# takes the same examples each time too.
settings.register_profile("phone", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("phone")


_ON_THE_CLOCK = frozenset({"hil", "journeys", "fleet", "peers", "interop", "media", "panel", "demo", "xmpp", "service"})
"""Folders whose tests speak, listen, or serve in real time: a machine that stands still for a moment tears them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)
    for item in items:
        if _folder(item) in _ON_THE_CLOCK:
            item.add_marker(pytest.mark.flaky(reruns=1))  # once more, and the closing line counts it


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(_ROOT).parts[0]


def _rank(item: pytest.Item) -> int:
    folder = _folder(item)
    return _LAST.index(folder) + 1 if folder in _LAST else 0


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Tests that set logging up as a daemon does must not leave it so: their streams are closed behind them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
