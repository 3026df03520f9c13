"""A user, a network and a clock do anything, in any order; the laws of the call core hold anyway.

Single random events reach little; the rules that are whole user actions reach the deep states.
"""

# ruff: noqa: A001 - `id` is the field's word; events read as rows

from __future__ import annotations

import os

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from phone.calls import commands as do
from phone.calls import core, outputs, timers
from phone.calls import events as ev
from phone.calls.model import Call, CallId, IdSource, Phone, Progress, Reason, Service
from phone.calls.numbers import DialPlan

SLOTS = st.integers(0, 3)
PAUSES = st.sampled_from([0.0, 0.1, 1.0, 5.0, 25.0, 70.0, 200.0])


class PhoneModel(RuleBasedStateMachine):
    """`self.now` only grows; every command is checked as it comes, every state after each rule."""

    @initialize(online=st.booleans(), digit_map=st.sampled_from(["", "[1-8]xx|0T|9x.T|*1#"]))
    def boot(self, online: bool, digit_map: str) -> None:
        service = Service.ONLINE if online else Service.NO_NETWORK
        plan = DialPlan.of("example.org", None, digit_map, {"7": "bob@example.org"})
        self.phone = Phone(IdSource(b"model"), service=service, plan=plan)
        self.now = 1000.0
        self.offers = 0
        self.offered: list[CallId] = []
        self.proposed: list[CallId] = []
        self.accepted: set[CallId] = set()
        self.answered: set[CallId] = set()
        self.over: set[CallId] = set()
        self.terminated: set[CallId] = set()
        self.logged: list[CallId] = []

    # --- the harness ---

    def feed(self, event: ev.Event) -> None:
        note(repr(event))
        before = self.phone
        self.phone, commands = core.step(before, event)
        assert core.step(before, event) == (self.phone, commands), "step is not pure"
        for command in commands:
            self.check(before, event, command)
        ended = {c.id for c in before.calls if c.live} - {c.id for c in self.phone.calls if c.live}
        told = {c.call.id for c in commands if isinstance(c, do.LogCall)}
        assert ended <= told, "a call vanished without a log entry"
        for call in before.calls:
            after = self.phone.call(call.id)
            if call.live and after and after.live:
                assert after.encrypted == call.encrypted or isinstance(event, ev.MediaUp), "the lock changed by itself"
        self.one_call_and_no_sound_on_hook()
        self.microphone()
        self.progress_is_earned()
        self.levels_agree()

    def check(self, before: Phone, event: ev.Event, command: do.Command) -> None:
        match command:
            case do.Propose(id, to):
                assert id not in [*self.proposed, *self.offered], "an id twice"
                assert "@" in to
                assert before.service is Service.ONLINE, "called without service"
                self.proposed.append(id)
            case do.Accept(id):
                assert id in self.offered, "accepted what nobody offered"
                assert id not in self.accepted | self.over, "accepted twice or too late"
                assert self.phone.seized, "answered by itself"
                self.accepted.add(id)
            case do.Terminate(id):
                assert id not in self.terminated, "terminated twice"
                assert id not in self.over, "terminated what had ended"
                self.terminated.add(id)
                self.over.add(id)
            case do.SendDtmf(id, digit):
                assert outputs.outputs(before).talk == id, "DTMF to a leg that nobody hears"
                assert digit in ev.DIGITS
            case do.LogCall(call, ended_at):
                self.check_log(call, ended_at, event)

    def check_log(self, call: Call, ended_at: float, event: ev.Event) -> None:
        assert call.id not in self.logged, "logged twice"
        assert call.progress is Progress.ENDED
        assert call.reason is not None
        assert call.since <= ended_at <= event.at
        if call.answered_at is not None:
            assert call.id in self.accepted | self.answered, "logged as answered, but was not"
        self.logged.append(call.id)
        self.over.add(call.id)

    def known(self, slot: int) -> CallId:
        """One of the last legs, alive or not, or one that never was."""
        ids = [*self.offered, *self.proposed]
        newest = self.phone.calls[-1:]
        if slot == 0 and newest:
            return newest[0].id
        return ids[-slot] if 0 < slot <= len(ids) else CallId("none")

    def waiting(self) -> list[Call]:
        """Calls that are neither talked on nor over: each must end by itself."""
        return [c for c in self.phone.calls if c.live and c.progress is not Progress.CONNECTED]

    # --- single events ---

    @rule(seconds=PAUSES)
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.feed(ev.Ticked(self.now))
        due = core.deadlines(self.phone)
        assert due is None or due > self.now, "a tick left something undone"
        limits = self.phone.timers
        patience = {
            Progress.OFFERED: limits.ring,
            Progress.PROPOSED: limits.no_answer,
            Progress.ALERTING: limits.no_answer,
        }
        for call in self.phone.calls:
            assert self.now < call.since + patience.get(call.progress, float("inf")), "somebody waits for ever"

    @rule()
    def time_gets_on(self) -> None:
        """Ticking at each deadline, exactly, always moves it on, until nothing is due."""
        for _ in range(60):
            due = core.deadlines(self.phone)
            if due is None:
                assert not self.waiting(), "left alone, somebody waits for ever"
                return
            self.now = max(self.now, due)
            self.feed(ev.Ticked(self.now))
            following = core.deadlines(self.phone)
            assert following is None or following > due, "time stands still"
        raise AssertionError("a phone left alone never comes to rest")

    @rule()
    def lift(self) -> None:
        self.feed(ev.HookLifted(self.now))

    @rule()
    def cradle(self) -> None:
        was_lifted = self.phone.off_hook
        self.feed(ev.HookReplaced(self.now))
        assert not (was_lifted and self.phone.dialled)
        assert all(c.progress is Progress.OFFERED for c in self.phone.calls), "open call on-hook"

    @rule(key=st.sampled_from(list(ev.Key)))
    def press(self, key: ev.Key) -> None:
        self.feed(ev.KeyPressed(key, self.now))

    @rule(key=st.sampled_from(list(ev.Key)), seconds=st.sampled_from([0.1, 1.0]))
    def press_and_release(self, key: ev.Key, seconds: float) -> None:
        self.press(key)
        self.wait(seconds)
        self.feed(ev.KeyReleased(key.value, self.now))
        assert self.phone.key_down != key.value

    @rule(digit=st.sampled_from("0159*#"))
    def digit(self, digit: str) -> None:
        heard = outputs.outputs(self.phone).talk
        self.feed(ev.DigitPressed(digit, self.now))
        if self.phone.seized and heard is None and outputs.outputs(self.phone).talk is None:
            assert outputs.outputs(self.phone).key_tone == digit
        self.feed(ev.KeyReleased(digit, self.now))
        assert outputs.outputs(self.phone).key_tone is None

    @rule(number=st.sampled_from(["5", "7", "bob@example.org", "+4930", "a b", " ", "<script>@x"]))
    def dial_requested(self, number: str) -> None:
        self.feed(ev.DialRequested(number, self.now))

    @rule()
    def hang_up_requested(self) -> None:
        self.feed(ev.HangUpRequested(self.now))
        assert not self.phone.busy, "hang-up left a leg alive"

    @rule(service=st.sampled_from(list(Service)))
    def service(self, service: Service) -> None:
        before = self.phone.calls
        self.feed(ev.ServiceChanged(service, self.now))
        assert self.phone.calls == before, "speech needs no server"

    @rule()
    def offer(self) -> None:
        taken = self.phone.busy or (self.phone.seized and bool(self.phone.dialled))
        id = CallId(f"in{self.offers}")
        self.offers += 1
        self.offered.append(id)
        self.feed(ev.Offered(id, "bob@example.org", "Bob", self.now))
        assert (id in self.terminated) is taken
        self.feed(ev.Offered(id, "bob@example.org", "Bob", self.now)) if not taken else None

    @rule(slot=SLOTS)
    def alerting(self, slot: int) -> None:
        self.feed(ev.Named(self.known(slot), "Bob", self.now))
        self.feed(ev.Alerting(self.known(slot), self.now))

    @rule(slot=SLOTS)
    def accept(self, slot: int) -> None:
        id = self.known(slot)
        if id in self.proposed:
            self.answered.add(id)
        self.feed(ev.Accepted(id, self.now))

    @rule(slot=SLOTS, encrypted=st.booleans())
    def media(self, slot: int, encrypted: bool) -> None:
        self.feed(ev.MediaUp(self.known(slot), encrypted, self.now))

    @rule(slot=SLOTS, held=st.booleans())
    def peer_holds(self, slot: int, held: bool) -> None:
        self.feed(ev.PeerHeld(self.known(slot), held, self.now))

    @rule(slot=SLOTS, reason=st.sampled_from(list(Reason)))
    def ends(self, slot: int, reason: Reason) -> None:
        id = self.known(slot)
        call = self.phone.call(id)
        if call and call.live:
            self.over.add(id)
        muted = self.phone.muted
        self.feed(ev.Ended(id, reason, self.now))
        if call and call.live:
            assert id in self.logged
            assert not (muted and self.phone.muted), "MUTE outlived its call"

    # --- whole user actions ---

    @rule(media_first=st.booleans())
    def reach_someone(self, media_first: bool) -> None:
        self.cradle()
        self.hang_up_requested()
        self.service(Service.ONLINE)
        self.lift()
        self.digit("1")
        self.feed(ev.DigitPressed("#", self.now))
        id = self.proposed[-1]
        assert self.phone.focus == id
        assert self.phone.last_dialled == "1"
        self.alerting(0)
        assert outputs.outputs(self.phone).tone is outputs.Tone.RINGBACK
        if media_first:
            self.media(0, encrypted=True)
            assert outputs.outputs(self.phone).talk is None, "heard before the answer"
            self.accept(0)
        else:
            self.accept(0)
            assert outputs.outputs(self.phone).talk is None
            self.media(0, encrypted=True)
        assert outputs.outputs(self.phone).talk == id, "answered, and the ear is deaf"
        assert outputs.outputs(self.phone).send

    @rule(media_first=st.booleans())
    def be_reached(self, media_first: bool) -> None:
        self.cradle()
        self.hang_up_requested()
        self.offer()
        assert outputs.outputs(self.phone).ringer
        id = self.offered[-1]
        if media_first:
            self.media(0, encrypted=True)
        self.lift()
        assert id in self.accepted
        if not media_first:
            self.media(0, encrypted=False)
        assert outputs.outputs(self.phone).talk == id
        assert self.phone.muted or outputs.outputs(self.phone).send

    @rule()
    def refuse(self) -> None:
        self.cradle()
        self.hang_up_requested()
        self.offer()
        self.press(ev.Key.BACK)
        assert self.offered[-1] in self.terminated

    @rule(keys=st.lists(st.sampled_from([ev.Key.MUTE, ev.Key.VOL_UP, ev.Key.BACK, ev.Key.REDIAL]), max_size=4))
    def talk_mute_and_hang_up(self, keys: list[ev.Key]) -> None:
        self.reach_someone(media_first=True)
        for key in keys:
            self.press(key)
        self.digit("5")
        self.cradle()
        assert self.proposed[-1] in self.terminated
        assert not self.phone.muted

    @rule(reason=st.sampled_from(list(Reason)))
    def far_end_hangs_up_on_a_muted_call(self, reason: Reason) -> None:
        self.reach_someone(media_first=False)
        self.press(ev.Key.MUTE)
        assert self.phone.muted
        self.ends(0, reason)
        assert outputs.outputs(self.phone).tone in (outputs.Tone.BUSY, outputs.Tone.REORDER)

    @rule()
    def call_comes_in_during_dial_tone(self) -> None:
        self.cradle()
        self.hang_up_requested()
        self.lift()
        self.offer()
        assert outputs.outputs(self.phone).tone is outputs.Tone.CALL_WAITING
        self.press(ev.Key.OK)
        assert self.offered[-1] in self.accepted

    # --- laws of every state ---

    def one_call_and_no_sound_on_hook(self) -> None:
        phone, levels = self.phone, outputs.outputs(self.phone)
        live = [c for c in phone.calls if c.live]
        assert len(live) <= 1, "two live calls"
        assert len({c.id for c in phone.calls}) == len(phone.calls)
        assert phone.focus is None or phone.call(phone.focus)
        if not phone.seized:
            assert levels.tone is None, "a tone on-hook"
            assert levels.key_tone is None
            assert levels.talk is None, "an open ear on-hook"
            assert not levels.handset
            assert all(c.progress is Progress.OFFERED for c in phone.calls), "a call on-hook"

    def microphone(self) -> None:
        phone, levels = self.phone, outputs.outputs(self.phone)
        if levels.send:
            focus = phone.call(levels.talk)
            assert focus, "the microphone is open to nobody"
            assert focus.id == phone.focus
            assert focus.progress is Progress.CONNECTED
            assert phone.seized, "the microphone is open on-hook"
            assert not phone.muted, "the microphone is open though muted"

    def progress_is_earned(self) -> None:
        for call in self.phone.calls:
            if call.up:
                assert call.media_up
                assert call.id in self.accepted | self.answered, "connected without an answer"
            if call.live:
                assert call.id not in self.over, "alive after its end"
            assert call.outgoing or call.id in self.offered

    def levels_agree(self) -> None:
        phone, levels = self.phone, outputs.outputs(self.phone)
        assert not (levels.ringer and not phone.offered)
        assert ("call" in levels.lamps) is phone.busy
        assert ("mute" in levels.lamps) is phone.muted
        assert not phone.muted or phone.busy, "MUTE outlived its call"
        assert 0 <= phone.handset_volume <= 100
        assert 0 <= phone.ringer_volume <= 100
        assert len(phone.dialled) <= 64
        if levels.talk:
            assert levels.tone is None, "a tone over speech"
        due = timers.deadlines(phone)
        assert due is None or due >= self.phone.timers.long_press


PhoneModel.TestCase.settings = settings(
    max_examples=int(os.environ.get("PHONE_MODEL_EXAMPLES", "100")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestPhone = PhoneModel.TestCase
