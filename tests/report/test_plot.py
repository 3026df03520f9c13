"""The picture of the last calls."""

from __future__ import annotations

import io

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from phone.control import CallQuality
from phone.report.plot import plot

CALL = CallQuality("c", "2026-01-02T03:04:05+00:00", 1.0, "in", "hang-up", encrypted=None)
BAR, WORST = (0x3B, 0x6E, 0xA5), (0xC0, 0x39, 0x2B)

figures = st.none() | st.floats(0, 1e6)
calls = st.builds(
    lambda counts, figures: msgspec.structs.replace(
        CALL,
        received=counts[0],
        lost=counts[1],
        **dict(zip(("jitter_ms", "worst_jitter_ms", "round_trip_ms", "worst_loss_percent"), figures, strict=True)),
    ),
    st.tuples(st.integers(0, 1000), st.integers(-5, 1000)),
    st.tuples(figures, figures, figures, figures),
)


def colours(png: bytes) -> dict[tuple[int, int, int], int]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return {colour: count for count, colour in image.getcolors(1 << 24) or ()}


@settings(max_examples=25, deadline=None)
@given(st.lists(calls, max_size=50))
def test_whatever_was_measured_can_be_drawn(known: list[CallQuality]) -> None:
    assert plot(known).startswith(b"\x89PNG")


def test_more_loss_is_a_higher_bar() -> None:
    def painted(lost: int) -> int:
        return colours(plot([msgspec.structs.replace(CALL, received=100 - lost, lost=lost)])).get(BAR, 0)

    assert painted(0) < painted(2) < painted(4)
    assert WORST not in colours(plot([CALL]))
    assert WORST in colours(plot([msgspec.structs.replace(CALL, worst_jitter_ms=5.0)]))
