"""From file to checked values: shape, then meaning, and all of what is wrong in one go."""

from __future__ import annotations

import logging
import stat
from dataclasses import replace
from pathlib import Path

from phone.calls import digitmap
from phone.config.agreement import cut_short
from phone.config.checks import faults
from phone.config.document import Document, read
from phone.config.faults import Fault
from phone.config.paths import located
from phone.config.shape import structure
from phone.config.values import HOLD_SOUNDS, Config
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
    _warn_of_emergency_numbers(config)
    _warn_of_mute_intercom(config)
    return _with_hold_sound(config, path.parent)


def _in_order(document: Document, found: list[Fault]) -> list[Fault]:
    return sorted(found, key=lambda fault: (document.line(fault.key), fault.key))


def _line(document: Document, fault: Fault) -> str:
    return f"{document.place(fault.key)}: {'.'.join(map(_quoted, fault.key))}: {fault.sentence}"


def _quoted(part: str) -> str:
    return part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"'


def _with_hold_sound(config: Config, folder: Path) -> Config:
    if config.calls.hold in HOLD_SOUNDS:
        return config
    return replace(config, calls=replace(config.calls, hold=str(located(config.calls.hold, folder).absolute())))


def _warn_of_open_secrets(config: Config, path: Path) -> None:
    secrets = {"password": config.account.password_file or path}
    if config.calls.lock_code:
        secrets["lock code"] = path
    for what, secret in secrets.items():
        if secret.stat().st_mode & stat.S_IROTH:
            log.warning("everyone on this machine can read the %s in %s: chmod o-r %s", what, secret, secret)


def _warn_of_emergency_numbers(config: Config) -> None:
    """Those of the default: the file need not know them, so they are no fault of it."""
    for number, begun in cut_short(config.dial.emergency, digitmap.parse(config.dial.digit_map)):
        log.warning(
            'dial.digit_map calls "%s" before %s is complete: end that alternative in "T", or set dial.emergency',
            *(begun, number),
        )


def _warn_of_mute_intercom(config: Config) -> None:
    """Those calls then ring like any other, which may be meant."""
    if config.calls.intercom and not config.audio.speaker.playback:
        log.warning("calls.intercom rings like any other call: to speak at once it needs [audio.speaker]")
