"""The Debian package of these sources, for the disks of virtual Pis: made once for each state of what it is made of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hil import cache

_FOLDERS = ("phone", "systemd", "image-build/deb", "requirements", "server")
_FILES = ("pyproject.toml", "README.md", "LICENSE", "phone.example.toml")
_LEAVINGS = ("__pycache__", ".so", ".pyc")


def deb() -> Path:
    """The package, as `./dev package` makes it; or that which $PHONE_DEB names. Raises cache.BuildError."""
    if given := os.environ.get("PHONE_DEB"):
        return Path(given)
    made = cache.named("deb", [cache.PROJECT / "requirements" / "hardware.txt", *_sources()])
    with cache.lock("deb"):
        if not made.is_dir():
            _make(made)
            cache.forget_older("deb", made)
    return next(made.glob("*.deb"))


def _sources() -> Iterator[Path]:
    for folder in _FOLDERS:
        for file in sorted((cache.PROJECT / folder).rglob("*")):
            if file.is_file() and not any(file.name.endswith(end) or end in file.parts for end in _LEAVINGS):
                yield file
    yield from (cache.PROJECT / name for name in _FILES)


def _make(made: Path) -> None:
    cache.tell("building the phone's Debian package: half a minute, once")
    command = (sys.executable, "-m", "phone.install.package", str(part := made.with_suffix(".part")))
    done = subprocess.run(
        command, cwd=cache.PROJECT, env=os.environ, stdout=sys.__stderr__, stderr=sys.__stderr__, check=False
    )
    if done.returncode:
        raise cache.BuildError("./dev package failed: what it said stands above")
    part.rename(made)
