"""The one config file. `load` checks it: every error at once, with line, key and "did you mean"."""

from __future__ import annotations

from pathlib import Path

from phone.config.values import (
    AccountConfig,
    AudioConfig,
    CallsConfig,
    Config,
    DeviceConfig,
    DialConfig,
    DisplayConfig,
    HardwareConfig,
    NetworkConfig,
    PanelConfig,
    PeerConfig,
    TransferConfig,
)
from phone.errors import ConfigError

__all__ = [
    "AccountConfig",
    "AudioConfig",
    "CallsConfig",
    "Config",
    "DeviceConfig",
    "DialConfig",
    "DisplayConfig",
    "HardwareConfig",
    "NetworkConfig",
    "PanelConfig",
    "PeerConfig",
    "TransferConfig",
    "load",
    "run_dir",
]


def load(path: Path) -> Config:
    """The checked values of the file. Raises ConfigError with a line for each fault."""
    from phone.config.loader import load_file  # noqa: PLC0415 - needs cattrs and all rooms; values alone do not

    return load_file(path)


def run_dir(path: Path) -> Path:
    """Where the daemon of this config has its control socket; no other key needs to be right for that.

    Raises ConfigError if the file cannot be read, is no TOML or has a run_dir that is no path.
    """
    from phone.config.document import read  # noqa: PLC0415 - a command that needs no config starts without it
    from phone.config.faults import UnfitError  # noqa: PLC0415
    from phone.config.paths import located  # noqa: PLC0415

    document = read(path)
    told = document.values.get("run_dir")
    try:
        return located(told, path.parent) if isinstance(told, str) else Config.DEFAULT_RUN_DIR
    except UnfitError as error:
        raise ConfigError(f"{document.place(('run_dir',))}: run_dir: {error}") from error
