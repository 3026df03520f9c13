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

from phone.media.card import PERIOD, RATE, CardError, CardGoneError, Duplex, unplugged
from phone.media.controls import NO_CONTROLS, CardControls
from phone.media.ear import Ear
from phone.media.jack import Jack
from phone.media.mixer import Mixer, Route
from phone.media.plugs import Plug, named, plugged
from phone.media.ringer import Ringer
from phone.media.soundcard import Device, Place
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
_ROLES: tuple[Role, ...] = ("handset", "speaker")


class AudioThread:
    """Owns handset and speaker. `on_trouble` gets a sentence, or "" when mended, in this thread."""

    def __init__(
        self,
        devices: Mapping[Place, Device],
        country: str,
        ringer: Ringer,
        mixer: Mixer,
        on_trouble: Callable[[Role, str], None],
        *,
        controls: CardControls = NO_CONTROLS,
        jack: Jack | None = None,
    ) -> None:
        """`devices`: a speaker or headset that is not named in it is not there."""
        self._devices = devices
        self._country = country
        self._ringer = ringer
        self._mixer = mixer
        self._on_trouble = on_trouble
        self._controls = controls
        self._jack = jack
        self._cards = named((*devices.values(), ringer.device))
        self._plugs: tuple[Plug | None, ...] = ()
        self._seen: set[Place] = set()
        """Whose cards have worked."""
        self._troubles: dict[Role, str] = {}
        self._route = Route()
        self._changed = threading.Event()
        self._closing = False
        self._duplex: Duplex | None = None
        self._open: Device | None = None
        """The device that `_duplex` is."""
        self._place: Place | None = None
        """Where the sound of `_duplex` goes."""
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
        self._replugged()
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
        self._controls.settle()
        for role in _ROLES:
            place = self._where(role)
            if place not in self._devices or self._ringer.holds(self._devices[place].playback):
                continue
            self._busy_since = time.monotonic()
            try:
                Duplex(self._devices[place], place).close()
            except CardError as error:
                self._complain(role, error)
            else:
                self._works(role)
        self._ringer.probe()

    def _replugged(self) -> bool:
        """Whether one of the cards was pulled out or put in since this was asked last."""
        before, self._plugs = self._plugs, tuple(plugged(card) for card in self._cards)
        return before != self._plugs

    def _where(self, role: Role) -> Place:
        """A headset that is plugged in stands for the handset."""
        headset = role == "handset" and self._jack is not None and self._jack.plugged and "headset" in self._devices
        return "headset" if headset else role

    def _opened(self, role: Role, route: Route) -> bool:
        place = self._where(role)
        device = self._devices.get(place, Device())
        if self._duplex is not None and self._open == device:
            if self._place != place:
                self._controls.begin(place)
                self._arrive(place)
            return True
        self._drop()
        if time.monotonic() < self._retry_at.get(role, 0.0):
            return False
        self._ringer.wait_idle()
        self._controls.settle()
        self._controls.begin(place)
        try:
            duplex = Duplex(device, place)
            duplex.start(self.ear.read(route, duplex.fill, None))
        except CardError as error:
            self._failed(role, error)
            return False
        self._duplex, self._open = duplex, device
        self._soft_due = 0.0
        self._arrive(place)
        self._works(role)
        return True

    def _arrive(self, place: Place) -> None:
        self._place = place
        if (place == "speaker") is not (self._suppressor is not None):
            self._suppressor = Suppressor() if place == "speaker" else None

    def _card_period(self, role: Role) -> None:
        duplex = self._duplex
        if duplex is None:
            return
        try:
            microphone = duplex.read()
            route = self._route
            count = len(microphone)
            played = self.ear.read(route, count, self._mixer.hear(route, count))
            if route.probe is not None:
                played = route.probe.exchange(microphone, duplex.xruns)
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
        self._complain(role, error)

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
        # a card can come and go with nobody using it, and nobody told: that is looked for, in some microseconds
        looks = troubled or bool(self._cards)
        if not self._changed.wait(_REPROBE if looks else None) and (self._replugged() or troubled):
            self._probe()
        self._changed.clear()

    def _drop(self) -> None:
        if self._duplex is not None:
            self._lost_xruns += self._duplex.xruns
            duplex, self._duplex = self._duplex, None
            self._open = None
            duplex.close()

    def _works(self, role: Role) -> None:
        self._seen.add(self._where(role))
        self._tell(role, "")

    def _complain(self, role: Role, error: CardError) -> None:
        place, gone = self._where(role), isinstance(error, CardGoneError)
        if gone:
            self._controls.lost()
        self._tell(
            role, unplugged(place, self._devices[place].playback) if gone and place in self._seen else str(error)
        )

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
