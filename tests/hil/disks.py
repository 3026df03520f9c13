"""Disks of virtual Pis: Debian, and Debian with packages installed on top."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from hil import cache

DISK, KEY = "root.ext4", "ssh-key"
MASKED = cache.PROJECT / "image-build" / "masked"
"""What a phone's image does not start."""


def root(packages: Sequence[Path]) -> Path:
    """The folder with a disk on which these Debian packages are installed, as `dpkg` does it in a chroot: nothing is
    started. Built once, and kept as `cache` keeps the rest.
    """
    base = cache.root()
    if not packages:
        return base
    made = cache.named("installed", [base / KEY, Path(__file__), MASKED, *packages])
    with cache.lock("installed"):
        if not made.is_dir():
            _install(base, packages, made)
            cache.forget_older("installed", made)
    return made


def masked() -> list[str]:
    """The paths in /etc/systemd that `MASKED` names."""
    lines = (line.partition("#")[0].strip() for line in MASKED.read_text().splitlines())
    return [line for line in lines if line]


def _install(base: Path, packages: Sequence[Path], made: Path) -> None:
    from hil.pi import VirtualPi  # a disk is changed by whom it belongs to

    cache.tell(f"installing {', '.join(path.name for path in packages)} on a virtual Pi's disk")
    part = made.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shutil.copy2(base / KEY, part)
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", base / DISK, part / DISK], check=True)
    folders = sorted({path.resolve().parent for path in packages})
    shares = {f"debs{number}": folder for number, folder in enumerate(folders)}
    paths = [f"/mnt/debs{folders.index(path.resolve().parent)}/{path.name}" for path in packages]
    with VirtualPi(bare=True, network=False, shares=shares, disk=part / DISK) as pi:
        # As in a chroot: systemd does not run, and invoke-rc.d must not try.
        pi.run("printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d").check()
        pi.run(f"DEBIAN_FRONTEND=noninteractive dpkg -i {' '.join(paths)}", timeout=300.0).check()
        pi.run("mkdir -p /etc/systemd/system-generators").check()
        pi.run("xargs -I PART ln -sfn /dev/null /etc/systemd/PART", input="\n".join(masked())).check()
        # Its first boot is behind it, which is slow: systemd writes /etc/machine-id and enables services then.
        pi.run("systemd-machine-id-setup").check()
        pi.run("rm /usr/sbin/policy-rc.d && sync && mount -o remount,ro /").check()
        pi.shut_down()
    part.rename(made)
