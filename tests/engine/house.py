"""A wire with what a real network adds: IQs that nobody answers time out, stanzas of different pairs overtake each
other, phones lose their power, and a far end that no longer sends is missed after a while.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from xml.etree.ElementTree import Element

from rig.wire import Wire, WirePhone

from phone import inbox
from phone.calls.model import Call, Progress
from phone.media import plan
from phone.xmpp.api import IqError

IQ_SECONDS = 20.0
CONSENT_SECONDS = 15.0
NUMBERS = {"alice": "201", "bob": "202", "carol": "203", "dave": "204"}


class House(Wire):
    """`random`: each stanza takes up to `slowest` seconds; those of one pair keep their order (RFC 6120 10.1)."""

    def __init__(self, random: Random | None = None, slowest: float = 0.5) -> None:
        super().__init__()
        self.dead: set[str] = set()
        self.random, self.slowest = random, slowest
        self._last: dict[tuple[str, str], float] = {}
        self._silent: dict[tuple[str, str], float] = {}

    def add(self, name: str, resource: str = "desk", **numbers: str) -> Housed:
        phone = Housed(self, f"{name}@x", f"{name}@x/{resource}")
        self.phones[phone.full] = phone
        return phone

    @property
    def alive(self) -> list[WirePhone]:
        return [p for p in self.phones.values() if p.full not in self.dead]

    def carry(self, sender: str, to: str, payload: Element, deliver: Callable[[WirePhone], None]) -> None:
        self.count += 1
        self.sent.append((sender, to, payload))
        if self.lose(self.count) or sender in self.dead:
            return
        for target in [self.phones[to]] if to in self.phones else self.resources(to):
            if target.full not in self.dead:
                self.loop.call_at(self._arrival(sender, target.full), deliver, target)

    def _arrival(self, sender: str, to: str) -> float:
        takes = self.random.uniform(0, self.slowest) if self.random else self.latency
        at = max(self.loop.now + takes, self._last.get((sender, to), 0.0))
        self._last[sender, to] = at
        return at

    # --- time -----------------------------------------------------------------------------------------------------

    def run(self, seconds: float = 0.5) -> None:
        """In steps of at most a second, after each of which silent legs are noticed."""
        while seconds > 0:
            super().run(min(seconds, 1.0))
            seconds -= 1.0
            self._notice_silence()

    def _notice_silence(self) -> None:
        for phone in self.alive:
            for leg in sorted(phone.media.up):
                if self.far_leg(phone, leg):
                    self._silent.pop((phone.full, leg), None)
                elif self.loop.now - self._silent.setdefault((phone.full, leg), self.loop.now) >= CONSENT_SECONDS:
                    del self._silent[phone.full, leg]
                    phone.engine.post(inbox.MediaTold(plan.LegFailed(leg, "no-rtp", "silence")))

    def far_leg(self, phone: WirePhone, id: str) -> tuple[WirePhone, str] | None:
        """Who has the other end of a leg of `phone`, and by which id; None: nobody has."""
        leg = phone.engine.ports.agent.legs.get(id)
        if leg is None or leg.session is None:
            return None
        far = self.phones.get(leg.session.peer)
        if far is None or far.full in self.dead:
            return None
        for other in far.engine.ports.agent.legs:
            if other.session and other.session.sid == leg.session.sid and other.session.peer == phone.full:
                return far, other.id
        return None

    def far_call(self, phone: WirePhone, call: Call) -> tuple[WirePhone, Call] | None:
        """The same as the far end's call core knows it."""
        far = self.far_leg(phone, call.id)
        known = far[0].engine.phone.call(far[1]) if far else None
        return (far[0], known) if far and known else None

    # --- people ---------------------------------------------------------------------------------------------------

    def live(self, seconds: float) -> None:
        """People answer a bell after two seconds, and hang up on a tone that says that it is over."""
        rung: dict[str, float] = {}
        for _ in range(int(seconds)):
            self.run(1.0)
            for phone in self.alive:
                if not phone.out.ringer:
                    rung.pop(phone.full, None)
                elif self.loop.now - rung.setdefault(phone.full, self.loop.now) >= 2:
                    phone.hang_up()
                    phone.lift()
                focus = phone.engine.phone.call(phone.engine.phone.focus)
                if focus and not focus.live and not phone.engine.phone.held:
                    phone.hang_up()

    def rest(self) -> None:
        """What must be so once nobody has done anything for a while."""
        for phone in self.alive:
            state = phone.engine.phone
            live = [c for c in state.calls if c.live]
            assert {c.id for c in live} == {w.id for w in phone.engine.ports.agent.wishes()}, f"{phone.bare}: owners"
            assert not phone.engine.guard.faults, f"{phone.bare}: {phone.engine.guard.faults}"
            for call in live:
                where = f"{phone.bare}: {call}"
                assert call.progress is Progress.CONNECTED, where
                assert not any((call.handover, call.replaces, call.request, call.leaves_at)), where
                assert call in state.held or call.bridged or call.id in phone.out.talk or call.held, where
                far = self.far_call(phone, call)
                assert far is not None, f"{where} speaks to nobody"
                assert far[1].held is call.held_by_peer, f"{where}: {far[0].bare} tells another story of hold"

    def all_hang_up(self) -> None:
        """And what still rings is refused; nothing may be left of any call."""
        for _ in range(8):
            for phone in self.alive:
                if phone.out.ringer or phone.engine.phone.held:
                    phone.lift()
                    phone.press("HOLD")
                phone.hang_up()
                self.run(5)
        self.run(120)
        for phone in self.alive:
            left = [c for c in phone.engine.phone.calls if c.live]
            assert not left, f"{phone.bare}: {left}"
            assert not phone.engine.ports.agent.wishes(), f"{phone.bare}: a leg without an owner"
            ids = [c.call.id for c in phone.log]
            assert len(ids) == len(set(ids)), f"{phone.bare}: logged twice"
            assert not phone.out.ringer


class Housed(WirePhone):
    """Its IQs time out."""

    def __init__(self, wire: House, bare: str, full: str) -> None:
        self.answered: set[str] = set()
        super().__init__(wire, bare, full)

    def send_iq(self, to: str, payload: Element, token: str) -> None:
        super().send_iq(to, payload, token)
        self.wire.loop.call_at(self.wire.loop.now + IQ_SECONDS, self._give_up, token)

    def _give_up(self, token: str) -> None:
        if token not in self.answered:
            self.engine.post(inbox.Replied(token, "timeout"))

    def reply(self, to: str, iq_id: str, error: IqError | None) -> None:
        token = iq_id.partition("#")[2]

        def deliver(target: WirePhone) -> None:
            assert isinstance(target, Housed)
            target.answered.add(token)
            target.engine.post(inbox.Replied(token, error.condition if error else None))

        self.wire.carry(self.full, to, Element("reply"), deliver)
