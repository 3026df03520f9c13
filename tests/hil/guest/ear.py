"""On a virtual Pi: who sits at the other end of its loopback card, and is somewhere else.

usage: ear.py CARD HOST PORT

Connects to HOST, and sends what the phone plays to the card, in blocks: when it was read (monotonic nanoseconds), and
one period of 16-bit samples. What comes back is said into the phone's microphone: the sample, counted like those that
are sent, with which it begins (8 bytes), its length in bytes (4), and it. The phone's own Python runs this.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time

import alsaaudio

RATE, PERIOD = 48_000, 480
_TO_SAY = struct.Struct("<QI")
_SILENCE = bytes(2 * PERIOD)
_PERIODS, _AHEAD = 32, 4


class Mouth:
    """What is to be said, and when."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._speech = bytearray()
        self._begin = 0

    def listen(self, line: socket.socket) -> None:
        with line.makefile("rb") as stream:
            while head := stream.read(_TO_SAY.size):
                begin, length = _TO_SAY.unpack(head)
                self.say(begin, stream.read(length))

    def say(self, begin: int, speech: bytes) -> None:
        with self._lock:
            gap = 2 * (begin - self._begin) - len(self._speech)
            if not self._speech:
                self._begin, gap = begin, 0
            self._speech += bytes(max(0, gap)) + speech

    def period(self, now: int) -> bytes:
        """What is said from that sample on; what comes late is said late."""
        with self._lock:
            if not self._speech or self._begin >= now + PERIOD:
                return _SILENCE
            pause = bytes(2 * max(0, self._begin - now))
            said = bytes(self._speech[: len(_SILENCE) - len(pause)])
            del self._speech[: len(said)]
            self._begin = now + PERIOD
        return (pause + said).ljust(len(_SILENCE), b"\0")


class Card:
    """The loopback's other end, both ways. What goes wrong on a machine that stands still for a while is made good:
    time that was lost is heard as silence.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._open()

    def _open(self) -> None:
        self._ear, self._mouth = self._stream(alsaaudio.PCM_CAPTURE), self._stream(alsaaudio.PCM_PLAYBACK)
        self._mouth.write(_AHEAD * _SILENCE)

    def _stream(self, kind: int) -> alsaaudio.PCM:
        settings = {"rate": RATE, "channels": 1, "format": alsaaudio.PCM_FORMAT_S16_LE, "periodsize": PERIOD}
        return alsaaudio.PCM(kind, device=f"plughw:{self._name},1", periods=_PERIODS, **settings)

    def hear(self) -> bytes:
        """One period; nothing where some were lost."""
        try:
            count, heard = self._ear.read()
        except alsaaudio.ALSAAudioError:
            self._ear.close()
            self._mouth.close()
            self._open()
            return b""
        return heard if count == PERIOD else b""

    def say(self, period: bytes) -> None:
        if self._mouth.write(period) < 0:
            self._mouth.write(_AHEAD * _SILENCE)


def main(name: str, host: str, port: str) -> None:
    line = socket.create_connection((host, int(port)), 20)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.settimeout(None)
    card, mouth = Card(name), Mouth()
    threading.Thread(target=mouth.listen, args=(line,), daemon=True).start()
    began, now = time.monotonic(), 0
    while True:
        heard, at = card.hear(), time.monotonic_ns()
        lost = 0 if heard else max(0, int((at / 1e9 - began) * RATE) - now) // PERIOD
        line.sendall(lost * (struct.pack("<Q", at) + _SILENCE) + (struct.pack("<Q", at) + heard if heard else b""))
        if heard:
            card.say(mouth.period(now))
        now += (lost + bool(heard)) * PERIOD


if __name__ == "__main__":
    main(*sys.argv[1:])
