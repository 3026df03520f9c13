"""`python -m phone.install.package [DIR]`: the Debian package, of the files that `phone install --root` lays.

The same sources give the same package: times are $SOURCE_DATE_EPOCH, else the last commit's. Its maintainer scripts
(image-build/deb) leave the work to `phone install --activate`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from string import Template

from phone.errors import PhoneError
from phone.install.layout import VENV, checkout
from phone.install.plan import Wish, install
from phone.install.steps import run
from phone.install.venv import EPOCH, compile_all, epoch

_SCRIPTS = ("postinst", "prerm", "postrm")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m phone.install.package", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("dist"), metavar="DIR")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        source = checkout()
        os.environ.setdefault(EPOCH, epoch(source))  # before anything is compiled
        with tempfile.TemporaryDirectory() as stage:
            install(Wish(root=Path(stage)))
            package = pack(source, Path(stage), options.folder)
    except (PhoneError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    size, seconds = package.stat().st_size / 1e6, time.monotonic() - started
    sys.stdout.write(f"{package}: {size:.0f} MB, made in {seconds:.0f} s\n")
    return 0


def pack(source: Path, stage: Path, folder: Path, version: str = "", level: int = 9) -> Path:
    """Make a package of `stage` in `folder`; `level` is zstd's. Raises InstallError, OSError."""
    os.environ.setdefault(EPOCH, epoch(source))
    compile_all(stage / VENV.relative_to("/"))  # what was laid without a time to tell
    version = version or _version()
    architecture = run("dpkg", "--print-architecture").strip()
    templates = source / "image-build" / "deb"
    control = stage / "DEBIAN"
    shutil.rmtree(control, ignore_errors=True)
    copyright_file = stage / "usr/share/doc/phone/copyright"
    copyright_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "LICENSE", copyright_file)
    facts = _facts(version, architecture, _kilobytes(stage))
    sums = _sums(stage)
    control.mkdir()
    (control / "md5sums").write_text(sums, "utf-8")
    (control / "control").write_text(Template((templates / "control").read_text("utf-8")).substitute(facts), "utf-8")
    shutil.copy(templates / "conffiles", control)
    for name in _SCRIPTS:
        shutil.copy(templates / name, control)
        (control / name).chmod(0o755)
    _settle(stage)
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / f"phone_{version}_{architecture}.deb"
    run("dpkg-deb", "--root-owner-group", "-Zzstd", f"-z{level}", "--build", str(stage), str(package))
    return package


def _version() -> str:
    from phone.cli.common import version  # noqa: PLC0415

    return version()


def _facts(version: str, architecture: str, kilobytes: int) -> dict[str, str]:
    major, minor = sys.version_info[:2]
    return {
        "version": version,
        "architecture": architecture,
        "kilobytes": str(kilobytes),
        "python": f"{major}.{minor}",
        "next_python": f"{major}.{minor + 1}",
        "libc": os.confstr("CS_GNU_LIBC_VERSION").removeprefix("glibc "),  # type: ignore[union-attr]
    }


def _files(stage: Path) -> list[Path]:
    return sorted(path for path in stage.rglob("*") if path.is_file() and not path.is_symlink())


def _kilobytes(stage: Path) -> int:
    return sum(path.stat().st_size for path in _files(stage)) // 1024


def _sums(stage: Path) -> str:
    """For `dpkg --verify`, which finds what a dying SD card has changed."""
    digests = ((hashlib.md5(path.read_bytes(), usedforsecurity=False), path) for path in _files(stage))
    return "".join(f"{digest.hexdigest()}  {path.relative_to(stage)}\n" for digest, path in digests)


def _settle(stage: Path) -> None:
    """Times and modes of every file as from a machine with other habits."""
    seconds = int(os.environ[EPOCH])
    stage.chmod(0o755)
    for path in [stage, *stage.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (seconds, seconds), follow_symlinks=False)


if __name__ == "__main__":
    sys.exit(main())
