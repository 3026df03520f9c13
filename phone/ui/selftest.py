"""The screens of the self-test: what is tested, and what the user is to do or to look at. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from phone.ui.frame import Screen
from phone.ui.texts import Texts

Move = Literal["press", "release", "lift", "replace"]
Question = Literal["cradle", "table", "look", "lamp", "ear", "ringer"]
Ask = Move | Question | Literal["work", "well", "ill", "off"]
"""A text of the table `selftest`."""


@dataclass(frozen=True, slots=True)
class TrialPage:
    """What stands there."""

    ask: Ask
    place: str = ""
    """Of the check among all: "12/40"."""
    part: str = ""
    """A text of the table `part`, or `lamp`."""
    key: str = ""
    """The name of a key, in the place of `part`."""
    answers: tuple[str, str] = ("", "")
    """The keys for yes and no, where they are awaited."""
    pattern: str = ""
    """In place of all else."""


def trial_screen(page: TrialPage, texts: Texts) -> Screen:
    """Its screen."""
    title = f"{texts.get('title', 'selftest')} {page.place}".strip()
    if page.pattern:
        return Screen(title, "", pattern=page.pattern)
    yes, no = page.answers
    keys = (texts.fill("hint", "yes_no_keys", yes=yes, no=no),) if yes else ()
    return Screen(title, page.key or _part(page, texts), (texts.get("selftest", page.ask), *keys))


def _part(page: TrialPage, texts: Texts) -> str:
    if not page.part:
        return ""
    return texts.get("lamp" if page.ask == "lamp" else "part", page.part)
