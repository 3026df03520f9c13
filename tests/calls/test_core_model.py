"""A user, a network and a clock do anything, in any order; the laws of the call core hold anyway.

Single random events reach little; the rules that are whole user actions reach the deep states.
"""

# ruff: noqa: A001 - `id` is the field's word; events read as rows

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from machine_calls import BOTH
from machine_laws import EMERGENCY, HOTLINE, LOCK_CODE
from machine_messages import Messages
from machine_tour import tour

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import Habits, IdSource, Memory, Notice, Phone, Reason, Service, Trouble
from phone.calls.numbers import DialPlan
from phone.calls.outputs import Tone


class PhoneModel(Messages, RuleBasedStateMachine):
    """All of it, on phones of different habits."""

    @initialize(
        online=BOTH,
        digit_map=st.sampled_from(["", "[1-8]xx|0T|9x.T|*1#"]),
        waiting=st.sampled_from([True, True, False]),
        speaker=BOTH,
        max_calls=st.sampled_from([4, 8]),
        hotline=st.sampled_from(["", "", HOTLINE]),
        code=st.sampled_from([LOCK_CODE, LOCK_CODE, ""]),
        answers=st.sampled_from(["", "late", "at once"]),
    )
    def boot(
        self,
        *,
        online: bool,
        digit_map: str,
        waiting: bool,
        speaker: bool,
        max_calls: int,
        hotline: str,
        code: str,
        answers: str,
    ) -> None:
        habits = Habits(
            has_speaker=speaker,
            waiting=waiting,
            max_calls=max_calls,
            emergency=frozenset({EMERGENCY}),
            lock_code=code,
            hotline=hotline,
            speed=(("5", "7"),),
            answers=bool(answers),
            answers_busy=answers != "late",
            answers_dnd=answers != "late",
        )
        plan = DialPlan.of("example.org", None, digit_map, {"7": "bob@example.org"})
        service = Service.ONLINE if online else Service.NO_NETWORK
        self.begin(Phone(IdSource(b"model"), service=service, plan=plan, habits=habits))

    # --- manners ---

    @rule(digits=st.sampled_from(["112", "7", "1234", "9"]))
    def dial_on_a_locked_phone(self, digits: str) -> None:
        self.free_hands()
        self.lock(on=True)
        if not self.phone.locked:
            return
        for digit in digits:
            self.digit(digit)
        if digits == LOCK_CODE:
            self.press(Key.OK)
            assert not self.phone.locked
            return
        if digits == "9":
            self.press(Key.OK)
            assert self.phone.locked, "not the code"
            return
        self.lift()
        assert bool(self.proposed and self.phone.focus == self.proposed[-1]) is (digits == EMERGENCY)
        assert digits == EMERGENCY or self.phone.notice == Notice(Trouble.LOCKED, digits)

    @rule()
    def speak_at_once(self) -> None:
        self.free_hands()
        id = self.new_call(intercom=True)
        assert (id in self.accepted) is self.phone.habits.has_speaker is self.levels.speaker
        assert self.tone is (Tone.BEEP if self.levels.speaker else None)
        self.end(id, Reason.HANGUP)
        assert not self.phone.seized

    @rule(lifted=BOTH)
    def hold_a_digit_down(self, lifted: bool) -> None:
        self.free_hands()
        if lifted:
            self.lift()
        self.feed(ev.DigitPressed("5", self.now))
        self.now += self.phone.timers.long_press
        self.feed(ev.Ticked(self.now))
        if not lifted:
            assert self.phone.dialled == "7"
            self.lift()
        assert do.Propose(self.proposed[-1], "bob@example.org") in self.did

    @rule()
    def lift_a_hotline(self) -> None:
        self.free_hands()
        others = self.phone.busy
        self.lift()
        self.feed(ev.Ticked(self.now))
        called = [c.to for c in self.did if isinstance(c, do.Propose)]
        assert called == ([HOTLINE] if self.phone.habits.hotline else []) or others

    @rule()
    def remember(self) -> None:
        phone = self.phone
        volumes = phone.handset_volume, phone.ringer_volume
        assert phone.memory == Memory(*volumes, phone.last_dialled, phone.speaker_volume, phone.dnd, phone.locked)


def test_the_tour() -> None:
    tour(PhoneModel)


PhoneModel.TestCase.settings = settings(
    max_examples=int(os.environ.get("PHONE_MODEL_EXAMPLES", "100")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestPhone = PhoneModel.TestCase
