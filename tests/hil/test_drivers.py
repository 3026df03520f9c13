"""The real drivers on real kernel interfaces: these tests run on the virtual Pi itself, one file after the other."""

from __future__ import annotations

import pytest
from hil.pi import VirtualPi


@pytest.mark.parametrize(
    "file", ["drivers/test_contract.py", "hil/guest/keys.py", "hil/guest/glass.py", "media/test_locked.py"]
)
def test_on_the_board(bare: VirtualPi, file: str) -> None:
    done = bare.run(
        f"cd /mnt/project && PYTHONPATH=. /mnt/venv/bin/python -m pytest -p no:cacheprovider -rP tests/{file}",
        timeout=300.0,
    )
    print(done.out)
    done.check()
