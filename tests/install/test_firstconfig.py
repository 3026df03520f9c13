"""The config that a new phone starts with."""

import getpass
import stat
import tomllib
from pathlib import Path

import pytest

from phone.config import load
from phone.drivers.profilebook import shipped
from phone.install.firstconfig import ConfigStep, first_config, has_account, profile_in

EXAMPLE = Path(__file__).parents[2] / "phone.example.toml"


@pytest.mark.parametrize("profile", ["sim", *shipped(), "./mine.toml"])
def test_it_is_the_example_with_that_profile(profile, tmp_path):
    text = first_config(EXAMPLE.read_text("utf-8"), profile)
    config = tmp_path / "phone.toml"
    config.write_text(text)
    assert profile_in(config) == profile
    assert len(text.splitlines()) == len(EXAMPLE.read_text("utf-8").splitlines())


@pytest.mark.parametrize("profile", shipped())
def test_real_hardware_brings_its_own_sound_devices(profile):
    audio = tomllib.loads(first_config(EXAMPLE.read_text("utf-8"), profile))["audio"]
    assert not [key for table in audio.values() if isinstance(table, dict) for key in table]


@pytest.mark.parametrize("text", ["[hardware", "hardware = 3", "[hardware]\nprofile = 3", b"\xff"])
def test_a_config_that_does_not_tell_names_no_profile(text, tmp_path):
    config = tmp_path / "phone.toml"
    config.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert profile_in(config) == ""


def test_one_that_is_silent_means_the_simulated_desk(tmp_path):
    config = tmp_path / "phone.toml"
    config.write_text("")
    assert profile_in(config) == "sim"


def test_whether_an_account_was_written_into_it(tmp_path):
    config = tmp_path / "phone.toml"
    assert not has_account(config)
    config.write_text(EXAMPLE.read_text("utf-8"))
    assert not has_account(config)
    config.write_text(EXAMPLE.read_text("utf-8").replace("anna@example.org", "bob@example.com"))
    assert has_account(config)
    config.write_text("[account")
    assert not has_account(config)


@pytest.mark.parametrize("profile", ["sim", "rotary"])
def test_a_new_phone_signs_in_nowhere(profile, tmp_path):
    config = tmp_path / "phone.toml"
    config.write_text(first_config(EXAMPLE.read_text("utf-8"), profile))
    config.chmod(0o600)
    assert not load(config).has_account
    assert not has_account(config)


def test_it_is_written_once_and_is_not_for_everybody(tmp_path):
    step = ConfigStep(tmp_path / "phone.toml", EXAMPLE, "rotary", owner=getpass.getuser())
    assert not step.is_done(changed=True)
    step.do()
    assert step.is_done(changed=True)
    assert stat.S_IMODE(step.target.stat().st_mode) == 0o660
    with pytest.raises(FileExistsError):
        step.do()
