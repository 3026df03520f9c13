"""Levels: what the phone sounds like and shows is computed after each drain, and only differences are told."""

from __future__ import annotations

from dataclasses import dataclass, field

from phone import legs
from phone.calls.model import Memory, Phone
from phone.calls.outputs import Feed, Outputs, outputs
from phone.guard import Guard
from phone.media import plan
from phone.ports import Ports
from phone.sayings import recorded
from phone.ui.book import Book
from phone.ui.menu import Menu, unseen
from phone.ui.screens import Screen


@dataclass(frozen=True, slots=True)
class Demand:
    """What the self-test wants in place of what the phone's state would have."""

    screen: Screen
    lamps: frozenset[str] | None = None
    """None: as ever."""
    audio: plan.AudioPlan | None = None
    """None: as ever."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the levels are computed from."""

    phone: Phone
    menu: Menu
    book: Book
    now: float
    capture: int = 0
    """The packet capture that goes on; 0: none does."""
    test: Demand | None = None


@dataclass(slots=True)
class Levels:
    """What was told last."""

    ports: Ports
    guard: Guard
    packet_ms: int
    shown: Screen | None = None
    lit: frozenset[str] | None = None
    """The lamps. `message` also tells of missed calls that nobody has looked at."""
    _plan: plan.Plan | None = None
    _memory: Memory | None = field(default=None)

    def follow(self, seen: Seen) -> None:
        """Tell what differs; a level that fails leaves the others."""
        for level in (self._media, self._light, self._show, self._remember):
            self.guard.attempt(level, seen)

    def begin_media_anew(self) -> None:
        """A fresh media process knows no plan."""
        self._plan = None

    def _light(self, seen: Seen) -> None:
        lit = outputs(seen.phone).lamps
        if unseen(seen.menu, seen.book):
            lit |= {"message"}
        if seen.test is not None and seen.test.lamps is not None:
            lit = seen.test.lamps
        if lit != self.lit:
            self.lit = lit
            self.ports.lamps.light(lit)

    def _show(self, seen: Seen) -> None:
        test = seen.test
        screen = test.screen if test else self.ports.compose(seen.phone, seen.menu, seen.book, seen.now)
        if screen != self.shown:
            self.shown = screen
            self.ports.show(screen)

    def _remember(self, seen: Seen) -> None:
        memory = seen.phone.memory
        if memory != self._memory:
            first, self._memory = self._memory is None, memory
            if not first:
                self.ports.remember(memory)

    def _media(self, seen: Seen) -> None:
        out = outputs(seen.phone)
        new = plan.Plan(
            audio=self._audio(seen, out),
            legs=self._legs(seen, out),
            ice_servers=tuple(map(legs.ice_server, self.ports.client.ice_servers())),
            capture=seen.capture,
        )
        if new != self._plan:
            self._plan = new
            self.ports.media.send(new)

    def _audio(self, seen: Seen, out: Outputs) -> plan.AudioPlan:
        if seen.test is not None and seen.test.audio is not None:
            return seen.test.audio
        return plan.AudioPlan(
            handset=out.handset,
            speaker=out.speaker,
            tone=out.tone.value if out.tone else None,
            key_tone=out.key_tone,
            talk=out.talk,
            send=out.send,
            ringer=out.ringer,
            ring=out.ring,
            handset_volume=out.handset_volume,
            speaker_volume=out.speaker_volume,
            ringer_volume=out.ringer_volume,
            listen=out.listen,
            play=self.ports.sayings.play(seen.phone, out, seen.menu, seen.book),
            record=recorded(seen.phone, out, seen.menu),
        )

    def _legs(self, seen: Seen, out: Outputs) -> tuple[plan.LegPlan, ...]:
        wishes = self.ports.agent.wishes()
        if not wishes:
            return ()
        feeds: dict[str, Feed] = dict(out.feeds)
        holding = {c.id for c in seen.phone.calls if c.held_by_peer}
        other: dict[str, str] = {a: b for pair in out.bridges for a, b in (pair, pair[::-1])}
        greeting = self.ports.sayings.greeting(seen.book) if Feed.GREETING in feeds.values() else ()
        return tuple(
            legs.leg_plan(
                w,
                self.packet_ms,
                feeds.get(w.id, Feed.MICROPHONE),
                other.get(w.id),
                held=w.id in holding,
                say=greeting,
                record=w.id in out.record,
            )
            for w in wishes
        )
