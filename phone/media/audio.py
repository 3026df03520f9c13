"""The audio thread: read the microphone, write the ear, encode, send; the card is the clock.

Everything it does follows one `Route`, a level that the loop replaces whole. With no handset lifted but legs up
(a held call, a card that vanished) a soft clock of 20 ms keeps sound flowing; with neither, the thread sleeps.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Literal

from phone.media.card import PERIOD, RATE, CardError, Duplex
from phone.media.ear import Ear
from phone.media.mixer import Mixer, Route
from phone.media.plan import Device
from phone.media.ringer import Ringer
from phone.media.suppressor import Suppressor

log = logging.getLogger(__name__)

PRIORITY = 20
"""SCHED_FIFO: above all that is not sound, below the kernel's own threads (50)."""
LOOP_PRIORITY = 10
"""The loop takes packets in and may hold the interpreter when the audio thread wants it: it must not be kept waiting
by other programs either.
"""
_REOPEN = 0.5
"""Seconds between tries to open a card that is not there."""
_REPROBE = 2.0
"""The same while nobody wants it, so that the display is right before the handset is lifted."""
_SOFT_PERIOD = RATE // 50

Role = Literal["handset", "speaker"]


class AudioThread:
    """Owns handset and speaker. `on_trouble` gets a sentence, or "" when mended, in this thread."""

    def __init__(
        self,
        devices: Mapping[Role, Device],
        country: str,
        ringer: Ringer,
        mixer: Mixer,
        on_trouble: Callable[[Role, str], None],
    ) -> None:
        """`devices`: a speaker that is not named in it is not there."""
        self._devices = devices
        self._country = country
        self._ringer = ringer
        self._mixer = mixer
        self._on_trouble = on_trouble
        self._troubles: dict[Role, str] = {}
        self._route = Route()
        self._changed = threading.Event()
        self._closing = False
        self._duplex: Duplex | None = None
        self._open: Device | None = None
        """The device that `_duplex` is."""
        self._suppressor: Suppressor | None = None
        self._retry_at: dict[Role, float] = {}
        self._soft_due = 0.0
        """When the soft clock ticks next; 0: it does not run."""
        self._lost_xruns = 0
        self._busy_since: float | None = None
        self.ear = Ear(country)
        self.ticks = 0
        """Periods done: grows while a card runs."""
        self._thread = threading.Thread(target=self._run, name="audio", daemon=True)

    @property
    def xruns(self) -> int:
        """Since the process began."""
        return self._lost_xruns + (self._duplex.xruns if self._duplex else 0)

    def stuck_for(self, now: float) -> float:
        """Seconds (monotonic) since the thread last came round; 0 while it has nothing to do. A driver can hang."""
        since = self._busy_since
        return 0.0 if since is None else max(0.0, now - since)

    def start(self) -> None:
        """Begin; a missing card is reported now rather than in the first call."""
        self._thread.start()

    def route(self, route: Route) -> None:
        """Follow this from the next period on."""
        before = self._route
        if route.key_tone is not None and route.key_tone != before.key_tone:
            self.ear.pressed.append(route.key_tone)
        wakes = (_role(route), bool(route.parties)) != (_role(before), bool(before.parties))
        self._route = route
        if wakes:
            self._changed.set()

    def close(self) -> None:
        """Stop within a period."""
        self._closing = True
        self._changed.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        become_real_time(PRIORITY)
        # makes the table of sines, which the first dial tone must not wait for
        Ear(self._country).read(Route(tone="dial"), PERIOD, None)
        self._probe()
        while not self._closing:
            self._busy_since = time.monotonic()
            route = self._route
            role = _role(route)
            if role is not None and self._opened(role, route):
                self._card_period(role)
            elif route.parties or role is not None:
                self._soft_period(route)
            else:
                self._park()
        self._drop()

    def _probe(self) -> None:
        # also loads alsa-lib's configuration (some 10 ms), which the first dial tone must not wait for
        for role, device in self._devices.items():
            if self._ringer.holds(device.playback):
                continue
            self._busy_since = time.monotonic()
            try:
                Duplex(device, role).close()
            except CardError as error:
                self._tell(role, str(error))
            else:
                self._tell(role, "")
        self._ringer.probe()

    def _opened(self, role: Role, route: Route) -> bool:
        device = self._devices.get(role, Device())
        if self._duplex is not None and self._open == device:
            self._suppress(role)
            return True
        self._drop()
        if time.monotonic() < self._retry_at.get(role, 0.0):
            return False
        self._ringer.wait_idle()
        try:
            duplex = Duplex(device, role)
            duplex.start(self.ear.read(route, duplex.fill, None))
        except CardError as error:
            self._failed(role, error)
            return False
        self._duplex, self._open = duplex, device
        self._soft_due = 0.0
        self._suppress(role)
        self._tell(role, "")
        return True

    def _suppress(self, role: Role) -> None:
        if (role == "speaker") is not (self._suppressor is not None):
            self._suppressor = Suppressor() if role == "speaker" else None

    def _card_period(self, role: Role) -> None:
        duplex = self._duplex
        if duplex is None:
            return
        try:
            microphone = duplex.read()
            route = self._route
            count = len(microphone)
            played = self.ear.read(route, count, self._mixer.hear(route, count))
            duplex.write(played)
        except CardError as error:
            self._failed(role, error)
            return
        self.ticks += 1
        said = microphone if self._suppressor is None else self._suppressor(microphone, played)
        if route.record is not None:
            route.record.put(said)
        self._mixer.tell(route, said)

    def _failed(self, role: Role, error: CardError) -> None:
        self._drop()
        self._retry_at[role] = time.monotonic() + _REOPEN
        self._tell(role, str(error))

    def _soft_period(self, route: Route) -> None:
        if self._duplex is not None:
            self._drop()
        now = time.monotonic()
        if now - self._soft_due > 1.0:
            self._soft_due = now
        if self._soft_due > now and self._changed.wait(self._soft_due - now):
            self._changed.clear()
            return
        self._soft_due += _SOFT_PERIOD / RATE
        self._mixer.hear(route, _SOFT_PERIOD)  # to nobody: speech must not pile up
        self._mixer.tell(route, None)

    def _park(self) -> None:
        self._drop()
        self._soft_due = 0.0
        self._busy_since = None
        troubled = any(self._troubles.values()) or self._ringer.troubled
        if not self._changed.wait(_REPROBE if troubled else None):
            self._probe()
        self._changed.clear()

    def _drop(self) -> None:
        if self._duplex is not None:
            self._lost_xruns += self._duplex.xruns
            duplex, self._duplex = self._duplex, None
            self._open = None
            duplex.close()

    def _tell(self, role: Role, trouble: str) -> None:
        if trouble != self._troubles.get(role, ""):
            self._troubles[role] = trouble
            self._on_trouble(role, trouble)


def _role(route: Route) -> Role | None:
    """Whose card runs: never both."""
    if route.speaker:
        return "speaker"
    return "handset" if route.handset else None


def become_real_time(priority: int) -> None:
    """SCHED_FIFO for the calling thread alone, where the system allows it (LimitRTPRIO of the unit)."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError as error:
        log.info("no real-time priority (%s): voice may stutter under load", error)
