"""The voicemail service's config and its secrets had their place in the phone's folder, whose group can read all in it.
Now they have one of their own; what stands at the old place is moved there, with the secrets that it names.

Law: as in `steps.drafted`, root goes through nothing that the phone's users may have put there: only plain files of
root or of the service's user are moved.
"""

from __future__ import annotations

import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from phone.install.steps import drafted

USER = "phone-voicemail"
NAME = "voicemail-service.toml"
_MODE = 0o600
_NAMES = re.compile(
    r"""^[# ]*(?:secret_file|password_file)\s*=\s*(?P<quote>["'])(?P<path>[^"'\n]+)(?P=quote)""", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class MoveStep:
    """`old` and `new` are folders."""

    old: Path
    new: Path
    owner: str = USER

    @property
    def title(self) -> str:
        return f"{self.old / NAME} is moved to {self.new}"

    def is_done(self, *, changed: bool) -> bool:
        del changed
        return self._own(self.old / NAME) is None or os.path.lexists(self.new / NAME)

    def do(self) -> None:
        config = (self._own(self.old / NAME) or b"").decode(errors="surrogateescape")
        secrets = []
        for found in _NAMES.finditer(config):
            place = self.old / found["path"]
            if place.parent == self.old and self._moved(place):
                config = config.replace(f"{found['quote']}{place}{found['quote']}", f'"{self.new / place.name}"')
                secrets.append(place)
        self._put(NAME, config.encode(errors="surrogateescape"))
        for place in (self.old / NAME, *secrets):
            place.unlink(missing_ok=True)

    def _moved(self, place: Path) -> bool:
        """Whether it has a copy in the new folder now, or from a run that was cut off."""
        if (data := self._own(place)) is not None:
            self._put(place.name, data)
        return (self.new / place.name).is_file()

    def _put(self, name: str, data: bytes) -> None:
        drafted(self.new / name, data, _MODE, self.owner).replace(self.new / name)

    def _own(self, path: Path) -> bytes | None:
        """Of a plain file of root or of the service's user; None where there is none."""
        try:
            held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(held, "rb") as file:
            status = os.fstat(held)
            own = stat.S_ISREG(status.st_mode) and status.st_uid in (0, _uid(self.owner))
            return file.read() if own else None


def _uid(user: str) -> int:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:  # a dry run, before there are users
        return 0
