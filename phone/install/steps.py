"""What an installation is made of: steps that look before they act."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from phone.errors import PhoneError


class InstallError(PhoneError, RuntimeError):
    """The installation cannot go on; what was done before stays, and doing it again is harmless."""


class Step(Protocol):
    """One thing that shall be so."""

    @property
    def title(self) -> str:
        """What it is, for the report."""

    def is_done(self, *, changed: bool) -> bool:
        """Whether it is so already; `changed`: an earlier step of this run had something to do."""

    def do(self) -> None:
        """Make it so. Raises InstallError, OSError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step as it went, or would go."""

    title: str
    changed: bool


def carry_out(steps: Iterable[Step], *, dry_run: bool, changed: bool = False) -> list[Outcome]:
    """One after the other; with `dry_run` nothing is touched. Raises InstallError."""
    outcomes = []
    for step in steps:
        needed = not step.is_done(changed=changed)
        if needed and not dry_run:
            _do(step)
        changed |= needed
        outcomes.append(Outcome(step.title, needed))
    return outcomes


def _do(step: Step) -> None:
    try:
        step.do()
    except OSError as error:
        raise InstallError(f"{step.title}: {error}; mend that and run `phone install` again") from error


@dataclass(frozen=True, slots=True)
class FileStep:
    """A file with this content and mode, owned by whoever installs."""

    target: Path
    content: bytes
    mode: int = 0o644

    @property
    def title(self) -> str:
        return str(self.target)

    def is_done(self, *, changed: bool) -> bool:
        del changed
        try:
            status = self.target.lstat()
            return stat.S_IMODE(status.st_mode) == self.mode and self.target.read_bytes() == self.content
        except OSError:
            return False

    def do(self) -> None:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        drafted(self.target, self.content, self.mode).replace(self.target)


@dataclass(frozen=True, slots=True)
class LinkStep:
    """A symbolic link to `to`."""

    target: Path
    to: Path

    @property
    def title(self) -> str:
        return f"{self.target} -> {self.to}"

    def is_done(self, *, changed: bool) -> bool:
        del changed
        return self.target.is_symlink() and self.target.readlink() == self.to

    def do(self) -> None:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        draft = self.target.with_name(f".{self.target.name}.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(self.to)
        draft.replace(self.target)


@dataclass(frozen=True, slots=True)
class CommandStep:
    """What another program does."""

    title: str
    done: Callable[[bool], bool]
    """Told whether an earlier step of this run had something to do."""
    command: tuple[str, ...]

    def is_done(self, *, changed: bool) -> bool:
        return self.done(changed)

    def do(self) -> None:
        run(*self.command)


@dataclass(frozen=True, slots=True)
class TriedStep:
    """What another program says of a file that was laid: if it is no good, it does not stay."""

    title: str
    file: Path
    done: Callable[[bool], bool]
    command: tuple[str, ...]

    def is_done(self, *, changed: bool) -> bool:
        return self.done(changed)

    def do(self) -> None:
        try:
            run(*self.command)
        except InstallError as error:
            self.file.unlink(missing_ok=True)
            raise InstallError(f"{error}\n{self.file} was taken away again") from error


def drafted(target: Path, content: bytes, mode: int, owner: str = "") -> Path:
    """A new file beside `target`, whole, and of `owner` ("": whoever installs). Raises OSError.

    Law: root writes through nothing that it finds: other users write in the config's folder, too, and one of them may
    have put a link there.
    """
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    held = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(held, "wb") as file:
        file.write(content)
        file.flush()
        if owner:
            user = pwd.getpwnam(owner)
            os.fchown(held, user.pw_uid, user.pw_gid)
        os.fchmod(held, mode)
        os.fsync(held)
    return draft


def run(*command: str, environment: dict[str, str] | None = None) -> str:
    """What the command printed. Raises InstallError with its last words."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
        )
    except OSError as error:
        raise InstallError(f"{command[0]} cannot be started: {error.strerror}") from error
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}")[-2000:]
        raise InstallError(f"{' '.join(command[:3])} failed: {words}")
    return done.stdout
