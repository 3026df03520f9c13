"""Cards by name, never by number; what a control may be set to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.config import cards
from phone.config.cards import MixerError, MixerSetting

SETTINGS = st.builds(MixerSetting, st.none() | st.integers(0, 100), st.none() | st.booleans()).filter(
    lambda setting: setting != MixerSetting()
)


@given(SETTINGS)
def test_every_setting_is_read_as_it_is_written(setting: MixerSetting) -> None:
    assert MixerSetting.parse(str(setting)) == setting
    assert MixerSetting.parse("  ".join(reversed(str(setting).split()))) == setting


@given(st.text(alphabet="0123456789% onf-.dB\t", max_size=12) | st.text(max_size=12))
def test_whatever_is_written_is_a_setting_in_its_range_or_refused(text: str) -> None:
    if fault := cards.mixer_fault(text):
        assert text in fault
        with pytest.raises(MixerError):
            MixerSetting.parse(text)
        return
    setting = MixerSetting.parse(text)
    assert setting.percent is None or 0 <= setting.percent <= 100
    assert setting != MixerSetting()


@pytest.mark.parametrize("text", ["", " ", "101%", "-5%", "5 %", "50", "on on", "1% 2%", "+6dB", "ON", "\u0665%"])
def test_what_cannot_be_set_is_told(text: str) -> None:
    assert f'"{text}" is nothing to set a control to: write "70%"' in str(cards.mixer_fault(text))


@pytest.mark.parametrize(
    "name",
    ["hw:0", "plughw:1,0", "plug:hw:1", "hw:CARD=0", "dsnoop:CARD=12,DEV=0", "default:1", "sysdefault:CARD=1", "hw:00"],
)
def test_numbers_of_cards_are_refused(name: str) -> None:
    assert "order changes from boot to boot: write hw:CARD=Name" in str(cards.device_fault(name))


@pytest.mark.parametrize(
    "name",
    ["", "default", "mic", "hw:CARD=Handset", "hw:Handset,0", "plughw:CARD=b1,DEV=2", "dmix:CARD=Desk,DEV=0", "hw:123"],
)
def test_names_are_taken(name: str) -> None:
    assert cards.device_fault(name) is None


@pytest.mark.parametrize("name", ["Handset", "wm8960soundcard", "sndrpihifiberry"[:15], "A_1-b"])
def test_ids_of_cards(name: str) -> None:
    assert cards.card_fault(name) is None


@pytest.mark.parametrize("name", ["", "1", "my card", "a" * 16, 'x", RUN+="reboot', "Händset", "-a", "a\n"])
def test_what_the_kernel_takes_for_no_id(name: str) -> None:
    assert cards.card_fault(name)


@pytest.mark.parametrize(("usb", "good"), [("0d8c:0014", True), ("0D8C:0014", False), ("0d8c", False), ("", False)])
def test_usb_ids_are_as_lsusb_has_them(usb: str, good: bool) -> None:
    assert (cards.usb_fault(usb) is None) is good


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("dtoverlay=wm8960-soundcard", True),
        ("dtoverlay=googlevoicehat-soundcard,x=1,gpio_pin=0x1f", True),
        ("dtparam=i2s=on", False),
        ("dtoverlay=", False),
        ("dtoverlay=x\nkernel=mine", False),
        ("dtoverlay=x\n", False),
    ],
)
def test_lines_of_the_boards_settings(line, good):
    assert (cards.overlay_fault(line) is None) is good
