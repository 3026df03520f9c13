"""What is sent is what has changed, and not much more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH
from phone.drivers.oledpages import MOST, PAGES, changes, pages

SIZE = PAGES * WIDTH
SPOTS = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 255)), max_size=40)


def with_spots(base: bytes, spots: list[tuple[int, int]]) -> bytes:
    new = bytearray(base)
    for place, value in spots:
        new[place] = value
    return bytes(new)


def test_a_byte_is_eight_pixels_of_a_column_its_topmost_lowest() -> None:
    frame = Image.new("1", (WIDTH, HEIGHT))
    for x, y in ((0, 0), (3, 9), (127, 63)):
        frame.putpixel((x, y), 1)
    found = pages(frame)
    assert len(found) == SIZE
    assert {i: b for i, b in enumerate(found) if b} == {0: 0x01, WIDTH + 3: 0x02, SIZE - 1: 0x80}


@given(SPOTS, SPOTS)
def test_the_windows_make_the_old_picture_the_new_one(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    old = with_spots(bytes(SIZE), before)
    new = with_spots(old, after)
    shown = bytearray(old)
    sent = 0
    for window in changes(old, new):
        assert 0 < len(window.data) <= MOST
        assert window.column + len(window.data) <= WIDTH
        start = window.page * WIDTH + window.column
        shown[start : start + len(window.data)] = window.data
        sent += len(window.data)
    assert bytes(shown) == new
    assert sent <= 9 * sum(a != b for a, b in zip(old, new, strict=True))


def test_nothing_has_changed_nothing_is_sent() -> None:
    assert list(changes(bytes(SIZE), bytes(SIZE))) == []


def test_a_display_of_which_nothing_is_known_gets_all() -> None:
    windows = list(changes(None, bytes(SIZE)))
    assert sum(len(w.data) for w in windows) == SIZE
    assert len(windows) == SIZE // MOST


def test_a_small_gap_is_sent_and_a_large_one_is_not() -> None:
    old = bytes(SIZE)
    near = [(w.column, len(w.data)) for w in changes(old, with_spots(old, [(10, 1), (19, 1)]))]
    far = [(w.column, len(w.data)) for w in changes(old, with_spots(old, [(10, 1), (20, 1)]))]
    assert near == [(10, 10)]
    assert far == [(10, 1), (20, 1)]
