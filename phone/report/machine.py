"""The machine that the phone runs on: versions, board, memory, disks, clock, network, sound, buses."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import ifaddr

_PATIENCE = 5.0
"""Seconds for a command."""
_LONGEST = 20_000
"""Characters that are taken of a file or a command."""
_DEVICES = ("gpiochip*", "i2c-*", "spidev*", "rtc*", "watchdog*", "input/event*", "snd/*")
_UNIT = ("ActiveState", "SubState", "NRestarts", "Result", "ExecMainStatus", "MemoryCurrent", "ActiveEnterTimestamp")


@dataclass(frozen=True, slots=True)
class Machine:
    """`root` is where its files are; its commands are run as they are."""

    root: Path = Path("/")

    def told(self, folders: Sequence[Path]) -> str:
        """All of it as a text; `folders` are those of the phone, for their disks."""
        sections = (
            ("versions", self._versions()),
            ("board", self._board()),
            ("service", self._service()),
            ("memory and load", self._load()),
            ("disks", _disks(folders)),
            ("clock", self._clock()),
            ("network", self._network()),
            ("sound", self._sound()),
            ("devices", self._devices()),
        )
        return "\n\n".join("\n".join((f"== {title} ==", *lines)) for title, lines in sections)

    def _versions(self) -> Iterator[str]:
        yield f"phone {metadata.version('phone')}"
        yield f"Python {platform.python_version()}"
        yield f"kernel {platform.release()} {platform.machine()}"
        yield self._value("etc/os-release", r'^PRETTY_NAME="?([^"\n]*)', "system")
        yield from _libraries()

    def _board(self) -> Iterator[str]:
        yield self._read("proc/device-tree/model").rstrip("\0") or "no Raspberry Pi, or one that does not say so"
        for command in (("version",), ("get_throttled",), ("measure_temp",)):
            if told := _run("vcgencmd", *command):
                yield f"vcgencmd {command[0]}: {told}"
        for zone in sorted(self.root.glob("sys/class/thermal/thermal_zone*/temp")):
            if (text := _text(zone).strip()).lstrip("-").isdigit():
                yield f"{zone.parent.name}: {int(text) / 1000:.1f} C"

    def _service(self) -> Iterator[str]:
        yield _run("systemctl", "show", "phone", f"--property={','.join(_UNIT)}") or "there is no systemd"

    def _load(self) -> Iterator[str]:
        wanted = ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")
        yield from (line for line in self._read("proc/meminfo").splitlines() if line.startswith(wanted))
        yield f"load {self._read('proc/loadavg').strip()}, {os.cpu_count()} processors"
        yield f"up {self._read('proc/uptime').partition(' ')[0]} s"

    def _clock(self) -> Iterator[str]:
        now = datetime.now(UTC)
        yield f"{now.isoformat(timespec='seconds')}, here {now.astimezone().isoformat(timespec='seconds')}"
        yield f"monotonic {time.monotonic():.0f} s"
        if told := _run("timedatectl", "show", "--property=NTPSynchronized,NTP,Timezone"):
            yield told

    def _network(self) -> Iterator[str]:
        for adapter in ifaddr.get_adapters():
            for entry in adapter.ips:
                ip = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
                yield f"{adapter.name} {ip}/{entry.network_prefix}"
        yield from self._lines("proc/net/route")
        yield from (line for line in self._lines("etc/resolv.conf") if line.startswith("nameserver"))
        yield from self._lines("proc/net/wireless")

    def _sound(self) -> Iterator[str]:
        cards = self._lines("proc/asound/cards")
        yield from cards or ["no sound cards that the kernel knows"]
        yield from self._lines("proc/asound/pcm")

    def _devices(self) -> Iterator[str]:
        found = [path for pattern in _DEVICES for path in sorted(self.root.glob(f"dev/{pattern}"))]
        yield from (_device(path) for path in found)
        if not found:
            yield "no GPIO, I2C, SPI, clock or sound devices"

    def _read(self, name: str) -> str:
        return _text(self.root / name)

    def _lines(self, name: str) -> list[str]:
        return self._read(name).splitlines()

    def _value(self, name: str, pattern: str, what: str) -> str:
        found = re.search(pattern, self._read(name), re.MULTILINE)
        return f"{what} {found[1] if found else 'unknown'}"


def _libraries() -> Iterator[str]:
    """Those that the phone asks for, and that are here."""
    for wish in metadata.requires("phone") or ():
        if "extra == " in wish and "hardware" not in wish:
            continue
        if name := re.match(r"[\w.-]+", wish):
            try:
                yield f"{name[0]} {metadata.version(name[0])}"
            except metadata.PackageNotFoundError:
                continue


def _disks(folders: Sequence[Path]) -> Iterator[str]:
    for folder in folders:
        try:
            usage = shutil.disk_usage(folder)
            flags = os.statvfs(folder).f_flag
        except OSError as error:
            yield f"{folder}: {error.strerror}"
            continue
        only = ", READ ONLY" if flags & os.ST_RDONLY else ""
        yield f"{folder}: {usage.free >> 20} of {usage.total >> 20} MiB free{only}"


def _device(path: Path) -> str:
    try:
        about = path.stat()
    except OSError as error:
        return f"{path}: {error.strerror}"
    may = "may be used" if os.access(path, os.R_OK | os.W_OK) else "may not be used by who asks"
    return f"{path} mode {about.st_mode & 0o777:o} owner {about.st_uid} group {about.st_gid}, {may}"


def _text(path: Path) -> str:
    """Of a small file; "" if there is none that may be read."""
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode(errors="replace")
    except OSError:
        return ""


def _run(*command: str) -> str:
    """What it prints; "" where there is no such command, or it fails."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout[:_LONGEST].decode(errors="replace").strip()
