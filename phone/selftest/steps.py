"""The self-test as a pure machine: contacts, answers, results and time in; what is shown, lit, sounded and asked out.

Laws:
 1. Each check ends by itself: whatever nobody does, or answers, is a finding after a while.
 2. A check has one finding, in the order of the checks; after the last one, or once stopped, nothing changes any more.
 3. What is lit, shown and sounded is computed from the state alone, and nothing of it is left when the test is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from phone.selftest.model import EACH, PATTERNS, Check, Equipment, Finding, Kind, Verdict

HOOK = "HOOK"
PRESS_SECONDS = 15.0
RELEASE_SECONDS = 5.0
ANSWER_SECONDS = 30.0
HOOK_SECONDS = 20.0
WORK_SECONDS = 30.0
"""For what needs no hand; each part of it gives up earlier by itself."""
ANNOUNCE_SECONDS = 1.5
MOMENT_SECONDS = 0.4
"""For a picture or a lamp that nobody looks at."""


class Stage(Enum):
    """Where the check stands."""

    SHOW = "show"
    """Something stands there for a moment."""
    READY = "ready"
    """Waits until the user has the handset where it must be."""
    ASK = "ask"
    """Waits for yes or no."""
    PRESS = "press"
    RELEASE = "release"
    LIFT = "lift"
    REPLACE = "replace"
    WORK = "work"
    """Somebody measures, and will tell."""


class Reply(Enum):
    """The user's word, by key or at the terminal."""

    YES = "yes"
    NO = "no"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Touched:
    """A debounced contact: a key, or HOOK, closed while the handset is lifted as far as the profile is right."""

    name: str
    closed: bool
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """At the terminal."""

    reply: Reply
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody measured."""

    finding: Finding
    at: float


@dataclass(frozen=True, slots=True)
class Passed:
    """Time."""

    at: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """It ends here."""

    why: str
    at: float


Event = Touched | Answered | Told | Passed | Stopped


@dataclass(frozen=True, slots=True)
class Session:
    """One run. Times are monotonic seconds."""

    equipment: Equipment
    checks: tuple[Check, ...]
    auto: bool = False
    findings: tuple[Finding, ...] = ()
    stage: Stage = Stage.WORK
    since: float = 0.0
    """When the stage began, or the key went down."""
    until: float = 0.0
    shown: int = 0
    """Which of the things that stand for a moment."""
    other: str = ""
    """The key that answered instead of the one that is asked for."""
    reversed: bool = False
    """The hook switch told the contrary."""
    stopped: str = ""
    """Why it was broken off; "": it was not."""

    @property
    def check(self) -> Check | None:
        """The one that is at it; None: it is over."""
        if self.stopped or len(self.findings) == len(self.checks):
            return None
        return self.checks[len(self.findings)]


Sound = Literal["", "tone", "ring", "probe"]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the phone does for the test."""

    lamps: frozenset[str] = frozenset()
    pattern: str = ""
    """On the whole display; "": words."""
    sound: Sound = ""
    speaker: bool = False
    """It sounds there, not in the handset."""
    task: Check | None = None
    """To be measured: `Told` is awaited."""


def begin(equipment: Equipment, chosen: tuple[Check, ...], at: float, *, auto: bool) -> Session:
    """The test from its first check on."""
    return _entered(Session(equipment, chosen, auto), at)


def step(s: Session, event: Event) -> Session:
    """Take one event."""
    check = s.check
    if check is None:
        return s
    match event:
        case Stopped(why):
            return replace(s, stopped=why)
        case Told(finding, at):
            return _found(s, finding, at) if finding.check == check and s.stage is Stage.WORK else s
        case Passed(at):
            return _late(s, check, at) if s.until <= at else s
        case Answered(Reply.SKIP, at):
            return _found(s, Finding(check, Verdict.SKIPPED), at)
        case Answered(reply, at):
            return _answered(s, check, reply, at)
        case _:
            return _touched(s, check, event)


def deadline(s: Session) -> float | None:
    """When `Passed` is due; None: it is over."""
    return None if s.check is None else s.until


