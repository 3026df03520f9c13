"""What all tests on virtual Pis share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hil import cache
from hil.pi import VirtualPi

_HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--boots", type=int, default=2, help="how often test_boots.py boots a phone (2)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.hil)
            item.add_marker(pytest.mark.timeout(900))  # the first of them may build what they run on


@pytest.fixture(scope="session", autouse=True)
def _a_machine_for_it() -> None:
    on_the_board = Path("/dev/vpi-gpio").exists()
    if not on_the_board and (reason := cache.why_not()):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def bare() -> Iterator[VirtualPi]:
    """A kernel, the header and this project: for drivers."""
    shares = {"project": cache.PROJECT, "venv": cache.venv()}
    with VirtualPi(bare=True, network=False, shares=shares, nice=-15) as pi:
        yield pi


@pytest.fixture(scope="module")
def debian() -> Iterator[VirtualPi]:
    """A Debian that has started."""
    with VirtualPi() as pi:
        assert pi.started() == "running", pi.run("systemctl --failed --no-legend; journalctl -b -p warning").out
        yield pi
