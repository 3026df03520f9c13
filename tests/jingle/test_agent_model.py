"""Model test: two users and devices, both dialects, a lossy clock and whole acts in any order; laws checked after each.

Laws
1. Every IQ gets exactly one reply (checked by the wire).
2. A call ends at most once on each side, and nothing is told of it after its end.
3. After the wire is quiet and all deadlines have passed, both sides agree: a leg that one side has, the other has,
   and both know each other's transport once the call was taken.
4. Accepted is told once, alerting only before it.
5. What was told about hold is what is wanted, and what the other side believes.
6. No two calls of one side have one id, of whichever dialect.
7. Who asks for a transfer learns how it ended, once; nothing asked stays unanswered.
"""

from __future__ import annotations

import hashlib

from gingle_wire import voice
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from jingle_wire import ALICE, BOB, Wire, agent, host, media, target

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallHeld,
    CallOffered,
    EndReason,
    LocalMedia,
    MediaWish,
    PeerPolicy,
    Permission,
    TransferAsked,
    TransferFailed,
)
from phone.jingle.elements import EARLY, FEATURES, JINGLE, JMI, RTP, RTP_AUDIO
from phone.jingle.states import State

STYLES = {
    "early": FEATURES,
    "jmi": (JINGLE, RTP, RTP_AUDIO, JMI),
    "plain jingle": (JINGLE, RTP, RTP_AUDIO),
    "unknown": (),
    "both": tuple(f for f in FEATURES if f != EARLY),
}
SIDES = st.sampled_from([ALICE, BOB])
REASONS = st.sampled_from(list(EndReason))
NOBODY = "carol@desk.test/phone"
OTHER = {ALICE: BOB, BOB: ALICE}


def described(side: str, wish: MediaWish) -> LocalMedia:
    """What the media process of `side` tells, so that it can be known again at the other."""
    name = f"{side[0]}{wish.id}"
    if wish.transport == "gice":
        return voice(hashlib.sha256(name.encode()).hexdigest())
    return media(name, restart=wish.restart)


