"""The virtual Pi keeps what its docstrings promise: whoever tests a phone on it must be able to rely on it."""

from __future__ import annotations

import socket

import pytest
from hil.cards import DUMMY
from hil.lan import HUB
from hil.link import LinkError
from hil.pi import VirtualPi
from PIL import Image

_OLED = "i2ctransfer -y 1 w{length}@0x3c {bytes}"


def test_it_starts_whole(debian: VirtualPi) -> None:
    assert "Raspberry Pi 3 Model B" in debian.run("tr -d '\\0' </proc/device-tree/model").check()
    assert "pinctrl-bcm2835" in debian.run("gpiodetect").check()


def test_an_administrator_comes_by_ssh(debian: VirtualPi) -> None:
    done = debian.ssh.run("hostname; cat; exit 3", input="over the wire")
    assert (done.returncode, done.stdout) == (3, "virtual-pi\nover the wire")


def test_a_pulled_cable_loses_everything_until_it_is_back(debian: VirtualPi) -> None:
    with socket.create_server((HUB, 0)) as server:
        connect = f"timeout 5 bash -c 'exec 3<>/dev/tcp/{HUB}/{server.getsockname()[1]}'"
        debian.run(connect).check()
        debian.cable.plug(plugged=False)
        assert debian.run(connect).code == 124
        debian.cable.plug(plugged=True)
        debian.run(connect).check()


def test_switches_set_levels(debian: VirtualPi) -> None:
    debian.hand.pull(5, high=True)
    debian.hand.pull(6, high=False)
    assert debian.levels()[5:7] == (True, False)
    debian.hand.shut(5, 6)
    assert debian.levels()[5:7] == (False, False), "low wins"
    debian.hand.open(5, 6)
    debian.hand.pull(5, high=None)
    debian.hand.pull(6, high=None)
    moved = debian.hand.press(7, 8, seconds=0.05, bounce=0.01)
    assert moved.ended - moved.began >= 0.05


def test_what_is_written_to_the_display_is_seen(debian: VirtualPi) -> None:
    def write(*values: int) -> int:
        return debian.run(_OLED.format(length=len(values), bytes=" ".join(map(hex, values)))).code

    debian.display.plug_in()
    assert not debian.display.lit
    assert write(0x00, 0x8D, 0x14, 0xA1, 0xC8, 0x20, 0x00, 0x21, 0, 127, 0x22, 0, 7) == 0
    for _ in range(32):
        assert write(0x40, *[0b1] * 32) == 0
    write(0x00, 0xAF)
    lines = Image.new("1", (128, 64))
    for y in range(0, 64, 8):
        lines.paste(1, (0, y, 128, y + 1))
    assert debian.display.picture().tobytes() == lines.tobytes()
    debian.display.unplug()
    assert write(0x00, 0xAE) != 0
    assert not debian.display.picture().getbbox()
    debian.display.plug_in()


def test_a_card_that_is_in_use_is_pulled_out_all_the_same(debian: VirtualPi) -> None:
    debian.cards.plug_in("Handset")
    debian.cards.plug_in("Mixer", DUMMY)
    assert "Handset" in debian.run("aplay -l").check()
    assert "Master" in debian.run("amixer -c Mixer").check()
    debian.run("aplay -q -D hw:CARD=Handset -f S16_LE -r 48000 -c 2 /dev/zero >/tmp/aplay 2>&1 & echo").check()
    debian.run("until grep -q RUNNING /proc/asound/Handset/pcm0p/sub0/status; do sleep 0.05; done").check()
    debian.cards.pull_out("Handset")
    assert debian.run("ls /proc/asound").check().split().count("Handset") == 0
    told = debian.run("while pgrep aplay >&2; do sleep 0.05; done; cat /tmp/aplay").check()
    assert "No such device" in told or "bad state" in told, "as ALSA calls what is done to a stream after that"
    debian.cards.plug_in("Handset")
    assert "Handset" in debian.run("aplay -l").check()


def test_its_disk_survives_a_power_cut(debian: VirtualPi) -> None:
    debian.run("echo kept >/root/note; sync").check()
    debian.cut_power()
    with pytest.raises(LinkError, match="is off"):
        debian.run("true")
    debian.boot()
    assert debian.run("cat /root/note").check() == "kept\n"


def test_it_shuts_down_in_order(debian: VirtualPi) -> None:
    debian.shut_down()
    assert "reboot: Power down" in debian.console()
