"""The Raspberry Pi's config.txt: what counts as there, and what is added."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.drivers.profilebook import load
from phone.install.bootconfig import BootConfigStep, added, missing, wanted

LINES = ("dtparam=i2c_arm=on", "dtoverlay=wm8960-soundcard")


@pytest.mark.parametrize(("name", "lines"), [("reference", LINES[:1]), ("rotary", LINES[:1]), ("zero-i2s", LINES)])
def test_a_profile_names_its_buses_and_its_codec(name, lines):
    assert wanted(load(name)) == lines


def test_a_display_on_spi_needs_spi(tmp_path):
    profile = tmp_path / "spi.toml"
    display = (
        'title = "T"\nboard = "B"\n[hook]\npin = 17\nlifted = "open"\n[display]\ndriver = "ssd1306"\nbus = "spi"\n'
    )
    profile.write_text(display)
    assert wanted(load(str(profile))) == ("dtparam=spi=on",)


@pytest.mark.parametrize(
    "text",
    [
        "dtparam=i2c_arm=on",
        "dtparam=i2c_arm",
        "  dtparam=i2c=on  # the display",
        "dtparam=audio=on,i2c_arm=on",
        "dtparam=i2c_arm=off\ndtparam=i2c_arm=on",
        "[pi4]\nx=y\n[all]\ndtparam=i2c1=true",
    ],
)
def test_what_counts_as_there(text):
    assert missing(text, LINES[:1]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#dtparam=i2c_arm=on",
        "dtparam=i2c_arm=off",
        "dtparam=i2c_arm=on\ndtparam=i2c_arm=off",
        "[pi4]\ndtparam=i2c_arm=on",
        "dtparam=i2c_arm_baudrate=400000",
        "dtparam=spi=on",
    ],
)
def test_what_does_not(text):
    assert missing(text, LINES[:1]) == LINES[:1]


def test_an_overlay_counts_with_its_parameters():
    assert missing("dtoverlay=wm8960-soundcard", LINES[1:]) == ()
    assert missing("dtoverlay=wm8960-soundcard,x=1", LINES[1:]) == LINES[1:]


@given(st.text(alphabet="[]all\n#=,dtparmi2c_on ", max_size=200), st.sets(st.sampled_from(LINES), min_size=1))
def test_what_was_added_is_there_and_the_rest_stays(text, lines):
    after = added(text, sorted(lines))
    assert after.startswith(text)
    assert missing(after, lines) == ()


def test_the_file_as_it_was_is_kept_once(tmp_path):
    file = tmp_path / "config.txt"
    file.write_text("[pi5]\nusb_max_current_enable=1")
    step = BootConfigStep(file, LINES)
    assert not step.is_done(changed=False)
    step.do()
    assert step.is_done(changed=True)
    assert file.read_text().startswith("[pi5]\nusb_max_current_enable=1\n\n[all]\n")
    file.write_text("")
    step.do()
    assert (tmp_path / "config.txt.before-phone").read_text() == "[pi5]\nusb_max_current_enable=1"
    assert {path.name for path in tmp_path.iterdir()} == {"config.txt", "config.txt.before-phone"}
