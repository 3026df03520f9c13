"""All versions of one phone's config, and who gave them.

Law: whatever is written here leaves either what was or what shall be, wherever the power goes. Steps exclude each other
by a lock of moments, sessions by another one, which is held for as long as they last.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import TypeVar

import msgspec

from phone.provision import files
from phone.provision.contents import KEYS, Contents
from phone.provision.errors import BusyError, ProvisionError, TrialOverError
from phone.provision.values import Record, Result, Trial, Who

INSTALLED_CONFIG = Path("/etc/phone/phone.toml")
INSTALLED_STORE = Path("/var/lib/phone-provision")
MOST_VERSIONS = 100
_RECORD = "record.json"
_TRIAL = "trial.json"
_RESERVED = 4096
"""Bytes for a trial, and for a record with the longest words."""
LONGEST_WHY = 800
"""Characters."""
_SESSION_PATIENCE = 1.0
"""Seconds: the daemon takes the session's lock for moments when it looks whether the session lives."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Store:
    """Of one config. Every method raises ProvisionError where its folder cannot be used."""

    folder: Path
    config: Path
    most: int = MOST_VERSIONS

    @classmethod
    def of(cls, config: Path) -> Store:
        """Where the versions of this config are kept; nothing is made yet."""
        config = config.absolute()
        return cls(INSTALLED_STORE if config == INSTALLED_CONFIG else config.parent / "provision", config)

    # --- what there is -----------------------------------------------------------------------------------------

    def records(self) -> tuple[Record, ...]:
        """Newest first."""
        with as_sentence():
            found = (_read(path / _RECORD, Record) for path in reversed(self._versions()))
            return tuple(record for record in found if record is not None)

    def record(self, version: int) -> Record:
        """Raises ProvisionError for a version that is not kept."""
        with as_sentence():
            record = _read(self._place(version) / _RECORD, Record)
        if record is None:
            raise ProvisionError(f"there is no version {version}: `phone provision history` lists them")
        return record

    def contents(self, version: int) -> Contents:
        """Raises ProvisionError for a version that is not kept."""
        self.record(version)
        with as_sentence():
            return Contents.kept(self._place(version))

    def present(self) -> Contents:
        """What the daemon reads at its next start."""
        with as_sentence():
            return Contents.present(self.config)

    def trial(self) -> Trial | None:
        """The version that is not confirmed yet."""
        with as_sentence():
            return _read(self.folder / _TRIAL, Trial)

    def current(self) -> int | None:
        """The version that the present files are; None: they were never given here, or were edited since."""
        present, trial = self.present(), self.trial()
        on_trial = trial.version if trial else 0
        known = (r.version for r in self.records() if r.result == "confirmed" or r.version == on_trial)
        return next((version for version in known if self.contents(version) == present), None)

    # --- locks -------------------------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[None]:
        """Held for as long as somebody changes this phone's config. Raises BusyError if somebody else does, and
        ProvisionError where there can be no config.
        """
        with ExitStack() as stack:
            with as_sentence():
                self._make()
                try:
                    stack.enter_context(files.lock(self.folder / "session", _SESSION_PATIENCE))
                except BlockingIOError:
                    raise BusyError(self._busy()) from None
            yield

    def session_lives(self) -> bool:
        """Whether somebody holds the session's lock."""
        with as_sentence():
            return files.is_locked(self.folder / "session")

    @contextmanager
    def step(self, *, first: bool = False) -> Iterator[None]:
        """Alone for a moment. OSError within becomes ProvisionError. Raises TrialOverError where nothing was ever given
        (`first`: something is now).
        """
        with as_sentence():
            if first:
                self._make()
            elif not self.folder.is_dir():
                raise TrialOverError(f"no version is on trial: none was ever given to the phone of {self.config}")
            with files.lock(self.folder / "lock"):
                self._sweep()
                yield

    # --- within a step -----------------------------------------------------------------------------------------

    def add(self, contents: Contents, who: Who, comment: str, result: Result) -> int:
        """A new version's number."""
        known = self._versions()
        version = int(known[-1].name) + 1 if known else 1
        record = Record(version, datetime.now(UTC).isoformat(timespec="seconds"), who, comment, result)
        files.make_folder(self._place(version), {**contents.as_files(), _RECORD: msgspec.json.encode(record)})
        return version

    def drop(self, version: int) -> None:
        """It was never tried."""
        self.release()
        shutil.rmtree(self._place(version), ignore_errors=True)

    def judge(self, trial: Trial, result: Result, why: str = "") -> Record:
        """How it ended."""
        version = trial.version
        record = msgspec.structs.replace(
            self.record(version), result=result, why=why[:LONGEST_WHY], starts=trial.starts
        )
        files.replace(self._place(version) / _RECORD, msgspec.json.encode(record), reserved=True)
        return record

    def reserve(self, version: int, previous: int) -> None:
        """Have room for all that is written until the trial of that version is over, whatever becomes of the disk."""
        self.contents(previous).reserve(self.config)
        for path in (self._place(version) / _RECORD, self.folder / _TRIAL):
            files.reserve(path, _RESERVED)

    def write_trial(self, trial: Trial) -> None:
        """Begin or go on with it."""
        files.replace(self.folder / _TRIAL, msgspec.json.encode(trial), reserved=True)

    def end_trial(self) -> None:
        """There is none any more."""
        files.remove(self.folder / _TRIAL)
        self.release()

    def release(self) -> None:
        """What was reserved for a trial."""
        Contents.release(self.config)
        for path in (self.folder / _TRIAL, *(folder / _RECORD for folder in self._versions())):
            files.release(path)

    def prune(self, spare: set[int]) -> None:
        """Keep the newest, and these."""
        for path in self._versions()[: -self.most]:
            if int(path.name) not in spare:
                shutil.rmtree(path, ignore_errors=True)

    # --- places ------------------------------------------------------------------------------------------------

    def _place(self, version: int) -> Path:
        return self.folder / "versions" / f"{version:06}"

    def _versions(self) -> list[Path]:
        return sorted(path for path in (self.folder / "versions").glob("*") if path.name.isdecimal())

    def _make(self) -> None:
        if not self.config.parent.is_dir():
            raise ProvisionError(f"there is no folder {self.config.parent}: is --config right?")
        for folder in (self.folder, self.folder / "versions"):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                folder.chmod(files.FOLDER_MODE)

    def _sweep(self) -> None:
        for folder in (self.folder, self.folder / "versions"):
            files.sweep(folder)
        for name in (self.config.name, KEYS):  # others' files stand beside these
            files.sweep(self.config.parent, escape(name))

    def _busy(self) -> str:
        trial = self.trial()
        doing = f" (version {trial.version}, by {self.record(trial.version).who})" if trial else ""
        return f"another session is changing this phone's config{doing}: wait until it has ended"


@contextmanager
def as_sentence() -> Iterator[None]:
    """OSError becomes ProvisionError."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        if error.errno in files.FULL:
            raise ProvisionError(f"{where}the phone's disk is full: make room on it (`df -h`)") from error
        raise ProvisionError(
            f"{where}{error.strerror or error}: provisioning is for root and for users of the group phone"
            if isinstance(error, PermissionError)
            else f"{where}{error.strerror or error}"
        ) from error


def _read(path: Path, kind: type[_T]) -> _T | None:
    """None where there is nothing of use: it is never half written."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError, UnicodeDecodeError):
        return None
