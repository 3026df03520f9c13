from hypothesis import given
from hypothesis import strategies as st

from phone.media.arrivals import Arrivals


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60), st.integers(1, 20), st.floats(0, 1))
def test_window_against_a_list(offsets, size, share):
    arrivals = Arrivals(size)
    for offset in offsets:
        arrivals.add(offset)
    window = sorted(offsets[-size:])
    assert len(arrivals) == len(window)
    assert arrivals.lowest == window[0]
    assert arrivals.quantile(share) == window[min(len(window) - 1, int(share * len(window)))]
    arrivals.clear()
    assert len(arrivals) == 0
