"""The config that a new phone starts with: the example, for its hardware and without an account: so the phone comes up,
and shows how it is given one. It is written once and then never touched.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone.drivers.profilebook import SIM
from phone.install.steps import drafted

_PROFILE = re.compile(r'^profile = "sim" +# [^\n]*$', re.MULTILINE)
_TABLE = re.compile(r"\[([^]]+)\]")
_NOBODY = "anna@example.org"
_ACCOUNT = re.compile(r"\[account\]|jid = |password = ")
_DEVICE = re.compile(r"(?:capture|playback) = ")


def first_config(example: str, profile: str) -> str:
    """The example with this hardware profile, whose own sound devices then count, and with nobody's account."""
    nobodys = _without(example, "account", _ACCOUNT)
    if profile == SIM:
        return nobodys
    return _without(_PROFILE.sub(lambda _: f'profile = "{profile}"', nobodys), "audio.", _DEVICE)


def _without(text: str, tables: str, lines: re.Pattern[str]) -> str:
    """Those lines of these tables as comments."""
    return "".join(_commented(text, tables, lines))


def _commented(text: str, tables: str, lines: re.Pattern[str]) -> Iterator[str]:
    table = ""
    for line in text.splitlines(keepends=True):
        if found := _TABLE.match(line):
            table = found[1]
        yield f"# {line}" if table.startswith(tables) and lines.match(line) else line


def profile_in(config: Path) -> str:
    """Which hardware profile a config names; "" if it cannot be told."""
    try:
        hardware = tomllib.loads(config.read_text("utf-8")).get("hardware", {})
    except (OSError, ValueError):
        return ""
    profile = hardware.get("profile", SIM) if isinstance(hardware, dict) else ""
    return profile if isinstance(profile, str) else ""


def has_account(config: Path) -> bool:
    """Whether it names one that is not the example's."""
    try:
        account = tomllib.loads(config.read_text("utf-8")).get("account")
    except (OSError, ValueError):
        return False
    return isinstance(account, dict) and account.get("jid") not in (None, _NOBODY)


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
        content = first_config(self.example.read_text("utf-8"), self.profile).encode()
        draft = drafted(self.target, content, 0o660, self.owner)
        # Not over one that somebody has put there meanwhile.
        os.link(draft, self.target)
        draft.unlink()