def outputs(s: Session) -> Outputs:
    """What there is to see and hear now."""
    check = s.check
    if check is None:
        return Outputs()
    if s.stage is Stage.WORK:
        return Outputs(sound="probe" if check.kind is Kind.SOUND else "", speaker=check.what == "speaker", task=check)
    if s.stage not in (Stage.SHOW, Stage.ASK):
        return Outputs()
    match check:
        case Check(Kind.DISPLAY, "each"):
            return Outputs(pattern=PATTERNS[s.shown])
        case Check(Kind.DISPLAY, pattern) if s.stage is Stage.ASK:
            return Outputs(pattern=pattern)
        case Check(Kind.LAMP, "each"):
            return Outputs(lamps=frozenset(s.equipment.lamps) if s.shown == 0 else frozenset())
        case Check(Kind.LAMP, lamp):
            return Outputs(lamps=frozenset({lamp}))
        case Check(Kind.EAR):
            return Outputs(sound="tone")
        case Check(Kind.RINGER):
            return Outputs(sound="ring")
        case _:
            return Outputs()


# --- from check to check ----------------------------------------------------------------------------------------


def _entered(s: Session, at: float) -> Session:
    """At the first stage of the check that is next."""
    fresh = replace(s, shown=0, other="", reversed=False)
    match s.check:
        case Check(kind=Kind.DISPLAY | Kind.LAMP, what=what) if what == EACH:
            return _at(fresh, Stage.SHOW, at, MOMENT_SECONDS)
        case Check(kind=Kind.DISPLAY):
            return _at(fresh, Stage.SHOW, at, ANNOUNCE_SECONDS)
        case Check(kind=Kind.LAMP | Kind.EAR | Kind.RINGER):
            return _at(fresh, Stage.ASK, at, ANSWER_SECONDS)
        case Check(kind=Kind.KEY):
            return _at(fresh, Stage.PRESS, at, PRESS_SECONDS)
        case Check(kind=Kind.HOOK):
            return _at(fresh, Stage.READY, at, ANSWER_SECONDS)
        case Check(kind=Kind.SOUND, what="handset") if not s.auto:
            return _at(fresh, Stage.READY, at, ANSWER_SECONDS)
        case _:
            return _at(fresh, Stage.WORK, at, WORK_SECONDS)


def _at(s: Session, stage: Stage, at: float, seconds: float) -> Session:
    return replace(s, stage=stage, since=at, until=at + seconds)


def _found(s: Session, finding: Finding, at: float) -> Session:
    return _entered(replace(s, findings=(*s.findings, finding)), at)


def _failed(s: Session, check: Check, sentence: str, at: float) -> Session:
    return _found(s, Finding(check, Verdict.FAILED, sentence), at)


# --- the user ---------------------------------------------------------------------------------------------------


def _touched(s: Session, check: Check, event: Touched) -> Session:
    match s.stage:
        case Stage.PRESS if event.closed and event.name != HOOK:
            if event.name == check.what:
                return _at(s, Stage.RELEASE, event.at, RELEASE_SECONDS)
            return replace(s, other=event.name)
        case Stage.RELEASE if event.name == check.what and not event.closed:
            held = ("held", f"{1000 * (event.at - s.since):.0f} ms")
            return _found(s, Finding(check, Verdict.PASSED, figures=(held,)), event.at)
        case Stage.LIFT if event.name == HOOK:
            return replace(_at(s, Stage.REPLACE, event.at, HOOK_SECONDS), reversed=not event.closed)
        case Stage.REPLACE if event.name == HOOK and event.closed is s.reversed:
            return _hung_up(s, check, event.at)
        case Stage.ASK | Stage.READY if event.closed and event.name in s.equipment.answers:
            reply = Reply.YES if event.name == s.equipment.answers[0] else Reply.NO
            return _answered(s, check, reply, event.at)
        case _:
            return s


