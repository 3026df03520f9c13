"""Which cards are plugged in, by files like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from phone.media import plugs
from phone.media.plugs import absent, missing, named, plugged
from phone.media.soundcard import Device


class Kernel:
    """/sys/class/sound and /dev/snd."""

    def __init__(self, folder: Path) -> None:
        self.cards, self.nodes = folder / "sound", folder / "snd"
        self.nodes.mkdir()
        self._gone = 0

    def plug(self, number: int, name: str) -> None:
        card = self.cards / f"card{number}"
        card.mkdir(parents=True)
        (card / "id").write_text(f"{name}\n")
        (self.nodes / f"controlC{number}").touch()

    def unplug(self, number: int) -> None:
        self._gone += 1  # kept under another name: its inode stays taken, so that the next one has another
        (self.cards / f"card{number}").rename(self.cards / f"gone{self._gone}")
        (self.nodes / f"controlC{number}").unlink()


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel(tmp_path)
    monkeypatch.setattr(plugs, "CARDS", made.cards)
    monkeypatch.setattr(plugs, "NODES", made.nodes)
    return made


def test_the_cards_that_devices_name() -> None:
    devices = (
        Device("plughw:CARD=Desk,DEV=0", "hw:0,CARD=Box"),
        Device("mic", "dmix:CARD=Desk"),
        Device("", "plug:XCARD=No"),
    )
    assert named(devices) == ("Desk", "Box")
    assert named(()) == ()


def test_a_card_is_another_one_once_it_was_put_in_again(kernel: Kernel) -> None:
    kernel.plug(0, "Other")
    assert plugged("Desk") is None
    kernel.plug(3, "Desk")
    first = plugged("Desk")
    assert first is not None
    assert plugged("Desk") == first != plugged("Other")
    kernel.unplug(3)
    assert plugged("Desk") is None
    kernel.plug(3, "Desk")
    assert plugged("Desk") not in (None, first)


def test_a_card_that_goes_while_it_is_looked_at_is_not_there(kernel: Kernel) -> None:
    kernel.plug(1, "Desk")
    (kernel.nodes / "controlC1").unlink()
    assert plugged("Desk") is None
    (kernel.cards / "card1/id").unlink()
    assert plugged("Desk") is None


def test_udevs_change_of_its_group_counts_as_new(kernel: Kernel) -> None:
    kernel.plug(0, "Desk")
    first = plugged("Desk")
    while plugged("Desk") == first:  # until the file system's clock has ticked
        (kernel.nodes / "controlC0").chmod(0o660)
    assert plugged("Desk") is not None


def test_a_card_is_missed_where_the_kernel_tells_alone(kernel: Kernel) -> None:
    assert not absent("Desk")
    kernel.plug(0, "Box")
    assert absent("Desk")
    assert not absent("Box")
    assert missing("plughw:CARD=Desk,DEV=0")
    assert missing("hw:CARD=Desk")
    assert not missing("plughw:CARD=Box,DEV=0")
    assert not missing("of_my_own:CARD=Desk")
    assert not missing("handset")
