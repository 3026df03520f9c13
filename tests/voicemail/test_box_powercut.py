"""The power goes at any moment: no promise is broken, nothing half is left. By replay of the real process's writes,
SQLite's too.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from powercut import Disk, journal
from promises import Promises

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIVES = 5
POINTS = 200


def lived(shim: Path, memory: Path, seed: int) -> bytes:
    """What a process did that left messages, and looked after them."""
    folder = memory / "lived"
    folder.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LD_PRELOAD": str(shim),
        "DISK_FOLDER": str(folder),
        "DISK_JOURNAL": str(memory / "journal"),
    }
    subprocess.run([sys.executable, HERE / "leaver.py", folder, str(seed), "50", "0"], check=True, env=environment)
    return (memory / "journal").read_bytes()


@pytest.mark.parametrize("seed", range(LIVES))
def test_a_power_cut_breaks_no_promise(shim, memory, seed, caplog):
    caplog.set_level("CRITICAL")
    acts = list(journal(lived(shim, memory, seed)))
    chance = random.Random(seed)
    points = sorted(chance.choices(range(len(acts) + 1), k=POINTS))
    disk, promises, done = Disk(), Promises(), 0
    met = 0
    for point in points:
        for act in acts[done:point]:
            disk.do(act)
            if act.kind == "n":
                promises.hear([act.data.decode()])
        done = point
        folder = memory / "after"
        folder.mkdir()
        disk.cut(chance, folder)
        met += len(promises.kept(folder))
        shutil.rmtree(folder)
    assert met > POINTS
    assert len(promises.deleted) > 2
