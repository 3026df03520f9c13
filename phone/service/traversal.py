"""Which STUN and TURN servers the media use: those of [ice], and those that the XMPP server names (XEP-0215)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Final

from phone.legs import ice_server
from phone.media.planprobes import IceServer
from phone.service.values import IceConfig
from phone.settings import server_of
from phone.xmpp.api import IceServerFact

_PORT: Final = 3478
"""RFC 8489 section 18.6."""
_PERIOD: Final = 3600
_NAME: Final = "voicemail"


class Traversal:
    """Reads the secret of [ice] once. Raises ConfigError if its file is gone or empty."""

    def __init__(self, config: IceConfig) -> None:
        self._config = config
        self._secret = config.secret().encode() if config.secret_file else b""
        self._password = config.password() if config.password_file else ""

    def servers(self, named: Iterable[IceServerFact], now: float) -> tuple[IceServer, ...]:
        """For calls that begin `now` (Unix seconds): what the config names, then what the XMPP server `named`."""
        return (*self._configured(now), *(map(ice_server, named) if self._config.discover else ()))

    def _configured(self, now: float) -> Iterator[IceServer]:
        config = self._config
        if config.stun:
            yield IceServer("stun", *_place(config.stun))
        if config.turn:
            yield IceServer("turn", *_place(config.turn), config.transport, *self._credentials(now))

    def _credentials(self, now: float) -> tuple[str, str]:
        if not self._secret:
            return self._config.user, self._password
        # coturn's use-auth-secret (draft-uberti-behave-turn-rest-00): good for an hour at least, which no call lasts
        user = f"{int(now // _PERIOD + 2) * _PERIOD}:{_NAME}"
        digest = hmac.new(self._secret, user.encode(), hashlib.sha1).digest()
        return user, base64.b64encode(digest).decode()


def _place(value: str) -> tuple[str, int]:
    host, port = server_of(value)
    return host or value, port or _PORT
