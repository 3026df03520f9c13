"""Which files are heard where: what the core and the menus want said becomes paths of Ogg Opus files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phone.calls.model import Phone
from phone.calls.outputs import Outputs
from phone.media import planrecordings
from phone.ui import menu
from phone.ui.book import Book
from phone.ui.menu import Menu

GREETING = "greeting"
"""What `AudioPlan.record` calls the user's own greeting while he speaks it."""
_DICTATION = "dictation"
_PROMPT = "prompt:"
_BEEP = "beep"
_LEAVE = "leave-message"


@dataclass(frozen=True, slots=True)
class Sayings:
    """`path`: of a prompt by its name, "" where it is not there."""

    path: Callable[[str], str]

    def greeting(self, book: Book) -> tuple[str, ...]:
        """What a caller hears before he is recorded."""
        return _there(book.box.greeting, self.path(_BEEP))

    def play(self, phone: Phone, out: Outputs, menus: Menu, book: Book) -> planrecordings.Play | None:
        """What the ear hears."""
        if out.mailbox:
            speech = menu.speech(menus, book)
            if speech is None:
                return None
            files = tuple(map(self._file, speech.parts))
            return planrecordings.Play(speech.token, _there(*files), speech.start_ms, speech.speed, speech.paused)
        if phone.dictation is not None and out.dictation is False:
            return planrecordings.Play(dictation_token(phone), _there(self.path(_LEAVE), self.path(_BEEP)))
        return None

    def _file(self, part: str) -> str:
        return self.path(part.removeprefix(_PROMPT)) if part.startswith(_PROMPT) else part


def recorded(phone: Phone, out: Outputs, menus: Menu) -> str:
    """What of the user's own words is recorded now: the name that its sound goes by, "" for nothing."""
    if out.dictation:
        return dictation_source(phone)
    return GREETING if out.mailbox and menu.recording(menus) else ""


def dictation_source(phone: Phone) -> str:
    """Another one for each."""
    return f"{_DICTATION} {phone.dictation.at if phone.dictation else 0.0}"


def dictation_token(phone: Phone) -> int:
    """Below zero, where no token of the menus is; another one for each."""
    return -1 - int(1000 * (phone.dictation.at if phone.dictation else 0.0))


def _there(*files: str) -> tuple[str, ...]:
    return tuple(file for file in files if file)
