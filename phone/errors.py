"""One tree of errors. Each message says what is wrong and what to do; rooms add leaves beside their code."""

from __future__ import annotations


class PhoneError(Exception):
    """Root of all errors that a user or an operator may see as a sentence."""


class ConfigError(PhoneError, ValueError):
    """The config file cannot be used. `str()` lists every fault, a line each."""


class HardwareError(PhoneError, OSError):
    """A device is missing, busy or refuses; the rest of the phone goes on without it."""
