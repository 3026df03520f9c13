"""Where the self-test stands, as a page of the display."""

from __future__ import annotations

from phone.selftest.model import EACH, Check, Kind
from phone.selftest.report import passed
from phone.selftest.steps import Session, Stage, outputs
from phone.ui.selftest import Ask, Move, Question, TrialPage

_MOVES: dict[Stage, Move] = {
    Stage.PRESS: "press",
    Stage.RELEASE: "release",
    Stage.LIFT: "lift",
    Stage.REPLACE: "replace",
}
_QUESTIONS: dict[Kind, Question] = {Kind.DISPLAY: "look", Kind.LAMP: "lamp", Kind.EAR: "ear", Kind.RINGER: "ringer"}


def page(s: Session) -> TrialPage:
    """What the display says of it."""
    check = s.check
    if check is None:
        return TrialPage("off" if s.stopped else "well" if passed(s) else "ill")
    ask = _ask(s, check)
    one = check.kind is Kind.LAMP and check.what != EACH
    return TrialPage(
        ask,
        place=f"{len(s.findings) + 1}/{len(s.checks)}",
        part="" if check.kind is Kind.KEY else check.what if one else check.kind.value,
        key=check.what if check.kind is Kind.KEY else "",
        answers=s.equipment.answers if s.stage in (Stage.ASK, Stage.READY) or ask == "look" else ("", ""),
        pattern=outputs(s).pattern,
    )


def _ask(s: Session, check: Check) -> Ask:
    if (move := _MOVES.get(s.stage)) is not None:
        return move
    if s.stage is Stage.READY:
        return "cradle" if check.kind is Kind.HOOK else "table"
    if s.stage is Stage.WORK or check.what == EACH:
        return "work"
    return _QUESTIONS[check.kind]
