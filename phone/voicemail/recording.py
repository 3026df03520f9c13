"""One message while it is being said: packets go to the card in pages of a second, and it is a message once it is
acknowledged by `finish`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from phone.ogg.opusfile import OpusWriter
from phone.ogg.opuspacket import RATE
from phone.voicemail.files import PartFile
from phone.voicemail.message import Failure, Message, MessageId, Trouble, failure, failure_of

log = logging.getLogger(__name__)

_SYNC_EVERY = 5.0  # seconds of speech that a power cut may take from a message that is not finished
_LONGEST_GAP = 60 * RATE  # more is no silence, but nonsense
_RECORD = "record the message"


@dataclass(frozen=True, slots=True)
class Room:
    """How long a recording may become."""

    bytes: int
    reserve: int
    """Bytes that stay free on the card."""
    free: Callable[[], int]
    """Bytes that are free on the card. Raises OSError."""
    shortest: float
    """Seconds that a message has at least."""


class Recording:
    """One message being recorded. One thread at a time may call; each call may block on the card.

    Trouble with the card, and a mailbox that is full, stop it: `packet` says so, and takes no more. `finish` then keeps
    what was recorded up to there.
    """

    def __init__(
        self,
        id: MessageId,
        file: PartFile,
        writer: OpusWriter,
        room: Room,
        keep: Callable[[float, bool], Message | Failure],
        drop: Callable[[], None],
    ) -> None:
        """`keep` lists the file: so many seconds, and whether its end is to be mended; `drop` removes it."""
        self.id = id
        self._file = file
        self._writer = writer
        self._room = room
        self._keep = keep
        self._drop = drop
        self._synced = 0.0
        self._broken = False
        self._ended = False
        self._stopped: Failure | None = None

    @property
    def seconds(self) -> float:
        """Recorded so far, gaps filled."""
        return self._writer.seconds

    @property
    def refused(self) -> int:
        """Packets that were no Opus (RFC 6716 section 3.4)."""
        return self._writer.refused

    def packet(self, payload: bytes, lost: int = 0) -> Failure | None:
        """The next Opus packet in the order of its sequence number; `lost`: 48 kHz samples (RTP time) that are missing
        between the one before and this one, be it loss or silence (DTX). None: all is well.
        """
        if self._ended or self._stopped:
            return self._stopped or failure(Trouble.ENDED, _RECORD)
        pages = self._writer.add(payload, min(lost, _LONGEST_GAP))
        if pages:
            self._try(lambda: self._store(pages))
        return self._stopped

    def finish(self, *, interrupted: bool = False) -> Message | Failure:
        """End it. The message is safely on the card when it is returned; TOO_SHORT: nothing is kept. After any other
        failure what was recorded is still there, and listed as soon as the card allows (`Mailbox.recover`).
        """
        if self._ended:
            return failure(Trouble.ENDED, _RECORD)
        if self.seconds < self._room.shortest:
            self.abandon()
            return failure(Trouble.TOO_SHORT, "keep the message", f"{self.seconds:.1f} s")
        self._ended = True
        if not self._broken:
            self._try(self._store_end)
        self._file.close()
        return self._keep(self.seconds, self._broken or interrupted)

    def abandon(self) -> None:
        """Forget it; there will be no message."""
        if not self._ended:
            self._ended = True
            self._file.close()
            self._drop()

    def _store(self, pages: bytes) -> None:
        self._file.write(pages)
        if self._file.size > self._room.bytes:
            self._stop(failure(Trouble.QUOTA, _RECORD))
        elif self.seconds - self._synced >= _SYNC_EVERY:
            self._synced = self.seconds
            self._file.sync()
            if self._room.free() < self._room.reserve:
                self._stop(failure(Trouble.FULL, _RECORD))

    def _store_end(self) -> None:
        self._file.write(self._writer.finish())
        self._file.sync()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as error:
            self._broken = True
            self._stop(failure_of(error, _RECORD))

    def _stop(self, why: Failure) -> None:
        log.error("%s", why.sentence)
        self._stopped = self._stopped or why
