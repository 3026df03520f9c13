"""On a virtual Pi, by `tests/hil/test_drivers.py`: the real display driver on a real I2C bus."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image, ImageDraw
from rig.header import HeaderGlass

from phone.drivers.base import HEIGHT, WIDTH
from phone.drivers.oledbus import DisplayError
from phone.drivers.profile import DisplayProfile, Profile
from phone.drivers.realdesk import RealDesk, open_profile
from phone.drivers.slot import DisplaySlot

PATIENCE = 20.0
DRIVERS = ("ssd1306", "sh1106")


@pytest.fixture(params=DRIVERS)
def glass(request: pytest.FixtureRequest) -> Iterator[HeaderGlass]:
    glass = HeaderGlass(request.param)
    yield glass
    glass.plug_in()
    glass.release()


@pytest.fixture
def desk(glass: HeaderGlass) -> Iterator[RealDesk]:
    desk = open_profile(Profile("", "", display=DisplayProfile(glass.driver)))
    yield desk
    desk.display.close()
    desk.inputs.close()
    desk.lamps.close()


def drawing(luck: random.Random) -> Image.Image:
    frame = Image.new("1", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(frame)
    for _ in range(luck.randrange(1, 6)):
        x, y = luck.randrange(WIDTH), luck.randrange(HEIGHT)
        draw.rectangle((x, y, x + luck.randrange(60), y + luck.randrange(30)), fill=luck.randrange(2), outline=1)
    return frame


def test_what_is_on_the_glass_is_what_was_drawn(glass: HeaderGlass, desk: RealDesk) -> None:
    luck = random.Random(3)
    for _ in range(30):
        frame = drawing(luck)
        desk.display.show(frame)
        assert glass.picture().tobytes() == frame.tobytes()


def test_a_display_that_is_pulled_out_is_told_of_and_shows_again_once_it_is_back(
    glass: HeaderGlass, desk: RealDesk
) -> None:
    first, second = (drawing(random.Random(seed)) for seed in (1, 2))
    desk.display.show(first)
    glass.unplug()
    with pytest.raises(DisplayError, match="i2cdetect"):
        desk.display.show(second)
    (sentence,) = desk.troubles()
    assert sentence.startswith("The display is out of order: no answer from address 0x3c of I2C bus 1")
    glass.plug_in()
    assert not glass.picture().getbbox(), "it is dark at first"
    desk.display.show(second)
    assert glass.picture().tobytes() == second.tobytes()
    assert desk.troubles() == ()


def test_the_phone_shows_again_by_itself(glass: HeaderGlass, desk: RealDesk) -> None:
    slot = DisplaySlot[Image.Image](desk.display, lambda frame: frame)
    frame = drawing(random.Random(4))
    slot.show(frame)
    wait_for(lambda: glass.picture().tobytes() == frame.tobytes())
    glass.unplug()
    wait_for(lambda: desk.troubles() != ())
    glass.plug_in()
    wait_for(lambda: glass.picture().tobytes() == frame.tobytes())
    wait_for(lambda: desk.troubles() == ())
    slot.close()


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
