"""Ended calls into the call log, off the loop and in order."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from phone.background import Background
from phone.calllog import CallLog, Entry
from phone.calls.commands import LogCall
from phone.clock import Clock


class CallWriter:
    """Writes each call, off the loop."""

    def __init__(self, calls: CallLog, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._background = Background("call-log")

    def write(self, command: LogCall) -> None:
        """Write it soon. The wall clock is read now: a step of it later changes no entry."""
        self._background.do(partial(self._calls.add, self._entry(command)))

    def close(self) -> None:
        """Return when all is written."""
        self._background.close()

    def _entry(self, command: LogCall) -> Entry:
        call = command.call
        began = self._clock.wall() - (self._clock.monotonic() - call.since)
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
        )
