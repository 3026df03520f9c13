"""What a test listens for, by one measure at every ear: the card of our phone and the page of the browser."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import numpy as np
from peers.tune import is_tune

from phone.demo.hearing import RATE, loudness, tone_share

Ear: TypeAlias = "Callable[[float], Awaitable[array[int]]]"
"""Gives the last so many seconds heard: 16-bit mono at 48 kHz."""

_WINDOW = 0.5
_PURE = 0.9
"""Share of the energy at one frequency above which nothing else is to be heard; Opus at speech rates leaves 0.99."""

_PART = 0.15
_MIX = 0.8
"""Of two tones mixed: the least share of each, and of both."""

# ITU-T Q.23.
_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_KEYS = ("123A", "456B", "789C", "*0#D")
_FRAME = RATE // 50
_STEP = RATE // 200
_AUDIBLE = 100.0


async def hears_tone(ear: Ear, hz: float, within: float = 10) -> None:
    """Return once half a second of nothing but `hz` has arrived.

    Raises:
        AssertionError: it did not `within` that many seconds; the message says what was heard last.
    """
    deadline = time.monotonic() + within
    while True:
        heard = await ear(_WINDOW)
        whole = len(heard) >= _WINDOW * RATE * 0.95
        share = tone_share(heard, hz)
        if whole and share >= _PURE:
            return
        if time.monotonic() > deadline:
            raise AssertionError(
                f"no {hz:g} Hz within {within:g} s: {share:.0%} of the last {len(heard) / RATE:.2f} s, "
                f"loudness {loudness(heard):.0f}"
            )
        await asyncio.sleep(0.1)


async def hears_silence(ear: Ear, within: float = 10) -> None:
    """Return once half a second of silence has arrived.

    Raises:
        AssertionError: it did not `within` that many seconds.
    """
    deadline = time.monotonic() + within
    while not (len(heard := await ear(_WINDOW)) >= _WINDOW * RATE * 0.95 and loudness(heard) < _AUDIBLE):
        if time.monotonic() > deadline:
            raise AssertionError(f"not silent within {within:g} s: loudness {loudness(heard):.0f}")
        await asyncio.sleep(0.1)


async def hears_both(ear: Ear, one: float, other: float, within: float = 10) -> None:
    """Return once half a second of those two tones together, and little else, has arrived.

    Raises:
        AssertionError: it did not `within` that many seconds.
    """
    shares: list[float] = []

    def together(heard: array[int]) -> bool:
        shares[:] = [tone_share(heard, hz) for hz in (one, other)]
        return min(shares) > _PART and sum(shares) > _MIX

    assert await _until(ear, together, within), f"not {one:g} and {other:g} Hz within {within:g} s: {shares}"


async def hears_tune(ear: Ear, within: float = 10) -> None:
    """Return once the phone's hold music has arrived.

    Raises:
        AssertionError: it did not `within` that many seconds.
    """
    found = await _until(ear, lambda heard: is_tune(np.array(heard, np.int16), RATE), within)
    assert found, f"no hold music within {within:g} s"


async def _until(ear: Ear, true: Callable[[array[int]], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while True:
        heard = await ear(_WINDOW)
        if len(heard) >= _WINDOW * RATE * 0.95 and true(heard):
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)


def keys_heard(heard: array[int]) -> str:
    """The DTMF keys in a recording, in order. A key counts again only after a pause (Q.24: at least 40 ms)."""
    keys = ""
    quiet = True
    for start in range(0, len(heard) - _FRAME + 1, _STEP):
        frame = heard[start : start + _FRAME]
        if loudness(frame) < _AUDIBLE:
            quiet = True
        elif (key := _key(frame)) and (quiet or key != keys[-1]):
            keys += key
            quiet = False
    return keys


def _key(frame: array[int]) -> str:
    rows = [tone_share(frame, hz) for hz in _ROWS]
    columns = [tone_share(frame, hz) for hz in _COLUMNS]
    # Both tones, neither drowned by the other (Q.24 allows 8 dB of twist), and little else.
    if min(max(rows), max(columns)) < 0.1 or max(rows) + max(columns) < 0.75:
        return ""
    return _KEYS[rows.index(max(rows))][columns.index(max(columns))]
