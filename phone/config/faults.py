"""One thing that is wrong with a config, and what else the user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from phone.config.document import KeyPath


@dataclass(frozen=True, slots=True)
class Fault:
    """`sentence` follows the key: "is missing: ...", "must be ..."."""

    key: KeyPath
    sentence: str


class UnfitError(ValueError):
    """A value that cannot be used; `str()` continues the sentence that begins with its key."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with the likeliest of `known`, else a list of them all."""
    choices = sorted(known)
    close = difflib.get_close_matches(word.lower(), {c.lower(): c for c in choices}, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{next(c for c in choices if c.lower() == close[0])}"?'
    return f"there is: {', '.join(choices)}" if choices else "nothing is known here"
