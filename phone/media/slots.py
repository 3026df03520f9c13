"""A whole block of samples as one big integer, so that CPython's C code does the arithmetic (Kronecker substitution).

Sample i stands in slot i of the integer, wide enough that products never meet. One multiplication by a number scales
the block; one by another packed block convolves the two. Per sample this costs about a thirtieth of a Python loop,
and neither numpy (25 MB resident) nor audioop (gone in Python 3.13) is needed.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache

SLOT16 = 2
"""Width in 16-bit words for scaling: a sample times a gain of 16 bits."""
SLOT48 = 3
"""Width for convolution: the same, and 16 bits for the sum."""


@cache
def _in_each_slot(value: int, slots: int, words: int) -> int:
    return value * (((1 << (16 * words * slots)) - 1) // ((1 << (16 * words)) - 1))


def pack(samples: array[int], words: int) -> int:
    """Signed samples, one in each slot of `words` 16-bit words, the first lowest."""
    slots = len(samples)
    spread = array("h", bytes(2 * words * slots))
    spread[::words] = samples
    # Flipping the sign bit adds 32768 to each sample; taking it off the sum again leaves them signed.
    offset = _in_each_slot(0x8000, slots, words)
    return (int.from_bytes(spread.tobytes(), "little") ^ offset) - offset


def pack_factors(factors: Sequence[int], words: int) -> int:
    """Signed filter coefficients, one in each slot: fixed point with 16 fractional bits."""
    return sum(factor << (16 * words * place) for place, factor in enumerate(factors))


def unpack(value: int, slots: int, words: int) -> array[int]:
    """All words of the slots after rounding to 16 fractional bits: word 1 of each slot is the sample."""
    value += _in_each_slot(0x8000, slots, words)
    out = array("h")
    # One slot more takes the sign. A negative slot borrows 2**-16 of a step from the next: nothing that is heard.
    out.frombytes(value.to_bytes(2 * words * (slots + 1), "little", signed=True))
    return out


def unpack_sum(value: int, slots: int) -> array[int] | None:
    """The samples of blocks packed at SLOT16 and added (at most 32768 of them); None where one has left int16."""
    value += _in_each_slot(0x8000, slots, SLOT16)
    if value & _in_each_slot(0xFFFF0000, slots, SLOT16):
        return None
    out = array("h")
    out.frombytes((value ^ _in_each_slot(0x8000, slots, SLOT16)).to_bytes(2 * SLOT16 * slots, "little"))
    return out[::SLOT16]
