"""Two phones of one user, any order of things, anything lost: in the end all have the same."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from remotes import remote
from twin import Phone, Service, settle, tell

from phone.voicemail import wire
from phone.voicemail.asking import LONGEST_PAUSE
from phone.voicemail.listing import REFRESH_SECONDS
from phone.voicemail.message import State

IDS = [f"m{number}" for number in range(4)]
STATES = st.sampled_from(State)


class Following(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.service = Service()
        self.phones = [Phone("desk", self.service), Phone("kitchen", self.service)]

    which = st.integers(0, 1)

    @rule(id_=st.sampled_from(IDS), size=st.sampled_from([1, wire.CHUNK, wire.CHUNK + 1]))
    def a_caller_leaves_a_message(self, id_, size):
        if not any(id_ in (*p.here, *p.marks) for p in self.phones) and id_ not in self.service.messages:
            tell(self.service.leave(remote(id_, size=size), id_.encode() * size), self.service, self.phones)

    @rule(which=which, data=st.data(), state=STATES)
    def a_user_marks(self, which, data, state):
        if self.phones[which].here:
            self.phones[which].user(data.draw(st.sampled_from(sorted(self.phones[which].here))), state)

    @rule(which=which)
    def an_answer_comes(self, which):
        if self.phones[which].waiting:
            self.phones[which].answer_one(self.phones)

    @rule(which=which)
    def an_answer_is_lost(self, which):
        if self.phones[which].waiting:
            self.phones[which].lose_one()

    @rule(which=which)
    def an_event_comes(self, which):
        if self.phones[which].events:
            self.phones[which].hear_one()

    @rule(which=which)
    def a_phone_signs_in(self, which):
        self.phones[which].sign_in()

    @rule(which=which)
    def a_phone_is_cut_off(self, which):
        self.phones[which].sign_out()

    @rule(which=which, seconds=st.sampled_from([1.0, 6.0, 31.0, 700.0]))
    def time_goes_by(self, which, seconds):
        self.phones[which].wait(seconds)

    @rule()
    def the_service_fails_or_comes_back(self):
        self.service.up = not self.service.up

    @precondition(lambda self: hasattr(self, "phones"))
    @rule()
    def in_the_end_all_have_the_same(self):
        self.service.up = True
        for phone in self.phones:
            phone.sign_in()
        for _ in range(8):
            settle(self.phones)
            for phone in self.phones:
                phone.wait(LONGEST_PAUSE + 1)
        for phone in self.phones:  # what another told after this one had listed
            phone.wait(REFRESH_SECONDS + 1)
        settle(self.phones)
        there = {id_: message.state for id_, message in self.service.messages.items()}
        for phone in self.phones:
            assert phone.marks == {}
            assert {id_: s for id_, s in phone.here.items() if id_ in there} == there
            # kept ones stay if nobody was here to hear that they were deleted
            assert {s for id_, s in phone.here.items() if id_ not in there} <= {State.KEPT}
            for id_ in there:
                assert phone.sounds[id_] == self.service.sounds[id_]


Following.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFollowing = Following.TestCase
