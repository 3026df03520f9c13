"""What the self-test says at the terminal: what to do now, and the one sentence at the end. Pure."""

from __future__ import annotations

from phone.selftest.model import Check, Finding, Kind, Verdict
from phone.selftest.steps import Session, Stage

_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
_LEGEND = {"all on": "every pixel lit", "frame": "a frame along all four edges", "checkerboard": "a checkerboard"}


def prompt(s: Session) -> str:
    """What the user is to do or to answer now; "" where nothing is asked of him."""
    check = s.check
    if check is None:
        return ""
    match s.stage:
        case Stage.PRESS:
            return f"Press the key {check.what}."
        case Stage.RELEASE:
            return f"Let the key {check.what} go."
        case Stage.LIFT:
            return "Lift the handset now."
        case Stage.REPLACE:
            return "Put the handset back."
        case Stage.READY:
            return f"{_position(check)} {_keys(s)}"
        case Stage.ASK:
            return f"{_question(check)} {_keys(s)}"
        case _:
            return ""


def asks(s: Session) -> bool:
    """Yes or no is awaited."""
    return s.check is not None and s.stage in (Stage.ASK, Stage.READY)


def _position(check: Check) -> str:
    if check.kind is Kind.HOOK:
        return "Is the handset on its cradle?"
    return "Lay the handset on the table and be quiet for two seconds: ready?"


def _question(check: Check) -> str:
    match check.kind:
        case Kind.DISPLAY:
            return f"Does the whole display show {_LEGEND[check.what]}?"
        case Kind.LAMP:
            return f"Is the {check.what} lamp lit?"
        case Kind.EAR:
            return "Is there a tone in the handset?"
        case _:
            return "Does the phone ring?"


def _keys(s: Session) -> str:
    yes, no = s.equipment.answers
    return f"{yes} = yes, {no} = no" if yes else "y = yes, n = no"


def verdict(s: Session) -> str:
    """The one sentence, once it is over."""
    failed = [f for f in s.findings if f.verdict is Verdict.FAILED]
    skipped = sum(f.verdict is Verdict.SKIPPED for f in s.findings)
    if s.stopped:
        told = f": {_joined(failed)}" if failed else ""
        return f"The self-test was broken off after {len(s.findings)} of {len(s.checks)} checks, {s.stopped}{told}."
    if failed:
        one = len(failed) == 1
        return f"{_number(len(failed))} thing{'' if one else 's'} need{'s' if one else ''} a hand: {_joined(failed)}."
    passed = len(s.findings) - skipped
    if not skipped:
        return "The one check passed." if passed == 1 else f"All {passed} checks passed."
    return f"{passed} of {len(s.checks)} checks passed, the others were skipped."


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _joined(failed: list[Finding]) -> str:
    return "; ".join(finding.sentence for finding in failed)
