"""What the bench of an idle phone stands on."""

from __future__ import annotations

import os
import time

from bench.idle import Use, _started


def test_a_process_that_wakes_up_is_seen_to() -> None:
    before = Use.of(os.getpid())
    for _ in range(20):
        time.sleep(0.001)
    assert Use.of(os.getpid()).wakeups >= before.wakeups + 20
    assert 0 < before.proportional_mb <= before.resident_mb + 1


def test_the_instant_at_which_a_process_began_is_past() -> None:
    assert 0 < _started(os.getppid()) <= _started(os.getpid()) < time.monotonic()
