"""The one config file. `load` checks it: every error at once, with line, key and "did you mean"."""

from __future__ import annotations

from pathlib import Path

from phone.config.values import (
    AccountConfig,
    AudioConfig,
    Config,
    DeviceConfig,
    DialConfig,
    HardwareConfig,
    NetworkConfig,
    PeerConfig,
)

__all__ = [
    "AccountConfig",
    "AudioConfig",
    "Config",
    "DeviceConfig",
    "DialConfig",
    "HardwareConfig",
    "NetworkConfig",
    "PeerConfig",
    "load",
    "run_dir",
]


def load(path: Path) -> Config:
    """The checked values of the file. Raises ConfigError with a line for each fault."""
    from phone.config.loader import load_file  # noqa: PLC0415 - needs cattrs and all rooms; values alone do not

    return load_file(path)


def run_dir(path: Path) -> Path:
    """Where the daemon of this config has its control socket; no other key needs to be right for that.

    Raises ConfigError if the file cannot be read or is no TOML.
    """
    from phone.config.document import read  # noqa: PLC0415 - a command that needs no config starts without it

    told = read(path).values.get("run_dir")
    return path.parent / Path(told).expanduser() if isinstance(told, str) else Config.DEFAULT_RUN_DIR
