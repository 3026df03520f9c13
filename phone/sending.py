"""Dictated messages go out: the outbox's courier, given what the XMPP client can do."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import Element

from phone.calls.model import Notice, Trouble
from phone.voicemail.courier import GaveUp, News, Sent, Voice, Waits
from phone.xmpp.api import UploadError, VoiceMessage

_PING = "{urn:xmpp:ping}ping"
_PATIENCE = 15.0
"""Seconds for the server's answer to the ping behind a message: less than the client waits, so that its giving up is
no answer.
"""


class Client(Protocol):
    """`xmpp.api.Client`, as far as it is used here."""

    async def upload(self, path: Path, name: str, media_type: str) -> str: ...
    def send_voice(self, to: str, message: VoiceMessage) -> None: ...
    def ask(self, to: str, payload: Element, token: str) -> None: ...


@dataclass(slots=True)
class Sender:
    """`upload` and `send` of a courier. On the loop."""

    client: Client
    online: bool = False
    """There is service now; the client knows its last address also when there is none."""
    _pings: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def upload(self, path: Path, name: str, media_type: str, /) -> str:
        """Raises UploadError. A server that refuses may be told better: the message waits for that; only one that no
        server would take is given up at once.
        """
        try:
            return await self.client.upload(path, name, media_type)
        except UploadError as error:
            raise UploadError(str(error), lasting=error.unfit) from error

    async def send(self, to: str, voice: Voice, /) -> bool:
        """A ping behind it: stanzas keep their order, so its answer means that the server has the message as well. An
        error is an answer: a server that knows no pings must not get the message again and again.
        """
        message = VoiceMessage(
            voice.url, voice.name, voice.media_type, voice.size, voice.seconds, voice.sha256, voice.id
        )
        self.client.send_voice(to, message)
        token = secrets.token_urlsafe()
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pings[token] = answered
        self.client.ask("", Element(_PING), token)
        try:
            async with asyncio.timeout(_PATIENCE):
                await answered
        except TimeoutError:
            return False
        finally:
            del self._pings[token]
        return True

    def answered(self, token: str) -> bool:
        """The reply to a ping, of either kind; False: not ours."""
        waiting = self._pings.get(token)
        if waiting is None:
            return False
        if not waiting.done():
            waiting.set_result(None)
        return True


def notice(news: News) -> Notice:
    """What the display says of a dictated message."""
    match news:
        case Sent(_, name):
            return Notice(Trouble.MESSAGE_SENT, name)
        case Waits(_, name):
            return Notice(Trouble.MESSAGE_WAITS, name)
        case GaveUp(_, name):
            return Notice(Trouble.MESSAGE_NOT_SENT, name)
