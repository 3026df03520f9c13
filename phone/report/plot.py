"""The quality of the last calls as a picture: a row of bars for each figure, oldest call on the left."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from phone.control import CallQuality

_STEP, _BAR = 16, 10
_HEIGHT, _GAP, _LEFT, _TOP = 90, 34, 64, 40
_LEAST_CALLS = 24
_PAPER, _INK, _FAINT, _BARS, _WORST = "white", "black", "#cccccc", "#3b6ea5", "#c0392b"


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    bar: Callable[[CallQuality], float | None]
    worst: Callable[[CallQuality], float | None]
    floor: float
    """The scale reaches at least so far."""


def _loss(call: CallQuality) -> float | None:
    due = call.received + call.lost
    return 100.0 * max(0, call.lost) / due if due > 0 else None


_ROWS = (
    _Row("packets lost, %", _loss, lambda call: call.worst_loss_percent, 5.0),
    _Row("jitter, ms", lambda call: call.jitter_ms, lambda call: call.worst_jitter_ms, 20.0),
    _Row("jitter buffer, ms", lambda call: call.jitter_buffer_ms, lambda call: call.worst_jitter_buffer_ms, 100.0),
    _Row("round trip, ms", lambda call: call.round_trip_ms, lambda call: call.worst_round_trip_ms, 200.0),
)


def plot(calls: Sequence[CallQuality]) -> bytes:
    """A PNG of these calls, newest first."""
    oldest_first = tuple(reversed(calls))
    width = _LEFT + _STEP * max(_LEAST_CALLS, len(oldest_first)) + 16
    image = Image.new("RGB", (width, _TOP + len(_ROWS) * (_HEIGHT + _GAP)), _PAPER)
    draw = ImageDraw.Draw(image)
    first, last = (oldest_first[0].began, oldest_first[-1].began) if oldest_first else ("-", "-")
    draw.text((_LEFT, 6), f"{len(oldest_first)} calls, {first} to {last}", fill=_INK)
    draw.text((_LEFT, 20), "bar: the whole call (mean)   line: its worst moment", fill=_INK)
    for number, row in enumerate(_ROWS):
        _draw_row(draw, row, oldest_first, _TOP + number * (_HEIGHT + _GAP) + 14, width - 16)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _draw_row(draw: ImageDraw.ImageDraw, row: _Row, calls: Sequence[CallQuality], top: int, right: int) -> None:
    figures = [value for call in calls for value in (row.bar(call), row.worst(call)) if value is not None]
    most = max((row.floor, *figures))
    bottom = top + _HEIGHT
    draw.text((_LEFT, top - 13), row.title, fill=_INK)
    for share in (0.0, 0.5, 1.0):
        y = round(bottom - share * _HEIGHT)
        draw.line((_LEFT, y, right, y), fill=_FAINT)
        draw.text((6, y - 6), f"{share * most:.3g}", fill=_INK)
    for number, call in enumerate(calls):
        x = _LEFT + number * _STEP + 3
        if (value := row.bar(call)) is not None:
            draw.rectangle((x, round(bottom - value / most * _HEIGHT), x + _BAR, bottom), fill=_BARS)
        if (worst := row.worst(call)) is not None:
            y = round(bottom - worst / most * _HEIGHT)
            draw.line((x, y, x + _BAR, y), fill=_WORST, width=2)
