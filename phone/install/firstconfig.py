"""The config that a new phone starts with: the example, for its hardware. It is written once and then never touched."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone.drivers.profilebook import SIM

_PROFILE = re.compile(r'^profile = "sim" +# [^\n]*$', re.MULTILINE)
_TABLE = re.compile(r"\[([^]]+)\]")
_NOBODY = '"anna@example.org"'
_DEVICE = re.compile(r"(?:capture|playback) = ")


def first_config(example: str, profile: str) -> str:
    """The example with this hardware profile, whose own sound devices then count."""
    if profile == SIM:
        return example
    return "".join(_without_devices(_PROFILE.sub(lambda _: f'profile = "{profile}"', example)))


def _without_devices(text: str) -> Iterator[str]:
    table = ""
    for line in text.splitlines(keepends=True):
        if found := _TABLE.match(line):
            table = found[1]
        yield f"# {line}" if table.startswith("audio.") and _DEVICE.match(line) else line


def profile_in(config: Path) -> str:
    """Which hardware profile a config names; "" if it cannot be told."""
    try:
        hardware = tomllib.loads(config.read_text("utf-8")).get("hardware", {})
    except (OSError, ValueError):
        return ""
    profile = hardware.get("profile", SIM) if isinstance(hardware, dict) else ""
    return profile if isinstance(profile, str) else ""


def is_example(config: Path) -> bool:
    """Whether its account is nobody's yet: the example's, or there is no config."""
    try:
        return _NOBODY in config.read_text("utf-8")
    except OSError:
        return True


@dataclass(frozen=True, slots=True)
class ConfigStep:
    """There is a config, whatever it says. It is the daemon's user's, for it holds a password."""

    target: Path
    example: Path
    profile: str
    owner: str = "phone"

    @property
    def title(self) -> str:
        return f"{self.target} (profile {self.profile})"

    def is_done(self, *, changed: bool) -> bool:
        del changed
        return self.target.exists()

    def do(self) -> None:
        draft = self.target.with_name(f".{self.target.name}.new")
        draft.touch(mode=0o660)
        draft.write_text(first_config(self.example.read_text("utf-8"), self.profile), "utf-8")
        shutil.chown(draft, self.owner, self.owner)
        draft.chmod(0o660)
        # Not over one that somebody has put there meanwhile.
        os.link(draft, self.target)
        draft.unlink()
