"""Which cards are plugged in, by files like the kernel's."""

from __future__ import annotations

from pathlib import Path

from phone.media.plugs import named, plugged
from phone.media.soundcard import Device


def test_the_cards_that_devices_name() -> None:
    devices = (
        Device("plughw:CARD=Desk,DEV=0", "hw:0,CARD=Box"),
        Device("mic", "dmix:CARD=Desk"),
        Device("", "plug:XCARD=No"),
    )
    assert named(devices) == ("Desk", "Box")
    assert named(()) == ()


def test_a_card_is_another_one_once_it_was_put_in_again(tmp_path: Path) -> None:
    cards, nodes = tmp_path / "asound", tmp_path / "snd"
    cards.mkdir()
    nodes.mkdir()
    assert plugged("Desk", cards, nodes) is None
    (cards / "Desk").symlink_to("card3")
    assert plugged("Desk", cards, nodes) is None
    node = nodes / "controlC3"
    node.touch()
    first = plugged("Desk", cards, nodes)
    assert first is not None
    assert plugged("Desk", cards, nodes) == first
    assert plugged("card3", cards, nodes) is None
    node.rename(nodes / "gone")  # its inode stays taken, so that the next one has another
    assert plugged("Desk", cards, nodes) is None
    node.touch()
    assert plugged("Desk", cards, nodes) not in (None, first)


def test_udevs_change_of_its_group_counts_as_new(tmp_path: Path) -> None:
    (tmp_path / "Desk").symlink_to("card0")
    node = tmp_path / "controlC0"
    node.touch()
    first = plugged("Desk", tmp_path, tmp_path)
    while plugged("Desk", tmp_path, tmp_path) == first:  # until the file system's clock has ticked
        node.chmod(0o660)
    assert plugged("Desk", tmp_path, tmp_path) != first
