"""Ended calls into the call log, off the loop and in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from phone.calllog import CallLog, Entry
from phone.calls.commands import LogCall
from phone.clock import Clock


class CallWriter:
    """One thread that writes; a slow or full card delays nobody."""

    def __init__(self, calls: CallLog, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "call-log")

    def write(self, command: LogCall) -> None:
        """Write it soon. The wall clock is read now: a step of it later changes no entry."""
        self._thread.submit(self._calls.add, self._entry(command))

    def close(self) -> None:
        """Return when all is written."""
        self._thread.shutdown()

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
