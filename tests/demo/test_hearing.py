"""The demo's ears must not be fooled: another sentence, another tone and silence are not what was said."""

from __future__ import annotations

import math
import random
import wave
from array import array
from pathlib import Path

import pytest

from phone.demo.hearing import RATE, find, first_sound, loudness, steady_share, tone_share, write_wav
from phone.demo.record import Record, Step
from phone.demo.speech import SpeechError, speak


def tone(hz: float, seconds: float = 0.1, amplitude: int = 3000) -> array[int]:
    return array("h", (int(amplitude * math.sin(2 * math.pi * hz * i / RATE)) for i in range(int(seconds * RATE))))


def silence(seconds: float) -> array[int]:
    return array("h", bytes(2 * int(seconds * RATE)))


@pytest.fixture(scope="module")
def alice() -> array[int]:
    return speak("Hello Bob, this is Alice.")


def test_speech_is_found_where_it_is_though_softer_and_noisy(alice: array[int]) -> None:
    noise = random.Random(1)
    heard = silence(0.123) + array("h", (x // 3 + noise.randint(-200, 200) for x in alice)) + silence(0.5)
    match = find(alice, heard)
    assert match.correlation > 0.8
    assert abs(match.delay_ms - 123) < 1


def test_another_sentence_and_silence_are_not_taken_for_it(alice: array[int]) -> None:
    other = speak("Good morning. The weather is fine today, is it not?", "en-us")
    assert find(alice, silence(0.2) + other + silence(0.5)).correlation < 0.4
    assert find(alice, silence(4)).correlation == 0


@pytest.mark.parametrize("hz", [350, 425, 440])
def test_a_tone_has_its_energy_at_its_own_frequency(hz: float) -> None:
    assert tone_share(tone(hz), hz) > 0.95
    assert tone_share(tone(hz), hz * 1.3) < 0.1
    assert tone_share(silence(0.1), hz) == 0


def test_a_tone_with_gaps_is_still_that_tone():
    """A card that ran dry on a busy machine goes on with the phase that it left, at another time."""
    heard = tone(425, 0.17) + silence(0.0071) + tone(425, 0.2) + silence(0.0059) + tone(425, 0.16)
    assert tone_share(heard, 425) < 0.8
    assert steady_share(heard, 425) > 0.95
    assert steady_share(heard, 475) < 0.2
    assert steady_share(silence(0.5), 425) == steady_share(silence(0.01), 425) == 0


def test_first_sound_and_loudness() -> None:
    assert first_sound(silence(0.1)) is None
    assert first_sound(silence(0.1) + tone(400)) == pytest.approx(4800, abs=20)
    assert loudness(tone(400)) == pytest.approx(3000 / math.sqrt(2), rel=0.01)
    assert loudness(array("h")) == 0


def test_a_wav_file_keeps_the_samples(tmp_path: Path) -> None:
    heard = tone(425)
    write_wav(tmp_path / "ear.wav", heard)
    with wave.open(str(tmp_path / "ear.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.readframes(10**6)) == (RATE, 1, heard.tobytes())


def test_an_unknown_voice_is_said_to_be_so() -> None:
    with pytest.raises(SpeechError, match="klingon-xx"):
        speak("nuqneH", "klingon-xx")


def test_a_record_holds_only_if_every_step_did(tmp_path: Path) -> None:
    told: list[Step] = []
    record = Record(tmp_path, told.append)
    assert not record.ok
    assert record.add("one", "a", "a", 1.26, ok=True)
    assert record.ok
    assert not record.add("two", "a", "b", 2, ok=False)
    assert not record.ok
    assert [s.ms for s in told] == [1.3, 2]
    assert '"got": "b"' in record.write().read_text()
