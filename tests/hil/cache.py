"""What a virtual Pi is made of: kernel, disk, Python packages. Each is built once per machine, into the folder
`~/.cache/phone-hil` (or $PHONE_HIL_CACHE), under a name that changes with what it is made of.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
MAKE = HERE / "vpi"
GUEST = HERE / "guest"
TOOLS = (
    *("make", "gcc", "bc", "flex", "bison", "cpio", "xz", "depmod", "dtc"),
    *("mmdebstrap", "mke2fs", "ssh", "ssh-keygen", "ip", "ethtool"),
)
"""Commands that building and running need."""
_KERNEL = tuple(MAKE / name for name in ("build-kernel", "kernel.config", "vpi.c", "pi.dts"))
_ROOT = tuple(MAKE / name for name in ("build-root", "init.c", "vpi-agent.service"))
_VENV = (MAKE / "build-venv", *(PROJECT / "requirements" / f"{name}.txt" for name in ("build", "hardware", "dev")))
_BOOTS = "Unable to mount root"
"""What a kernel says last that has no disk, but runs."""


class BuildError(RuntimeError):
    """A part of the virtual Pi could not be built."""


def folder() -> Path:
    """Of all that is kept."""
    return Path(os.environ.get("PHONE_HIL_CACHE") or Path.home() / ".cache" / "phone-hil")


def kernel() -> Path:
    """linux, pi.dtb, modules/."""
    return _built("kernel", _KERNEL)


def root() -> Path:
    """root.ext4, ssh-key."""
    return _built("root", _ROOT)


def venv() -> Path:
    """The drivers' libraries and pytest, for the disk's Python: its release of Debian is this machine's own."""
    return _built("venv", _VENV)


def named(part: str, inputs: Sequence[Path]) -> Path:
    """Where such a part made of these files is kept."""
    checksum = functools.reduce(lambda sum_, path: zlib.crc32(path.read_bytes(), sum_), inputs, 0)
    return folder() / f"{part}-{checksum:08x}"


@functools.cache
def why_not() -> str:
    """What this machine lacks for a virtual Pi; "" when it lacks nothing. Builds nothing."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return "a virtual Pi needs an x86-64 Linux: User Mode Linux is ported to no other"
    if os.geteuid() != 0:
        return "a virtual Pi needs root, for its network"
    made = named("kernel", _KERNEL)
    if made.is_dir():
        return _cannot_run(made / "linux")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    return f"a virtual Pi cannot be built without {', '.join(missing)}: `./dev hil` installs them" if missing else ""


def _built(part: str, inputs: Sequence[Path]) -> Path:
    made = named(part, inputs)
    if not made.is_dir():
        tell(f"{made.name} is not there yet")
        # Its progress is for whoever waits; pytest would keep it to itself.
        done = subprocess.run([inputs[0], made], stdout=sys.__stderr__, stderr=sys.__stderr__, check=False)
        if done.returncode:
            raise BuildError(f"{inputs[0].name} failed: what it said stands above")
        forget_older(part, made)
    return made


@contextlib.contextmanager
def lock(part: str) -> Iterator[None]:
    """Whoever else builds that part, in another process too, waits, and finds it built."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / f"{part}-lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forget_older(part: str, made: Path) -> None:
    """Two of each are kept: who changes between two branches does not build all day."""
    others = sorted(made.parent.glob(f"{part}-????????"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in [path for path in others if path != made][1:]:
        shutil.rmtree(old, ignore_errors=True)


def _cannot_run(linux: Path) -> str:
    with tempfile.TemporaryDirectory() as here:
        try:
            done = subprocess.run(
                [linux, "mem=64M", "seccomp=auto", f"uml_dir={here}", "con=null", "con0=null,fd:1", "panic=-1"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "User Mode Linux hangs on this machine"
    said = (done.stdout + done.stderr).decode(errors="replace")
    if _BOOTS in said:
        return ""
    last = (said.strip().splitlines() or ["it said nothing"])[-1]
    return f"User Mode Linux does not run on this machine: {last}"


def tell(text: str) -> None:
    print(f"hil: {text}", file=sys.__stderr__, flush=True)
