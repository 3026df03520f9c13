"""From file to checked values: shape, then meaning, and all of what is wrong in one go."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from phone.calls import digitmap
from phone.config.agreement import cut_short
from phone.config.checks import faults
from phone.config.paths import located
from phone.config.reading import read_as, warn_of_open_secret
from phone.config.sound import with_profile
from phone.config.values import HOLD_SOUNDS, Config, Ring
from phone.drivers.desk import is_path

log = logging.getLogger(__name__)

_Sound = TypeVar("_Sound", bound=Ring | None)


def load_file(path: Path) -> Config:
    """Raises ConfigError: each line `file:line: key: what is wrong, and what to do`."""
    config = read_as(path, Config, faults)
    if config.has_account:
        warn_of_open_secret("password", config.account.password_file or path)
    if config.calls.lock_code:
        warn_of_open_secret("lock code", path)
    _warn_of_emergency_numbers(config)
    config = with_profile(_with_profiles_path(_with_sounds(config, path.parent), path.parent))
    _warn_of_mute_intercom(config)
    return config


def _with_profiles_path(config: Config, folder: Path) -> Config:
    if not is_path(config.hardware.profile):
        return config
    profile = str(located(config.hardware.profile, folder).absolute())
    return replace(config, hardware=replace(config.hardware, profile=profile))


def _with_sounds(config: Config, folder: Path) -> Config:
    calls = config.calls
    hold = calls.hold if calls.hold in HOLD_SOUNDS else _absolute(calls.hold, folder)
    peers = {name: replace(peer, ring=_absolute(peer.ring, folder)) for name, peer in config.peers.items()}
    return replace(config, calls=replace(calls, hold=hold, ring=_absolute(calls.ring, folder)), peers=peers)


def _absolute(sound: _Sound, folder: Path) -> _Sound | str:
    """Files by their absolute path; what is none as it is."""
    return str(located(sound, folder).absolute()) if isinstance(sound, str) else sound


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
