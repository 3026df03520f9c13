"""The media process's inside: the audio thread, the ringer and the legs, all following the newest `Plan`."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from typing import Protocol

from phone.media.audio import AudioThread, Route
from phone.media.codecs import Codec
from phone.media.coders import make_codec
from phone.media.dtls import Certificate
from phone.media.leg import Leg, Surroundings
from phone.media.plan import Alive, AudioTrouble, DigitHeard, LegPlan, Plan, Report, SendDigit, Setup
from phone.media.ringer import Ringer
from phone.media.sockets import local_addresses
from phone.media.speech import Speech
from phone.media.tones import countries

log = logging.getLogger(__name__)

_COLLECT_EVERY = 60
"""Seconds. The collector is off by itself; what was there at the start is frozen, so this takes under a millisecond."""
STUCK_TOO_LONG = 5.0
"""Seconds: opening a USB card takes one at most, and a period that does not come is noticed after half a second."""
_SPARE_AFTER = 0.5
"""Seconds after a certificate was used until the next one is made: not while a call begins."""


class Reporter(Protocol):
    """Where reports go."""

    def report(self, report: Report) -> None: ...
    def report_threadsafe(self, report: Report) -> None: ...


class Room:
    """Everything between the control process's socket and the far ends."""

    def __init__(self, setup: Setup, reporter: Reporter) -> None:
        self._setup = setup
        self._reporter = reporter
        self._loop = asyncio.get_running_loop()
        self._legs: dict[str, Leg] = {}
        self._plan: Plan | None = None
        self._seconds = 0
        self._was_stuck = False
        self._spare: Certificate | None = Certificate()
        self._closing: set[asyncio.Task[None]] = set()
        country = setup.country
        if country not in countries():
            log.error("no tones for country %r (there are %s): German ones are used", country, ", ".join(countries()))
            country = "de"
        self._ringer = Ringer(setup.ringer.playback, country, self._ringer_trouble)
        self._audio = AudioThread(setup.handset, country, self._ringer, self._handset_trouble)
        self._audio.start()
        self._ticker = self._loop.create_task(self._tick())

    def follow(self, plan: Plan) -> None:
        """Do what the plan says, from now on."""
        self._plan = plan
        wanted = {leg.id: leg for leg in plan.legs}
        for gone in [each for each in self._legs if each not in wanted]:
            self._leave(self._legs.pop(gone))
        for each in plan.legs:
            if each.id in self._legs:
                self._legs[each.id].follow(each)
            else:
                self._legs[each.id] = self._join(each)
        self._route()

    def digit(self, message: SendDigit) -> None:
        """Send a telephone event."""
        leg = self._legs.get(message.leg)
        if leg is None:
            log.warning("digit for leg %s, which is not there", message.leg)
            return
        leg.speech.digit(message.digit, message.ms)

    async def close(self) -> None:
        """Leave all legs and let the cards go."""
        self._ticker.cancel()
        for leg in self._legs.values():
            self._leave(leg)
        self._legs.clear()
        self._ringer.ring(on=False, volume=0)
        self._audio.close()
        if self._closing:
            await asyncio.wait(self._closing, timeout=1.0)

    def _route(self) -> None:
        if self._plan is None:
            return
        audio = self._plan.audio
        talk = self._legs.get(audio.talk[0]) if audio.talk else None
        # Handset and ringer may be one card, which opens once: the ringer yields, and lets go before the handset asks.
        handset = self._setup.handset.playback
        rings = audio.ringer and not (audio.handset and self._setup.ringer.playback == handset)
        if not rings:
            self._ringer.ring(on=False, volume=audio.ringer_volume)
        answered = tuple(leg.speech for leg in self._legs.values() if leg.speech.answered and not leg.failed)
        self._audio.route(
            Route(
                handset=audio.handset,
                tone=audio.tone,
                key_tone=audio.key_tone,
                talk=talk.speech if talk is not None and not talk.failed else None,
                send=audio.send,
                parties=answered,
                volume=audio.handset_volume,
            )
        )
        if rings:
            self._ringer.ring(on=True, volume=audio.ringer_volume)

    def _join(self, leg: LegPlan) -> Leg:
        setup, plan = self._setup, self._plan
        around = Surroundings(
            addresses=setup.addresses or local_addresses(),
            ports=setup.port_range,
            servers=(plan.ice_servers if plan else ()) or setup.ice_servers,
            relay_only=setup.relay_only,
            report=self._report,
        )
        speech = Speech(leg.id, self._make_codec, lambda digit: self._digit_heard(leg.id, digit))
        return Leg(leg, around, self._certificate(), speech)

    def _make_codec(self, name: str) -> Codec | None:
        return make_codec(name, bitrate=self._setup.opus_bitrate, complexity=self._setup.opus_complexity)

    def _certificate(self) -> Certificate:
        certificate, self._spare = self._spare or Certificate(), None
        self._loop.call_later(_SPARE_AFTER, self._make_spare)
        return certificate

    def _make_spare(self) -> None:
        self._spare = self._spare or Certificate()

    def _leave(self, leg: Leg) -> None:
        task = self._loop.create_task(leg.close())
        self._closing.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("closing a leg failed", exc_info=error)
        if not self._legs:
            gc.collect()  # the collector is off: it would stop speech for a moment

    def _report(self, report: Report) -> None:
        self._reporter.report(report)
        self._route()

    def _digit_heard(self, leg: str, digit: str) -> None:
        self._reporter.report(DigitHeard(leg, digit))
        if self._plan is not None and leg in self._plan.audio.talk:
            self._audio.ear.received.append(digit)

    def _handset_trouble(self, sentence: str) -> None:
        self._reporter.report_threadsafe(AudioTrouble("handset", sentence))

    def _ringer_trouble(self, sentence: str) -> None:
        self._reporter.report_threadsafe(AudioTrouble("ringer", sentence))

    def _watch(self) -> None:
        stuck = self._audio.stuck_for(time.monotonic())
        # Twice, a second apart: after the whole process was stopped (SIGSTOP) the thread needs a moment to come round.
        before, self._was_stuck = self._was_stuck, stuck > STUCK_TOO_LONG
        if self._was_stuck and before:
            # The thread cannot be ended from outside; the control process starts us again, and tells the far ends.
            log.critical("the sound card's driver has hung for %.0f s: this process ends", stuck)
            os._exit(os.EX_SOFTWARE)

    async def _tick(self) -> None:
        due = self._loop.time()
        while True:
            due += 1.0
            await asyncio.sleep(due - self._loop.time())
            self._watch()
            self._reporter.report(Alive(self._audio.ticks, self._audio.xruns))
            self._seconds += 1
            if self._seconds % _COLLECT_EVERY == 0:
                gc.collect()
            for leg in tuple(self._legs.values()):
                leg.tick()
                if leg.up:
                    self._reporter.report(leg.speech.stats())
