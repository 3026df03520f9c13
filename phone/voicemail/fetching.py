"""Sound that comes and goes in chunks: a message's file from the service, a greeting to it. Without IO."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from phone.voicemail.wire import (
    CHUNK,
    GreetingPart,
    GreetingRemoved,
    RemoteMessage,
    SoundWanted,
    WireError,
    parse_sound,
    request_element,
)

TRIES: Final = 3
"""After so many failures one message is left for later, for others may be whole."""


class Download:
    """The file of one message, chunk by chunk."""

    def __init__(self, message: RemoteMessage) -> None:
        self.message = message
        self._data = bytearray()
        self._total: int | None = None
        self._failures = 0

    @property
    def complete(self) -> bool:
        return len(self._data) == self._total

    @property
    def hopeless(self) -> bool:
        return self._failures >= TRIES

    @property
    def data(self) -> bytes:
        return bytes(self._data)

    def request(self) -> Element:
        """For the next chunk."""
        return request_element(SoundWanted(self.message.id, len(self._data)))

    def take(self, payload: Element | None) -> bool:
        """The answer; False: it is of no use, and what came before it may be none either."""
        if payload is not None and self._add(payload):
            return True
        self._failures += 1
        return False

    def _add(self, payload: Element) -> bool:
        try:
            part = parse_sound(payload)
        except WireError:
            return False
        if part.id != self.message.id or part.offset != len(self._data) or part.total != (self._total or part.total):
            self._data.clear()
            self._total = None
            return False
        self._total = part.total
        self._data += part.data
        return True


class GreetingUpload:
    """A greeting on its way to the service; None: the one that is there is to be removed."""

    def __init__(self, sound: bytes | None) -> None:
        self.sound = sound
        self._sent = 0
        self.complete = False

    def request(self) -> Element:
        """The next chunk."""
        if self.sound is None:
            return request_element(GreetingRemoved())
        chunk = self.sound[self._sent : self._sent + CHUNK]
        return request_element(GreetingPart(self._sent, len(self.sound), chunk))

    def take(self, payload: Element | None) -> bool:
        """The answer; False: begin anew."""
        if payload is None:
            self._sent = 0
            return False
        self._sent += CHUNK
        self.complete = self.sound is None or self._sent >= len(self.sound)
        return True
