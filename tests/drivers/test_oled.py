"""The glass shows what was drawn, through luma's own interfaces, whatever is unplugged in between."""

from __future__ import annotations

import logging
import random
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import pytest
import smbus2
from boardpeer import Board
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oledpeer import I2cBus, SpiWire
from PIL import Image, ImageChops, ImageDraw
from rig.glass import Glass

from phone.drivers.base import HEIGHT, WIDTH
from phone.drivers.oled import REFRESH_SECONDS, Oled
from phone.drivers.oledbus import DisplayError, plug
from phone.drivers.oledpages import MOST
from phone.drivers.profile import DisplayProfile
from phone.drivers.slot import DisplaySlot
from phone.drivers.troubles import Troubles

PATIENCE = 10.0


@dataclass
class Bench:
    oled: Oled
    glass: Glass
    troubles: Troubles
    clock: list[float]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[DisplayProfile], Bench]]:
    benches: list[Bench] = []

    def make_bench(profile: DisplayProfile) -> Bench:
        glass, board = Glass(profile.driver), Board()
        monkeypatch.setattr(smbus2, "SMBus", lambda _port: I2cBus(glass))
        wire = SpiWire(glass, lambda: board.level(profile.dc))
        lgpio = types.ModuleType("lgpio")  # where it has no wheel, the test packages do without it
        lgpio.error = OSError
        for name in ("spi_open", "spi_write", "spi_close"):
            setattr(lgpio, name, getattr(wire, name))
        monkeypatch.setitem(sys.modules, "lgpio", lgpio)
        troubles, clock = Troubles(), [0.0]
        oled = Oled(profile, lambda: plug(profile, board), troubles, lambda: clock[0])
        benches.append(Bench(oled, glass, troubles, clock))
        return benches[-1]

    yield make_bench
    for bench in benches:
        bench.oled.close()


PROFILES = [DisplayProfile(driver, bus) for driver in ("ssd1306", "sh1106") for bus in ("i2c", "spi")]


@pytest.fixture(params=PROFILES, ids=lambda profile: f"{profile.driver}-{profile.bus}")
def bench(request: pytest.FixtureRequest, make: Callable[[DisplayProfile], Bench]) -> Bench:
    return make(request.param)


def picture(seed: int, base: Image.Image | None = None) -> Image.Image:
    """A random scribble, perhaps on another picture."""
    luck = random.Random(seed)
    image = base.copy() if base else Image.new("1", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    for _ in range(luck.randrange(4)):
        x, y = luck.randrange(WIDTH), luck.randrange(HEIGHT)
        draw.rectangle((x, y, x + luck.randrange(40), y + luck.randrange(20)), fill=luck.randrange(2))
    draw.rectangle((seed % 100, 40, seed % 100 + 3, 43), fill=1)
    return image


def same(a: Image.Image, b: Image.Image) -> bool:
    return ImageChops.logical_xor(a, b).getbbox() is None


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seeds=st.lists(st.integers(0, 1000), min_size=1, max_size=4), unplugs=st.lists(st.booleans(), min_size=4))
def test_the_glass_shows_each_picture(bench: Bench, seeds: list[int], unplugs: list[bool]) -> None:
    """Over I2C a display that is away is noticed; over SPI nobody can."""
    image = None
    for seed, unplugged in zip(seeds, unplugs, strict=False):
        image = picture(seed, image)
        if unplugged and "i2c" in bench.oled._profile.bus:
            bench.glass.unplug()
            with pytest.raises(DisplayError):
                bench.oled.dim(on=False)
            bench.glass.plug_in()
        bench.oled.show(image)
        assert same(bench.glass.picture(), image)


def test_it_is_lit_with_its_picture_and_never_with_what_its_memory_held(bench: Bench) -> None:
    image = picture(5)
    bench.oled.show(image)
    assert bench.glass.first_lit is not None
    assert same(bench.glass.first_lit, image)


def test_no_transfer_is_long(bench: Bench) -> None:
    for seed in range(5):
        bench.oled.show(picture(seed))
    assert max(bench.glass.transfers) <= MOST + 1


def test_a_clock_that_ticks_costs_few_bytes(bench: Bench) -> None:
    image = picture(1)
    bench.oled.show(image)
    bench.glass.transfers.clear()
    ImageDraw.Draw(image).rectangle((100, 2, 107, 7), fill=1)
    bench.oled.show(image)
    assert same(bench.glass.picture(), image)
    assert sum(bench.glass.transfers) <= 20
    bench.glass.transfers.clear()
    bench.oled.show(image)
    assert bench.glass.transfers == []


def test_it_is_dimmed_by_its_contrast_and_stays_so_when_it_is_plugged_in_again(
    make: Callable[[DisplayProfile], Bench],
) -> None:
    bench = make(DisplayProfile("sh1106", contrast=0x90, dimmed=0x05))
    image = picture(2)
    bench.oled.show(image)
    assert bench.glass.contrast == 0x90
    bench.oled.dim(on=True)
    assert bench.glass.contrast == 0x05
    bench.glass.unplug()
    with pytest.raises(DisplayError):
        bench.oled.dim(on=True)
    bench.glass.plug_in()
    bench.oled.dim(on=True)
    assert bench.glass.contrast == 0x05
    assert same(bench.glass.picture(), image)
    bench.oled.dim(on=False)
    assert bench.glass.contrast == 0x90


