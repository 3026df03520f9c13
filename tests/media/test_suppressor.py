"""The speakerphone: open while the far end is silent, 26 dB down while it speaks, and never a click."""

from __future__ import annotations

import math
import random
from array import array

from hypothesis import given
from hypothesis import strategies as st
from legs import tone
from soundroom import steepest

from phone.media.suppressor import Suppressor

COUNT = 240
SILENCE = array("h", bytes(2 * COUNT))
VOICE = array("h", [6000 * (-1) ** (i // 40) for i in range(COUNT)])


def noise(peak: int, seed: int) -> array[int]:
    chance = random.Random(seed)
    return array("h", [chance.randint(-peak, peak) for _ in range(COUNT)])


def gain(suppressor: Suppressor, played: array[int], blocks: int = 1) -> float:
    """Of the last block."""
    for _ in range(blocks):
        out = suppressor(array("h", [10_000]) * COUNT, played)
    return out[-1] / 10_000


def test_open_while_the_far_end_is_silent():
    microphone = tone(300, COUNT)
    assert Suppressor()(microphone, SILENCE) is microphone


def test_down_before_the_first_echo_can_come_and_until_the_last_has_died_away():
    suppressor = Suppressor()
    assert gain(suppressor, VOICE) < 0.06
    assert gain(suppressor, VOICE, 200) < 0.06
    assert gain(suppressor, SILENCE, 49) < 0.06
    assert 0.06 < gain(suppressor, SILENCE, 10) < 0.6
    assert gain(suppressor, SILENCE, 20) == 1.0


def test_pauses_between_words_keep_it_down():
    suppressor = Suppressor()
    for _ in range(10):
        assert gain(suppressor, VOICE, 20) < 0.06
        assert gain(suppressor, SILENCE, 30) < 0.06


def test_a_steady_noise_from_afar_is_learnt_but_speech_over_it_is_heard():
    suppressor = Suppressor()
    assert gain(suppressor, noise(500, 1)) < 0.06
    for seed in range(2000):
        suppressor(SILENCE, noise(500, seed))
    assert gain(suppressor, noise(500, 1)) == 1.0
    assert gain(suppressor, VOICE) < 0.06


def test_a_howl_is_never_taken_for_noise():
    suppressor = Suppressor()
    howl = tone(1000, COUNT)
    for _ in range(200 * 60):
        suppressor._speaks(howl, COUNT)
    assert gain(suppressor, howl) < 0.06


def test_a_loop_of_two_speakerphones_does_not_howl():
    """Each room gives back twice of what is played, 40 ms later; a network of 60 ms between them."""
    ends = Suppressor(), Suppressor()
    rooms = [[SILENCE] * 8, [SILENCE] * 8]
    ways = [[SILENCE] * 12, [SILENCE] * 12]
    ways[0][0] = VOICE
    loudest = 0
    for _ in range(400):
        for end in (0, 1):
            played = ways[1 - end].pop(0)
            echo = array("h", [max(-32768, min(32767, 2 * x)) for x in rooms[end].pop(0)])
            rooms[end].append(played)
            ways[end].append(ends[end](echo, played))
        loudest = max(map(abs, played))
    assert loudest < 100


@given(st.lists(st.sampled_from([SILENCE, VOICE, noise(500, 7)]), min_size=1, max_size=60))
def test_it_never_clicks_nor_amplifies(played):
    suppressor, heard = Suppressor(), array("h")
    for n, block in enumerate(played):
        heard += suppressor(tone(300, COUNT, n * COUNT), block)
    assert max(map(abs, heard)) <= 8001
    assert steepest(heard) <= 2 * math.pi * 300 / 48_000 * 8000 + 8000 / COUNT + 2
