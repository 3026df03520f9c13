"""A virtual card's mixer: real pyalsaaudio sets it, the test reads it. `ctl_vmixer.c` reads the same layout."""

from __future__ import annotations

import hashlib
import mmap
import platform
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_SOURCE = Path(__file__).with_name("ctl_vmixer.c")
_HEADER = struct.Struct("<4I")
_CONTROL = struct.Struct("<44s7i")
_MOST = 32
_REFUSES, _VALUE = 60, 64
"""Offsets within a control."""


@dataclass(frozen=True, slots=True)
class Volume:
    """`name` as the kernel has it: "Speaker Playback Volume"."""

    name: str
    low: int = 0
    high: int = 100
    channels: int = 2
    value: int = 0


@dataclass(frozen=True, slots=True)
class Switch:
    """As Volume: "Mic Capture Switch"."""

    name: str
    channels: int = 1
    value: int = 0
    low: int = 0
    high: int = 1


USB_HANDSET = (
    Volume("Speaker Playback Volume", 0, 37),
    Switch("Speaker Playback Switch"),
    Volume("Mic Playback Volume", 0, 23, 1),
    Switch("Mic Playback Switch", value=1),
    Volume("Mic Capture Volume", 0, 35, 1),
    Switch("Mic Capture Switch"),
    Switch("Auto Gain Control", value=1),
)
"""The controls of a C-Media CM108 by snd-usb-audio, the chip of 0d8c:0014."""


class VirtualMixer:
    """The controls of one card. In ALSA's configuration it is `hw:CARD=` the file's name."""

    def __init__(self, path: Path, controls: tuple[Volume | Switch, ...] = USB_HANDSET) -> None:
        self.path = path
        self._offsets = {each.name: _HEADER.size + i * _CONTROL.size for i, each in enumerate(controls)}
        with path.open("wb") as file:
            file.write(_HEADER.pack(0, len(controls), 0, 0))
            for each in controls:
                is_switch = isinstance(each, Switch)
                values = each.channels, each.low, each.high, 0, each.value, each.value
                file.write(_CONTROL.pack(each.name.encode("ascii"), is_switch, *values))
            file.truncate(_HEADER.size + _MOST * _CONTROL.size)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getitem__(self, name: str) -> int:
        """A control's value now: raw, its first channel's."""
        (value,) = struct.unpack_from("<i", self._map, self._offsets[name] + _VALUE)
        return int(value)

    def __setitem__(self, name: str, value: int) -> None:
        struct.pack_into("<2i", self._map, self._offsets[name] + _VALUE, value, value)

    def refuse(self, name: str) -> None:
        """It takes no value any more."""
        struct.pack_into("<i", self._map, self._offsets[name] + _REFUSES, 1)

    def unplug(self) -> None:
        """Pull the card out."""
        struct.pack_into("<I", self._map, 0, 1)

    def plug(self) -> None:
        """Put it back; it has forgotten all."""
        for name in self._offsets:
            self[name] = 0
        struct.pack_into("<I", self._map, 0, 0)

    @property
    def opens(self) -> int:
        """How often it was opened."""
        return _HEADER.unpack_from(self._map)[2]

    @property
    def writes(self) -> int:
        """How often a value was set."""
        return _HEADER.unpack_from(self._map)[3]

    def asound(self) -> str:
        """What makes ALSA's configuration know it, for `asound_conf(extra=...)`."""
        return (
            f'ctl_type.vmixer {{ lib "{build()}" }}\n'
            f"ctl.!hw {{ @args [CARD] @args.CARD {{ type string }} type vmixer path {{ @func concat strings "
            f'[ "{self.path.parent.absolute()}/" $CARD ] }} }}\n'
        )

    def close(self) -> None:
        """Forget it."""
        self._map.close()
        self.path.unlink(missing_ok=True)


def build(folder: Path | None = None) -> Path:
    """The compiled plugin, made once."""
    folder = folder or Path.home() / ".cache" / "phone"
    digest = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]
    plugin = folder / f"libasound_module_ctl_vmixer-{platform.machine()}-{digest}.so"
    if not plugin.exists():
        folder.mkdir(parents=True, exist_ok=True)
        compiler = shutil.which("gcc") or "cc"
        made = plugin.with_suffix(f".{id(plugin)}")
        options = ["-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-DPIC"]
        subprocess.run([compiler, *options, "-o", made, _SOURCE, "-lasound"], check=True)
        made.replace(plugin)
    return plugin
