"""What the self-test is about: the phone's parts, the checks of them, and what was found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

YES_NO = (("#", "*"), ("OK", "BACK"), ("1", "2"))
"""Pairs of keys to answer with, the first that the phone has; without any, the terminal alone answers."""
PATTERNS = ("checkerboard", "frame", "all on")
"""What the display shows to be looked at."""
EACH = "each"
"""In place of a part's name: all of them, one after the other, without anybody who looks."""


class Kind(Enum):
    """Of checks; the values are what `--only` takes."""

    DISPLAY = "display"
    KEY = "key"
    LAMP = "lamp"
    HOOK = "hook"
    EAR = "ear"
    SOUND = "sound"
    RINGER = "ringer"
    PROFILE = "profile"
    DISK = "disk"
    MAILBOX = "mailbox"
    CLOCK = "clock"
    NETWORK = "network"
    SERVER = "server"
    STUN = "stun"
    TURN = "turn"


class Verdict(Enum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is tested."""

    kind: Kind
    what: str = ""
    """Which of its kind: a key's name, a lamp's, a pattern."""

    @property
    def name(self) -> str:
        """`key 5`, `clock`."""
        return f"{self.kind.value} {self.what}" if self.what else self.kind.value


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a check."""

    check: Check
    verdict: Verdict
    sentence: str = ""
    """Of a failed one: a clause that says what does not work ("the key 5 does not answer"); of others a remark."""
    figures: tuple[tuple[str, str], ...] = ()
    """What was measured: name and value with its unit."""


Lifted = Literal["", "open", "closed"]
"""The hook switch while the handset is up, as a profile has it; "": there is no profile that says."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """The parts of one phone."""

    keys: tuple[str, ...] = ()
    lamps: tuple[str, ...] = ()
    hook: bool = False
    lifted: Lifted = ""
    display: bool = False
    handset: bool = False
    """It has a sound card."""
    speaker: bool = False
    ringer: bool = False

    @property
    def answers(self) -> tuple[str, str]:
        """The keys for yes and no; ("", ""): it has none for that."""
        return next((pair for pair in YES_NO if set(pair) <= set(self.keys)), ("", ""))


def checks(equipment: Equipment, *, auto: bool, only: frozenset[Kind] = frozenset()) -> tuple[Check, ...]:
    """What is to be tested, in order. `auto`: what needs no hand. `only`: these kinds; empty: all."""
    found = (*(_by_itself if auto else _by_hand)(equipment), *_AROUND)
    return tuple(check for check in found if not only or check.kind in only)


_AROUND = (
    Check(Kind.PROFILE),
    Check(Kind.DISK),
    Check(Kind.MAILBOX),
    Check(Kind.CLOCK),
    Check(Kind.NETWORK, "address"),
    Check(Kind.NETWORK, "gateway"),
    Check(Kind.NETWORK, "names"),
    Check(Kind.SERVER),
    Check(Kind.STUN),
    Check(Kind.TURN),
)


def _by_hand(equipment: Equipment) -> tuple[Check, ...]:
    patterns = PATTERNS if equipment.display else ()
    return (
        *(Check(Kind.DISPLAY, pattern) for pattern in patterns),
        *(Check(Kind.KEY, key) for key in equipment.keys),
        *(Check(Kind.LAMP, lamp) for lamp in equipment.lamps),
        *((Check(Kind.HOOK),) if equipment.hook else ()),
        *((Check(Kind.EAR),) if equipment.handset else ()),
        *_sound(equipment),
        *((Check(Kind.RINGER),) if equipment.ringer else ()),
    )


def _by_itself(equipment: Equipment) -> tuple[Check, ...]:
    return (
        *((Check(Kind.DISPLAY, EACH),) if equipment.display else ()),
        *((Check(Kind.LAMP, EACH),) if equipment.lamps else ()),
        *_sound(equipment),
    )


def _sound(equipment: Equipment) -> tuple[Check, ...]:
    cards = {"handset": equipment.handset, "speaker": equipment.speaker}
    return tuple(Check(Kind.SOUND, card) for card, there in cards.items() if there)
