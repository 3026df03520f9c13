"""Profiles that come with the phone are right, and one that is wrong is told all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from phone.config import HardwareConfig
from phone.drivers import profilebook
from phone.drivers.desk import UnknownProfileError, open_desk, profile_fault
from phone.errors import ConfigError

GOOD = """
title = "mine"
board = "Raspberry Pi 4"
[hook]
pin = 17
lifted = "open"
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        profilebook.load("mine.toml", tmp_path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize("name", profilebook.shipped())
def test_those_that_are_shipped_are_right(name: str) -> None:
    profile = profilebook.load(name)
    assert profile.title
    assert profile.hook
    assert profile.audio
    assert profile.pins.factory == "gpiod"


def test_the_reference_build_has_every_key() -> None:
    reference = profilebook.load("reference")
    assert reference.keypad
    names = {*reference.keypad.names().values(), *reference.keys}
    assert names == set("0123456789*#") | {
        *("HOLD", "TRANSFER", "VOICEMAIL", "MUTE", "SPEAKER", "REDIAL", "VOL+", "VOL-", "UP", "DOWN", "OK", "BACK")
    }


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    assert profilebook.load(str(tmp_path / "mine.toml")).title == "mine"
    assert profilebook.load("./mine.toml", tmp_path).hook
    assert profile_fault("mine.toml", tmp_path) is None


def test_a_profile_that_was_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    first = profilebook.load("mine.toml", tmp_path)
    assert profilebook.load(str(path)) is first
    path.write_text(GOOD.replace("17", "18") + "\n")
    assert profilebook.load("mine.toml", tmp_path).hook != first.hook
    path.write_text("title = 5\n")
    for _ in range(2):
        with pytest.raises(ConfigError):
            profilebook.load("mine.toml", tmp_path)
    path.unlink()
    with pytest.raises(ConfigError):
        profilebook.load("mine.toml", tmp_path)


def test_all_that_is_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    assert faults(
        tmp_path,
        """title = 3
[keypad]
rows = [1, 5]
columns = [5, 6]
keys = ["1 2", "1 BOLD", "3"]
[keys]
VOLP = 17
"1" = 18
[hook]
pin = 17
lifted = "up"
debounce_ms = 500
[lamps.mesage]
pin = 4
[lamps.mute]
pin = 4
ohms = 1
[rotary]
digits = "12"
[display]
driver = "ssd1306"
addres = 3
[pins]
factory = "rpigpio"
chip = 0
""",
    ) == [
        " board: is missing: add it",
        "1: title: must be a text in quotes, not a whole number",
        "3: keypad.rows: GPIO 1 is not on the header for everyone's use: take one of 2 to 27",
        "4: keypad.columns: GPIO 5 is taken by the keypad's rows: each pin can do one thing",
        "5: keypad.keys: has 3 texts, and there are 2 rows: write one for each",
        "5: keypad.keys: has 1 keys in row 3, and there are 2 columns: write - for no key",
        '5: keypad.keys: "BOLD" is no key of a phone; did you mean "HOLD"?',
        "5: keypad.keys: has 1 2 times: each key stands once",
        "7: keys.VOLP: GPIO 17 is taken by the hook switch: each pin can do one thing",
        '7: keys.VOLP: is no key of a phone; did you mean "VOL-"?',
        "8: keys.1: stands in keypad.keys too: each key stands once",
        "11: hook.lifted: must be one of open, closed, not a text in quotes",
        "12: hook.debounce_ms: must be from 5 to 100, not 500",
        '13: lamps.mesage: is no key of [lamps]; did you mean "message"?',
        "16: lamps.mute.pin: GPIO 4 is taken by the lamp mesage: each pin can do one thing",
        "17: lamps.mute.ohms: must be from 100 to 10000, not 1",
        "18: rotary.pulse: is missing: add it",
        '19: rotary.digits: must have each of the ten digits once, one break first: "1234567890"',
        '22: display.addres: is no key of [display]; did you mean "address"?',
        '25: pins.chip: is for factory = "gpiod" or "lgpio" alone: take it out',
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[display]\ndriver = 'sh1106'\n[keys]\nOK = 2\n", "keys.OK: GPIO 2 is taken by the display's I2C bus"),
        ("[audio]\ncard = 'X'\ni2s = true\n[keys]\nOK = 3\n", "keys.OK: GPIO 3 is taken by the sound card"),
        ("[audio]\ncard = 'X'\ni2s = true\n[keys]\nOK = 19\n", "keys.OK: GPIO 19 is taken by the sound card"),
        ("[display]\ndriver = 'sh1106'\nbus = 'spi'\n[keys]\nOK = 8\n", "GPIO 8 is taken by the display's SPI bus"),
        ("[display]\ndriver = 'sh1106'\nbus = 'spi'\n[keys]\nOK = 24\n", "GPIO 24 is taken by the display's dc"),
        ("[display]\ndriver = 'sh1106'\nbus = 'spi'\ndc = 10\n", "display.dc: GPIO 10 is taken by the display's SPI"),
        ("[keypad]\nrows = 3\ncolumns = [5]\nkeys = ['1']\n", "keypad.rows: must be a list"),
        ("[keys]\nOK = 28\n", "GPIO 28 is not on the header"),
        ("[display]\ndriver = 'sh1106'\nport = 'x'\n", "display.port: "),
        ("lamps = 3\n", "lamps: must be a table"),
        ("hook = 3\n", "hook: must be a table"),
    ],
)
def test_pins_are_taken_once_by_buses_too(tmp_path: Path, text: str, sentence: str) -> None:
    head = 'title = "x"\nboard = "y"\n'
    assert any(sentence in line for line in faults(tmp_path, head + text))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("card = '0'\n", 'audio.card: "0" counts cards'),
        ("card = 'My card'\n", 'audio.card: "My card" is no card\'s name'),
        (
            'card = "X"\noverlay = "dtoverlay=x\\nkernel=mine"\n',
            "audio.overlay: is no line of a config.txt that loads an overlay",
        ),
        ("card = 'X'\nusb = '0D8C:14'\n", 'audio.usb: "0D8C:14" is no USB id: write it as `lsusb` does'),
        ("card = 'X'\nmixer = { Mic = '101%' }\n", 'audio.mixer.Mic: "101%" is nothing to set a control to'),
        ("card = 'X'\nmixer = { \"A B\" = 'loud' }\n", 'audio.mixer."A B": "loud" is nothing'),
        ("card = 'X'\nmixer = { Mic = 5 }\n", "audio.mixer"),
        ("card = 'X'\nmixer = 5\n", "audio.mixer: must be a table"),
        ("card = 'X'\n[audio.handset]\ncapture = 'hw:0'\n", 'audio.handset.capture: "hw:0" counts cards'),
        ("card = 'X'\n[audio.ringer]\nmixer = { P = '' }\n", 'audio.ringer.mixer.P: "" is nothing to set'),
    ],
)
def test_sound_cards_and_their_controls(tmp_path: Path, text: str, sentence: str) -> None:
    assert any(sentence in line for line in faults(tmp_path, f'title = "x"\nboard = "y"\n[audio]\n{text}'))


