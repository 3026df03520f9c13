"""What goes wrong in provisioning, as sentences for whoever sits at the other end of the SSH session."""

from __future__ import annotations

from phone.errors import PhoneError


class ProvisionError(PhoneError, RuntimeError):
    """It cannot be done; nothing was changed unless the sentence says so."""


class BusyError(ProvisionError):
    """Another session is at it."""


class TrialOverError(ProvisionError):
    """Somebody else has judged it, or there is none."""


class UnfitInputError(ProvisionError, ValueError):
    """What was sent cannot be used."""
