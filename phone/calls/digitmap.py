"""Digit maps: when a typed number is complete (RFC 3435 section 2.1.5, a subset, with `+`).

Kept of the RFC's grammar: alternatives by `|`, outer parentheses, digits, `*`, `#`, `x`, ranges in brackets,
`.` for any number of repetitions of the position before it (none included), and `T`, the inter-digit timer,
at the end of an alternative. As in the RFC, the first alternative that is full without a `T` ends dialling at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from phone.errors import PhoneError

_DIGITS = "0123456789"
_SYMBOLS = _DIGITS + "*#+"
_RANGE = re.compile(r"([0-9])-([0-9])|([0-9*#+])")


class DigitMapError(PhoneError, ValueError):
    """The digit map cannot be understood; the message names the alternative and the fault."""


class Verdict(Enum):
    """What a digit map says of the digits so far."""

    COMPLETE = "complete"
    MORE = "more"
    """A prefix of some alternative, or one that waits for its timer."""
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Position:
    """One place of an alternative: which symbols it takes, and whether any number of them."""

    symbols: frozenset[str]
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One alternative."""

    positions: tuple[Position, ...]
    timed: bool

    def _reach(self, start: int) -> set[int]:
        """Positions that can be next at `start`: repeating ones may be skipped."""
        reach = {start}
        while start < len(self.positions) and self.positions[start].repeats:
            start += 1
            reach.add(start)
        return reach

    def states(self, digits: str) -> set[int]:
        """Indexes of the positions that may take the next digit; len(positions) means full; empty: mismatch."""
        now = self._reach(0)
        for digit in digits:
            following: set[int] = set()
            for index in now:
                if index < len(self.positions) and digit in self.positions[index].symbols:
                    following |= self._reach(index if self.positions[index].repeats else index + 1)
            now = following
        return now


@dataclass(frozen=True, slots=True)
class DigitMap:
    """A parsed digit map; without rules every number waits for the timer or `#`."""

    rules: tuple[Rule, ...] = ()

    def judge(self, digits: str) -> Verdict:
        """Whether `digits` are complete, may go on, or match nothing."""
        verdict = Verdict.MISMATCH
        for rule in self.rules:
            states = rule.states(digits)
            if len(rule.positions) in states and not rule.timed:
                return Verdict.COMPLETE
            if states:
                verdict = Verdict.MORE
        return verdict


def parse(text: str) -> DigitMap:
    """Read a digit map such as "[1-8]xxx|0T|+x.T"; "" gives the map without rules.

    Raises DigitMapError.
    """
    text = re.sub(r"\s", "", text)
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return DigitMap(tuple(_rule(part) for part in text.split("|"))) if text else DigitMap()


def _rule(text: str) -> Rule:
    timed = text.endswith(("T", "t"))
    rest = text[:-1] if timed else text
    if not rest:
        raise DigitMapError(f'digit map: the alternative "{text}" is empty; remove the "|" beside it')
    positions: list[Position] = []
    while rest:
        symbols, rest = _position(rest, text)
        repeats = rest.startswith(".")
        rest = rest[1:] if repeats else rest
        positions.append(Position(symbols, repeats))
    if positions[-1].repeats and not timed:
        # without the timer the repetition is full before its first digit, so nobody could ever dial one
        raise DigitMapError(f'digit map: "{text}" ends in a repetition and would never wait; write "{text}T"')
    return Rule(tuple(positions), timed)


def _position(rest: str, whole: str) -> tuple[frozenset[str], str]:
    first = rest[0]
    if first in "xX":
        return frozenset(_DIGITS), rest[1:]
    if first in _SYMBOLS:
        return frozenset(first), rest[1:]
    if first == "[":
        inner, closed, after = rest[1:].partition("]")
        if not closed:
            raise DigitMapError(f'digit map: "{whole}" opens a "[" and never closes it')
        return _bracket(inner, whole), after
    if first in "tT":
        raise DigitMapError(f'digit map: "{whole}" has "T" inside; the timer stands at the end only')
    raise DigitMapError(f'digit map: "{whole}" has "{first}", which is none of 0-9 * # + x [ ] . T |')


def _bracket(inner: str, whole: str) -> frozenset[str]:
    symbols: set[str] = set()
    at = 0
    while at < len(inner) or not inner:
        match = _RANGE.match(inner, at)
        if match is None:
            raise DigitMapError(f'digit map: "[{inner}]" in "{whole}" is no set of digits such as [1-79*]')
        low, high, single = match.groups()
        if single is None and low > high:
            raise DigitMapError(f'digit map: "[{inner}]" in "{whole}" runs backwards')
        symbols |= {single} if single else {str(d) for d in range(int(low), int(high) + 1)}
        at = match.end()
    return frozenset(symbols)
