"""A Pi without a clock of its own starts in the past, until the network tells the time (systemd-timesyncd sets it: the
phone has no right to). This knows what time it cannot be.

systemd lifts the clock as well, to the newest of its own build, /usr/lib/clock-epoch and the last time that timesyncd
kept; a phone that was off for a week then believes that no time has passed. That is why TLS may still find the clock
wrong, and says so.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path

from phone import stamp
from phone.clock import RELEASED, Clock

log = logging.getLogger(__name__)

BUILT = Path(__file__).with_name("built")
"""Unix seconds in decimal digits, put there when a package is built; without it `RELEASED` counts alone."""
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd.service(8) touches it whenever it has set the clock."""
PATIENCE = 120.0
"""Seconds for the network to tell the time, where the clock is behind a time that we kept ourselves: if that was ahead
by mistake, and there is no time server, it must not keep the phone silent for ever.
"""


class ClockFloor:
    """Judges the wall clock. Made when the phone starts."""

    def __init__(
        self, clock: Clock, kept: Path, *, built: Path = BUILT, synchronized: Callable[[], bool] = SYNCHRONIZED.exists
    ) -> None:
        """`kept`: the file in which `keep` notes the time."""
        self._clock = clock
        self._path = kept
        self._synchronized = synchronized
        self._built = max(RELEASED, _read(built))
        self._kept = stamp.read(kept) or 0.0
        self._began = clock.monotonic()

    def trouble(self) -> str:
        """Why the clock cannot be right, as a sentence; "" if it may be."""
        now = self._clock.wall()
        if now >= self._floor() or self._synchronized():
            return ""
        today = dt.datetime.fromtimestamp(now, dt.UTC).date().isoformat()
        return f"this phone's clock says {today}, which is past: it waits for the time from the network"

    def keep(self) -> None:
        """Note the time, which a server's certificate has just agreed with. Blocks on the card."""
        stamp.keep(self._path, self._clock.wall())

    def _floor(self) -> float:
        patient = self._clock.monotonic() - self._began < PATIENCE
        return max(self._built, self._kept) if patient else self._built


def _read(path: Path) -> float:
    try:
        return float(int(path.read_text("ascii")))
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError) as error:
        log.warning("%s does not say when this software was built: %s", path, error)
        return 0.0
