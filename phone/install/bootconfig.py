"""The Raspberry Pi's own settings, /boot/firmware/config.txt: which lines a profile needs there, which are missing.

Format: https://www.raspberrypi.com/documentation/computers/config_txt.html. Lines below a filter such as `[pi4]`
hold for some boards only, so they do not count as there; `[all]` ends a filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phone.drivers.profile import Profile

CANDIDATES = (Path("/boot/firmware/config.txt"), Path("/boot/config.txt"))
"""Raspberry Pi OS 12 and newer; older ones."""
_BACKUP = ".before-phone"
_PARAMETERS = {"i2c": "i2c_arm", "spi": "spi"}
_ALIASES = {"i2c": "i2c_arm", "i2c1": "i2c_arm"}
"""On boards with 40 pins they are the same bus."""
_ON = {"on", "true", "yes", "1", ""}


def wanted(profile: Profile) -> tuple[str, ...]:
    """The lines that the profile's display and sound card need."""
    buses = {profile.display.bus} if profile.display else set()
    if profile.audio and profile.audio.i2s:
        buses.add("i2c")
    lines = [f"dtparam={_PARAMETERS[bus]}=on" for bus in sorted(buses)]
    if profile.audio and profile.audio.overlay:
        lines.append(profile.audio.overlay)
    return tuple(lines)


def missing(text: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Those of `lines` that do not hold in the file's `text`."""
    there: dict[str, str] = {}
    for setting in _settings(text):
        there |= dict([setting])
    return tuple(line for line in lines if not all(there.get(name) == value for name, value in _parts(line)))


def added(text: str, lines: Iterable[str]) -> str:
    """`text` with these lines at its end, where they hold for every board."""
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{end}\n[all]\n# For the desk phone's hardware (hw/README.md).\n" + "".join(f"{ln}\n" for ln in lines)


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Settings that hold for every board, as (name, value), in order: the last one counts."""
    everywhere = True
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            everywhere = line == "[all]"
        elif everywhere:
            yield from _parts(line)


def _parts(line: str) -> Iterator[tuple[str, str]]:
    """`dtparam=spi=on,i2c` -> (dtparam=spi, on), (dtparam=i2c_arm, on); `dtoverlay=x,y` -> (dtoverlay=x, y)."""
    kind, _, value = (word.strip() for word in line.partition("="))
    if kind == "dtparam":
        for part in value.split(","):
            name, _, setting = (word.strip() for word in part.partition("="))
            yield f"dtparam={_ALIASES.get(name, name)}", "on" if setting in _ON else setting
    elif kind == "dtoverlay":
        name, _, parameters = value.partition(",")
        yield f"dtoverlay={name}", parameters
    elif kind:
        yield kind, value


@dataclass(frozen=True, slots=True)
class BootConfigStep:
    """The lines stand in the file; how it was before stands beside it."""

    file: Path
    lines: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.file}: {', '.join(self.lines)}"

    def is_done(self, *, changed: bool) -> bool:
        del changed
        return not missing(self.file.read_text("utf-8"), self.lines)

    def do(self) -> None:
        text = self.file.read_text("utf-8")
        backup = self.file.with_name(self.file.name + _BACKUP)
        if not backup.exists():
            backup.write_text(text, "utf-8")
        # The partition is FAT: a whole new file that takes the old one's place is as near to atomic as it gets.
        draft = self.file.with_name(self.file.name + ".new")
        draft.write_text(added(text, missing(text, self.lines)), "utf-8")
        draft.replace(self.file)
