"""The administrator's way into the virtual Pi."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ssh:
    """Logins at one address."""

    address: str
    key: Path
    """The private key that root takes."""

    def command(self, command: str = "", *, user: str = "root", key: Path | None = None) -> list[str]:
        """The argument list of OpenSSH's client, for tests that cut a session, or speak while it lasts."""
        options = (
            *("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "BatchMode=yes"),
            *("ConnectTimeout=20", "LogLevel=ERROR"),
        )
        flags = [word for option in options for word in ("-o", option)]
        to = ["-i", str(key or self.key), f"{user}@{self.address}"]
        return ["ssh", "-F", "none", *flags, *to, *([command] if command else [])]

    def run(
        self, command: str = "", *, user: str = "root", key: Path | None = None, input: str = "", timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run it and wait; out and errors come apart. `command` "" leaves it to the user's forced command."""
        return subprocess.run(
            self.command(command, user=user, key=key),
            input=input,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
