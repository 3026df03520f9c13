"""From file to checked values: shape, then meaning, and all of what is wrong in one go."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from phone.config.checks import faults
from phone.config.document import Document, read
from phone.config.faults import Fault
from phone.config.shape import structure
from phone.config.values import Config
from phone.errors import ConfigError

log = logging.getLogger(__name__)


def load_file(path: Path) -> Config:
    """Raises ConfigError: each line `file:line: key: what is wrong, and what to do`."""
    document = read(path)
    config = structure(document.values, path.parent)
    found = [*(config if isinstance(config, list) else ()), *faults(document.values, path.parent)]
    if found or isinstance(config, list):
        raise ConfigError("\n".join(_line(document, fault) for fault in _in_order(document, found)))
    _warn_of_open_secrets(config, path)
    return config


def _in_order(document: Document, found: list[Fault]) -> list[Fault]:
    return sorted(found, key=lambda fault: (document.line(fault.key), fault.key))


def _line(document: Document, fault: Fault) -> str:
    return f"{document.place(fault.key)}: {'.'.join(map(_quoted, fault.key))}: {fault.sentence}"


def _quoted(part: str) -> str:
    return part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"'


def _warn_of_open_secrets(config: Config, path: Path) -> None:
    secret = config.account.password_file or path
    if secret.stat().st_mode & stat.S_IROTH:
        log.warning("everyone on this machine can read the password in %s: chmod o-r %s", secret, secret)
