"""Who gives a new version: what sshd, sudo and the system say of him."""

from __future__ import annotations

import binascii
import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from phone.provision.keyfile import fingerprint
from phone.provision.values import Who


def who(environment: Mapping[str, str] = os.environ) -> Who:
    """Whoever runs this process."""
    return Who(
        user=_login(),
        key=_key(environment.get("SSH_USER_AUTH", "")),
        address=environment.get("SSH_CONNECTION", "").partition(" ")[0],
        sudo_by=environment.get("SUDO_USER", ""),
    )


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def _key(path: str) -> str:
    """Of sshd's file of how he was authenticated: with `ExposeAuthInfo yes`, sshd_config(5)."""
    try:
        lines = Path(path).read_text("ascii").splitlines() if path else []
    except (OSError, UnicodeDecodeError):
        return ""
    for line in lines:
        match line.split():
            case ["publickey", _, blob]:
                try:
                    return fingerprint(blob)
                except (binascii.Error, ValueError):
                    return ""
    return ""
