"""`phone uninstall`: takes away what `phone install` has put there, by the list that it left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone.install.layout import CONFIG, MANIFEST, OWN_RULES, SERVICE_FOLDER, SERVICE_UNIT, UNIT, VENV, packaged
from phone.install.steps import CommandStep, InstallError, Outcome, Step, carry_out
from phone.install.system import booted, enabled

STATE = tuple(
    Path(name)
    for name in (
        *(str(CONFIG.parent), "/var/lib/phone", "/var/lib/phone-provision", "/var/lib/provision"),
        *("/var/lib/phone-voicemail-service", str(SERVICE_FOLDER), str(OWN_RULES), "/etc/ssh/phone_provision_keys"),
    )
)
"""What is somebody's own: config, messages, keys."""


@dataclass(frozen=True, slots=True)
class GoneStep:
    """A file or a folder is not there."""

    target: Path

    @property
    def title(self) -> str:
        return f"{self.target} is removed"

    def is_done(self, *, changed: bool) -> bool:
        del changed
        return not os.path.lexists(self.target)

    def do(self) -> None:
        if self.target.is_dir() and not self.target.is_symlink():
            shutil.rmtree(self.target)
        else:
            self.target.unlink()


def uninstall(*, purge: bool, dry_run: bool) -> list[Outcome]:
    """What was removed; with `purge` config and messages, too. Raises InstallError before anything is touched."""
    if packaged():
        raise InstallError("A Debian package has put the phone here: apt-get remove phone, or apt-get purge phone.")
    if os.geteuid() != 0 and not dry_run:
        raise InstallError("Only root can do that: sudo phone uninstall.")
    return carry_out(_steps(_laid(), purge=purge), dry_run=dry_run)


def _laid() -> list[Path]:
    """What the installation has laid. Raises InstallError if there was none."""
    try:
        return [Path(line) for line in MANIFEST.read_text("utf-8").splitlines()]
    except OSError as error:
        raise InstallError(f"The phone is not installed here: {MANIFEST} is missing.") from error


def _steps(laid: list[Path], *, purge: bool) -> Iterator[Step]:
    for unit in (UNIT, SERVICE_UNIT):
        if booted():
            yield CommandStep(f"{unit} is stopped", lambda _: False, ("systemctl", "stop", unit))
        if enabled(unit):
            yield CommandStep(f"{unit} is disabled", lambda _: False, ("systemctl", "disable", unit))
    yield from map(GoneStep, laid)
    yield GoneStep(VENV.parent)
    yield GoneStep(MANIFEST.parent)
    if purge:
        yield from map(GoneStep, STATE)
    if booted():
        yield CommandStep("systemd reads the units", lambda changed: not changed, ("systemctl", "daemon-reload"))