class Calls(RuleBasedStateMachine):
    @initialize(contact=st.booleans(), plain=st.booleans())
    def start(self, *, contact: bool, plain: bool) -> None:
        policy = PeerPolicy(contact=contact, plain_rtp=plain)
        allow = Permission.ALLOW
        self.wire = Wire(agent(ALICE, policy, allow), agent(BOB, policy, allow))
        self.asked: dict[str, list[str]] = {ALICE: [], BOB: []}
        self.placed: dict[str, set[str]] = {ALICE: set(), BOB: set()}
        self.taken: dict[str, set[str]] = {ALICE: set(), BOB: set()}
        self.count = 0

    def agent(self, side: str) -> Agent:
        return self.wire.ends[side].agent

    def live(self, side: str) -> list[str]:
        return [w.id for w in self.agent(side).wishes()]

    @rule(side=SIDES, style=st.sampled_from(sorted(STYLES)), salt=st.integers(0, 9))
    def call(self, side: str, style: str, salt: int) -> None:
        if len(self.live(side)) > 2:
            return
        self.count += 1
        call = f"{salt}-{side[0]}-{self.count}"
        self.placed[side].add(call)
        features = STYLES[style]
        targets = [target(OTHER[side], features)] if features else []
        self.wire.do(side, self.agent(side).call(call, OTHER[side].partition("/")[0], targets, self.wire.now))

    @rule(side=SIDES, google=st.booleans(), salt=st.integers(0, 9))
    def leave_message(self, side: str, salt: int, *, google: bool) -> None:
        """The other one takes it, as anything that may be called so does."""
        if len(self.live(side)) > 2:
            return
        self.count += 1
        call = f"{salt}-{side[0]}-{self.count}"
        self.placed[side].add(call)
        begun = self.agent(side).call_voicemail(call, OTHER[side], "x@y", google=google, now=self.wire.now)
        self.wire.do(side, begun)

    @rule(side=SIDES, pick=st.integers(0, 5))
    def describe(self, side: str, pick: int) -> None:
        wishes = self.agent(side).wishes()
        if wishes:
            wish = wishes[pick % len(wishes)]
            self.wire.do(side, self.agent(side).described(wish.id, described(side, wish), self.wire.now))

    @rule(side=SIDES, pick=st.integers(0, 5), port=st.integers(5000, 5003))
    def trickle(self, side: str, pick: int, port: int) -> None:
        live = self.live(side)
        if live:
            self.wire.do(side, self.agent(side).candidate(live[pick % len(live)], host(port), 0, self.wire.now))

    @rule(side=SIDES, pick=st.integers(0, 5))
    def accept(self, side: str, pick: int) -> None:
        offered = [c for c in self.live(side) if c not in self.placed[side] and c not in self.taken[side]]
        if offered:
            call = offered[pick % len(offered)]
            self.taken[side].add(call)
            self.wire.do(side, self.agent(side).accept(call, self.wire.now))

    @rule(side=SIDES, pick=st.integers(0, 5), reason=REASONS)
    def terminate(self, side: str, pick: int, reason: EndReason) -> None:
        live = self.live(side)
        if live:
            self.wire.do(side, self.agent(side).terminate(live[pick % len(live)], reason, self.wire.now))

    @rule(side=SIDES, pick=st.integers(0, 5), fault=st.sampled_from(["ice", "fingerprint", "internal", "codec"]))
    def media_fails(self, side: str, pick: int, fault: str) -> None:
        live = self.live(side)
        if live:
            self.wire.do(side, self.agent(side).media_failed(live[pick % len(live)], fault, self.wire.now))

    @rule(side=SIDES, pick=st.integers(0, 5), held=st.booleans())
    def hold(self, side: str, pick: int, *, held: bool) -> None:
        live = self.live(side)
        if live:
            self.wire.do(side, self.agent(side).hold(live[pick % len(live)], held, self.wire.now))

    @rule(side=SIDES, pick=st.integers(0, 5), attended=st.booleans())
    def transfer(self, side: str, pick: int, *, attended: bool) -> None:
        """To somebody who is never there."""
        live = self.live(side)
        running = [c for c in live if self.asked[side].count(c) > self.verdicts(side, c)]
        free = [c for c in live if c not in running]
        if free:
            call = free[pick % len(free)]
            self.asked[side].append(call)
            target_ = live[-1] if attended and live[-1] != call else None
            self.wire.do(side, self.agent(side).transfer(call, NOBODY, target_, self.wire.now))

    def verdicts(self, side: str, call: str) -> int:
        return sum(1 for e in self.wire.ends[side].heard if isinstance(e, TransferFailed) and e.id == call)

    @rule(side=SIDES, pick=st.integers(0, 5), accept=st.booleans())
    def answer(self, side: str, pick: int, *, accept: bool) -> None:
        asked = [e for e in self.wire.ends[side].heard if isinstance(e, TransferAsked)]
        if not asked or len(self.live(side)) > 4:
            return
        request = asked[pick % len(asked)]
        self.wire.do(side, self.agent(side).answer_transfer(request.id, accept, self.wire.now))
        if accept:
            self.count += 1
            call = f"moved-{side[0]}-{self.count}"
            self.placed[side].add(call)
            self.wire.do(side, self.agent(side).call(call, request.to, [], self.wire.now, request.id))

    @precondition(lambda self: hasattr(self, "wire") and self.wire.queue)
    @rule(steps=st.integers(1, 5))
    def deliver(self, steps: int) -> None:
        for _ in range(min(steps, len(self.wire.queue))):
            self.wire.step()

    @rule()
    def settle(self) -> None:
        """Media processes answer and the wire runs dry, as it mostly does between a user's acts."""
        for _ in range(2):
            for side in (ALICE, BOB):
                for wish in self.agent(side).wishes():
                    self.wire.do(side, self.agent(side).described(wish.id, described(side, wish), self.wire.now))
            self.wire.run()

    @rule(seconds=st.sampled_from([1.0, 25.0]))
    def wait(self, seconds: float) -> None:
        self.wire.now += seconds
        for side in (ALICE, BOB):
            self.wire.do(side, self.agent(side).expire(self.wire.now))

    @invariant()
    def a_call_is_told_in_order_and_ends_once(self) -> None:
        for side in (ALICE, BOB) if hasattr(self, "wire") else ():
            heard = self.wire.ends[side].heard
            for call in {getattr(e, "id") for e in heard}:  # noqa: B009 - the union has no common base
                story = [type(e) for e in heard if getattr(e, "id") == call]  # noqa: B009
                assert story.count(CallEnded) <= 1
                assert CallEnded not in story[:-1], f"{side} {call}: told of after its end"
                assert story.count(CallOffered) <= 1
                assert story.count(CallAccepted) <= 1
                assert CallAlerting not in story[story.index(CallAccepted) :] if CallAccepted in story else True
                assert (call in self.live(side)) <= (CallEnded not in story)
            assert len(self.live(side)) == len(set(self.live(side)))
            assert all(call in self.agent(side) for call in self.live(side))

    def teardown(self) -> None:
        if not hasattr(self, "wire"):
            return
        for _ in range(5):
            self.settle()
            self.wait(25.0)
        self.settle()
        self.agree()
        self.agree_in_google_s_dialect()
        self.agree_on_hold()
        assert not self.wire.tokens, "IQs without an answer"
        for side, calls in self.asked.items():
            for call in calls:
                assert (self.verdicts(side, call) == calls.count(call)) or call not in self.live(side)

    def agree_on_hold(self) -> None:
        for side in (ALICE, BOB):
            for leg in self.agent(side).legs:
                other = leg.session and self.agent(OTHER[side]).legs.by_session(side, leg.session.sid)
                if other and other.session and leg.session and leg.session.state is State.ACTIVE:
                    told = [
                        e.held
                        for e in self.wire.ends[OTHER[side]].heard
                        if isinstance(e, CallHeld) and e.id == other.id
                    ]
                    assert leg.hold.wanted == leg.hold.told == (told[-1:] == [True])

    def agree_in_google_s_dialect(self) -> None:
        ours, theirs = ([w for w in self.agent(side).wishes() if w.transport == "gice"] for side in (ALICE, BOB))
        assert len(ours) == len(theirs)
        for side, wishes, others in ((ALICE, ours, theirs), (BOB, theirs, ours)):
            known = {described(OTHER[side], other).ufrag: other for other in others}
            for wish in wishes:
                names = {c.username for c in wish.candidates}
                assert len(names) <= 1, "one far end, one name"
                assert not (wish.controlling and wish.codecs and not names), "who has answered has told where he is"
                for other in map(known.__getitem__, names):
                    assert other.controlling is not wish.controlling
                    assert not wish.codecs or not other.codecs or wish.codecs == other.codecs

    def agree(self) -> None:
        for side in (ALICE, BOB):
            theirs = {f"{OTHER[side][0]}{w.id}fr{w.restart}": w for w in self.agent(OTHER[side]).wishes()}
            for wish in self.agent(side).wishes():
                if wish.ufrag is None:
                    continue
                other = theirs[wish.ufrag]
                assert other.ufrag == f"{side[0]}{wish.id}fr{wish.restart}"
                assert other.controlling is not wish.controlling
                assert other.security == wish.security
                if wish.controlling and wish.codecs:
                    assert (wish.codecs, wish.receive) == (other.receive, other.receive)
        assert all(self.agent(side).deadline() is None for side in (ALICE, BOB))


Calls.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestCalls = Calls.TestCase
