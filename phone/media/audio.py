"""The audio thread: read the microphone, write the ear, encode, send; the card is the clock.

Everything it does follows one `Route`, a level that the loop replaces whole. With no handset lifted but legs up
(a held call, a card that vanished) a soft clock of 20 ms keeps silence flowing; with neither, the thread sleeps.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from phone.media.card import PERIOD, RATE, CardError, Duplex
from phone.media.plan import Device
from phone.media.ringer import Ringer
from phone.media.tones import TonePlayer
from phone.media.voice import UNITY, Volume, mix, ramp, scale

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
_KEY_TONE = RATE * 60 // 1000
"""A key's tone sounds at least this long, however fast the key was."""
_FAR_DIGIT = RATE // 10
_FAR_DIGIT_GAIN = UNITY // 4


class Party(Protocol):
    """A leg, as the audio thread sees it. Both methods are called from that thread alone."""

    def hear(self, samples: int) -> array[int]:
        """What the far end says in the next `samples` to be played."""

    def speak(self, samples: array[int] | None, count: int) -> None:
        """Say `count` samples: the microphone's, or None for silence (held, muted, not listened to)."""


@dataclass(frozen=True, slots=True)
class Route:
    """What the audio thread does now."""

    handset: bool = False
    tone: str | None = None
    key_tone: str | None = None
    talk: Party | None = None
    send: bool = False
    parties: tuple[Party, ...] = ()
    """All legs that want packets."""
    volume: int = 80


class Ear:
    """What the ear hears besides speech: call progress tone, own keys, the far end's keys."""

    def __init__(self, country: str) -> None:
        self._tone = TonePlayer(country)
        self._key = TonePlayer(country)
        self._far = TonePlayer(country)
        self._volume = Volume(80)
        self._key_left = 0
        self._far_left = 0
        self.pressed: deque[str] = deque()
        """Digits pressed, so that the shortest press is heard."""
        self.received: deque[str] = deque()
        """Digits that the far end sent."""

    def read(self, route: Route, samples: int, speech: array[int] | None) -> array[int]:
        """Tones over speech."""
        self._tone.play(route.tone)
        self._follow_key(route, samples)
        self._follow_far(samples)
        out = speech
        for part in (self._tone.read(samples), self._key.read(samples), self._far_part(samples)):
            if part is not None:
                out = part if out is None else mix(out, part)
        if out is None:
            return array("h", bytes(2 * samples))
        self._volume.turn(route.volume)
        return self._volume.apply(out)

    def _follow_key(self, route: Route, samples: int) -> None:
        self._key_left -= samples
        if self._key_left > 0:
            return
        if self.pressed:
            self._key.play(None)
            self._key.play(self.pressed.popleft())
            self._key_left = _KEY_TONE
        else:
            self._key.play(route.key_tone)

    def _follow_far(self, samples: int) -> None:
        self._far_left -= samples
        if self._far_left <= 0:
            self._far.play(self.received.popleft() if self.received else None)
            self._far_left = _FAR_DIGIT

    def _far_part(self, samples: int) -> array[int] | None:
        part = self._far.read(samples)
        return None if part is None else scale(part, _FAR_DIGIT_GAIN)


