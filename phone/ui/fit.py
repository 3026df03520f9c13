"""Making text fit its place on the display. Pure; widths are in characters, for the fonts have one width each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

ELLIPSIS = "…"


def clean(text: str) -> str:
    """One line of composed characters: nothing that a far end puts into its name may move the cursor."""
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if c.isspace() else c for c in composed)
    return " ".join("".join(c for c in spaced if unicodedata.category(c) not in _UNSHOWN).split())


# control, format, surrogate characters, and marks that have no composed form
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Mn", "Me"})


def cut(text: str, width: int) -> str:
    """The beginning, with an ellipsis where it was cut."""
    return text if len(text) <= width else text[: width - 1].rstrip() + ELLIPSIS


def cut_start(text: str, width: int) -> str:
    """The end, with an ellipsis before it: of a number being dialled the last digits matter."""
    return text if len(text) <= width else ELLIPSIS + text[-(width - 1) :]


def wrap(text: str, width: int) -> tuple[str, ...]:
    """Lines broken at blanks; a longer word is broken where it must be."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines += [word[i : i + width] for i in range(0, len(word), width)]
    return tuple(lines)


def broken(text: str, width: int) -> tuple[str, ...]:
    """Lines of one long word such as an address, broken behind its signs where that can be done."""
    lines = [""]
    for part in _PARTS.findall(text):
        if len(lines[-1]) + len(part) <= width:
            lines[-1] += part
        else:
            lines += [part[i : i + width] for i in range(0, len(part), width)]
    return tuple(line for line in lines if line)


_PARTS = re.compile(r"[^@.:/-]*[@.:/-]|[^@.:/-]+")


def sentence(say: Callable[[str], str], who: str, width: int, height: int) -> tuple[str, ...]:
    """`say(who)` in at most `height` lines, with as much of `who` as fits."""
    room = len(who)
    while len(lines := wrap(say(cut(who, room)), width)) > height and room > 1:
        room -= 1
    return lines[:height]


def tail(text: str, end: str, width: int) -> str:
    """`text` and then `end`, which is never cut."""
    return f"{cut(text, width - len(end) - 1)} {end}"


def apart(text: str, end: str, width: int) -> str:
    """The same, with `end` at the right edge."""
    return f"{cut(text, width - len(end) - 1):<{width - len(end)}}{end}"


def pair(first: str, second: str, between: str, width: int) -> str:
    """Two names in one line, the longer one cut first."""
    free = width - len(between)
    half = free // 2
    left = max(half, free - len(second)) if len(first) > half else len(first)
    return f"{cut(first, left)}{between}{cut(second, free - left)}"
