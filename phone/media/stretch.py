"""Speech made shorter or longer without clicks: waveform-similarity overlap-add (WSOLA) at the best matching lag.

The jitter buffer changes its delay by this, and so absorbs clock drift between the two ends. It happens a few times a
minute, so the search may cost half a millisecond.
"""

from __future__ import annotations

import math
from array import array
from operator import mul

from phone.media.voice import cross_fade

_FADE = 240
"""5 ms: half a pitch period of a low voice at least."""
_COARSE = 6
"""The search runs at 8 kHz first, then sample by sample around the best."""
_LEAST = 96
"""2 ms: a shorter change is not worth a seam."""
_LONGEST = 720
"""15 ms: one period of the lowest voice."""
_LONG_ENOUGH = 480
"""10 ms: one period of most voices. With so much to cut, the best place is taken, good or not."""
_AS_GOOD = 0.85
_ALIKE = 0.6
_QUIET = 200
"""-44 dB below full scale."""


def shorten(samples: array[int], most: int) -> array[int]:
    """The block with up to `most` samples less, its beginning still continuous with what came before.

    As much is cut as matches well. The same block comes back if it or `most` is too short, or if `most` is less than
    the pitch period of a loud voice, so that nothing matches: another block soon will.
    """
    fade = _fade_for(samples)
    most = min(most, len(samples) - fade)
    if most < _LEAST:
        return samples
    begin = samples[:fade]
    lag = best_lag(samples, begin, max(_LEAST, most // 2), most)
    later = samples[lag : lag + fade]
    if most < _LONG_ENOUGH and not _fits(begin, later):
        return samples
    return cross_fade(begin, later) + samples[lag + fade :]


def lengthen(before: array[int], samples: array[int], least: int) -> array[int]:
    """The block with at least `least` samples more (about a pitch period over), repeating the end of `before`.

    `before` is what was heard until now, 20 ms or more; the same block comes back if it is too short.
    """
    fade = _fade_for(samples)
    least = max(_LEAST, least)
    most = min(len(before), max(_LONGEST, least + _LEAST))
    if most < least or fade == 0:
        return samples
    past = before[-most:] + samples[:fade]
    # The place in the past whose continuation is most like the block's beginning, `lag` samples back.
    lag = most - best_lag(past, samples[:fade], 0, most - least)
    back = past[most - lag :]
    return cross_fade(samples[:fade], back[:fade]) + back[fade:] + samples[fade:]


def _fade_for(samples: array[int]) -> int:
    return min(_FADE, len(samples) // 4)


def _fits(one: array[int], other: array[int]) -> bool:
    """Whether a fade from one to the other goes unheard: they are alike, or both too quiet to matter."""
    energy, other_energy = sum(map(mul, one, one)), sum(map(mul, other, other))
    product = sum(map(mul, one, other))
    quiet = max(energy, other_energy) < len(one) * _QUIET**2
    return quiet or bool(product > _ALIKE * math.sqrt(energy * other_energy))


def best_lag(samples: array[int], pattern: array[int], first: int, last: int) -> int:
    """The last place from `first` to `last` at which `samples` is about as like `pattern` as anywhere.

    Of several pitch periods that match, the last cuts the most, or repeats the least.
    """
    coarse = range(first, last + 1, _COARSE)
    scores = _likeness(samples, pattern, coarse, _COARSE)
    enough = max(scores) - (1 - _AS_GOOD) * abs(max(scores))
    best = max(place for place, score in zip(coarse, scores, strict=True) if score >= enough)
    fine = range(max(first, best - _COARSE + 1), min(last, best + _COARSE - 1) + 1)
    scores = _likeness(samples, pattern, fine, 2)
    return fine[scores.index(max(scores))]


def _likeness(samples: array[int], pattern: array[int], places: range, step: int) -> list[float]:
    """Normalised correlation, squared with its sign, at each place; every `step`th sample is looked at."""
    size = len(pattern)
    thin = pattern[::step]
    scores = []
    for place in places:
        piece = samples[place : place + size : step]
        product = sum(map(mul, piece, thin))
        scores.append(product * abs(product) / (sum(map(mul, piece, piece)) + 1))
    return scores
