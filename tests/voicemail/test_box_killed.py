from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from promises import Promises

LEAVER = Path(__file__).with_name("leaver.py")
ROOT = Path(__file__).parents[2]


def test_kill_9_breaks_no_promise(tmp_path):
    """At moments that depend on the machine; what must be true after them does not."""
    promises = Promises()
    chance = random.Random(4)
    path = tmp_path / "voicemail"
    for life in range(12):
        command = [sys.executable, LEAVER, path, str(life), "1000000", str(life * 1_000_000)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": ROOT})
        assert process.stdout is not None
        promises.hear(process.stdout.readline() for _ in range(chance.randrange(1, 60)))
        os.kill(process.pid, signal.SIGKILL)
        promises.hear(line for line in process.stdout if line.endswith("\n"))
        process.wait()
        process.stdout.close()
        found = promises.kept(path)
        for message in found:  # what came back after the crash is listed, and so promised
            promises.left.setdefault(message.id, round(message.stamp - 1_800_000_000.0))
            promises.states[message.id] = message.state.value
        promises.dying -= {message.id for message in found}
        promises.doubtful.clear()
    assert len(promises.left) > 30
    assert len(promises.deleted) > 5
