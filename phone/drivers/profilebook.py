"""The profiles that come with the phone, by name, and those that are files of one's own."""

from __future__ import annotations

import difflib
import functools
from pathlib import Path

from phone.drivers.profile import Profile
from phone.errors import ConfigError, HardwareError

FOLDER = Path(__file__).parent / "profiles"
SIM = "sim"
"""The simulated desk phone: no profile, but its name stands in the same place."""


class UnknownProfileError(HardwareError, ValueError):
    """No hardware of that name."""


def shipped() -> tuple[str, ...]:
    """Names of the profiles that come with the phone."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def is_path(name: str) -> bool:
    """It is no name but leads to a file."""
    return "/" in name or name.endswith(".toml")


def find(name: str, folder: Path = Path()) -> Path:
    """The file of a profile: one that is shipped, or, with a slash or .toml in its name, a path as from `folder`.

    Raises UnknownProfileError for a name that nothing has, or a path that leads nowhere whatever the disk has.
    """
    if is_path(name):
        return _located(name, folder)
    if name in shipped():
        return FOLDER / f"{name}.toml"
    known = (SIM, *shipped())
    near = difflib.get_close_matches(name, known, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownProfileError(
        f"There is no hardware profile {name!r}.{hint} Known: {', '.join(known)}; or a file of your own: ./desk.toml."
    )


def _located(name: str, folder: Path) -> Path:
    from phone.config.faults import UnfitError  # noqa: PLC0415
    from phone.config.paths import located  # noqa: PLC0415

    try:
        return located(name, folder)
    except UnfitError as error:
        raise UnknownProfileError(f"The hardware profile's path {error}.") from error


def load(name: str, folder: Path = Path()) -> Profile:
    """The checked profile. Raises UnknownProfileError, or ConfigError with a line for each fault of its file."""
    path = find(name, folder)
    return _read(path, _version(path))


@functools.lru_cache(maxsize=4)
def _read(path: Path, _: tuple[int, ...]) -> Profile:
    """Once: the config's checks, the config and the hardware all ask for it, and a Pi Zero needs 0.1 s for it."""
    from phone.config.reading import read_as  # noqa: PLC0415 - needs cattrs, which a phone with "sim" need not load
    from phone.drivers.profilechecks import faults  # noqa: PLC0415

    return read_as(path, Profile, faults, example=str(FOLDER / "reference.toml"))


def _version(path: Path) -> tuple[int, ...]:
    """Of a file; another one whenever it was written."""
    try:
        found = path.stat()
    except OSError:
        return ()  # told by who reads it
    return found.st_ino, found.st_mtime_ns, found.st_size


def fault(name: str, folder: Path) -> str | None:
    """What is wrong with `[hardware] profile = name` in a config of that folder, for its list of faults."""
    from phone.config.faults import did_you_mean  # noqa: PLC0415

    try:
        load(name, folder)
    except UnknownProfileError as error:
        if is_path(name):
            return str(error)
        return f'"{name}" is unknown; {did_you_mean(name, (SIM, *shipped()))}'
    except ConfigError as error:
        return "its file has faults:\n  " + "\n  ".join(str(error).splitlines())
    return None
