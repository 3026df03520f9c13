"""Ended calls into the call log, off the loop and in order; and what came while the phone was away, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from phone.background import Background
from phone.calllog import CallLog, Entry, Kind
from phone.calls.commands import LogCall
from phone.clock import Clock
from phone.library import MOST_RECENTS


@dataclass(frozen=True, slots=True)
class Written:
    """What the log holds after something was written."""

    recents: tuple[Entry, ...]
    """Newest first."""
    missed: tuple[Entry, ...] = ()
    """Of the calls that came while the phone was away, those that nobody took and that are new to the log."""


@dataclass(slots=True)
class CallWriter:
    """Writes each call, off the loop. `on_written` is called in the writing thread."""

    calls: CallLog
    clock: Clock
    on_written: Callable[[Written], object]
    _background: Background = field(default_factory=lambda: Background("call-log"))

    def begin(self) -> None:
        """Tell what there is."""
        self._background.do(partial(self._tell, ()))

    def write(self, command: LogCall) -> None:
        """Write it soon. The wall clock is read now: a step of it later changes no entry."""
        self._background.do(partial(self._write, self._entry(command)))

    def catch_up(self, entries: Sequence[Entry]) -> None:
        """Calls that came while the phone was away; those that the log knows already are no news."""
        self._background.do(partial(self._catch_up, tuple(entries)))

    def clear(self) -> None:
        """Forget all calls."""
        self._background.do(self._clear)

    def close(self) -> None:
        """Return when all is written."""
        self._background.close()

    def _write(self, entry: Entry) -> None:
        self.calls.add(entry)
        self._tell(())

    def _clear(self) -> None:
        self.calls.clear()
        self._tell(())

    def _catch_up(self, entries: tuple[Entry, ...]) -> None:
        new = [entry for entry in entries if self.calls.add(entry)]
        self._tell(tuple(entry for entry in new if entry.kind is Kind.MISSED))

    def _tell(self, missed: tuple[Entry, ...]) -> None:
        self.on_written(Written(self.calls.entries(MOST_RECENTS), missed))

    def _entry(self, command: LogCall) -> Entry:
        call = command.call
        began = self.clock.wall() - (self.clock.monotonic() - call.since)
        talked = command.ended_at - call.answered_at if call.answered_at is not None else 0.0
        return Entry(
            started=datetime.fromtimestamp(began, UTC).astimezone().isoformat(timespec="seconds"),
            peer=call.peer,
            name=call.name,
            outgoing=call.outgoing,
            answered=call.answered_at is not None,
            duration=round(talked, 1),
            reason=call.reason.value if call.reason else "",
            encrypted=call.encrypted,
            id=call.id,
            via=call.via,
        )
