# ruff: noqa: RUF001 - letters of one alphabet that look like those of another are what this file is about
"""People by the letters on the keys (ITU-T E.161; Greek and Cyrillic as in ETSI ES 202 130). Pure.

Digits find whoever has a word that begins with them, or a number that does; a 0 between words may stand for the blank.
Each name is spelt out in digits once, when its index is made; a key then narrows down what the keys before it found.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from phone.ui.book import Person

_LETTERS = {
    "2": "abcαβγабвгґ",
    "3": "defδεζдежзє",
    "4": "ghiηθιийклі",
    "5": "jklκλμмноп",
    "6": "mnoνξοрсту",
    "7": "pqrsπρσςфхцч",
    "8": "tuvτυφшщъы",
    "9": "wxyzχψωьэюя",
}
_KEYS = {letter: digit for digit, letters in _LETTERS.items() for letter in letters} | {d: d for d in "0123456789"}
_LIGATURES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h"}
)
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_APOSTROPHES = frozenset("'’`´")
_NUMBER = frozenset("0123456789*#+")


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The people of a book, ready to be found. Compared by identity: it is the key of what was found before."""

    people: tuple[Person, ...] = ()
    """As the book has them."""
    ordered: tuple[Person, ...] = ()
    """In the order of the alphabet."""
    spelt: tuple[str, ...] = ()
    """Beside each of `ordered`: its name and number as they are typed, see `_spell`."""


def indexed(people: tuple[Person, ...], before: Index | None = None) -> Index:
    """The index of `people`; what `before` knows already is not spelt again."""
    known = {(p.name, p.number): s for p, s in zip(before.ordered, before.spelt, strict=True)} if before else {}
    ordered = sorted(people, key=lambda p: (fold(p.name), p.address))
    spelt = (known.get((p.name, p.number)) or _spell(p) for p in ordered)
    return Index(people, tuple(ordered), tuple(spelt))


@lru_cache(maxsize=16)
def found(index: Index, digits: str) -> tuple[Person, ...]:
    """Whom `digits` find; everybody for "". First whose number that is, then those whose first word begins with it,
    then the others, each by the alphabet.
    """
    if not digits:
        return index.ordered
    hits, spelt, number = _hits(index, digits), index.spelt, f"\t {digits}"
    exact = [i for i in hits if spelt[i].endswith(number)]
    first = _containing(index, hits, tuple(f"\n{needle}" for needle in _needles(digits)))
    return tuple(index.ordered[i] for i in dict.fromkeys((*exact, *first, *hits)))


def fold(text: str) -> str:
    """Without case and marks: for finding and for sorting."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(c for c in plain if not unicodedata.combining(c))


@lru_cache(maxsize=16)
def _hits(index: Index, digits: str) -> tuple[int, ...]:
    """Places in `index.ordered`. What a longer text finds the shorter one has found, too."""
    if not digits:
        return tuple(range(len(index.ordered)))
    return _containing(index, _hits(index, digits[:-1]), _needles(digits))


def _containing(index: Index, places: tuple[int, ...], needles: tuple[str, ...]) -> tuple[int, ...]:
    """Those of `places` whose spelling has one of one or two needles."""
    spelt, one, other = index.spelt, needles[0], needles[-1]
    if one == other:
        return tuple([i for i in places if one in spelt[i]])
    return tuple([i for i in places if one in spelt[i] or other in spelt[i]])


def _needles(digits: str) -> tuple[str, ...]:
    """What stands in the spelling of those that `digits` find."""
    literal, blanks = f" {digits}", f" {digits.replace('0', ' ')}"
    return (literal,) if literal == blanks else (literal, blanks)


def _spell(person: Person) -> str:
    r"""Every word with a blank before it; "\n" begins a spelling of the name, "\t" the number."""
    name = unicodedata.normalize("NFC", person.name).casefold()
    names = dict.fromkeys("".join(f" {word}" for word in _words(text)) for text in (name, name.translate(_SPELT_OUT)))
    number = "".join(c for c in person.number if c in _NUMBER)
    return "".join(f"\n{spelling}" for spelling in names) + (f"\t {number}" if number else "")


def _words(text: str) -> Iterator[str]:
    """In digits; letters that no key has are left out."""
    typed = ("" if c in _APOSTROPHES else _KEYS.get(c, "" if c.isalpha() else " ") for c in fold(text))
    yield from "".join(typed).split()
