from array import array

from hypothesis import given
from hypothesis import strategies as st

from phone.media.slots import SLOT16, SLOT48, pack, pack_factors, unpack

samples = st.lists(st.integers(-32768, 32767), min_size=1, max_size=60)


@given(samples, st.integers(0, 1 << 16), st.sampled_from([SLOT16, SLOT48]))
def test_one_product_scales_every_sample(values, gain, words):
    got = unpack(pack(array("h", values), words) * gain, len(values), words)[1 : words * len(values) : words]
    for value, scaled in zip(values, got, strict=True):
        assert abs(scaled - value * gain / 65536) <= 0.50002


@given(samples, st.lists(st.integers(-20000, 20000), min_size=1, max_size=8))
def test_one_product_convolves(values, factors):
    size = len(values) + len(factors) - 1
    words = unpack(pack(array("h", values), SLOT48) * pack_factors(factors, SLOT48), size, SLOT48)
    for n in range(size):
        exact = sum(f * values[n - k] for k, f in enumerate(factors) if 0 <= n - k < len(values)) / 65536
        got = (words[SLOT48 * n + 2] << 16) | (words[SLOT48 * n + 1] & 0xFFFF)
        assert abs(got - exact) <= 0.50002
