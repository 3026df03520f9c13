"""The config's [audio] and the profile's: what each of them says, and what neither does."""

from __future__ import annotations

from pathlib import Path

import pytest

from phone.calls.model import Memory
from phone.config import Config, load
from phone.errors import ConfigError
from phone.media.soundcard import CardMixer, Control, Device
from phone.mediasetup import media_setup
from phone.settings import fresh_phone

ACCOUNT = """
[account]
jid = "anna@example.org"
password = "secret words"
"""
MINE = """
title = "mine"
board = "Raspberry Pi 4"
[audio]
card = "Desk"
jack = "Headphone"
mixer = { "Speaker" = "70% on", "Mic" = "80%" }
[audio.handset]
capture = "plughw:CARD=Desk"
playback = "plughw:CARD=Desk"
mixer = { "Line" = "off" }
[audio.speaker]
capture = "mic"
playback = "box"
[audio.headset]
capture = "in"
playback = "out"
"""


@pytest.fixture
def made(tmp_path: Path):
    """A config of what is given behind the account, beside the profile mine.toml."""

    def make(text: str, profile: str = MINE) -> Config:
        (tmp_path / "mine.toml").write_text(profile)
        file = tmp_path / "phone.toml"
        file.write_text(ACCOUNT + text)
        file.chmod(0o600)
        return load(file)

    return make


HARDWARE = '[hardware]\nprofile = "./mine.toml"\n'


def test_a_config_without_audio_has_the_profiles_sound(made) -> None:
    config = made(HARDWARE)
    setup = media_setup(config)
    assert setup.handset == Device("plughw:CARD=Desk", "plughw:CARD=Desk")
    assert setup.speaker == Device("mic", "box")
    assert setup.headset == Device("in", "out")
    assert setup.ringer == Device()
    assert setup.jack == "Headphone"
    always = (Control("Speaker", 70, on=True), Control("Mic", 80))
    assert setup.mixer == CardMixer("Desk", always, handset=(Control("Line", on=False),))
    assert fresh_phone(config, Memory(), 3).habits.has_speaker


@pytest.mark.parametrize("name", ["reference", "rotary", "zero-i2s"])
def test_the_shipped_profiles_need_no_audio_in_the_config(made, name: str) -> None:
    setup = media_setup(made(f'[hardware]\nprofile = "{name}"\n'))
    assert setup.handset.capture == setup.handset.playback == setup.ringer.playback
    assert setup.mixer.card in setup.handset.playback
    assert setup.mixer.always


def test_the_configs_word_counts_key_by_key(made) -> None:
    audio = """
[audio]
mixer = { "Mic" = "50%" }
[audio.handset]
playback = "ear"
[audio.speaker]
capture = ""
playback = ""
[audio.ringer]
playback = "bell"
mixer = { "Speaker" = "off" }
"""
    config = made(HARDWARE + audio)
    setup = media_setup(config)
    assert setup.handset == Device("plughw:CARD=Desk", "ear")
    assert setup.speaker == Device()
    assert setup.ringer == Device("", "bell")
    assert setup.mixer.always == (Control("Speaker", 70, on=True), Control("Mic", 50))
    assert setup.mixer.ringer == (Control("Speaker", on=False),)
    assert not fresh_phone(config, Memory(), 3).habits.has_speaker


def test_another_card_has_no_use_for_the_profiles_mixer(made) -> None:
    setup = media_setup(made(HARDWARE + '[audio]\ncard = "Other"\nmixer = { "PCM" = "90%" }\n'))
    assert setup.mixer.card == "Other"
    assert setup.mixer.always == (Control("PCM", 90),)


def test_the_same_card_by_name_keeps_the_profiles_mixer(made) -> None:
    assert len(media_setup(made(HARDWARE + '[audio]\ncard = "Desk"\n')).mixer.always) == 2


@pytest.mark.parametrize(
    ("text", "profile", "told"),
    [
        ("", MINE, "audio.handset: is missing: name its ALSA devices"),
        (HARDWARE, 'title = "mine"\nboard = "x"\n', "audio.handset: is missing: name its ALSA devices"),
        (HARDWARE, 'title = "mine"\nboard = "x"\n[audio]\ncard = "X"\n', "audio.handset: is missing"),
        (HARDWARE, MINE.replace("70% on", "loud"), 'audio.mixer.Speaker: "loud" is nothing to set a control to'),
        ('[audio]\nmixer = { "PCM" = "9%" }\n[audio.handset]\n', MINE, "audio.mixer: needs audio.card"),
        ('[audio.handset]\n[audio.ringer]\nmixer = { "P" = "on" }\n', MINE, "audio.ringer.mixer: needs audio.card"),
        (HARDWARE, MINE.replace('playback = "out"', ""), "audio.jack: tells of a headset, and there is none"),
        (HARDWARE, MINE.replace('jack = "Headphone"', ""), "audio.headset: is never heard: audio.jack must name"),
        (HARDWARE + '[audio.headset]\nplayback = ""\n', MINE, "audio.jack: tells of a headset, and there is none"),
        ("[hardware]\nprofile = 5\n", MINE, "hardware.profile: must be a text"),
        ("audio = 5\n", MINE, "audio: "),
    ],
)
def test_what_neither_says_is_told(made, text: str, profile: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(text, profile)
    assert told in str(caught.value)


def test_a_profile_with_faults_is_told_once_and_the_handset_not_at_all(made) -> None:
    with pytest.raises(ConfigError) as caught:
        made(HARDWARE, "title = 5\n")
    assert "audio.handset" not in str(caught.value)
