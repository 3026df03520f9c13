"""What a phone on a virtual Pi takes and costs, measured inside of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from hil.ear import RATE
from hil.pi import VirtualPi
from hil.seat import Seat
from rig.signals import as_samples, onset

DIAL_TONE = 425
"""Hertz, in Germany."""
_LISTEN, _REST = 0.6, 0.3
"""Seconds."""
_READY = "systemctl show phone -p ActiveEnterTimestampMonotonic --value"
_USED = """
for pid in $(cat /sys/fs/cgroup/phone.service/cgroup.procs); do
    echo $(sed 's/.*) //' /proc/$pid/stat | cut -d' ' -f12,13) $(sed -n 's/^VmRSS: *//p' /proc/$pid/status) \
        $(sed -n 's/^Pss: *//p' /proc/$pid/smaps_rollup)
done
getconf CLK_TCK
"""


def power_on_to_ready(pi: VirtualPi) -> float:
    """Seconds from its kernel's start to READY=1, when keys, display and dial tone live. Waits for all units, since
    asking again and again would make it late.
    """
    pi.started()
    return int(pi.run(_READY).check()) / 1e6


def lifts(seat: Seat, count: int) -> list[float]:
    """Milliseconds, by the Pi's own clock, from the hook's first closing to the dial tone at the ear; so many times,
    but for those where the ear heard none within half a second. The handset is on its cradle, before and after.
    """
    taken = []
    for _ in range(count):
        lifted = seat.handset.sample_at_pi(seat.hook(lifted=True).began)
        heard = as_samples(seat.handset.hear(lifted, lifted + round(_LISTEN * RATE)))
        if (tone := onset(heard, DIAL_TONE)) is not None:
            taken.append(tone / RATE * 1e3)
        seat.hook(lifted=False)
        time.sleep(_REST)
    return taken


@dataclass(frozen=True, slots=True)
class Cost:
    """Of all processes of the phone together."""

    cpu_percent: float
    """Of one core."""
    resident_mb: float
    """Shared pages count for each who has them."""
    proportional_mb: float
    """They count in parts."""


def cost(pi: VirtualPi, seconds: float) -> Cost:
    """While so much time goes by."""
    before, began = _used(pi), pi.monotonic()
    time.sleep(seconds)
    after, ended = _used(pi), pi.monotonic()
    return Cost(100 * (after[0] - before[0]) / (ended - began), after[1], after[2])


def _used(pi: VirtualPi) -> tuple[float, float, float]:
    """Seconds of CPU, and megabytes."""
    *processes, ticks = pi.run(_USED).check().splitlines()
    rows = [[int(word) for word in line.split() if word.isdigit()] for line in processes]
    user, system, resident, proportional = (sum(column) for column in zip(*rows, strict=True))
    return (user + system) / int(ticks), resident / 1024, proportional / 1024
