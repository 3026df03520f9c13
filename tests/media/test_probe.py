"""The measuring signal is found in what comes back: how late, how loud, and not where it is not."""

from __future__ import annotations

import random
from array import array

import pytest

from phone.media import probe
from phone.media.probe import CHIRP, GAP, LENGTH, Probe, echo, signal


def back(delay: int, gain: float, noise: float = 0.0, seed: int = 1) -> array[int]:
    """What a microphone hears of it."""
    rnd, played = random.Random(seed), signal()
    heard = (gain * played[i - delay] if i >= delay else 0.0 for i in range(LENGTH))
    return array("h", [max(-32768, min(32767, round(x + rnd.gauss(0, noise)))) for x in heard])


@pytest.mark.parametrize("delay", [0, 1, 5, 624, 1501, GAP])
@pytest.mark.parametrize("gain", [1.0, -0.5, 0.01])
def test_to_the_sample(delay, gain):
    found = echo(back(delay, gain))
    assert found.delay_ms == pytest.approx(delay / 48)
    assert found.level_db == pytest.approx({1.0: 0.0, -0.5: -6.02, 0.01: -40.0}[gain], abs=0.1)
    assert (found.noise_db, found.silent) == (None, False)


def test_below_the_noise():
    found = echo(back(3331, 0.01, noise=200.0))
    assert found.delay_ms == pytest.approx(3331 / 48, abs=0.1)
    assert found.level_db == pytest.approx(-40, abs=1)
    assert found.noise_db == pytest.approx(-44.3, abs=1)


@pytest.mark.parametrize("seed", range(3))
def test_noise_alone_is_no_echo(seed):
    found = echo(back(0, 0.0, noise=1000.0, seed=seed))
    assert (found.delay_ms, found.level_db, found.silent) == (None, None, False)
    assert found.noise_db == pytest.approx(-30.3, abs=1)


def test_a_dead_microphone():
    found = echo(array("h", [0, 1, -1, 2] * (LENGTH // 4)))
    assert (found.delay_ms, found.silent) == (None, True)


def test_one_chirp_alone_is_chance_and_one_late_one_does_not_matter():
    step = CHIRP + GAP
    heard = back(600, 0.5)
    torn = heard[: probe.LEAD + step] + array("h", bytes(2 * 480)) + heard[probe.LEAD + step :]
    assert echo(torn[:LENGTH]).delay_ms == pytest.approx(22.5)
    lonely = heard[: probe.LEAD + step] + array("h", bytes(2 * (LENGTH - probe.LEAD - step)))
    assert echo(lonely).delay_ms is None
    third = heard[:]
    third[probe.LEAD + 2 * step :] = array("h", [0]) * (LENGTH - probe.LEAD - 2 * step)
    assert echo(third).delay_ms == pytest.approx(12.5)


def test_period_by_period():
    made, played, pending = Probe(), array("h"), array("h", bytes(2 * 700))
    assert not made.over
    for period in range(1000):
        heard, pending = pending[:240], pending[240:]
        pending += (said := made.exchange(heard, 3 if period < 100 else 5))
        played += said
    assert made.over
    assert played[:LENGTH] == signal()
    assert not any(played[LENGTH:])
    assert len(made.heard) == LENGTH
    assert made.xruns == 2
    assert echo(made.heard).delay_ms == pytest.approx(700 / 48)
    assert Probe().xruns == 0
