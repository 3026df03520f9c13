"""What is said, as names of prompts: numbers, dates, times of day, names letter by letter. Pure.

Law: what is made here for a language, `prompts/texts/<language>.toml` has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from phone.ui.t9 import fold

Words = tuple[str, ...]
"""Names of prompts, said one after the other."""


class Say(Enum):
    """Every sentence, or part of one, that the phone says and that is always the same."""

    GREETING = "greeting"  # what callers hear, if the owner has not recorded his own
    SERVICE_GREETING = "service-greeting"
    LEAVE_MESSAGE = "leave-message"  # how to dictate a message
    BEEP = "beep"
    PAUSE = "pause"
    YOU_HAVE = "you-have"
    AND = "and"
    NO_MESSAGES = "no-messages"
    ONE_NEW = "one-new"
    SOME_NEW = "some-new"
    ONE_OLD = "one-old"
    SOME_OLD = "some-old"
    NEW = "new"
    HEARD = "heard"
    KEPT = "kept"
    DELETED = "deleted"
    OF = "of"
    END_OF_MESSAGE = "end-of-message"
    NO_MORE_NEW = "no-more-new"
    NO_MORE = "no-more"
    SAVED = "saved"
    ERASED = "erased"
    RESTORED = "restored"
    CANNOT_PLAY = "cannot-play"
    NO_CALL_BACK = "no-call-back"
    TROUBLE = "trouble"
    KEYS = "keys"  # of a message, in short
    KEYS_DELETED = "keys-deleted"
    KEYS_END = "keys-end"
    KEYS_EMPTY = "keys-empty"
    HELP = "help"
    FROM = "from"
    NO_NAME = "no-name"
    AT = "at"
    AM = "am"
    PM = "pm"
    O_CLOCK = "o-clock"
    MORE_THAN = "more-than"
    GREETING_KEYS = "greeting-keys"
    RECORD = "record"
    NOT_RECORDED = "not-recorded"
    YOUR_GREETING = "your-greeting"
    DRAFT_KEYS = "draft-keys"
    IN_USE = "in-use"
    BUILT_IN = "built-in"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


@dataclass(frozen=True, slots=True)
class Voice:
    """In which language, and by which clock."""

    language: str = "en"
    local: Callable[[float], datetime] = _utc
    """Local time of Unix seconds."""


def said(*sentences: Say) -> Words:
    """Sentences that are always the same."""
    return tuple(sentence.value for sentence in sentences)


def number(count: int) -> Words:
    """A number without a sign; beyond 999 it is more than that."""
    if count > 999:
        return (*said(Say.MORE_THAN), *number(999))
    hundreds, rest = divmod(max(0, count), 100)
    if not hundreds:
        return (f"number-{rest}",)
    return (f"hundred-{hundreds}", *((f"number-{rest}",) if rest else ()))


def counts(new: int, old: int) -> Words:
    """How many messages there are."""
    told_new = _messages(new, Say.ONE_NEW, Say.SOME_NEW)
    told_old = _messages(old, Say.ONE_OLD, Say.SOME_OLD)
    if not told_new and not told_old:
        return said(Say.NO_MESSAGES)
    between = said(Say.AND) if told_new and told_old else ()
    return (*said(Say.YOU_HAVE), *told_new, *between, *told_old)


def _messages(count: int, one: Say, some: Say) -> Words:
    if count < 1:
        return ()
    return said(one) if count == 1 else (*number(count), *said(some))


def position(state: Say, place: int, count: int) -> Words:
    """New message, two of five. `place` counts from 1."""
    return (*said(state), *number(place), *said(Say.OF), *number(count))


def moment(at: float, voice: Voice) -> Words:
    """Weekday, day, month and time of day."""
    when = voice.local(at)
    day = f"weekday-{when.isoweekday()}", f"day-{when.day}", f"month-{when.month}"
    return (*day, *said(Say.AT), *_TIMES[voice.language](when))


def caller(name: str, address: str, voice: Voice) -> Words:
    """Letter by letter, or digit by digit; the address of one whose name has none that this language spells."""
    spelt = spell(name, voice.language) or spell(address, voice.language)
    return (*said(Say.FROM), *spelt) if spelt else said(Say.NO_NAME)


LONGEST_NAME = 40
"""Signs that are spelt at most."""


def spell(text: str, language: str) -> Words:
    """What is no letter of the alphabet is said by what it comes from (`é` as `e`), or left out."""
    alphabet = _LETTERS[language]
    words: list[Words] = []
    for word in unicodedata.normalize("NFC", text).lower().split():
        signs = [c for sign in word for c in (sign if sign in alphabet else fold(sign))]
        known = tuple(name for c in signs if (name := _sign(c, alphabet)))
        words += [known] if known else []
    spelt = tuple(name for known in words for name in (*said(Say.PAUSE), *known))[1:]
    return spelt[:LONGEST_NAME]


def _sign(sign: str, alphabet: Mapping[str, str]) -> str:
    if sign in "0123456789":
        return f"number-{sign}"
    return f"letter-{alphabet[sign]}" if sign in alphabet else _SIGNS.get(sign, "")


_LATIN = {letter: letter for letter in "abcdefghijklmnopqrstuvwxyz"}
_LETTERS = {"de": _LATIN | {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}, "en": _LATIN}
_SIGNS = {"@": "sign-at", ".": "sign-dot", "-": "sign-dash", "_": "sign-underscore", "+": "sign-plus"}


def _of_24_hours(when: datetime) -> Words:
    """As in `vierzehn Uhr dreißig`."""
    return (f"hour-{when.hour}", *(number(when.minute) if when.minute else ()))


def _of_12_hours(when: datetime) -> Words:
    """As in `two thirty p.m.`, `two oh five p.m.`, `two o'clock p.m.`"""
    half = Say.AM if when.hour < 12 else Say.PM
    hour = number((when.hour - 1) % 12 + 1)
    if not when.minute:
        return (*hour, *said(Say.O_CLOCK, half))
    minute = (f"minute-{when.minute}",) if when.minute < 10 else number(when.minute)
    return (*hour, *minute, *said(half))


_TIMES: dict[str, Callable[[datetime], Words]] = {"de": _of_24_hours, "en": _of_12_hours}
