"""Keys and display of the real drivers, on a virtual Pi: its kernel's own pins and I2C bus at 400 kHz."""

from __future__ import annotations

import json

from hil import cache
from hil.pi import VirtualPi

from bench.model import Case, Options, Result, Say

_PINS = "gpiod"
_LATENCIES, _PRESSES = 150, 10_000
"""A round's, and in total."""


def _run(options: Options, say: Say) -> Result:
    if reason := cache.why_not():
        return Result("board", error=f"left out: {reason}")
    shares = {"project": cache.PROJECT, "venv": cache.venv()}
    with VirtualPi(bare=True, network=False, shares=shares, nice=-15) as pi:
        say("keys and display on a virtual Pi")
        told = pi.run(
            "cd /mnt/project && PYTHONPATH=. /mnt/venv/bin/python tests/hil/guest/measure.py"
            f" {_PINS} {_LATENCIES * options.rounds} {_PRESSES}",
            timeout=1200.0,
        )
    return Result("board", figures=json.loads(told.check().splitlines()[-1]))


CASES = (Case("board", "keys and display of the real drivers, on a virtual Pi", _run),)
