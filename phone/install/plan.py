"""The whole installation: which steps, in which order, and what to say of the machine beforehand and afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

from phone.drivers.profilebook import SIM
from phone.drivers.udev import udev_rules
from phone.install import bootconfig, system
from phone.install.firstconfig import ConfigStep, has_account, profile_in
from phone.install.hardware import Hardware, asked_for, configured
from phone.install.layout import (
    CONFIG,
    EXAMPLE,
    OWN_RULES,
    SERVICE_FOLDER,
    SERVICE_UNIT,
    checkout,
    file_steps,
    packaged,
)
from phone.install.serviceconfig import MoveStep
from phone.install.steps import FileStep, InstallError, Outcome, Step, carry_out
from phone.install.venv import VenvStep, unready

_TOOLS = ("systemctl", "systemd-sysusers", "systemd-tmpfiles")
_LIBRARIES = {"asound": "libasound2 (libasound2t64 on Debian 13)", "opus": "libopus0"}
_ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says."""

    root: Path = _ROOT
    """Elsewhere than "/", files are laid there and nothing else is done."""
    profile: str = ""
    """Of the hardware; "": what the config says, or the simulated desk phone."""
    dry_run: bool = False
    boot_config: bool = False
    """May lines be added to the Raspberry Pi's config.txt?"""
    start: bool = True
    activate: bool = False
    """The files are there already: a package laid them."""
    upgrade: bool = False
    """The admin may have switched the service off since: leave it so."""

    @property
    def staging(self) -> bool:
        """Only files, and elsewhere."""
        return self.root != _ROOT


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, and what is left to a human."""

    changed: bool
    """Whether anything was to be done."""
    steps: tuple[Outcome, ...]
    obstacles: tuple[str, ...]
    """What would keep it from being done; with a dry run alone."""
    advice: tuple[str, ...]


def install(wish: Wish) -> Report:
    """Raises InstallError with all that is missing, before anything is touched, or with what failed."""
    hardware = asked_for(wish.profile) if wish.profile else configured(CONFIG)
    faults = tuple(obstacles(wish))
    if faults and not wish.dry_run:
        raise InstallError("\n".join(faults))
    boot = next((file for file in bootconfig.CANDIDATES if file.is_file()), None)
    steps = list(_files(wish))
    if not wish.staging:
        steps += _activation(wish, hardware, boot)
    outcomes = tuple(carry_out(steps, dry_run=wish.dry_run, changed=wish.activate))
    # A package's installation is silent of what is left to do: nobody may be there.
    advice = () if wish.staging or wish.activate else tuple(_advice(wish, hardware, boot))
    return Report(any(outcome.changed for outcome in outcomes), outcomes, faults, advice)


def obstacles(wish: Wish) -> Iterator[str]:
    """What keeps the installation from being done, a sentence each."""
    if not wish.activate:
        yield from unready(checkout())
    if wish.staging:
        return
    if os.geteuid() != 0:
        yield "Only root can install: sudo ./dev install."
    if packaged() and not wish.activate:
        yield "A Debian package has put the phone here: upgrade that, or apt-get remove phone before this."
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        yield f"There is no {', no '.join(missing)}: the phone's service needs systemd 252 or newer."
    if packages := [package for library, package in _LIBRARIES.items() if find_library(library) is None]:
        yield f"Debian packages are missing: apt-get install {', '.join(packages)}."


def _files(wish: Wish) -> Iterator[Step]:
    if not wish.activate:
        source = checkout()
        yield VenvStep(source, wish.root)
        yield from file_steps(source, wish.root)


def _activation(wish: Wish, hardware: Hardware, boot: Path | None) -> Iterator[Step]:
    yield from system.account_steps()
    if not system.overridden(SERVICE_UNIT):  # an admin's own unit knows the old place
        yield MoveStep(CONFIG.parent, SERVICE_FOLDER)
    if hardware.file:
        yield FileStep(CONFIG.with_name(hardware.file.name), hardware.file.read_bytes())
    yield ConfigStep(CONFIG, EXAMPLE, hardware.name)
    if hardware.own and hardware.profile:
        yield FileStep(OWN_RULES, udev_rules(hardware.profile).encode())
    if wish.boot_config and boot and hardware.boot_lines:
        yield bootconfig.BootConfigStep(boot, hardware.boot_lines)
    yield from system.device_steps()
    yield from system.ssh_steps()
    yield from system.service_steps(start=wish.start, enable=not wish.upgrade)


def _advice(wish: Wish, hardware: Hardware, boot: Path | None) -> Iterator[str]:
    said = profile_in(CONFIG)
    if said and said != hardware.name:
        yield f'{CONFIG} stays as it is, with [hardware] profile = "{said}": write "{hardware.name}" there.'
    elif hardware.name == SIM:
        yield f"The phone's hardware is simulated. For a real desk write [hardware] profile in {CONFIG} (hw/README.md)."
    if boot and (lines := bootconfig.missing(boot.read_text("utf-8"), hardware.boot_lines)):
        yield f"{boot} lacks {', '.join(lines)}: add that, or run this with --boot-config, and start the machine anew."
    elif boot and hardware.boot_lines and wish.boot_config:
        yield f"{boot} says what this hardware needs; if that was just added, start the machine anew."
    if not has_account(CONFIG):
        yield "The phone has no account yet: `phone onboard` makes one by an invitation, `phone provision` gives one."
