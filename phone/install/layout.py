"""Where everything goes. The units, the sshd drop-in and the code name these places, too; tests/setup compares them.

A file of `systemd/` is laid by its ending, under its own name: `phone.tmpfiles` becomes /usr/lib/tmpfiles.d/phone.conf.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from phone.drivers.profilebook import FOLDER as PROFILES
from phone.install.rules import card_rules
from phone.install.steps import FileStep, InstallError, LinkStep, Step

VENV = Path("/opt/phone/.venv")
PROGRAM = Path("/usr/bin/phone")
CONFIG = Path("/etc/phone/phone.toml")
SHARE = Path("/usr/share/phone")
EXAMPLE = SHARE / "phone.example.toml"
MANIFEST = SHARE / "laid"
"""All files that were laid, a line each."""
UNIT = "phone.service"
SERVICE_UNIT = "phone-voicemail-service.service"
"""Laid, and started by whoever wants it."""
SERVICE_FOLDER = Path("/etc/phone-voicemail")
"""Of its config and its secrets."""
OWN_RULES = Path("/etc/udev/rules.d/71-phone-profile.rules")
"""Of a profile that is a file of one's own."""

PLACES = {
    ".service": "usr/lib/systemd/system/{stem}.service",
    ".timer": "usr/lib/systemd/system/{stem}.timer",
    ".path": "usr/lib/systemd/system/{stem}.path",
    ".socket": "usr/lib/systemd/system/{stem}.socket",
    ".dropin": "usr/lib/systemd/system/{stem}.service.d/phone.conf",
    ".target": "usr/lib/systemd/system/{stem}.target",
    ".sysusers": "usr/lib/sysusers.d/{stem}.conf",
    ".tmpfiles": "usr/lib/tmpfiles.d/{stem}.conf",
    ".modules-load": "usr/lib/modules-load.d/{stem}.conf",
    ".system-conf": "usr/lib/systemd/system.conf.d/{stem}.conf",
    ".timesyncd": "usr/lib/systemd/timesyncd.conf.d/{stem}.conf",
    ".preset": "usr/lib/systemd/system-preset/70-{stem}.preset",
    ".sysctl": "usr/lib/sysctl.d/{stem}.conf",
    ".rules": "usr/lib/udev/rules.d/70-{stem}.rules",
    ".sshd": "etc/ssh/sshd_config.d/{stem}.conf",
}
"""Ending of a file in `systemd/` -> its place; {stem} is the rest of its name."""


def checkout() -> Path:
    """The folder with the sources that this code runs from. Raises InstallError if it was installed itself."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / "systemd" / UNIT).is_file() or not (folder / "requirements").is_dir():
        raise InstallError(
            f"The sources are not beside {folder / 'phone'}: run ./dev install in a clone of them. "
            "A phone that a package has put here needs no more than `phone install --activate`."
        )
    return folder


def placed(name: str) -> Path:
    """Where a file of `systemd/` goes, from the root. Raises InstallError for an ending that has no place."""
    path = Path(name)
    if path.suffix not in PLACES:
        raise InstallError(f"systemd/{name}: nothing says where files of this kind go; see {__name__}.PLACES")
    return Path(PLACES[path.suffix].format(stem=path.stem))


def packaged() -> bool:
    """Whether a Debian package has put the phone here."""
    try:
        done = subprocess.run(("dpkg-query", "--search", str(PROGRAM)), capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def file_steps(source: Path, root: Path) -> Iterator[Step]:
    """All files but the venv: from the sources, below `root`."""
    laid: list[str] = []
    for step in _steps(source, root):
        laid.append(f"/{step.target.relative_to(root)}\n")
        yield step
    yield FileStep(root / MANIFEST.relative_to("/"), "".join(laid).encode())


def _steps(source: Path, root: Path) -> Iterator[FileStep | LinkStep]:
    yield LinkStep(root / PROGRAM.relative_to("/"), VENV / "bin" / "phone")
    for file in sorted((source / "systemd").iterdir()):
        if file.suffix != ".rules":
            yield FileStep(root / placed(file.name), file.read_bytes())
        else:
            yield FileStep(root / placed(file.name), file.read_bytes() + card_rules(PROFILES).encode())
    share = root / SHARE.relative_to("/")
    yield FileStep(share / EXAMPLE.name, (source / EXAMPLE.name).read_bytes())
    service = source / "server" / "voicemail-service.example.toml"
    yield FileStep(share / service.name, service.read_bytes())
    for profile in sorted(PROFILES.glob("*.toml")):
        yield FileStep(share / "profiles" / profile.name, profile.read_bytes())
