"""What the store keeps about a version and about a trial, as JSON; fields of later releases are passed over."""

from __future__ import annotations

from typing import Literal

import msgspec

Result = Literal["pending", "confirmed", "rolled back"]


class Who(msgspec.Struct, frozen=True):
    """Who gave a version: told by the system, not by himself."""

    user: str
    key: str = ""
    """The SSH key's fingerprint, `SHA256:...`; "" where sshd does not tell."""
    address: str = ""
    """Where the SSH session came from; "" at the machine itself."""
    sudo_by: str = ""
    """Who became `user` by sudo."""

    def __str__(self) -> str:
        by = f"{self.sudo_by} as {self.user}" if self.sudo_by else self.user
        return " ".join((by, *([f"with key {self.key}"] if self.key else ()), *self._origin()))

    def _origin(self) -> tuple[str, ...]:
        return (f"from {self.address}",) if self.address else ()


class Record(msgspec.Struct, frozen=True):
    """One version's line in the history."""

    version: int
    """Counts from 1."""
    at: str
    """When it was given: ISO 8601 with zone."""
    who: Who
    comment: str = ""
    result: Result = "pending"
    why: str = ""
    """Why it was rolled back, as a sentence."""
    starts: int = 0
    """How often the daemon began with it while it was on trial."""


class Trial(msgspec.Struct, frozen=True):
    """A version that is not confirmed yet."""

    version: int
    previous: int
    """What comes back."""
    within: float
    """Seconds from the daemon's first start with it until it must be confirmed."""
    boot: str
    """Which run of the machine it began in: monotonic times mean nothing in another."""
    session: bool = True
    """It ends with the session that holds the session lock."""
    starts: int = 0
    """How often the daemon has begun with it."""
    deadline: float | None = None
    """Monotonic seconds; None before its first start: the daemon may wait for a call to end."""
