"""The media process's inside: the audio thread, the ringer and the legs, all following the newest `Plan`."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Protocol

from phone.media.annex import Annex
from phone.media.audio import AudioThread
from phone.media.capture import PacketCapture
from phone.media.controls import CardControls
from phone.media.dtmf import FREQUENCIES
from phone.media.hold import HoldSound, TonePlayback
from phone.media.jack import Jack
from phone.media.mixer import Mixer, Party, Route
from phone.media.plan import (
    Alive,
    AudioPlan,
    AudioTrouble,
    DigitHeard,
    LegPlan,
    Plan,
    PlayDigit,
    Report,
    SendDigit,
    Setup,
    Troubled,
)
from phone.media.planprobes import AskServers, ServersAsked
from phone.media.planrecordings import SkipPlay
from phone.media.plugs import named
from phone.media.ringer import Ringer
from phone.media.ringsound import RingSound
from phone.media.soundcard import Device, Place
from phone.media.tones import countries

if TYPE_CHECKING:
    from phone.media.codecs import Codec
    from phone.media.dtls import Certificate
    from phone.media.leg import Leg
    from phone.media.speech import Speech

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
        self._spare: Certificate | None = None
        self._closing: set[asyncio.Task[None]] = set()
        country = setup.country
        if country not in countries():
            log.error("no tones for country %r (there are %s): German ones are used", country, ", ".join(countries()))
            country = "de"
        controls = CardControls(
            setup.mixer,
            lambda sentence: self._trouble("mixer", sentence),
            missed=setup.mixer.card not in named((setup.handset, setup.headset, setup.speaker, setup.ringer)),
        )
        self._jack = Jack(setup.jack, lambda sentence: self._trouble("jack", sentence)) if setup.jack else None
        ring = RingSound(country, lambda sentence: self._trouble("ring", sentence))
        self._ringer = Ringer(setup.ringer.playback, ring, lambda sentence: self._trouble("ringer", sentence), controls)
        hold = HoldSound(setup.hold, country, lambda sentence: self._trouble("hold", sentence))
        mixer = Mixer({"music": hold, "ringback": TonePlayback("ringback", country)})
        self._annex = Annex(reporter.report, self._make_codec)
        self._capture = PacketCapture(reporter.report)
        self._devices = _devices(setup)
        self._audio = AudioThread(
            self._devices, country, self._ringer, mixer, self._trouble, controls=controls, jack=self._jack
        )
        if self._jack is not None:
            self._jack.start()
        self._audio.start()
        self._ticker = self._loop.create_task(self._tick())

    def follow(self, plan: Plan) -> None:
        """Do what the plan says, from now on."""
        self._plan = plan
        self._capture.follow(plan.capture)
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

    def play_digit(self, message: PlayDigit) -> None:
        """Let the ear hear a far end's digit."""
        if message.digit in FREQUENCIES:
            self._sound_digit(message.leg, message.digit)
        else:
            log.warning("leg %s: that is no digit that can be heard", message.leg)

    def skip(self, message: SkipPlay) -> None:
        """Go on elsewhere in what the ear hears from files."""
        self._annex.skip(message)

    def ask_servers(self, message: AskServers) -> None:
        """Do the STUN and TURN servers answer?"""
        task = self._loop.create_task(self._asked(message))
        self._closing.add(task)
        task.add_done_callback(self._left)

    async def _asked(self, message: AskServers) -> None:
        from phone.media.calling import local_addresses  # noqa: PLC0415 - see the module
        from phone.media.serverprobe import ask_all  # noqa: PLC0415 - no call needs it

        addresses = self._setup.addresses or local_addresses()
        answers = await ask_all(message.servers, addresses, self._setup.port_range)
        self._reporter.report(ServersAsked(message.token, answers))

    def expect_calls(self) -> None:
        """So that the first one need not wait for what `calling` has. In any thread."""
        from phone.media import calling  # noqa: F401, PLC0415 - see the module

        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._make_spare)

    async def close(self) -> None:
        """Leave all legs and let the cards go."""
        self._ticker.cancel()
        for leg in self._legs.values():
            self._leave(leg)
        self._legs.clear()
        self._ringer.ring(on=False, volume=0)
        self._audio.close()
        if self._jack is not None:
            self._jack.close()
        self._annex.close()
        self._capture.close()
        if self._closing:
            await asyncio.wait(self._closing, timeout=1.0)

    def _route(self) -> None:
        if self._plan is None:
            return
        audio = self._plan.audio
        # Ringer and handset or speaker may be one card, which opens once: the ringer yields, and lets go before.
        places: tuple[Place, ...] = ("speaker",) if audio.speaker else ("handset", "headset") if audio.handset else ()
        taken = {self._devices[place].playback for place in places if place in self._devices}
        rings = audio.ringer and self._setup.ringer.playback not in taken
        if not rings:
            self._ringer.ring(on=False, volume=audio.ringer_volume)
        self._audio.route(self._route_of(self._plan))
        if rings:
            self._ringer.ring(on=True, volume=audio.ringer_volume, ring=audio.ring)

    def _route_of(self, plan: Plan) -> Route:
        audio = plan.audio
        live = {leg.id: leg for leg in self._legs.values() if not leg.failed}
        bridged = self._bridge(audio, live)
        sounds: dict[Party, Literal["music", "ringback"]] = {}
        for leg in live.values():
            if leg.plan.feed in ("music", "ringback"):
                sounds[leg.speech] = leg.plan.feed
            leg.speech.out.music = leg.plan.feed == "music" and leg.id not in audio.talk
            leg.speech.out.hushed = leg.plan.feed in ("silence", "say") and leg.id not in audio.talk
        self._say(audio, live)
        return Route(
            handset=audio.handset,
            speaker=audio.speaker,
            tone=audio.tone,
            key_tone=audio.key_tone,
            talk=tuple(live[each].speech for each in audio.talk if each in live),
            send=audio.send,
            parties=tuple(leg.speech for leg in live.values() if leg.speech.answered and leg.id not in bridged),
            sounds=sounds,
            volume=audio.speaker_volume if audio.speaker else audio.handset_volume,
            listen=tuple(live[each].speech for each in audio.listen if each in live),
            play=self._annex.play(audio.play),
            record=self._annex.record(self._recorded(plan), audio.record),
            probe=self._annex.probe(audio.probe),
        )

    def _say(self, audio: AudioPlan, live: dict[str, Leg]) -> None:
        saying = [leg for leg in live.values() if leg.plan.feed == "say" and leg.id not in audio.talk]
        self._annex.say({leg.id: (leg.speech.out, leg.plan.say) for leg in saying})

    def _recorded(self, plan: Plan) -> dict[str, Speech | None]:
        legs = [self._legs[each.id] for each in plan.legs if each.record and each.id in self._legs]
        return {leg.id: None if leg.failed else leg.speech for leg in legs}

    def _bridge(self, audio: AudioPlan, live: dict[str, Leg]) -> set[str]:
        """Send on what is to be sent on; returns the legs that hear another one so."""
        hears = {
            leg.id: leg.plan.bridge
            for leg in live.values()
            if leg.plan.feed == "bridge" and leg.id not in audio.talk and leg.plan.bridge != leg.id
        }
        listener = {source: leg for leg, source in hears.items() if source in live and source not in audio.talk}
        for leg in self._legs.values():
            if leg.id not in listener:
                leg.speech.send_on(None)
        for source, leg_id in listener.items():
            live[source].speech.send_on(live[leg_id].speech.out)
        return set(listener.values())

    def _join(self, leg: LegPlan) -> Leg:
        from phone.media.calling import Leg, Speech, Surroundings, local_addresses  # noqa: PLC0415 - see the module

        setup, plan = self._setup, self._plan
        around = Surroundings(
            addresses=setup.addresses or local_addresses(),
            ports=setup.port_range,
            servers=(plan.ice_servers if plan else ()) or setup.ice_servers,
            relay_only=setup.relay_only,
            report=self._report,
            capture=self._capture,
        )
        speech = Speech(leg.id, self._make_codec, lambda digit: self._digit_heard(leg.id, digit))
        return Leg(leg, around, self._certificate(), speech)

    def _make_codec(self, name: str) -> Codec | None:
        from phone.media.calling import make_codec  # noqa: PLC0415 - see the module

        return make_codec(name, bitrate=self._setup.opus_bitrate, complexity=self._setup.opus_complexity)

    def _certificate(self) -> Certificate:
        from phone.media.calling import Certificate  # noqa: PLC0415 - see the module

        certificate, self._spare = self._spare or Certificate(), None
        self._loop.call_later(_SPARE_AFTER, self._make_spare)
        return certificate

    def _make_spare(self) -> None:
        from phone.media.calling import Certificate  # noqa: PLC0415 - see the module

        self._spare = self._spare or Certificate()

    def _leave(self, leg: Leg) -> None:
        leg.speech.send_on(None)
        task = self._loop.create_task(leg.close())
        self._closing.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("closing a leg, or asking servers, failed", exc_info=error)
        if not self._legs:
            gc.collect()  # the collector is off: it would stop speech for a moment

    def _report(self, report: Report) -> None:
        self._route()  # before: of a leg that has failed all that was recorded is told first
        self._reporter.report(report)

    def _digit_heard(self, leg: str, digit: str) -> None:
        self._reporter.report(DigitHeard(leg, digit))
        self._sound_digit(leg, digit)

    def _sound_digit(self, leg: str, digit: str) -> None:
        if self._plan is not None and leg in (*self._plan.audio.talk, *self._plan.audio.listen):
            self._audio.ear.received.append(digit)

    def _trouble(self, device: Troubled, sentence: str) -> None:
        self._reporter.report_threadsafe(AudioTrouble(device, sentence))

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
        self._reporter.report(Alive(0, 0))  # the phone is ready now, not in a second
        while True:
            due += 1.0
            await asyncio.sleep(due - self._loop.time())
            self._watch()
            stuck = self._audio.stuck_for(time.monotonic())
            self._reporter.report(Alive(self._audio.ticks, self._audio.xruns, stuck))
            self._seconds += 1
            if self._seconds % _COLLECT_EVERY == 0:
                gc.collect()
            for leg in tuple(self._legs.values()):
                leg.tick()
                if leg.up:
                    self._reporter.report(leg.stats())


def _devices(setup: Setup) -> dict[Place, Device]:
    """What there is. A missing handset is to be complained of, but not where no sound is meant to be at all."""
    devices: dict[Place, Device] = {"handset": setup.handset, "speaker": setup.speaker, "headset": setup.headset}
    for place in ("speaker", "headset"):
        if devices[place] == Device():
            del devices[place]
    return {} if setup.handset == setup.speaker == setup.ringer == Device() else devices