def _hung_up(s: Session, check: Check, at: float) -> Session:
    """The switch has told both; what it told is what the profile should say."""
    contrary: dict[str, str] = {"open": "closed", "closed": "open"}
    level = contrary.get(s.equipment.lifted, "") if s.reversed else s.equipment.lifted
    figures = (("lifted", level),) if level else ()
    if not s.reversed:
        return _found(s, Finding(check, Verdict.PASSED, figures=figures), at)
    hint = f': write lifted = "{level}" under [hook] of its profile' if level else ""
    sentence = f"the hook switch tells the contrary of what the handset does{hint}"
    return _found(s, Finding(check, Verdict.FAILED, sentence, figures), at)


def _answered(s: Session, check: Check, reply: Reply, at: float) -> Session:
    yes = reply is Reply.YES
    match s.stage:
        case Stage.ASK if yes:
            return _found(s, Finding(check, Verdict.PASSED), at)
        case Stage.ASK | Stage.PRESS | Stage.RELEASE | Stage.LIFT | Stage.REPLACE if not yes:
            return _failed(s, check, _does_not(s, check), at)
        case Stage.READY if yes:
            if check.kind is Kind.HOOK:
                return _at(s, Stage.LIFT, at, HOOK_SECONDS)
            return _at(s, Stage.WORK, at, WORK_SECONDS)
        case _:
            return s


# --- time -------------------------------------------------------------------------------------------------------


def _late(s: Session, check: Check, at: float) -> Session:
    match s.stage:
        case Stage.SHOW if check.what == EACH:
            return _next_shown(s, check, at)
        case Stage.SHOW:
            return _at(s, Stage.ASK, at, ANSWER_SECONDS)
        case Stage.ASK | Stage.READY:
            return _failed(s, check, f"nobody answered about {_the[check.kind](check)}", at)
        case Stage.WORK:
            return _failed(s, check, f"the check of {_the[check.kind](check)} came to no end", at)
        case _:
            return _failed(s, check, _does_not(s, check), at)


def _next_shown(s: Session, check: Check, at: float) -> Session:
    """All pictures; all lamps lit, then dark."""
    last = len(PATTERNS) - 1 if check.kind is Kind.DISPLAY else 1
    if s.shown == last:
        return _at(s, Stage.WORK, at, WORK_SECONDS)
    return replace(_at(s, Stage.SHOW, at, MOMENT_SECONDS), shown=s.shown + 1)


# --- what does not work -----------------------------------------------------------------------------------------


def _does_not(s: Session, check: Check) -> str:
    the = _the[check.kind](check)
    match check.kind, s.stage:
        case Kind.KEY, Stage.PRESS:
            return f"{the} does not answer" + (f", but {s.other} did" if s.other else "")
        case Kind.KEY, _:
            return f"{the} stays down"
        case Kind.HOOK, Stage.LIFT:
            return f"{the} does not answer"
        case Kind.HOOK, _:
            return f"{the} told of the handset's lifting alone"
        case Kind.DISPLAY, _:
            return f'the display does not show all of the picture "{check.what}"'
        case Kind.LAMP, _:
            return f"{the} does not light up"
        case Kind.EAR, _:
            return "the handset's ear is silent"
        case _:
            return f"{the} is silent"


def _named(text: str) -> Callable[[Check], str]:
    return lambda check: text.format(what=check.what)


_the: dict[Kind, Callable[[Check], str]] = {
    Kind.DISPLAY: _named("the display"),
    Kind.KEY: _named("the key {what}"),
    Kind.LAMP: _named("the {what} lamp"),
    Kind.HOOK: _named("the hook switch"),
    Kind.EAR: _named("the handset's ear"),
    Kind.SOUND: _named("the {what}'s sound"),
    Kind.RINGER: _named("the ringer"),
    Kind.PROFILE: _named("the hardware"),
    Kind.DISK: _named("the disk"),
    Kind.MAILBOX: _named("the mailbox"),
    Kind.CLOCK: _named("the clock"),
    Kind.NETWORK: _named("the network's {what}"),
    Kind.SERVER: _named("the server"),
    Kind.STUN: _named("STUN"),
    Kind.TURN: _named("TURN"),
}
