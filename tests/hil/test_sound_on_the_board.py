"""Sound on the kernel's own interfaces: snd-aloop, snd-dummy and input devices, plugged in and pulled out."""

from __future__ import annotations

import pytest
from hil.pi import VirtualPi


@pytest.mark.parametrize("file", ["media/test_card_contract.py", "hil/guest/jacks.py"])
def test_sound_on_the_board(bare: VirtualPi, file: str) -> None:
    bare.run(
        f"cd /mnt/project && PYTHONPATH=. /mnt/venv/bin/python -m pytest -p no:cacheprovider tests/{file}",
        timeout=300.0,
    ).check()
