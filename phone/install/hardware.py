"""Which hardware the phone is installed for: what the command line says, else the config that is there already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phone.drivers.profile import Profile
from phone.drivers.profilebook import SIM, find, is_path, load
from phone.errors import PhoneError
from phone.install import bootconfig
from phone.install.firstconfig import profile_in


@dataclass(frozen=True, slots=True)
class Hardware:
    """A hardware profile."""

    name: str
    """As it stands in the config."""
    profile: Profile | None = None
    """None: simulated, or a file with faults, which `phone run` tells with their lines."""
    file: Path | None = None
    """One of somebody's own, that is not in the config's folder yet."""

    @property
    def own(self) -> bool:
        """It does not come with the phone."""
        return is_path(self.name)

    @property
    def boot_lines(self) -> tuple[str, ...]:
        """Lines of the Raspberry Pi's config.txt that it needs."""
        return bootconfig.wanted(self.profile) if self.profile else ()


def asked_for(name: str) -> Hardware:
    """`--profile NAME`; a file is copied beside the config. Raises PhoneError for an unknown name, or faults."""
    if name == SIM:
        return Hardware(SIM)
    profile = load(name)
    if is_path(name):
        file = find(name).absolute()
        return Hardware(f"./{file.name}", profile, file)
    return Hardware(name, profile)


def configured(config: Path) -> Hardware:
    """What the config says; the simulated desk phone if there is none."""
    name = profile_in(config)
    if name in {"", SIM}:
        return Hardware(SIM)
    try:
        return Hardware(name, load(name, config.parent))
    except PhoneError:
        return Hardware(name)
