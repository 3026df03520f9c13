"""What the ear hears besides speech."""

from __future__ import annotations

from array import array

from legs import share_of, tone

from phone.media.ear import Ear
from phone.media.mixer import Route


def test_the_shortest_key_press_is_heard_for_60_ms() -> None:
    ear = Ear("de")
    ear.pressed.append("5")
    heard = array("h")
    for _ in range(20):
        heard += ear.read(Route(volume=100), 240, None)
    loud = [i for i, x in enumerate(heard) if abs(x) > 200]
    assert loud[0] < 240
    assert 2600 < loud[-1] < 3400


def test_a_held_key_sounds_until_released_and_a_far_digit_softly() -> None:
    ear = Ear("de")
    pressed = array("h")
    for _ in range(100):
        pressed += ear.read(Route(key_tone="5", volume=100), 240, None)
    assert max(map(abs, pressed[-2400:])) > 2000
    released = array("h")
    for _ in range(10):
        released += ear.read(Route(volume=100), 240, None)
    assert not any(released[1200:])
    ear.received.append("9")
    far = array("h")
    for _ in range(40):
        far += ear.read(Route(volume=100), 240, None)
    assert 200 < max(map(abs, far)) < max(map(abs, pressed)) // 2
    assert not any(far[-240:])


def test_tones_are_mixed_over_speech_at_the_volume() -> None:
    ear = Ear("de")
    speech = tone(1000, 4800)
    loud = array("h")
    for start in range(0, 4800, 240):
        loud += ear.read(Route(tone="dial", volume=100), 240, speech[start : start + 240])
    assert share_of(loud, 1000) > 0.5
    assert share_of(loud, 425) > 0.1
    for _ in range(5):
        quiet = ear.read(Route(volume=0), 240, speech[:240])
    assert not any(quiet)
