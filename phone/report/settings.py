"""The config without its secrets, whatever state it is in, and the secrets themselves, to be looked for elsewhere."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phone.config import load
from phone.config.document import Document, read
from phone.config.faults import UnfitError
from phone.config.paths import located
from phone.config.secrets import masked, rendered, secret_values
from phone.errors import ConfigError

_STATE_DIR = Path("/var/lib/phone")
_SECRET_LINE = re.compile(r"^\s*(?P<key>password|password_file|lock_code)\s*=(?P<value>[^#\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Settings:
    """`trouble`: why there is no text, as a sentence."""

    text: str
    verdict: str
    """Whether the phone would take it, and what is wrong if not."""
    secrets: frozenset[str]
    state_dir: Path
    trouble: str = ""


def settings(path: Path) -> Settings:
    """Of the config at `path`; never raises."""
    try:
        document = read(path)
    except ConfigError as error:
        secrets = _told_in_vain(path) | _panel_token(_STATE_DIR)
        return Settings("", str(error), secrets, _STATE_DIR, str(error))
    state = _state_dir(document)
    secrets = secret_values(document.values, path.parent) | _panel_token(state)
    return Settings(rendered(masked(document.values)), _verdict(path), secrets, state)


def _state_dir(document: Document) -> Path:
    told = document.values.get("state_dir")
    try:
        return located(told, document.path.parent) if isinstance(told, str) else _STATE_DIR
    except UnfitError:
        return _STATE_DIR


def _told_in_vain(path: Path) -> frozenset[str]:
    """The secrets of a file that is no TOML: what looks like a value of theirs."""
    with suppress(OSError, UnicodeDecodeError):
        found = _SECRET_LINE.finditer(path.read_text("utf-8"))
        values = {each["key"]: each["value"].strip().strip("'\"") for each in found}
        return secret_values({"account": values, "calls": values}, path.parent)
    return frozenset()


def _panel_token(state: Path) -> frozenset[str]:
    try:
        return frozenset({(state / "panel-token").read_text("ascii").strip()})
    except (OSError, UnicodeDecodeError):
        return frozenset()


def _verdict(path: Path) -> str:
    """As `phone run` would say it, warnings among it."""
    heard = _Heard()
    root = logging.getLogger()
    root.addHandler(heard)
    try:
        load(path)
    except ConfigError as error:
        return "\n".join((*heard.lines, str(error)))
    finally:
        root.removeHandler(heard)
    return "\n".join((*heard.lines, "the phone takes it as it is"))


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
