"""The virtual card's file from outside: here its microphone is spoken into and its speaker listened to.

Card time is counted in samples of `RATE` since the card's epoch on the monotonic clock, so a sample said at S and
heard at T was T - S samples under way, whatever the machine's load. `pcm_vcard.c` reads the same layout.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import platform
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from phone.errors import HardwareError

RATE = 48_000
"""Samples a second on the card, whatever rate a program opens it with."""
RATES = (48_000, 24_000, 16_000, 8_000)
"""What a card can be opened with unless told otherwise."""

_MAGIC = b"VCARD02\0"
_HEADER_BYTES = 4096
_HEADER = struct.Struct("<8sqdQQ8I")
_STATS = struct.Struct("<8IqQQQ2I")
_MIC_END, _GONE, _UNPLUGS, _BUSY = 32, 48, 52, 68
"""Offsets of the fields that change while the card is in use."""
_SOURCE = Path(__file__).with_name("pcm_vcard.c")


@dataclass(frozen=True, slots=True)
class StreamStats:
    """What a program did with one direction of a card, counted since the card was made."""

    opens: int
    starts: int
    xruns: int
    stops: int
    rate: int
    channels: int
    period: int
    """Frames, as is `buffer`."""
    buffer: int
    start_ns: int
    """Monotonic nanoseconds of the first start; 0: never."""
    frames: int
    late: int
    """Frames that came after their instant and were not heard."""
    end: int
    """Playback: the card sample behind the last one written."""
    start_fill: int
    """Playback: frames queued at the last start."""
    avail_min: int


class Card:
    """One card. A linear card is said and heard once, for `seconds`; a `ring` runs for ever and keeps its last
    `seconds`. None: another process made it (`attach`). `ppm` is the crystal's error, `gran` the hardware pointer's
    step in samples. The file at `path` lives until `close`; the PCM that `asound_conf` defines has the file's name.
    """

    def __init__(
        self,
        path: Path,
        seconds: float | None = 30.0,
        *,
        ring: bool = False,
        epoch_ns: int | None = None,
        ppm: float = 0.0,
        gran: int = 1,
        rates: Sequence[int] = RATES,
        channels: tuple[int, int] = (1, 2),
    ) -> None:
        self._owner = seconds is not None
        if seconds is not None:
            length = round(seconds * RATE)
            mask = sum(1 << RATES.index(rate) for rate in rates)
            epoch = time.monotonic_ns() if epoch_ns is None else epoch_ns
            mic_end = 0 if ring else length
            header = (_MAGIC, epoch, ppm, length, mic_end, gran, int(ring), 0, 0, mask, *channels, 0)
            new = path.with_name(f".{path.name}.{os.getpid()}")
            with new.open("wb") as file:
                file.truncate(_HEADER_BYTES + 4 * length)
                file.write(_HEADER.pack(*header))
            new.replace(path)
        self._map(path)

    @classmethod
    def attach(cls, path: Path) -> Card:
        """The card that another process made at `path`. Raises HardwareError where there is none."""
        try:
            return cls(path, None)
        except (OSError, ValueError, struct.error) as fault:
            raise HardwareError(f"No virtual sound card at {path}: {fault}") from fault

    def _map(self, path: Path) -> None:
        self.path = path
        self.epoch_ns: int
        self.ppm: float
        self.length: int
        with path.open("r+b") as file:
            self._mmap = mmap.mmap(file.fileno(), 0)
        magic, self.epoch_ns, self.ppm, self.length, _, _, ring, *_ = _HEADER.unpack_from(self._mmap)
        if magic != _MAGIC:
            raise ValueError("the file is not a card, or one of another version")
        self.ring = bool(ring)
        samples = memoryview(self._mmap)[_HEADER_BYTES:].cast("h")
        self.mic, self.speaker = samples[: self.length], samples[self.length : 2 * self.length]
        samples.release()

    def __repr__(self) -> str:
        return f"Card({self.path.name}, {self.length / RATE:g} s{', ring' if self.ring else ''}, {self.ppm:+g} ppm)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The PCM's name in ALSA's configuration; `p` + name is the same card behind ALSA's `plug`."""
        return self.path.name

    def sample_at(self, monotonic: float) -> int:
        """Card time of an instant of `time.monotonic()`."""
        return int((monotonic - self.epoch_ns * 1e-9) * RATE * (1 + self.ppm * 1e-6))

    def now(self) -> int:
        """Card time now, in samples."""
        return self.sample_at(time.monotonic())

    def monotonic_at(self, sample: int) -> float:
        """The instant of `time.monotonic()` at which a sample is spoken or heard."""
        return self.epoch_ns * 1e-9 + sample / RATE / (1 + self.ppm * 1e-6)

    def say(self, samples: bytes, at: int | None = None) -> int:
        """Speak 16-bit samples into the microphone from card time `at` (default: in 50 ms, behind what was already
        said on a ring), and return the card time behind them. What does not fit on a linear card is cut off.
        """
        spoken = memoryview(samples).cast("h")
        if at is None:
            at = self.now() + RATE // 20
            at = max(at, self._mic_end()) if self.ring else at
        if not self.ring:
            spoken = spoken[: max(0, self.length - at)]
            self.mic[at : at + len(spoken)] = spoken
            return at + len(spoken)
        end = self._mic_end()
        gap = range(max(end, at - self.length), at)
        self._wrap_in(memoryview(bytes(2 * len(gap))).cast("h"), gap.start)
        self._wrap_in(spoken[-self.length :], at + max(0, len(spoken) - self.length))
        struct.pack_into("<Q", self._mmap, _MIC_END, max(end, at + len(spoken)))
        return at + len(spoken)

    def _wrap_in(self, spoken: memoryview, at: int) -> None:
        start = at % self.length
        first = min(len(spoken), self.length - start)
        self.mic[start : start + first] = spoken[:first]
        self.mic[: len(spoken) - first] = spoken[first:]

    def _mic_end(self) -> int:
        end: int = struct.unpack_from("<Q", self._mmap, _MIC_END)[0]
        return end

    def hear(self, start: int, stop: int) -> bytes:
        """What the speaker said from card time `start` to `stop`, 16-bit samples; silence where nothing was played,
        or where a ring has forgotten it. What is not past yet is left off.
        """
        stop = max(start, min(stop, self.now()))
        newest = self.stats(capture=False).end if self.ring else self.length
        oldest = max(0, newest - self.length)
        heard = bytearray(2 * (stop - start))
        low, high = max(start, oldest), min(stop, newest)
        at = low
        while at < high:
            run = min(high - at, self.length - at % self.length)
            piece = self.speaker[at % self.length : at % self.length + run]
            heard[2 * (at - start) : 2 * (at - start + run)] = piece.tobytes()
            at += run
        return bytes(heard)

    def unplug(self) -> None:
        """Pull the card out: every call of a program that has it open answers ENODEV, as does opening it."""
        (count,) = struct.unpack_from("<I", self._mmap, _UNPLUGS)
        struct.pack_into("<II", self._mmap, _GONE, 1, count + 1)

    def plug(self) -> None:
        """Put it back: it can be opened again. Old handles stay dead, as with a kernel's."""
        struct.pack_into("<I", self._mmap, _GONE, 0)

    def occupy(self) -> None:
        """Give it to another program: opening it answers EBUSY. Who has it open already keeps it."""
        struct.pack_into("<I", self._mmap, _BUSY, 1)

    def free(self) -> None:
        """The other program lets it go."""
        struct.pack_into("<I", self._mmap, _BUSY, 0)

    def stats(self, *, capture: bool) -> StreamStats:
        """What programs did with one direction."""
        return StreamStats(*_STATS.unpack_from(self._mmap, _HEADER.size + _STATS.size * int(capture)))

    def close(self) -> None:
        """Forget the card; its maker removes the file. Programs that have it open keep their pages."""
        for part in (self.mic.release, self.speaker.release, self._mmap.close):
            with contextlib.suppress(BufferError):  # a reader still holds samples: the pages go with it
                part()
        if self._owner:
            self.path.unlink(missing_ok=True)


