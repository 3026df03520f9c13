"""Errors of the Jingle room: who broke the protocol decides which one."""

from __future__ import annotations

from phone.errors import PhoneError


class LocalProtocolError(PhoneError, RuntimeError):
    """We asked for something that the protocol does not allow now. Our own bug; nothing has changed."""


class RemoteProtocolError(PhoneError, ValueError):
    """A payload from the far end that cannot be understood; it is answered `bad-request` and ignored."""
