"""Works off the outbox: each message is converted, put on the web and sent; what fails is tried again.

`upload` and `send` are the XMPP room's. Tries are 5 s apart at first and 10 min at last, and made at once when the
service comes back (`wake`); what fails for 5 days is given up. One message at a time; none waits for another's trouble.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from phone.errors import PhoneError
from phone.voicemail.encoding import MEDIA_TYPE, Encoded, Labels, encode
from phone.voicemail.message import Failure, MessageId, Trouble
from phone.voicemail.outbox import Outbox, Outgoing, Uploaded

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 600.0
GIVE_UP: Final = 5 * 86_400.0
_NO_SERVICE = "there is no service now"
_UPLOAD_PATIENCE = 600.0
_SEND_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Voice:
    """A recording on the web, to be sent as a voice message (`xmpp.api.VoiceMessage`)."""

    url: str
    name: str
    """Of the file."""
    media_type: str
    size: int
    """Bytes."""
    seconds: float
    sha256: bytes
    id: str
    """The same each time that it is sent: as the stanza's id it lets the far end see a repetition."""


class Upload(Protocol):
    """Puts a file on the web; its URL. Raises a PhoneError; one that is `lasting` gives the message up."""

    async def __call__(self, path: Path, name: str, media_type: str, /) -> str: ...


class Send(Protocol):
    """Sends a voice message to an account; whether the server has it now (a ping behind it tells). False: later."""

    async def __call__(self, to: str, message: Voice, /) -> bool: ...


@runtime_checkable
class Lasting(Protocol):
    """An error (`xmpp.api.UploadError`) that says whether the same would fail again."""

    lasting: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """It is on its way; the outbox has forgotten it."""

    to: str
    name: str


@dataclass(frozen=True, slots=True)
class Waits:
    """It is kept, and sent later. Told once for each reason."""

    to: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class GaveUp:
    """It will not be sent."""

    to: str
    name: str
    why: str


News = Sent | Waits | GaveUp


@dataclass(slots=True)
class _Tries:
    """Of one message, in this process."""

    failed: int = 0
    due: float = 0.0
    told: str = ""
    encoded: Encoded | None = None


@dataclass(slots=True)
class Courier:
    """`online`: there is a service now; `tell` is called on the loop and must not block; `artist`: who speaks."""

    outbox: Outbox
    upload: Upload
    send: Send
    online: Callable[[], bool]
    tell: Callable[[News], None]
    artist: str = ""
    wall_clock: Callable[[], float] = time.time
    """Unix time; it is right when there is a service."""
    clock: Callable[[], float] = time.monotonic
    _tries: dict[MessageId, _Tries] = field(default_factory=dict)
    _awake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """The service is back, or there is a new message: all are tried at once."""
        for tries in self._tries.values():
            tries.due = 0.0
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._awake.clear()
            pause = await self._worked()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._awake.wait()

    async def _worked(self) -> float | None:
        try:
            return await self.work()
        except Exception:
            log.exception("a bug of the phone's own: what is to be sent waits")
            return LONGEST_PAUSE

    async def work(self) -> float | None:
        """Try all that are due, once. Seconds until the next is due; None: there is nothing to be done."""
        pending = await asyncio.to_thread(self.outbox.pending)
        if isinstance(pending, Failure):
            return LONGEST_PAUSE
        self._tries = {each.id: self._tries.get(each.id, _Tries()) for each in pending}
        for each in pending:
            if self._tries[each.id].due <= self.clock():
                await self._try(each, self._tries[each.id])
        if not self.online():
            return None  # until `wake`
        dues = [tries.due for tries in self._tries.values()]
        return max(0.0, min(dues) - self.clock()) if dues else None

    async def _try(self, message: Outgoing, tries: _Tries) -> None:
        if not self.online():
            self._wait(message, tries, _NO_SERVICE)
            return
        uploaded = message.uploaded or await self._put(message, tries)
        if uploaded is None:
            return
        voice = _voice(message, uploaded)
        try:
            async with asyncio.timeout(_SEND_PATIENCE):
                taken = await self.send(message.to, voice)
        except TimeoutError:
            taken = False
        if not taken:
            await self._failed(message, tries, "the server did not take it")
            return
        await self._over(message)
        self.tell(Sent(message.to, message.name))

    async def _put(self, message: Outgoing, tries: _Tries) -> Uploaded | None:
        encoded = await self._encode(message, tries)
        if encoded is None:
            return None
        try:
            async with asyncio.timeout(_UPLOAD_PATIENCE):
                url = await self.upload(encoded.path, _file_name(message), MEDIA_TYPE)
        except (PhoneError, TimeoutError) as error:
            why = str(error) or f"the server did not take it within {_UPLOAD_PATIENCE:g} s"
            await self._failed(message, tries, why, lasting=isinstance(error, Lasting) and error.lasting)
            return None
        uploaded = Uploaded(url, encoded.size, encoded.seconds, encoded.sha256)
        await asyncio.to_thread(self.outbox.note_uploaded, message.id, uploaded)
        return uploaded

    async def _encode(self, message: Outgoing, tries: _Tries) -> Encoded | None:
        if tries.encoded is not None and tries.encoded.path.exists():
            return tries.encoded
        labels = Labels("Voice message", self.artist, datetime.fromtimestamp(message.stamp, UTC).isoformat())
        made = await encode(self.outbox.sound(message.id), self.outbox.attachment(message.id), labels)
        if isinstance(made, Failure):
            await self._failed(message, tries, made.sentence, lasting=made.trouble is Trouble.UNREADABLE)
            return None
        tries.encoded = made
        return made

    async def _failed(self, message: Outgoing, tries: _Tries, why: str, *, lasting: bool = False) -> None:
        since = message.tried or self.wall_clock()
        if message.tried is None:
            await asyncio.to_thread(self.outbox.note_tried, message.id, since)
        late = self.wall_clock() - since > GIVE_UP
        if lasting or late:
            sentence = f"it could not be sent for {GIVE_UP / 86_400:g} days: {why}" if late else why
            await asyncio.to_thread(self.outbox.note_failed, message.id, sentence)
            del self._tries[message.id]
            log.error("the message %s to %s is given up: %s", message.id, message.to, sentence)
            self.tell(GaveUp(message.to, message.name, sentence))
            return
        tries.due = self.clock() + min(LONGEST_PAUSE, FIRST_PAUSE * 2**tries.failed)
        tries.failed += 1
        self._wait(message, tries, why)

    def _wait(self, message: Outgoing, tries: _Tries, why: str) -> None:
        if tries.told != why:
            tries.told = why
            log.warning("the message %s to %s waits: %s", message.id, message.to, why)
            self.tell(Waits(message.to, message.name, why))

    async def _over(self, message: Outgoing) -> None:
        await asyncio.to_thread(self.outbox.remove, message.id)
        del self._tries[message.id]
        log.info("the message %s to %s is sent", message.id, message.to)


def _voice(message: Outgoing, uploaded: Uploaded) -> Voice:
    about = (uploaded.size, uploaded.seconds, uploaded.sha256)
    return Voice(uploaded.url, _file_name(message), MEDIA_TYPE, *about, message.id)


def _file_name(message: Outgoing) -> str:
    return f"voice-message-{message.id}.m4a"
