"""The small pictures of the display, as text: `#` is lit. All are ICON_HEIGHT high."""

from __future__ import annotations

from enum import Enum

ICON_HEIGHT = 10


class Icon(Enum):
    """What the status bar can show; the value is its word in `phone status`."""

    LOCK_CLOSED = "encrypted"
    LOCK_OPEN = "not encrypted"
    MUTE = "muted"
    SPEAKER = "speaker"
    CONFERENCE = "conference"
    BRIDGE = "bridge"
    HOLD = "on hold"
    DND = "do not disturb"
    KEYPAD_LOCKED = "keypad locked"
    SERVICE = "service"
    NO_SERVICE = "no service"


_PICTURES = {
    Icon.LOCK_CLOSED: """
..####..
.#....#.
.#....#.
.#....#.
########
########
###..###
###..###
########
########
""",
    Icon.LOCK_OPEN: """
....####..
...#....#.
........#.
........#.
########..
#......#..
#..##..#..
#..##..#..
#......#..
########..
""",
    Icon.MUTE: """
..###........
..###...#...#
..###....#.#.
#.###.#...#..
#.###.#..#.#.
#.....#.#...#
.#...#.......
..###........
...#.........
.#####.......
""",
    Icon.SPEAKER: """
....#.....
...##..#..
..###...#.
#####.#..#
#####..#.#
#####..#.#
#####.#..#
..###...#.
...##..#..
....#.....
""",
    Icon.CONFERENCE: """
..........
.##....##.
####..####
.##....##.
..........
....##....
...####...
....##....
..........
..........
""",
    Icon.BRIDGE: """
............
............
.##......##.
####....####
############
####....####
.##......##.
............
............
............
""",
    Icon.HOLD: """
.###..###
.###..###
.###..###
.###..###
.###..###
.###..###
.###..###
.###..###
.###..###
.........
""",
    Icon.DND: """
...####...
.########.
.########.
##########
#........#
#........#
##########
.########.
.########.
...####...
""",
    Icon.KEYPAD_LOCKED: """
..####......
.##..##.....
##....##....
##....######
##....######
##....##.#.#
.##..##..#.#
..####......
............
............
""",
    Icon.SERVICE: """
.........##
.........##
......##.##
......##.##
......##.##
...##.##.##
...##.##.##
##.##.##.##
##.##.##.##
##.##.##.##
""",
    Icon.NO_SERVICE: """
#...#......
.#.#.......
..#........
.#.#.......
#...#......
...........
...........
...........
##.##.##.##
##.##.##.##
""",
}

PICTURES: dict[Icon, tuple[str, ...]] = {icon: tuple(text.split()) for icon, text in _PICTURES.items()}


def width(icon: Icon) -> int:
    """Pixels."""
    return len(PICTURES[icon][0])