def test_one_that_lost_its_power_for_a_moment_is_set_up_again(bench: Bench) -> None:
    """It answers, so that nobody notices."""
    image = picture(3)
    bench.oled.show(image)
    bench.glass.power_up()
    bench.oled.dim(on=False)
    assert not same(bench.glass.picture(), image)
    bench.clock[0] += REFRESH_SECONDS
    bench.oled.dim(on=False)
    assert same(bench.glass.picture(), image)


def test_setting_it_up_again_does_not_make_it_flicker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.oled.show(picture(3))
    commands: list[int] = []
    obey = bench.glass.command
    monkeypatch.setattr(bench.glass, "command", lambda value: (commands.append(value), obey(value)))
    bench.clock[0] += REFRESH_SECONDS
    bench.oled.dim(on=False)
    assert 0xAF in commands
    assert 0xAE not in commands


def test_upside_down(make: Callable[[DisplayProfile], Bench]) -> None:
    bench = make(DisplayProfile("ssd1306", upside_down=True))
    image = picture(4)
    bench.oled.show(image)
    assert same(bench.glass.picture(), image.rotate(180))


def test_closed_it_is_dark_and_its_pins_are_free(bench: Bench) -> None:
    image = picture(5)
    bench.oled.show(image)
    bench.oled.close()
    assert not bench.glass.on
    bench.oled.close()
    bench.oled.show(image)
    assert same(bench.glass.picture(), image)


def test_failures_are_counted_and_are_one_sentence_until_it_is_back(make: Callable[[DisplayProfile], Bench]) -> None:
    bench = make(DisplayProfile("ssd1306", address=0x3D))
    for _ in range(3):
        with pytest.raises(DisplayError, match=r"no answer from address 0x3d of I2C bus 1: .*i2cdetect -y 1"):
            bench.oled.show(picture(1))
    assert bench.oled.errors == 3
    (sentence,) = bench.troubles.sentences()
    assert sentence.startswith("The display is out of order: no answer")
    bench.oled._profile = DisplayProfile("ssd1306")
    bench.oled._plug = lambda: plug(bench.oled._profile, None)
    bench.oled.show(picture(1))
    assert bench.troubles.sentences() == ()


def test_a_bus_that_is_not_there_is_a_sentence() -> None:
    for profile, sentence in (
        (DisplayProfile("ssd1306", port=19), "I2C bus 19 cannot be used: .*raspi-config"),
        (DisplayProfile("ssd1306", "spi"), "SPI needs the GPIO pins too"),
    ):
        with pytest.raises(DisplayError, match=sentence):
            plug(profile, None)


@pytest.mark.skipif(find_spec("lgpio") is None, reason="this needs requirements/hardware.txt")
def test_an_spi_bus_that_is_not_there_gives_its_pins_back() -> None:
    board = Board()
    for _ in range(2):
        with pytest.raises(DisplayError, match=r"SPI bus 3.1 cannot be used: .*raspi-config") as caught:
            plug(DisplayProfile("ssd1306", "spi", port=3, device=1), board)
        assert "in use" not in str(caught.value)


def test_a_library_that_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "luma.core.interface.serial", None)
    with pytest.raises(DisplayError, match=r"pip install -r requirements/hardware"):
        plug(DisplayProfile("ssd1306"), None)


def test_a_bug_is_no_trouble_of_the_display(make: Callable[[DisplayProfile], Bench], monkeypatch) -> None:
    bench = make(DisplayProfile("ssd1306"))
    monkeypatch.setattr(I2cBus, "_write", lambda *_: {}["a bug"])
    with pytest.raises(KeyError):
        bench.oled.show(picture(1))
    monkeypatch.undo()


def test_unplugged_and_back_behind_the_slot(
    make: Callable[[DisplayProfile], Bench], caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing new is shown meanwhile: it is missed all the same, and gets its picture back."""
    caplog.set_level(logging.INFO)
    bench = make(DisplayProfile("ssd1306"))
    image = picture(7)
    slot: DisplaySlot[Image.Image] = DisplaySlot(bench.oled, lambda i: i, retry_seconds=0.001, watch_seconds=0.001)
    slot.show(image)
    wait_for(lambda: same(bench.glass.picture(), image))
    bench.glass.unplug()
    wait_for(lambda: bench.oled.errors > 3)
    bench.glass.plug_in()
    wait_for(lambda: same(bench.glass.picture(), image) and bench.troubles.sentences() == ())
    slot.close()
    assert [r.levelname for r in caplog.records if r.name == "phone.drivers.slot"] == ["WARNING", "INFO"]


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        threading.Event().wait(0.001)