def build(folder: Path | None = None) -> Path:
    """The compiled ALSA plugin, made once in `folder` (default: the user's cache). Raises HardwareError with the
    command to type when it cannot be compiled.
    """
    folder = folder or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phone"
    digest = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]
    plugin = folder / f"libasound_module_pcm_vcard-{platform.machine()}-{digest}.so"
    if plugin.exists():
        return plugin
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise HardwareError("The virtual sound card needs a C compiler: apt install gcc libasound2-dev")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / plugin.name
            _compile(compiler, made)
            made.replace(plugin)
    except OSError as fault:
        raise HardwareError(f"The virtual sound card cannot be made in {folder}: {fault}") from fault
    return plugin


def _compile(compiler: str, made: Path) -> None:
    argv = [compiler, "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-DPIC", "-o", str(made), str(_SOURCE), "-lasound"]
    run = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - our own source
    if run.returncode:
        raise HardwareError(f"The virtual sound card does not compile (apt install gcc libasound2-dev):\n{run.stderr}")


def asound_conf(
    conf: Path, cards: Iterable[Card], plugin: Path, *, default: Card | None = None, extra: str = ""
) -> Mapping[str, str]:
    """Write an ALSA configuration that names each card, and return the environment that makes a child process use it.
    `default` also answers to ALSA's own name "default", behind `plug`.
    """
    lines = ["</usr/share/alsa/alsa.conf>", f'pcm_type.vcard {{ lib "{plugin}" }}']
    for card in cards:
        hint = f'hint {{ show on description "virtual card {card.name}" }}'
        lines.append(f'pcm.{card.name} {{ type vcard path "{card.path.absolute()}" {hint} }}')
        lines.append(f'pcm.p{card.name} {{ type plug slave.pcm "{card.name}" }}')
    if default is not None:
        lines.append(f'pcm.!default {{ type plug slave.pcm "{default.name}" }}')
    conf.write_text("\n".join(lines) + "\n" + extra)
    return {"ALSA_CONFIG_PATH": str(conf.absolute())}
