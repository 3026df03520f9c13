"""The self-test's machine, check by check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phone.selftest.model import PATTERNS, Check, Equipment, Finding, Kind, Verdict, checks
from phone.selftest.report import passed
from phone.selftest.steps import (
    ANNOUNCE_SECONDS,
    ANSWER_SECONDS,
    HOOK_SECONDS,
    MOMENT_SECONDS,
    PRESS_SECONDS,
    RELEASE_SECONDS,
    WORK_SECONDS,
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

KEYPAD = tuple("0123456789*#")
DESK = Equipment(KEYPAD, ("message", "mute"), hook=True, lifted="closed", display=True, handset=True, ringer=True)


def trial(kind: Kind, what: str = "", equipment: Equipment = DESK, *, auto: bool = False) -> Session:
    return begin(equipment, (Check(kind, what),), 0.0, auto=auto)


def down(name: str, at: float) -> Touched:
    return Touched(name, closed=True, at=at)


def up(name: str, at: float) -> Touched:
    return Touched(name, closed=False, at=at)


def after(s: Session, *events: Event) -> Session:
    for event in events:
        s = step(s, event)
    return s


def press(key: str, at: float = 1.0) -> tuple[Event, Event]:
    return down(key, at), up(key, at + 0.1)


def only(s: Session) -> Finding:
    assert s.check is None
    assert deadline(s) is None
    assert len(s.findings) == 1
    return s.findings[0]


def sentence(s: Session) -> str:
    finding = only(s)
    assert finding.verdict is Verdict.FAILED
    return finding.sentence


class TestWhatIsTested:
    def test_by_hand_all_parts_then_all_around(self):
        names = [check.name for check in checks(DESK, auto=False)]
        assert names[:3] == [f"display {pattern}" for pattern in PATTERNS]
        assert names[3:15] == [f"key {key}" for key in KEYPAD]
        assert names[15:21] == ["lamp message", "lamp mute", "hook", "ear", "sound handset", "ringer"]
        assert names[21:] == [
            *("profile", "disk", "mailbox", "clock"),
            *("network address", "network gateway", "network names", "server", "stun", "turn"),
        ]

    def test_by_itself_what_needs_no_hand(self):
        names = [check.name for check in checks(replace(DESK, speaker=True), auto=True)]
        assert names[:5] == ["display each", "lamp each", "sound handset", "sound speaker", "profile"]

    def test_a_phone_without_parts_has_the_world_around_it(self):
        assert checks(Equipment(), auto=False) == checks(Equipment(), auto=True)
        assert checks(Equipment(), auto=True)[0] == Check(Kind.PROFILE)

    def test_only_some(self):
        chosen = checks(DESK, auto=False, only=frozenset({Kind.LAMP, Kind.CLOCK}))
        assert [check.name for check in chosen] == ["lamp message", "lamp mute", "clock"]

    @pytest.mark.parametrize(
        ("keys", "answers"),
        [
            (KEYPAD, ("#", "*")),
            (("1", "OK", "BACK", "2"), ("OK", "BACK")),
            (tuple("1234567890"), ("1", "2")),
            (("HOLD",), ("", "")),
        ],
    )
    def test_answers_by_the_keys_that_there_are(self, keys, answers):
        assert Equipment(keys).answers == answers


class TestKeys:
    def test_pressed_and_let_go(self):
        s = trial(Kind.KEY, "5")
        assert prompt(s) == "Press the key 5."
        s = step(s, down("5", 1.0))
        assert prompt(s) == "Let the key 5 go."
        assert not asks(s)
        assert only(step(s, up("5", 1.25))).figures == (("held", "250 ms"),)

    def test_what_else_moves_is_no_answer(self):
        s = after(trial(Kind.KEY, "5"), down("HOOK", 1.0), up("5", 1.0), Answered(Reply.YES, 1.0))
        assert s.stage is Stage.PRESS
        assert step(after(s, down("5", 2.0)), up("4", 2.1)).stage is Stage.RELEASE

    def test_another_key_answers(self):
        s = after(trial(Kind.KEY, "5"), *press("8"), Passed(PRESS_SECONDS))
        assert sentence(s) == "the key 5 does not answer, but 8 did"

    def test_no_key_answers(self):
        s = trial(Kind.KEY, "5")
        assert deadline(s) == PRESS_SECONDS
        assert step(s, Passed(PRESS_SECONDS - 0.1)) == s
        assert sentence(step(s, Passed(PRESS_SECONDS))) == "the key 5 does not answer"

    def test_the_user_says_no(self):
        assert sentence(step(trial(Kind.KEY, "5"), Answered(Reply.NO, 1.0))) == "the key 5 does not answer"

    def test_it_stays_down(self):
        s = after(trial(Kind.KEY, "5"), down("5", 1.0), Passed(1.0 + RELEASE_SECONDS))
        assert sentence(s) == "the key 5 stays down"

    def test_skipped(self):
        assert only(step(trial(Kind.KEY, "5"), Answered(Reply.SKIP, 1.0))).verdict is Verdict.SKIPPED


class TestQuestions:
    def test_a_lamp_alone_is_lit(self):
        s = trial(Kind.LAMP, "mute")
        assert outputs(s).lamps == {"mute"}
        assert prompt(s) == "Is the mute lamp lit? # = yes, * = no"
        assert asks(s)
        assert only(after(s, *press("#"))).verdict is Verdict.PASSED
        assert sentence(after(s, *press("*"))) == "the mute lamp does not light up"
        assert step(s, down("5", 1.0)) == s

    def test_nobody_answers(self):
        assert sentence(step(trial(Kind.LAMP, "mute"), Passed(ANSWER_SECONDS))) == "nobody answered about the mute lamp"

    def test_a_picture_is_announced(self):
        s = trial(Kind.DISPLAY, "frame")
        assert outputs(s).pattern == prompt(s) == ""
        assert after(s, *press("#")) == s
        s = step(s, Passed(ANNOUNCE_SECONDS))
        assert outputs(s).pattern == "frame"
        assert prompt(s) == "Does the whole display show a frame along all four edges? # = yes, * = no"
        assert sentence(after(s, *press("*"))) == 'the display does not show all of the picture "frame"'

    def test_the_ear_and_the_bell(self):
        s = trial(Kind.EAR, equipment=replace(DESK, keys=()))
        assert outputs(s).sound == "tone"
        assert prompt(s) == "Is there a tone in the handset? y = yes, n = no"
        assert sentence(step(s, Answered(Reply.NO, 1.0))) == "the handset's ear is silent"
        s = trial(Kind.RINGER)
        assert outputs(s).sound == "ring"
        assert prompt(s) == "Does the phone ring? # = yes, * = no"
        assert sentence(step(s, Answered(Reply.NO, 1.0))) == "the ringer is silent"


class TestHook:
    def lifted(self, lifted: str = "closed", *, told: bool = True) -> Session:
        s = trial(Kind.HOOK, equipment=replace(DESK, lifted=lifted))
        assert prompt(s) == "Is the handset on its cradle? # = yes, * = no"
        s = after(s, down("HOOK", 0.1), Answered(Reply.NO, 0.2), *press("#"))
        assert prompt(s) == "Lift the handset now."
        s = step(s, Touched("HOOK", told, 3.0))
        assert prompt(s) == "Put the handset back."
        return s

    def test_the_profile_is_right(self):
        s = step(self.lifted(), down("HOOK", 4.0))
        assert only(step(s, up("HOOK", 5.0))) == Finding(
            Check(Kind.HOOK), Verdict.PASSED, figures=(("lifted", "closed"),)
        )

    @pytest.mark.parametrize(("has", "needs"), [("closed", "open"), ("open", "closed")])
    def test_the_polarity_is_learned(self, has, needs):
        finding = only(step(self.lifted(has, told=False), down("HOOK", 5.0)))
        assert finding.verdict is Verdict.FAILED
        assert finding.sentence == (
            "the hook switch tells the contrary of what the handset does: "
            f'write lifted = "{needs}" under [hook] of its profile'
        )
        assert finding.figures == (("lifted", needs),)

    def test_a_simulated_one_has_no_profile(self):
        assert only(step(self.lifted(""), up("HOOK", 5.0))).figures == ()
        contrary = sentence(step(self.lifted("", told=False), down("HOOK", 5.0)))
        assert contrary == "the hook switch tells the contrary of what the handset does"

    def test_it_does_not_answer(self):
        s = after(trial(Kind.HOOK), *press("#"))
        s = step(s, down("5", 2.0))
        assert sentence(step(s, Passed(1.0 + HOOK_SECONDS))) == "the hook switch does not answer"
        assert sentence(step(self.lifted(), Passed(99.0))) == "the hook switch told of the handset's lifting alone"

    def test_nobody_says_where_it_is(self):
        assert sentence(step(trial(Kind.HOOK), Passed(ANSWER_SECONDS))) == "nobody answered about the hook switch"


class TestWithoutAHand:
    def test_sound_by_hand_waits_for_quiet(self):
        s = trial(Kind.SOUND, "handset")
        assert prompt(s) == "Lay the handset on the table and be quiet for two seconds: ready? # = yes, * = no"
        assert outputs(s).sound == ""
        s = step(s, Answered(Reply.YES, 1.0))
        assert (outputs(s).sound, outputs(s).task) == ("probe", Check(Kind.SOUND, "handset"))
        assert sentence(step(s, Passed(99.0))) == "the check of the handset's sound came to no end"

    @pytest.mark.parametrize(("card", "auto"), [("handset", True), ("speaker", False)])
    def test_sound_by_itself(self, card, auto):
        out = outputs(trial(Kind.SOUND, card, auto=auto))
        assert (out.sound, out.speaker) == ("probe", card == "speaker")

    def test_each_picture_for_a_moment(self):
        s, at = trial(Kind.DISPLAY, "each", auto=True), 0.0
        for pattern in PATTERNS:
            assert outputs(s).pattern == pattern
            s = step(s, Passed(at := at + MOMENT_SECONDS))
        assert outputs(s).task == Check(Kind.DISPLAY, "each")

    def test_all_lamps_for_a_moment(self):
        s = trial(Kind.LAMP, "each", auto=True)
        assert outputs(s).lamps == {"message", "mute"}
        s = step(s, Passed(MOMENT_SECONDS))
        assert (outputs(s).lamps, outputs(s).task) == (frozenset(), None)
        assert outputs(step(s, Passed(2 * MOMENT_SECONDS))).task == Check(Kind.LAMP, "each")

    def test_what_is_told_is_what_was_asked_for(self):
        s = trial(Kind.CLOCK)
        assert outputs(s).task == Check(Kind.CLOCK)
        assert (prompt(s), asks(s)) == ("", False)
        other = Finding(Check(Kind.DISK), Verdict.PASSED)
        assert step(s, Told(other, 1.0)) == s
        assert after(s, *press("#"), Answered(Reply.NO, 1.0)) == s
        good = Finding(Check(Kind.CLOCK), Verdict.PASSED)
        assert only(step(s, Told(good, 1.0))) == good
        assert step(trial(Kind.LAMP, "mute"), Told(Finding(Check(Kind.LAMP, "mute"), Verdict.PASSED), 1.0)).check

    @pytest.mark.parametrize(
        ("kind", "the"),
        [
            *((Kind.PROFILE, "hardware"), (Kind.DISK, "disk"), (Kind.MAILBOX, "mailbox"), (Kind.CLOCK, "clock")),
            *((Kind.SERVER, "server"), (Kind.NETWORK, "network's gateway")),
        ],
    )
    def test_nobody_tells(self, kind, the):
        s = trial(kind, "gateway" if kind is Kind.NETWORK else "")
        assert sentence(step(s, Passed(WORK_SECONDS))) == f"the check of the {the} came to no end"

    @pytest.mark.parametrize("kind", [Kind.STUN, Kind.TURN])
    def test_no_service_tells(self, kind):
        assert sentence(step(trial(kind), Passed(WORK_SECONDS))) == f"the check of {kind.name} came to no end"


class TestTheEnd:
    def run(self, *replies: Reply) -> Session:
        s = begin(DESK, (Check(Kind.LAMP, "mute"), Check(Kind.EAR), Check(Kind.RINGER)), 0.0, auto=False)
        return after(s, *(Answered(reply, 1.0) for reply in replies))

    def test_all_passed(self):
        s = self.run(Reply.YES, Reply.YES, Reply.YES)
        assert verdict(s) == "All 3 checks passed."
        assert passed(s)
        assert outputs(s) == outputs(step(s, down("#", 9.0)))
        assert outputs(s).task is None
        assert prompt(s) == ""
        assert verdict(after(trial(Kind.EAR), Answered(Reply.YES, 1.0))) == "The one check passed."

    def test_some_need_a_hand(self):
        one, two = self.run(Reply.YES, Reply.NO, Reply.YES), self.run(Reply.NO, Reply.NO, Reply.SKIP)
        assert verdict(one) == "One thing needs a hand: the handset's ear is silent."
        assert verdict(two) == ("Two things need a hand: the mute lamp does not light up; the handset's ear is silent.")
        assert not passed(one)

    def test_many_need_a_hand(self):
        finding = Finding(Check(Kind.EAR), Verdict.FAILED, "x")
        s = replace(self.run(), checks=(Check(Kind.EAR),) * 13, findings=(finding,) * 13)
        assert verdict(s).startswith("13 things need a hand: x; x")

    def test_some_were_skipped(self):
        s = self.run(Reply.YES, Reply.SKIP, Reply.YES)
        assert verdict(s) == "2 of 3 checks passed, the others were skipped."
        assert passed(s)

    def test_broken_off(self):
        s = after(self.run(Reply.YES), Stopped("for a call or the mailbox", 2.0), Answered(Reply.YES, 3.0))
        assert verdict(s) == "The self-test was broken off after 1 of 3 checks, for a call or the mailbox."
        assert not passed(s)
        s = after(self.run(Reply.NO), Stopped("as it was asked to", 2.0))
        assert verdict(s) == (
            "The self-test was broken off after 1 of 3 checks, as it was asked to: the mute lamp does not light up."
        )
