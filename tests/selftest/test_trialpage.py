"""Wherever the self-test stands, the display says it, in each language and in its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phone.drivers.sim import KEYS, LAMPS
from phone.selftest.model import Equipment, Finding, Verdict, checks
from phone.selftest.steps import Answered, Passed, Reply, Session, Stage, Stopped, Told, Touched, begin, step
from phone.trialpage import page
from phone.ui.frame import BIG_CHARS, LINE_CHARS, LINES, TITLE_CHARS
from phone.ui.selftest import trial_screen
from phone.ui.texts import languages, load_texts

ALL = Equipment(KEYS, tuple(sorted(LAMPS)), hook=True, display=True, handset=True, speaker=True, ringer=True)


def done(s: Session) -> Session:
    """One step further, as a user would do who has all in order."""
    check = s.check
    assert check is not None
    match s.stage:
        case Stage.PRESS | Stage.RELEASE:
            return step(s, Touched(check.what, s.stage is Stage.PRESS, 0.0))
        case Stage.LIFT | Stage.REPLACE:
            return step(s, Touched("HOOK", s.stage is Stage.LIFT, 0.0))
        case Stage.ASK | Stage.READY:
            return step(s, Answered(Reply.YES, 0.0))
        case Stage.WORK:
            return step(s, Told(Finding(check, Verdict.PASSED), 0.0))
        case _:
            return step(s, Passed(s.until))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("auto", [True, False])
def test_every_page_fits(language, auto):
    texts, seen = load_texts(language), set()
    s = begin(ALL, checks(ALL, auto=auto), 0.0, auto=auto)
    while s.check is not None:
        shown = trial_screen(page(s), texts)
        assert shown.pattern or shown.big, s
        assert len(shown.title) <= TITLE_CHARS
        assert len(shown.big) <= BIG_CHARS
        assert len(shown.lines) <= LINES
        assert all(len(line) <= LINE_CHARS for line in shown.lines)
        seen.add(page(s).ask)
        s = done(s)
    moves = {"press", "release", "lift", "replace"}
    questions = {"cradle", "table", "look", "lamp", "ear", "ringer"}
    assert seen == ({"work"} if auto else {"work"} | moves | questions)
    assert page(s).ask == "well"


def test_the_end():
    s = begin(ALL, checks(ALL, auto=True), 0.0, auto=True)
    assert page(step(s, Stopped("why", 0.0))).ask == "off"
    failed = tuple(Finding(check, Verdict.FAILED, "x") for check in s.checks)
    assert page(replace(s, findings=failed)).ask == "ill"
