"""A bug of ours costs the act in which it shows and no more: it is logged with its traceback and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T")


class BugReports(Protocol):
    """Where bugs go: asyncio's loop logs them with their traceback, tests fail by them."""

    def call_exception_handler(self, context: dict[str, object], /) -> None: ...


@dataclass(slots=True)
class Guard:
    """Tries one act at a time."""

    reports: BugReports
    faults: Counter[str] = field(default_factory=Counter)
    """Bugs that showed, by the act in which they did."""
    hurt: bool = False
    """One showed since this was last cleared."""

    def attempt(self, act: Callable[[T], None], thing: T) -> None:
        """Do it; a bug stays in it."""
        try:
            act(thing)
        except Exception as error:  # noqa: BLE001 - whatever it is, the phone must go on
            where = f"{act.__name__.strip('_')}: {type(thing).__name__}"
            self.hurt = True
            self.faults[where] += 1
            told = f"a bug of the phone's own, in {where}"
            self.reports.call_exception_handler({"message": told, "exception": error})
