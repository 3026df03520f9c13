"""The real drivers on real kernel interfaces: these tests run on the virtual Pi itself, one file after the other."""

from __future__ import annotations

import pytest
from hil.pi import VirtualPi

_PINS = ("gpiod", "lgpio", "rpigpio")
_OF_PINS = ("drivers/test_contract.py", "hil/guest/keys.py")


@pytest.mark.parametrize("factory", _PINS)
@pytest.mark.parametrize("file", _OF_PINS)
def test_on_the_board_by_each_pin_factory(bare: VirtualPi, file: str, factory: str) -> None:
    run(bare, file, f"PHONE_TEST_PINS={factory}")


@pytest.mark.parametrize("file", ["hil/guest/pins.py", "hil/guest/glass.py", "media/test_locked.py"])
def test_on_the_board(bare: VirtualPi, file: str) -> None:
    run(bare, file)


def run(pi: VirtualPi, file: str, environment: str = "") -> None:
    """Its own tests tell what went wrong."""
    done = pi.run(
        f"cd /mnt/project && PYTHONPATH=. {environment} /mnt/venv/bin/python -m pytest"
        f" -p no:cacheprovider -rP tests/{file}",
        timeout=300.0,
    )
    print(done.out)
    done.check()
