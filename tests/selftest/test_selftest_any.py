"""The self-test's machine by sequences of anything: its laws hold whatever a hand, a clock or a card does."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from phone.selftest.model import PATTERNS, Equipment, Finding, Verdict, checks
from phone.selftest.report import passed
from phone.selftest.steps import (
    Answered,
    Event,
    Passed,
    Reply,
    Session,
    Stage,
    Stopped,
    Told,
    Touched,
    begin,
    deadline,
    outputs,
    step,
)
from phone.selftest.wording import asks, prompt, verdict

KEYS = ("1", "2", "*", "#", "HOLD")
flags = st.booleans()
EQUIPMENT = st.builds(
    Equipment,
    keys=st.lists(st.sampled_from(KEYS), unique=True).map(tuple),
    lamps=st.lists(st.sampled_from(("message", "mute")), unique=True).map(tuple),
    hook=flags,
    lifted=st.sampled_from(("", "open", "closed")),
    display=flags,
    handset=flags,
    speaker=flags,
    ringer=flags,
)


def down(name: str, at: float) -> Touched:
    return Touched(name, closed=True, at=at)


def up(name: str, at: float) -> Touched:
    return Touched(name, closed=False, at=at)


class AnyTest(RuleBasedStateMachine):
    """A user, time and measurings, in any order."""

    session: Session

    @initialize(equipment=EQUIPMENT, auto=flags)
    def begun(self, equipment: Equipment, auto: bool) -> None:
        self.at = 0.0
        self.session = begin(equipment, checks(equipment, auto=auto), 0.0, auto=auto)

    def take(self, event: Event) -> None:
        before = self.session
        self.session = step(before, event)
        new = self.session.findings[len(before.findings) :]
        assert self.session.findings[: len(before.findings)] == before.findings
        assert len(new) <= 1, "one event, one finding"
        assert all(finding.check == before.check for finding in new), "of the check that was at it"
        if before.check is None:
            assert self.session == before, "it is over"

    @rule(key=st.sampled_from((*KEYS, "HOOK", "9")), closed=flags)
    def touched(self, key: str, closed: bool) -> None:
        self.take(Touched(key, closed, self.at))

    @rule(reply=st.sampled_from(Reply))
    def answered(self, reply: Reply) -> None:
        self.take(Answered(reply, self.at))

    @rule(verdict=st.sampled_from(Verdict), right=flags)
    def told(self, verdict: Verdict, right: bool) -> None:
        check = self.session.check if right else self.session.checks[-1]
        if check is not None:
            self.take(Told(Finding(check, verdict, "it is so"), self.at))

    @rule(seconds=st.sampled_from((0.1, 1.0, 5.0, 40.0)))
    def passes(self, seconds: float) -> None:
        self.at += seconds
        self.take(Passed(self.at))

    @rule()
    def does_all_that_it_is_asked(self) -> None:
        """Whole acts: single events hardly ever end a check of the hook."""
        match self.session.stage, self.session.check:
            case _, None:
                pass
            case Stage.PRESS, check:
                self.take(down(check.what, self.at))
            case Stage.RELEASE, check:
                self.take(up(check.what, self.at))
            case Stage.LIFT, _:
                self.take(down("HOOK", self.at))
            case Stage.REPLACE, _:
                self.take(Touched("HOOK", self.session.reversed, self.at))
            case Stage.ASK | Stage.READY, _:
                self.take(Answered(Reply.YES, self.at))
            case Stage.WORK, check:
                self.take(Told(Finding(check, Verdict.PASSED), self.at))
            case _:
                self.at = self.session.until
                self.take(Passed(self.at))

    @rule(really=st.integers(0, 9))
    def stopped(self, really: int) -> None:
        if not really:
            self.take(Stopped("as it was asked to", self.at))

    @invariant()
    def it_ends_by_itself(self) -> None:
        s, at = self.session, self.at
        for _ in range(6 * len(s.checks)):
            if (due := deadline(s)) is None:
                break
            assert due - at <= 31, "law 1"
            at = max(at, due)
            s = step(s, Passed(at))
        assert s.check is None
        assert s.stopped or [finding.check for finding in s.findings] == list(s.checks), "law 2"
        assert verdict(s).endswith(".")

    @invariant()
    def nothing_is_left_on(self) -> None:
        s, out = self.session, outputs(self.session)
        assert out.lamps <= set(s.equipment.lamps)
        assert out.pattern in ("", *PATTERNS)
        if s.check is None:
            assert out == outputs(begin(s.equipment, (), 0.0, auto=True)), "law 3"
            assert prompt(s) == ""
        if out.task is not None:
            assert out.task == s.check
        assert asks(s) <= bool(prompt(s))
        assert not passed(s) or not s.stopped


TestAnyTest = AnyTest.TestCase
