"""What the engine is told by the media process: facts are kept, and the core and the rooms that wait for it hear of it.

Law: nothing in here decides anything about a call; the core and the Jingle room do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from phone import legs
from phone.acts import Acts
from phone.calls import events as ev
from phone.calls.model import CallId, Phone
from phone.capturing import Capturing
from phone.measured import Measured
from phone.media import plan, planrecordings
from phone.media.captured import Captured
from phone.media.planprobes import Probed, ServersAsked
from phone.ports import Ports

log = logging.getLogger(__name__)


@dataclass(slots=True)
class MediaReports:
    """One item at a time, as the engine's own handlers; `step` is the core's."""

    ports: Ports
    acts: Acts
    measured: Measured
    capturing: Capturing
    now: Callable[[], float]
    phone: Callable[[], Phone]
    step: Callable[[ev.Event], None]

    def told(self, report: plan.Report) -> None:
        """Take one; those of a menu's playback are the menu's."""
        match report:
            case plan.AudioTrouble():
                self.measured.trouble(report)
                self._sound()
            case plan.Alive():
                self.measured.lives(report)
                self._sound()
            case planrecordings.Recorded():
                self._tell(self.ports.mail.sound(report))
            case planrecordings.RecordedAll(source):
                self.ports.mail.all_in(source)
            case Captured():
                self.capturing.told(report)
            case Probed() | ServersAsked():
                log.debug("%s comes too late", type(report).__name__)
            case planrecordings.PlayAt() | planrecordings.PlayDone():
                log.debug("%s is nothing for a call", type(report).__name__)
            case _:
                self._of_leg(report)

    def lost(self) -> None:
        """Keys and paths died with the process: the far ends are told."""
        self.measured.died()
        self._tell(self.ports.mail.media_lost())
        self._sound()
        for wish in self.ports.agent.wishes():
            self.acts.carry_out(self.ports.agent.media_failed(wish.id, "internal", self.now()))

    def _of_leg(
        self,
        report: (
            plan.LegDescribed
            | plan.LegCandidate
            | plan.LegUp
            | plan.LegFailed
            | plan.LegStats
            | plan.LegSaid
            | plan.DigitHeard
        ),
    ) -> None:
        agent, now = self.ports.agent, self.now()
        match report:
            case plan.LegDescribed():
                self.acts.carry_out(agent.described(report.leg, legs.local_media(report), now))
            case plan.LegCandidate():
                candidate = legs.candidate_up(report.candidate)
                self.acts.carry_out(agent.candidate(report.leg, candidate, report.restart, now))
            case plan.LegUp():
                self.measured.leg(report.leg).profile = report.profile
                self.acts.carry_out(agent.media_up(report.leg, now))
                self.step(ev.MediaUp(CallId(report.leg), report.encrypted, now))
            case plan.LegFailed():
                told = (report.leg[:8], report.fault, report.detail)
                log.warning("leg %s failed: %s %s", *told, extra={"call": report.leg})
                self.acts.carry_out(agent.media_failed(report.leg, report.fault, now))
            case plan.LegStats():
                self.measured.leg(report.leg).figures.add(report)
            case plan.LegSaid(leg):
                self.step(ev.GreetingOver(CallId(leg), now))
            case plan.DigitHeard():
                self._digit(report.leg)

    def _digit(self, leg: str) -> None:
        """That one was heard, and never which: callers type PINs."""
        facts = self.measured.leg(leg)
        facts.digits += 1
        log.info("call %s digit heard, %d so far", leg[:8], facts.digits, extra={"remote": leg, "call": leg})

    def _sound(self) -> None:
        """The core knows whether the handset is any use."""
        if self.measured.sound is not self.phone().sound:
            self.step(ev.SoundChanged(self.measured.sound, self.now()))

    def _tell(self, events: tuple[ev.Event, ...]) -> None:
        for event in events:
            self.step(event)
