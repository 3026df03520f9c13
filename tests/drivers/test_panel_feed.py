"""The panel as display and lamps, and the tee that shows the same in two places."""

from __future__ import annotations

import pytest
from PIL import Image

from phone.drivers.base import HEIGHT, WIDTH
from phone.drivers.panel import Panel, TeeDisplay, TeeLamps


def frame(*lit: tuple[int, int]) -> Image.Image:
    made = Image.new("1", (WIDTH, HEIGHT))
    for point in lit:
        made.putpixel(point, 1)
    return made


def test_a_frame_is_kept_as_bits_from_the_top_left():
    panel = Panel()
    assert panel.frame == bytes(1024)
    panel.show(frame((0, 0), (15, 0), (127, 63)))
    assert panel.frame == b"\x80\x01" + bytes(1021) + b"\x01"


def test_later_drawing_on_the_frame_does_not_show():
    panel, shown = Panel(), frame((0, 0))
    panel.show(shown)
    shown.putpixel((1, 0), 1)
    assert panel.frame[0] == 0x80


@pytest.mark.parametrize(("mode", "size"), [("L", (WIDTH, HEIGHT)), ("1", (WIDTH, HEIGHT + 1))])
def test_a_frame_of_the_wrong_kind_is_our_own_fault(mode, size):
    with pytest.raises(ValueError, match="display takes"):
        Panel().show(Image.new(mode, size))


def test_lamps_are_lit_and_darkened():
    panel = Panel()
    for lit in (frozenset({"call", "mute"}), frozenset({"message"}), frozenset()):
        panel.light(lit)
        assert panel.lit == lit


def test_a_lamp_that_is_not_there_is_our_own_fault():
    with pytest.raises(ValueError, match="disco"):
        Panel().light(frozenset({"disco"}))


def test_every_change_is_told_until_nobody_watches():
    panel, told = Panel(), []
    panel.watch(lambda: told.append((panel.frame[0], panel.lit, panel.dimmed)))
    panel.show(frame((0, 0)))
    panel.light(frozenset({"mute"}))
    panel.dim(on=True)
    panel.close()
    panel.close()
    panel.dim(on=False)
    assert told == [(0x80, frozenset(), False), (0x80, {"mute"}, False), (0x80, {"mute"}, True)]
    assert not panel.dimmed


class Broken(Panel):
    def show(self, frame: Image.Image) -> None:
        raise OSError("no such device")


def test_a_tee_shows_and_lights_the_same_everywhere():
    one, two = Panel(), Panel()
    display, lamps = TeeDisplay(one, two), TeeLamps(one, two)
    display.show(frame((0, 0)))
    display.dim(on=True)
    lamps.light(frozenset({"call"}))
    for panel in (one, two):
        assert (panel.frame[0], panel.dimmed, panel.lit) == (0x80, True, {"call"})


def test_a_tee_closes_all():
    told = []
    for close in (TeeDisplay, TeeLamps):
        panels = Panel(), Panel()
        for panel in panels:
            panel.watch(lambda: told.append(1))
        close(*panels).close()
        for panel in panels:
            panel.dim(on=True)
    assert told == []


def test_a_broken_display_behind_the_panel_is_heard_of_and_the_panel_shows():
    panel = Panel()
    with pytest.raises(OSError, match="no such device"):
        TeeDisplay(panel, Broken()).show(frame((0, 0)))
    assert panel.frame[0] == 0x80
