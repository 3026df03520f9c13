"""The drawings that are checked in are those of the profiles, and can be read: nothing covers anything."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone.config.values import DeviceConfig
from phone.drivers import profilebook
from phone.drivers.profile import (
    AudioProfile,
    DisplayProfile,
    HookProfile,
    KeypadProfile,
    LampProfile,
    LampsProfile,
    Profile,
    RotaryProfile,
)
from phone.drivers.wiring import __main__ as program
from phone.drivers.wiring.header import is_left, name_of, pin_of, row_of
from phone.drivers.wiring.partlist import part_list
from phone.drivers.wiring.sheet import draw

HW = Path(__file__).parents[2] / "hw"
SVG = "{http://www.w3.org/2000/svg}"
Rect = tuple[float, float, float, float]


def words(root: ET.Element) -> list[tuple[str, Rect]]:
    """Each text with the box that a wide font would fill."""
    found = []
    for text in root.iter(f"{SVG}text"):
        size = float(text.get("font-size", "0"))
        width = len(text.text or "") * size * (0.66 if text.get("font-weight") else 0.6)
        x, y = float(text.get("x", "0")), float(text.get("y", "0"))
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[text.get("text-anchor", "start")]
        found.append((text.text or "", (left, y - size * 0.8, left + width, y + size * 0.2)))
    return found


def wires(root: ET.Element) -> dict[str, list[tuple[float, float]]]:
    """By what it is called: the corners of its way."""
    found = {}
    for line in root.iter(f"{SVG}polyline"):
        if (title := line.find(f"{SVG}title")) is not None:
            points = [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
            assert title.text not in found
            found[title.text or ""] = points
    return found


def stretches(points: list[tuple[float, float]]) -> list[Rect]:
    """Each straight piece, as left, top, right, bottom."""
    pairs = itertools.pairwise(points)
    return [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in pairs]


def cover(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def shared(a: Rect, b: Rect) -> bool:
    """Two pieces of the same direction lie on each other, or so near that they look like one."""
    if (a[1] == a[3]) is not (b[1] == b[3]):
        return False
    level = a[1] == a[3]
    apart = abs(a[1] - b[1]) if level else abs(a[0] - b[0])
    overlap = min(a[2], b[2]) - max(a[0], b[0]) if level else min(a[3], b[3]) - max(a[1], b[1])
    return apart < 5 and overlap > 0


def check(svg: str) -> dict[str, list[tuple[float, float]]]:
    root = ET.fromstring(svg)  # noqa: S314 - our own drawing
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    texts, ways = words(root), wires(root)
    for (one, a), (other, b) in itertools.combinations(texts, 2):
        assert not cover(a, b), (one, other)
    for what, (left, top, right, bottom) in texts:
        assert left >= 0
        assert top >= 0
        assert right <= width, what
        assert bottom <= height
    for name, points in ways.items():
        for piece, (what, box) in itertools.product(stretches(points), texts):
            grown = (piece[0] - 1.5, piece[1] - 1.5, piece[2] + 1.5, piece[3] + 1.5)
            assert not cover(grown, box), (name, what)
    for (one, a), (other, b) in itertools.combinations(ways.items(), 2):
        for piece, piece_b in itertools.product(stretches(a), stretches(b)):
            assert not shared(piece, piece_b), (one, other)
    return ways


@pytest.mark.parametrize("name", profilebook.shipped())
def test_what_is_checked_in_is_fresh(name: str) -> None:
    """Else: python -m phone.drivers.wiring hw/wiring"""
    profile = profilebook.load(name)
    assert (HW / "wiring" / f"{name}.svg").read_text("utf-8") == draw(profile)
    assert (HW / "wiring" / f"{name}.md").read_text("utf-8") == part_list(profile, name)


def test_nothing_else_is_checked_in() -> None:
    names = {path.name for path in (HW / "wiring").iterdir()}
    assert names == {f"{name}{suffix}" for name in profilebook.shipped() for suffix in (".svg", ".md")}
    assert {path.stem for path in (HW / "profiles").glob("*.toml")} == set(profilebook.shipped())


@pytest.mark.parametrize("name", profilebook.shipped())
def test_a_drawing_that_is_shipped_can_be_read(name: str) -> None:
    check(draw(profilebook.load(name)))


def test_each_wire_goes_where_the_profile_says() -> None:
    ways = check(draw(profilebook.load("reference")))
    ends = dict(re.fullmatch(r".*: (.*) - (pin \d+, .*)", name).groups() for name in ways if "GND" not in name)
    assert ends["HOOK"] == "pin 11, GPIO 17"
    assert ends["row 1"] == "pin 12, GPIO 18"
    assert ends["SDA"] == "pin 3, GPIO 2"
    assert ends["VCC"] == "pin 1, 3.3 V"
    assert ends["VOL+"] == "pin 35, GPIO 19"
    grounds = [name.rpartition("pin ")[2] for name in ways if "GND" in name]
    assert len(grounds) == len(set(grounds)) == 4


PINS = st.permutations(range(4, 28))


@st.composite
def profiles(draws: st.DrawFn) -> Profile:
    """Any that `profilechecks` takes, with its parts on any pins."""
    bus = draws(st.sampled_from(["i2c", "spi"]))
    pins = [p for p in draws(PINS) if bus == "i2c" or p not in (7, 8, 9, 10, 11)]
    take = iter(pins)
    keypad = draws(st.booleans())
    rows, columns = draws(st.integers(2, 4)), draws(st.integers(3, 4))
    names = iter("123A456B789C*0#D")
    some = st.booleans()
    return Profile(
        title="any",
        board="Raspberry Pi 4",
        keypad=KeypadProfile(
            tuple(next(take) for _ in range(rows)),
            tuple(next(take) for _ in range(columns)),
            tuple(" ".join(next(names) for _ in range(columns)) for _ in range(rows)),
        )
        if keypad
        else None,
        keys={name: next(take) for name in ("VOICEMAIL", "TRANSFER", "SPEAKER")[: draws(st.integers(0, 3))]},
        hook=HookProfile(next(take), draws(st.sampled_from(["open", "closed"]))) if draws(some) else None,
        rotary=RotaryProfile(next(take), next(take) if draws(some) else None) if draws(some) else None,
        lamps=LampsProfile(
            call=LampProfile(next(take), active_low=draws(some)),
            message=LampProfile(next(take), active_low=draws(some), colour="unknown"),
        )
        if draws(some)
        else LampsProfile(),
        display=DisplayProfile(
            "sh1106", bus, dc=next(take), reset=next(take) if draws(some) else None, device=draws(st.integers(0, 1))
        )
        if draws(some)
        else None,
        audio=draws(st.sampled_from([None, AudioProfile("X"), AudioProfile("Y", i2s=True, handset=DeviceConfig("a"))])),
    )


@settings(max_examples=60, deadline=None)
@given(profiles())
def test_any_profile_can_be_read(profile: Profile) -> None:
    ways = check(draw(profile))
    fixed = [profile.hook.pin] if profile.hook else []
    assert all(any(f"pin {pin_of(pin)}," in name for name in ways) for pin in fixed)
    assert part_list(profile, "any").count("| ") > 3


def test_a_phone_without_anything_on_its_header_has_a_drawing_too() -> None:
    profile = Profile(title="bare", board="Pi", display=DisplayProfile("ssd1306"))
    assert len(check(draw(profile))) == 4
    assert check(draw(Profile(title="bare", board="Pi"))) == {}
    assert "Hook" not in part_list(profile, "bare")


def test_the_header_is_the_one_of_the_raspberry_pi() -> None:
    from gpiozero.pins.mock import MockFactory

    header = MockFactory().board_info.headers["J8"]
    for number, pin in header.pins.items():
        ours = name_of(number).replace(" ", "")
        assert ours == {"3V3": "3.3V"}.get(pin.name, pin.name).replace("GPIO0", "IDSD").replace("GPIO1", "IDSC") or (
            number not in (27, 28) and ours == pin.name
        )
        assert is_left(number) is (pin.col == 1)
        assert row_of(number) == pin.row - 1


def test_the_program_draws_profiles_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('title = "Mine"\nboard = "Pi"\n[hook]\npin = 17\nlifted = "open"\n')
    assert program.main([str(tmp_path), str(tmp_path / "mine.toml")]) == 0
    assert "Mine" in (tmp_path / "mine.svg").read_text()
    assert "# Mine" in (tmp_path / "mine.md").read_text()
