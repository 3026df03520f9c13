"""udev's rules for sound cards: what they match, what they set, and that no profile can write others."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from phone.drivers import profilebook
from phone.drivers.profile import AudioProfile, Profile
from phone.drivers.udev import udev_rules

USB = AudioProfile("Handset", name="A USB handset", usb="0d8c:0014")


def test_a_usb_cards_rule() -> None:
    assert udev_rules(Profile("x", "y", audio=USB)) == (
        "# A USB handset\n"
        'ACTION!="remove", SUBSYSTEM=="sound", KERNEL=="card*", SUBSYSTEMS=="usb", '
        'ATTRS{idVendor}=="0d8c", ATTRS{idProduct}=="0014", ATTR{id}="Handset"\n'
    )


def test_without_a_usb_card_there_is_none() -> None:
    assert udev_rules(Profile("x", "y")) == ""
    assert udev_rules(Profile("x", "y", audio=AudioProfile("wm8960soundcard", i2s=True))) == ""


def test_a_comment_stays_one() -> None:
    rules = udev_rules(Profile("x", "y", audio=replace(USB, name='A\nRUN+="reboot"\r\n#')))
    assert rules.splitlines()[0] == '# A RUN+="reboot" #'
    assert len(rules.splitlines()) == 2
    assert udev_rules(Profile("x", "y", audio=replace(USB, name=""))).startswith("# Handset\n")


@pytest.mark.parametrize("name", profilebook.shipped())
def test_those_of_the_shipped_profiles(name: str) -> None:
    profile = profilebook.load(name)
    assert profile.audio
    assert bool(udev_rules(profile)) is not profile.audio.i2s


@pytest.mark.skipif(not shutil.which("udevadm"), reason="udev is not here")
def test_udev_itself_takes_them(tmp_path: Path) -> None:
    rules = tmp_path / "70-phone.rules"
    rules.write_text(udev_rules(Profile("x", "y", audio=USB)))
    help_text = subprocess.run(["udevadm", "--help"], capture_output=True, text=True, check=True).stdout
    if "verify" not in help_text:
        pytest.skip("this udev cannot verify rules (systemd before 254)")
    done = subprocess.run(["udevadm", "verify", str(rules)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
