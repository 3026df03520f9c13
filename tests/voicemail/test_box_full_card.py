from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from promises import Promises

HERE = Path(__file__).parent


def test_a_card_that_is_full_or_read_only_raises_nothing_and_loses_nothing(shim, memory):
    folder = memory / "voicemail"
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parents[1]),
        "LD_PRELOAD": str(shim),
        "DISK_FOLDER": str(folder),
    }
    command = [sys.executable, HERE / "sufferer.py", folder]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    promises = Promises()
    promises.hear(lines)
    promises.kept(folder)
    went = Counter(tuple(line.split()[1:]) for line in lines if line.startswith("went"))
    assert {how for what, how in went if what == "finish"} >= {"well", "FULL"}
    assert {how for what, how in went if what == "begin"} >= {"well", "FULL", "READ_ONLY"}
    assert {how for what, how in went if what == "recover"} == {"well"}
    assert went["delete", "well"] > 60
    assert {how for _, how in went} == {"well", "FULL", "READ_ONLY", "TOO_SHORT"}
