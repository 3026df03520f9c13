"""How the last calls sounded: figures while a call lasts, and a small file of those that have ended.

Law: like the call log it never stops a call. No names: who cleared the call log has not left them here.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from phone.background import Background
from phone.calls.commands import LogCall
from phone.calls.model import Reason
from phone.clock import Clock
from phone.control import CallQuality
from phone.durable import replace_file
from phone.figures import Figures
from phone.media.plan import LegStats

log = logging.getLogger(__name__)

KEPT = 50
"""Calls."""
_LONGEST_FILE = 1 << 20
_TROUBLES = frozenset({Reason.INCOMPATIBLE, Reason.INSECURE, Reason.MEDIA_LOST, Reason.FAILED})


def quality(command: LogCall, began: float, figures: Figures, profile: str) -> CallQuality | None:
    """Of a call that has ended, `began` in Unix seconds; None where there was no sound, and nothing wrong with it."""
    call = command.call
    if figures.last is None and call.reason not in _TROUBLES:
        return None
    talked = command.ended_at - call.answered_at if call.answered_at is not None else 0.0
    bare = CallQuality(
        id=call.id,
        began=datetime.fromtimestamp(began, UTC).astimezone().isoformat(timespec="seconds"),
        seconds=round(talked, 1),
        direction="out" if call.outgoing else "in",
        reason=call.reason.value if call.reason else "",
        encrypted=call.encrypted,
        srtp_profile=profile,
    )
    return bare if figures.last is None else _measured(bare, figures, figures.last)


def _measured(bare: CallQuality, figures: Figures, last: LegStats) -> CallQuality:
    return msgspec.structs.replace(
        bare,
        codec=last.codec,
        packet_ms=last.ptime,
        path=last.path,
        sent=last.sent,
        received=last.received,
        lost=last.lost,
        worst_loss_percent=figures.loss.most,
        worst_far_loss_percent=figures.far_loss.most,
        jitter_ms=figures.jitter.mean,
        jitter_buffer_ms=figures.jitter_buffer.mean,
        round_trip_ms=figures.round_trip.mean,
        worst_jitter_ms=figures.jitter.most,
        worst_jitter_buffer_ms=figures.jitter_buffer.most,
        worst_round_trip_ms=figures.round_trip.most,
        concealed_ms=last.concealed_ms,
        refused=last.rejected,
    )


def read(path: Path) -> tuple[CallQuality, ...]:
    """The last calls, newest first; none where the file tells nothing. Raises OSError if it may not be read."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_LONGEST_FILE), type=tuple[CallQuality, ...])[:KEPT]
    except FileNotFoundError:
        return ()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s tells nothing (%s): the quality of calls is kept anew", path, error)
        return ()


class QualityBook:
    """The last calls, in a file. `figures` tells those of a leg and its SRTP profile. All on the loop but the file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._calls: tuple[CallQuality, ...] = self._read()
        self._background = Background("quality")

    @property
    def calls(self) -> tuple[CallQuality, ...]:
        """Newest first."""
        return self._calls

    def ended(self, command: LogCall, figures: Figures, profile: str) -> None:
        """Keep that call's."""
        began = self._clock.wall() - (self._clock.monotonic() - command.call.since)
        if (call := quality(command, began, figures, profile)) is not None:
            self._keep((call, *self._calls)[:KEPT])

    def clear(self) -> None:
        """Forget all calls."""
        self._keep(())

    def close(self) -> None:
        """Return when all is written."""
        self._background.close()

    def _keep(self, calls: tuple[CallQuality, ...]) -> None:
        self._calls = calls
        self._background.do(partial(self._write, calls))

    def _write(self, calls: tuple[CallQuality, ...]) -> None:
        try:
            replace_file(self._path, msgspec.json.encode(calls))
        except OSError as error:
            log.error("cannot write %s: %s; the phone goes on without", self._path, error)  # noqa: TRY400

    def _read(self) -> tuple[CallQuality, ...]:
        try:
            return read(self._path)
        except OSError as error:
            log.warning("cannot read %s: %s; the quality of calls is kept anew", self._path, error)
            return ()