@pytest.mark.parametrize(
    "text",
    [
        "[display]\ndriver = 'sh1106'\nbus = 'i2c'\nport = 3\n[keys]\nOK = 2\n",
        "[display]\ndriver = 'sh1106'\nbus = 'spi'\ndevice = 1\n[keys]\nOK = 8\n",
        "[audio]\ncard = 'X'\ni2s = true\n[display]\ndriver = 'sh1106'\n",
    ],
)
def test_what_a_bus_does_not_take_is_free(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text('title = "x"\nboard = "y"\n' + text)
    assert profilebook.load("mine.toml", tmp_path)


def test_in_a_config_it_is_one_fault_with_all_its_lines(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("title = 3\n")
    told = profile_fault("mine.toml", tmp_path)
    assert told
    assert told.startswith("its file has faults:\n  ")
    assert "title: must be a text" in told
    assert profile_fault("sim", tmp_path) is None
    assert profile_fault("referense", tmp_path) == '"referense" is unknown; did you mean "reference"?'
    assert "there is no such file" in (profile_fault("none.toml", tmp_path) or "")
    assert "nobody here has that name" in (profile_fault("~nobody-of-that-name/x.toml", tmp_path) or "")


def test_a_config_names_a_profile_by_its_path_from_its_own_folder(tmp_path: Path) -> None:
    from phone.config import load

    (tmp_path / "mine.toml").write_text(GOOD)
    example = Path(__file__).parents[2] / "phone.example.toml"
    (tmp_path / "phone.toml").write_text(example.read_text().replace('profile = "sim"', 'profile = "mine.toml"'))
    assert load(tmp_path / "phone.toml").hardware.profile == str(tmp_path / "mine.toml")


def test_a_desk_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD + '[pins]\nfactory = "mock"\n')
    desk = open_desk(HardwareConfig(profile=str(tmp_path / "mine.toml")))
    assert desk.sim is None
    assert desk.troubles() == ()
    desk.close()
    with pytest.raises(UnknownProfileError):
        open_desk(HardwareConfig(profile="nothing"))


def test_a_desk_that_is_not_there_is_a_desk_all_the_same(tmp_path: Path) -> None:
    desk = open_desk(HardwareConfig(profile="reference"))
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has pins")
    (sentence,) = desk.troubles()
    assert sentence.startswith("The GPIO header is out of order: the GPIO pins cannot be had by gpiod")
    desk.close()