class AudioThread:
    """Owns the handset's card. `on_trouble` gets a sentence, or "" when mended, in this thread."""

    def __init__(self, device: Device, country: str, ringer: Ringer, on_trouble: Callable[[str], None]) -> None:
        self._device = device
        self._country = country
        self._ringer = ringer
        self._on_trouble = on_trouble
        self._trouble = ""
        self._route = Route()
        self._changed = threading.Event()
        self._closing = False
        self._duplex: Duplex | None = None
        self._retry_at = 0.0
        self._soft_due = 0.0
        self._lost_xruns = 0
        self._busy_since: float | None = None
        self._heard: Party | None = None
        """Who was heard in the period before."""
        self._told: Party | None = None
        """Who got the microphone in the period before."""
        self.ear = Ear(country)
        self.ticks = 0
        """Periods done: grows while the handset runs."""
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
        if route.key_tone is not None and route.key_tone != self._route.key_tone:
            self.ear.pressed.append(route.key_tone)
        wakes = (route.handset, bool(route.parties)) != (self._route.handset, bool(self._route.parties))
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
            if route.handset and self._opened(route):
                self._card_period(route)
            elif route.parties or route.handset:
                self._soft_period(route)
            else:
                self._park()
        self._drop()

    def _probe(self) -> None:
        if self._ringer.holds(self._device.playback):
            return
        self._busy_since = time.monotonic()
        # also loads alsa-lib's configuration (some 10 ms), which the first dial tone must not wait for
        try:
            Duplex(self._device).close()
        except CardError as error:
            self._tell(str(error))
        else:
            self._tell("")
        self._ringer.probe()

    def _opened(self, route: Route) -> bool:
        if self._duplex is not None:
            return True
        if time.monotonic() < self._retry_at:
            return False
        self._ringer.wait_idle()
        try:
            duplex = Duplex(self._device)
            duplex.start(self.ear.read(route, duplex.fill, None))
        except CardError as error:
            self._retry_at = time.monotonic() + _REOPEN
            self._tell(str(error))
            return False
        self._duplex = duplex
        self._tell("")
        return True

    def _card_period(self, route: Route) -> None:
        duplex = self._duplex
        if duplex is None:
            return
        try:
            microphone = duplex.read()
            route = self._route
            count = len(microphone)
            duplex.write(self.ear.read(route, count, self._speech(route.talk, count)))
        except CardError as error:
            self._drop()
            self._retry_at = time.monotonic() + _REOPEN
            self._tell(str(error))
            return
        self.ticks += 1
        self._tell_parties(route, microphone)

    def _speech(self, talk: Party | None, count: int) -> array[int] | None:
        """What the ear hears of the far end; who is heard no more fades out, who is heard now fades in."""
        before, self._heard = self._heard, talk
        speech = None if talk is None else talk.hear(count)
        if before is talk:
            return speech
        fading = None if before is None else ramp(before.hear(count), UNITY, 0, count)
        if speech is None or fading is None:
            return fading if speech is None else ramp(speech, 0, UNITY, count)
        return mix(fading, ramp(speech, 0, UNITY, count))

    def _tell_parties(self, route: Route, microphone: array[int]) -> None:
        """The microphone, faded as it opens and closes, to the one who may hear it; silence to all others."""
        before, self._told = self._told, route.talk if route.send else None
        for party in route.parties:
            said: array[int] | None = None
            if party is self._told:
                said = microphone if party is before else ramp(microphone, 0, UNITY, len(microphone))
            elif party is before:
                said = ramp(microphone, UNITY, 0, len(microphone))
            party.speak(said, len(microphone))

    def _soft_period(self, route: Route) -> None:
        if self._duplex is not None and not route.handset:
            self._drop()
        now = time.monotonic()
        if now - self._soft_due > 1.0:
            self._soft_due = now
        if self._soft_due > now and self._changed.wait(self._soft_due - now):
            self._changed.clear()
            return
        self._soft_due += _SOFT_PERIOD / RATE
        if route.talk:
            route.talk.hear(_SOFT_PERIOD)  # to nobody: speech must not pile up
        for party in route.parties:
            party.speak(None, _SOFT_PERIOD)

    def _park(self) -> None:
        self._drop()
        self._busy_since = None
        if not self._changed.wait(_REPROBE if self._trouble or self._ringer.troubled else None):
            self._probe()
        self._changed.clear()

    def _drop(self) -> None:
        if self._duplex is not None:
            self._lost_xruns += self._duplex.xruns
            duplex, self._duplex = self._duplex, None
            self._heard = self._told = None
            duplex.close()

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)


def become_real_time(priority: int) -> None:
    """SCHED_FIFO for the calling thread alone, where the system allows it (LimitRTPRIO of the unit)."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError as error:
        log.info("no real-time priority (%s): voice may stutter under load", error)
