"""Tones: right frequencies and cadences in every country, without clicks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone.calls.outputs import Tone
from phone.media.dtmf import FREQUENCIES
from phone.media.tones import (
    TonePlayer,
    ToneSource,
    UnknownCountryError,
    cadence,
    countries,
    ring_name,
    sine,
    sum_of_sines,
)

RINGS = ["ring", "ring-1", "ring-2", "ring-3", "ring-4", "ring-5"]
NAMES = [tone.value for tone in Tone] + ["hold", *RINGS]


def strongest(samples, count):
    spectrum = np.abs(np.fft.rfft(np.array(samples) * np.hanning(len(samples))))
    found = []
    for _ in range(count):
        peak = int(spectrum.argmax())
        found.append(round(peak * 48000 / len(samples)))
        spectrum[max(0, peak - 4) : peak + 5] = 0
    return sorted(found)


def test_the_countries():
    assert set(countries()) >= {"de", "at", "ch", "fr", "gb", "us", "it", "es", "nl", "se", "jp", "au"}


@pytest.mark.parametrize("country", countries())
def test_every_tone_of_a_country(country):
    cadences = {name: cadence(name, country) for name in NAMES}
    for segments in cadences.values():
        assert all(s.ms >= 10 and all(50 <= f <= 4000 for f in s.frequencies) for s in segments)
        assert any(s.frequencies for s in segments)
    told_apart = [cadences[n] for n in ("dial", "no-service", "ringback", "busy", "reorder", "howler")]
    assert len(set(told_apart)) == len(told_apart)
    assert cadences["dial"] != cadences["stutter"]


@pytest.mark.parametrize("digit", FREQUENCIES)
def test_digits(digit):
    source = ToneSource(cadence(digit, "de"))
    source.read(480)
    assert strongest(source.read(48000), 2) == sorted(FREQUENCIES[digit])


@given(st.integers(1, 4000), st.integers(0, 10**7), st.integers(0, 700))
@settings(max_examples=50, deadline=None)
def test_sine_by_stride_is_the_sine(hz, start, samples):
    wanted = [4000 * math.sin(2 * math.pi * (hz * (start + i) % 48000) / 48000) for i in range(samples)]
    assert all(abs(a - b) <= 0.51 for a, b in zip(sine(hz, start, samples), wanted, strict=True))


def test_no_frequency_is_silence():
    assert not any(sum_of_sines((), 5, 100))


@pytest.mark.parametrize("name", [*NAMES, "7"])
@pytest.mark.parametrize("country", ["de", "gb", "us", "jp"])
def test_blocks_of_any_size_are_one_tone_without_clicks(name, country):
    seconds = 4
    whole = ToneSource(cadence(name, country)).read(48000 * seconds)
    source, pieces = ToneSource(cadence(name, country)), []
    sizes = [240, 441, 960, 7, 4800]
    while len(pieces) < len(whole):
        pieces.extend(source.read(sizes[len(pieces) % len(sizes)]))
    assert pieces[: len(whole)] == whole.tolist()
    highest = max(sum(s.frequencies) for s in cadence(name, country))
    slope = 4000 * 2 * math.pi * highest / 48000
    amplitude = 4000 * max(len(s.frequencies) for s in cadence(name, country))
    assert abs(whole[0]) <= slope
    assert np.abs(np.diff(np.array(whole, dtype=int))).max() <= slope + amplitude / 240 + 4


def test_cadence_by_position():
    whole = np.abs(np.array(ToneSource(cadence("busy", "de")).read(48000 * 2), dtype=int))
    for on in (0.1, 0.4, 1.1, 1.35):
        assert whole[int(on * 48000) : int((on + 0.05) * 48000)].max() > 3900
    for off in (0.5, 0.9, 1.5, 1.85):
        assert whole[int(off * 48000) : int((off + 0.05) * 48000)].max() == 0


def test_dial_tone_does_not_dip_each_second():
    whole = np.abs(np.array(ToneSource(cadence("dial", "de")).read(48000 * 3), dtype=int))
    assert whole[480:].reshape(-1, 240)[:, :].max(axis=1).min() > 3900


def test_player_follows_the_name():
    player = TonePlayer("gb")
    assert player.read(240) is None
    player.play("dial")
    first = player.read(960)
    player.play("dial")
    heard = first + player.read(960)
    assert heard == ToneSource(cadence("dial", "gb")).read(1920)
    player.play("5")
    heard += player.read(960)
    player.play(None)
    heard += player.read(960)
    assert player.read(240) is None
    assert not any(heard[-700:])
    assert np.abs(np.diff(np.array(heard, dtype=int))).max() < 4000 * 2 * math.pi * (770 + 1336 + 790) / 48000 + 40


def test_unknown():
    with pytest.raises(UnknownCountryError, match="there are de, at"):
        cadence("dial", "xx")
    with pytest.raises(KeyError):
        cadence("polka", "de")


@pytest.mark.parametrize("country", countries())
def test_rings_are_told_apart(country):
    """By what sounds and by when: no two share their frequencies, nor the rhythm of their first two seconds."""
    pitches, rhythms = set(), set()
    for name in RINGS:
        segments = cadence(name, country)
        pitches.add(frozenset(f for s in segments for f in s.frequencies))
        heard = np.abs(np.array(ToneSource(segments).read(96_000), dtype=int)).reshape(-1, 480).max(axis=1)
        rhythms.add(tuple((heard > 500).tolist()))
    assert len(pitches) == len(rhythms) == len(RINGS)


def test_ring_names():
    assert [ring_name(number) for number in (-1, 0, 1, 5, 6)] == ["ring", "ring", "ring-1", "ring-5", "ring"]


def test_the_beep_is_two_tones_within_its_level():
    whole = np.abs(np.array(ToneSource(cadence("beep", "de")).read(28_800), dtype=int))
    sounds = whole.reshape(-1, 240).max(axis=1) > 1000
    begins = np.flatnonzero(np.diff(sounds.astype(int), prepend=0) == 1)
    assert len(begins) == 2
    assert begins[0] == 0
    assert not whole[20_000:].any()


@pytest.mark.parametrize("country", countries())
def test_call_waiting_is_clear_over_speech_but_does_not_hurt(country):
    heard = np.array(ToneSource(cadence("call-waiting", country)).read(48_000 * 2), dtype=float)
    loud = 20 * np.log10(np.sqrt((heard[heard != 0] ** 2).mean()) / 32768)
    assert -26 < loud < -14
