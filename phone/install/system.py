"""What the system must do with files that were laid: make users and folders, take rules in, start the service."""

from __future__ import annotations

import grp
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from phone.install.layout import SERVICE_UNIT, UNIT
from phone.install.steps import CommandStep, Step, TriedStep

_RUNS = Path("/run/systemd/system")
"""sd_booted(3)."""
_SYSUSERS = Path("/usr/lib/sysusers.d/phone.conf")
_TMPFILES = Path("/usr/lib/tmpfiles.d/phone.conf")
_MODULES = Path("/usr/lib/modules-load.d/phone.conf")
_DROP_IN = Path("/etc/ssh/sshd_config.d/phone.conf")
_SERVICE_USERS = Path("/usr/lib/sysusers.d/phone-voicemail-service.conf")
_SERVICE_FOLDERS = Path("/usr/lib/tmpfiles.d/phone-voicemail-service.conf")


def booted() -> bool:
    """Whether systemd runs this machine: it does not in a chroot, where images are made."""
    return _RUNS.is_dir()


def account_steps() -> Iterator[Step]:
    """Users, groups and their folders."""
    files = (_SYSUSERS, _SERVICE_USERS)
    yield CommandStep(
        "users and groups",
        lambda _: all(known(line) for file in files for line in _lines(file)),
        ("systemd-sysusers", *map(str, files)),
    )
    folders = (_TMPFILES, _SERVICE_FOLDERS)
    yield CommandStep(
        "folders of config and state",
        lambda _: all(as_told(line) for file in folders for line in _lines(file)),
        ("systemd-tmpfiles", "--create", *map(str, folders)),
    )


def device_steps() -> Iterator[Step]:
    """Rules and modules for the hardware, where there is any."""
    if booted() and shutil.which("udevadm"):
        yield CommandStep("udev rules are read", _unless_changed, ("udevadm", "control", "--reload"))
        subsystems = [f"--subsystem-match={name}" for name in ("gpio", "i2c-dev", "spidev", "sound")]
        yield CommandStep("udev rules hold", _unless_changed, ("udevadm", "trigger", "--action=change", *subsystems))
        yield CommandStep("kernel modules", _unless_changed, ("systemctl", "restart", "systemd-modules-load"))


def ssh_steps() -> Iterator[Step]:
    """The SSH server takes its drop-in in, if it is right: a wrong one must not lock anybody out."""
    if booted() and shutil.which("sshd") and _is("is-active", "ssh.service"):
        yield TriedStep("sshd's config is right", _DROP_IN, _unless_changed, ("sshd", "-t"))
        yield CommandStep("sshd reads its config", _unless_changed, ("systemctl", "reload", "ssh.service"))


def service_steps(*, start: bool, enable: bool) -> Iterator[Step]:
    """The service is there at each boot, and now, with what was changed."""
    if booted():
        yield CommandStep("systemd reads the units", _unless_changed, ("systemctl", "daemon-reload"))
    if enable:
        yield CommandStep(f"{UNIT} at each boot", lambda _: enabled(UNIT), ("systemctl", "enable", UNIT))
    if start and booted():
        up = _is("is-active", UNIT)
        title = f"{UNIT} is restarted" if up else f"{UNIT} is started"
        yield CommandStep(title, lambda changed: up and not changed, ("systemctl", "restart", UNIT))
        if _is("is-active", SERVICE_UNIT):
            yield CommandStep(f"{SERVICE_UNIT} is restarted", _unless_changed, ("systemctl", "restart", SERVICE_UNIT))


def _unless_changed(changed: bool) -> bool:
    return not changed


def enabled(unit: str) -> bool:
    """Whether it starts at each boot."""
    return _is("is-enabled", unit)


def overridden(unit: str) -> bool:
    """Whether an admin has put one of that name over ours, systemd.unit(5)."""
    return Path("/etc/systemd/system", unit).exists()


def _is(question: str, unit: str) -> bool:
    return subprocess.run(("systemctl", "--quiet", question, unit), capture_output=True, check=False).returncode == 0


def _lines(file: Path) -> list[list[str]]:
    """The words of each line; none if the file is not there yet."""
    with suppress(FileNotFoundError):
        return [words for line in file.read_text("utf-8").splitlines() if (words := line.partition("#")[0].split())]
    return [["missing"]]


def known(line: list[str]) -> bool:
    """Whether what a line of sysusers.d(5) makes is there."""
    with suppress(KeyError, IndexError):
        (pwd.getpwnam if line[0] == "u" else grp.getgrnam)(line[1])
        return True
    return False


def as_told(line: list[str]) -> bool:
    """Whether the folder of a line of tmpfiles.d(5) (type d) is there, with its mode and owners."""
    with suppress(OSError, KeyError, ValueError):
        _, path, mode, user, group = line[:5]
        status = Path(path).stat()
        rights = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        return rights == (int(mode, 8), pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
    return False
