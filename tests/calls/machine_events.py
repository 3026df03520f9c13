"""Single events of a user, a network and a clock, in any order."""

# ruff: noqa: A001 - `id` is the field's word; events read as rows

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine_laws import Laws

from phone.calls import core, outputs
from phone.calls import events as ev
from phone.calls.model import CallId, Reason, Service

SLOTS = st.integers(0, 5)
PAUSES = st.sampled_from([0.0, 0.1, 1.0, 5.0, 25.0, 70.0, 200.0])


class Events(Laws):
    """Rules that are one event each, but for the clock."""

    def known(self, slot: int) -> CallId:
        """One of the last legs, alive or not, or one that never was."""
        ids = [c.id for c in self.phone.calls] + [*self.offered, *self.proposed][-2:]
        return ids[-slot - 1] if slot < len(ids) else CallId("none")

    # --- the clock ---

    @rule(seconds=PAUSES)
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.feed(ev.Ticked(self.now))
        self.nobody_waits_for_ever()

    @rule()
    def time_gets_on(self) -> None:
        """Ticking at each deadline, exactly, always moves it on, until only the reminders of held calls are left."""
        for _ in range(100):
            due = core.deadlines(self.phone)
            if due is None:
                assert not self.unsettled(), "left alone, somebody waits for ever"
                return
            if self.phone.held and not self.phone.seized and not self.unsettled():
                return
            self.now = max(self.now, due)
            self.feed(ev.Ticked(self.now))
            following = core.deadlines(self.phone)
            assert following is None or following > due, "time stands still"
        raise AssertionError("a phone left alone never comes to rest")

    # --- the user ---

    @rule()
    def lift(self) -> None:
        self.feed(ev.HookLifted(self.now))

    @rule()
    def cradle(self) -> None:
        was_lifted, speaker = self.phone.off_hook, self.phone.speaker
        self.feed(ev.HookReplaced(self.now))
        if was_lifted and not speaker:
            assert not self.phone.dialled
            assert not self.phone.seized

    @rule(key=st.sampled_from(list(ev.Key)))
    def press(self, key: ev.Key) -> None:
        self.feed(ev.KeyPressed(key, self.now))

    @rule(key=st.sampled_from(list(ev.Key)), seconds=st.sampled_from([0.1, 1.0]))
    def press_and_release(self, key: ev.Key, seconds: float) -> None:
        self.press(key)
        self.wait(seconds)
        self.feed(ev.KeyReleased(key.value, self.now))
        assert self.phone.key_down != key.value

    @rule(digit=st.sampled_from("01259*#"))
    def digit(self, digit: str) -> None:
        self.feed(ev.DigitPressed(digit, self.now))
        assert self.levels.key_tone == (digit if self.phone.seized else None)
        self.feed(ev.KeyReleased(digit, self.now))
        assert self.levels.key_tone is None

    @rule(number=st.sampled_from(["5", "7", "112", "bob@example.org", "+4930", "a b", " ", "<script>@x"]))
    def dial_requested(self, number: str) -> None:
        self.feed(ev.DialRequested(number, self.now))

    @rule()
    def hang_up_requested(self) -> None:
        self.feed(ev.HangUpRequested(self.now))
        focus = self.phone.call(self.phone.focus)
        assert not (focus and focus.live), "hang-up left a leg at the ear"

    @rule(slot=SLOTS)
    def resume_requested(self, slot: int) -> None:
        self.feed(ev.ResumeRequested(self.known(slot), self.now))

    @rule(on=st.booleans())
    def dnd(self, on: bool) -> None:
        self.feed(ev.DndChanged(on, self.now))
        assert self.phone.memory.dnd is on

    @rule(on=st.booleans())
    def lock(self, on: bool) -> None:
        self.feed(ev.LockChanged(on, self.now))
        assert self.phone.locked is (on and bool(self.phone.habits.lock_code))

    # --- the network ---

    @rule(service=st.sampled_from(list(Service)))
    def service(self, service: Service) -> None:
        before = self.phone.calls
        self.feed(ev.ServiceChanged(service, self.now))
        assert self.phone.calls == before, "speech needs no server"

    @rule(works=st.booleans())
    def sound(self, works: bool) -> None:
        before = self.phone.calls
        self.feed(ev.SoundChanged(works, self.now))
        assert (self.phone.sound, self.phone.calls) == (works, before)

    def new_call(self, *, replaces: CallId | None = None, intercom: bool = False) -> CallId:
        id = CallId(f"in{len(self.offered)}")
        self.offered.append(id)
        offer = ev.Offered(id, "bob@example.org", "Bob", self.now, replaces=replaces, intercom=intercom)
        self.feed(offer)
        if id in self.over:
            assert id in self.logged, "refused and not logged"
        else:
            before = self.phone
            self.feed(offer)
            assert self.phone == before, "the same offer twice is one"
        return id

    @rule(intercom=st.booleans())
    def offer(self, intercom: bool) -> None:
        before = self.phone
        id = self.new_call(intercom=intercom)
        dials = before.seized and (before.dialled or before.transfer)
        used = before.ear or before.offered or dials or self.levels.mailbox or before.dictation
        habits = before.habits
        turned_away = bool(before.dnd or before.full or (used and not habits.waiting))
        leaves_message = habits.answers_dnd if before.dnd else habits.answers_busy
        leaves_message = turned_away and habits.answers and leaves_message and not before.full
        assert (id in self.terminated) is (turned_away and not leaves_message)
        assert (id in [c.id for c in self.phone.answering]) is leaves_message

    @rule(slot=SLOTS)
    def offer_in_its_place(self, slot: int) -> None:
        self.new_call(replaces=self.known(slot))

    @rule(slot=SLOTS)
    def alerting(self, slot: int) -> None:
        self.feed(ev.Named(self.known(slot), "Bob", self.now))
        self.feed(ev.Alerting(self.known(slot), self.now))

    @rule(slot=SLOTS)
    def accept(self, slot: int) -> None:
        self.take_up(self.known(slot))

    def take_up(self, id: CallId) -> None:
        if id in self.proposed:
            self.answered.add(id)
        self.feed(ev.Accepted(id, self.now))

    @rule(slot=SLOTS, encrypted=st.booleans())
    def media(self, slot: int, encrypted: bool) -> None:
        self.feed(ev.MediaUp(self.known(slot), encrypted, self.now))

    @rule(slot=SLOTS, held=st.booleans())
    def peer_holds(self, slot: int, held: bool) -> None:
        self.feed(ev.PeerHeld(self.known(slot), held, self.now))

    @rule(slot=SLOTS, transfer=st.booleans())
    def capable(self, slot: int, transfer: bool) -> None:
        id = self.known(slot)
        if not ((call := self.phone.call(id)) and call.handover):
            self.feed(ev.Capable(id, transfer, self.now))

    @rule(slot=SLOTS, allowed=st.booleans())
    def transfer_asked(self, slot: int, allowed: bool) -> None:
        self.ask(self.known(slot), allowed=allowed)

    def ask(self, id: CallId, *, allowed: bool) -> None:
        call = self.phone.call(id)
        if call and call.request:
            return  # the Jingle room answers a second one itself
        if call and call.live:
            self.asks.add(id)
        self.feed(ev.TransferAsked(id, "carol@example.org", "Carol", allowed, self.now))

    @rule(slot=SLOTS, fault=st.sampled_from(list(ev.TransferFault)))
    def transfer_failed(self, slot: int, fault: ev.TransferFault) -> None:
        self.feed(ev.TransferFailed(self.known(slot), fault, self.now))

    @rule(slot=SLOTS, reason=st.sampled_from(list(Reason)))
    def ends(self, slot: int, reason: Reason) -> None:
        self.end(self.known(slot), reason)

    def end(self, id: CallId, reason: Reason) -> None:
        call, muted = self.phone.call(id), self.phone.muted
        live = call is not None and call.live
        if live:
            self.over.add(id)
            self.asks.discard(id)
        at_ear, joined = id == self.phone.focus, call is not None and call.joined
        self.feed(ev.Ended(id, reason, self.now))
        self.feed(ev.Ended(id, reason, self.now))
        if live:
            assert id in self.logged
        if live and at_ear and not joined:
            assert not (muted and self.phone.muted), "MUTE outlived its call"

    @rule(count=st.integers(0, 2))
    def missed_away(self, count: int) -> None:
        self.feed(ev.MissedAway(count, "Bob", self.now))

    @rule()
    def shut_down(self) -> None:
        self.feed(ev.ShutDown(self.now))
        assert not self.phone.busy

    @property
    def tone(self) -> outputs.Tone | None:
        return self.levels.tone
