"""The side-by-side page's WebSocket: what the phones' ears hear goes to the page, what a person says comes from it.

Law: as in server.py, a page can say nonsense only once; and what it does not read it does not hear later either.
Sound is 48 kHz, mono, signed 16-bit little-endian, in binary messages both ways.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Protocol, assert_never

import msgspec

from phone.drivers.panel.client import BURST, RATE, Bucket, Socket
from phone.drivers.panel.messages import NonsenseError
from phone.errors import PhoneError

PAGES = 4
"""Pages at a time."""
LIMIT = 4096
"""Bytes in a message from a page: 20 ms of a microphone have 1920."""
SAMPLES_PER_SECOND = 48_000
TICK_SECONDS = 0.05
"""Sound goes out so often, levels every second time."""
_LONGEST = SAMPLES_PER_SECOND // 2
"""A page that was away for longer misses what was before."""
_POLICY_VIOLATION, _TRY_AGAIN_LATER = 1008, 1013

log = logging.getLogger(__name__)


class Levels(NamedTuple):
    """How loud a moment was, each 0 (silence) to 100 (as loud as can be), logarithmic."""

    ear: int
    bell: int
    mouth: int


class Headset(Protocol):
    """One phone's mouth and ears. Times are counted in samples of 48 kHz since a beginning of its own."""

    def now(self) -> int:
        """The present."""

    def sound(self, start: int, stop: int) -> bytes:
        """What somebody beside the phone hears of it: ear, bell and speaker."""

    def levels(self, start: int, stop: int) -> Levels:
        """How loud that was."""

    async def speak(self) -> None:
        """Its person says a sentence. Raises PhoneError where there is no voice."""

    def talk(self, spoken: bytes) -> None:
        """The next of a live microphone's samples go into its mouth."""


class Speak(msgspec.Struct, frozen=True, tag_field="do", tag="speak", forbid_unknown_fields=True):
    """The person at this phone is to say something."""

    phone: int


class Listen(msgspec.Struct, frozen=True, tag_field="do", tag="listen", forbid_unknown_fields=True):
    """Send what this phone's ear hears, and no other's; None: nobody's."""

    phone: int | None


class Talk(msgspec.Struct, frozen=True, tag_field="do", tag="talk", forbid_unknown_fields=True):
    """Binary messages are for this phone's mouth from now on; None: for nobody's."""

    phone: int | None


Wish = Speak | Listen | Talk
_wishes: msgspec.json.Decoder[Wish] = msgspec.json.Decoder(Wish)
_encoder = msgspec.json.Encoder()


class Sounds:
    """Talks to pages about `headsets`, which they know by number."""

    def __init__(self, headsets: Sequence[Headset]) -> None:
        self.refused: Counter[str] = Counter()
        """What was turned away: pages, nonsense."""
        self._headsets = headsets
        self._pages = 0

    async def talk(self, socket: Socket) -> None:
        """Serve one page until it goes."""
        if self._pages >= PAGES:
            self.refused["pages"] += 1
            await socket.close(_TRY_AGAIN_LATER, f"{PAGES} pages already listen: close one")
            return
        self._pages += 1
        try:
            await _Page(socket, self._headsets).converse()
        except NonsenseError as nonsense:
            self.refused["nonsense"] += 1
            log.debug("a page was sent away: %s", nonsense)
            await socket.close(_POLICY_VIOLATION, "nonsense")
        finally:
            self._pages -= 1


class _Page:
    def __init__(self, socket: Socket, headsets: Sequence[Headset]) -> None:
        self._socket = socket
        self._headsets = headsets
        self._told = [headset.now() for headset in headsets]
        self._listening: Headset | None = None
        self._heard = 0
        self._talking: Headset | None = None
        now = time.monotonic()
        self._wishes = Bucket(RATE, BURST, now)
        # A microphone's clock may be a little fast; what comes in a burst was held up on its way.
        self._samples = Bucket(SAMPLES_PER_SECOND * 1.1, SAMPLES_PER_SECOND, now)

    async def converse(self) -> None:
        """Until the page goes. Raises NonsenseError."""
        telling = asyncio.create_task(self._tell())
        try:
            with contextlib.suppress(ConnectionError):
                while True:
                    await self._obey(await self._socket.recv())
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling

    async def _tell(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await self._socket.send(self._levels())
                for _ in range(2):
                    await asyncio.sleep(TICK_SECONDS)
                    if sound := self._sound():
                        await self._socket.send(sound)

    def _levels(self) -> str:
        levels = []
        for number, headset in enumerate(self._headsets):
            now = headset.now()
            levels.append(headset.levels(max(self._told[number], now - _LONGEST), now))
            self._told[number] = now
        return _encoder.encode({"kind": "levels", "phones": levels}).decode()

    def _sound(self) -> bytes:
        if self._listening is None:
            return b""
        now = self._listening.now()
        sound = self._listening.sound(max(self._heard, now - _LONGEST), now)
        self._heard = now
        return sound

    async def _obey(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._pass_on(message)
            return
        if not self._wishes.take(time.monotonic()):
            raise NonsenseError("more messages than ten fingers make")
        try:
            wish = _wishes.decode(message)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise NonsenseError(str(error)) from error
        match wish:
            case Speak(phone=phone):
                await self._speak(self._at(phone))
            case Listen(phone=phone):
                self._listen(None if phone is None else self._at(phone))
            case Talk(phone=phone):
                self._talking = None if phone is None else self._at(phone)
            case _:
                assert_never(wish)

    def _at(self, phone: int) -> Headset:
        if not 0 <= phone < len(self._headsets):
            raise NonsenseError(f"a phone that is not there: {phone}")
        return self._headsets[phone]

    def _listen(self, headset: Headset | None) -> None:
        self._listening = headset
        self._heard = headset.now() if headset is not None else 0

    async def _speak(self, headset: Headset) -> None:
        try:
            await headset.speak()
        except PhoneError as error:
            await self._socket.send(_encoder.encode({"kind": "fault", "why": str(error)}).decode())

    def _pass_on(self, spoken: bytes) -> None:
        if len(spoken) % 2:
            raise NonsenseError("half a sample")
        if not self._samples.take(time.monotonic(), len(spoken) // 2):
            raise NonsenseError("more sound than a microphone makes")
        if self._talking is not None:
            self._talking.talk(spoken)
