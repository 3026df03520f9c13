"""An ear and a mouth at the virtual Pi's handset, with the face of `phone.drivers.vcard.Card`.

The phone plays to device 0 of a loopback card; `guest/ear.py` records its device 1, and sends it here. Samples are 16
bit, mono, 48 kHz, counted from the first one; instants are those of this machine's monotonic clock.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Self

from hil.lan import HUB
from hil.link import LinkError
from hil.pi import VirtualPi

RATE, PERIOD = 48_000, 480
NAME = "Handset"
_BLOCK = struct.Struct(f"<Q{2 * PERIOD}s")
_START = (
    "setsid /opt/phone/.venv/bin/python /mnt/guest/ear.py {name} {host} {port} >/run/ear.log 2>&1 </dev/null & echo $!"
)
_END = "while kill {pid} 2>/dev/null; do sleep 0.05; done"
_PATIENCE = 30.0


class Ear:
    """At the card of that name, which must be there. Raises AssertionError where it does not begin to listen."""

    def __init__(self, pi: VirtualPi, name: str = NAME) -> None:
        self.name = name
        self._pi = pi
        self._heard = bytearray()
        self._came = threading.Condition()
        self._zero = float("inf")
        """The earliest instant, on the Pi's clock, at which sample 0 can have been."""
        self._ahead = min((self._compared() for _ in range(5)), key=lambda pair: pair[1])[0]
        self._line = self._connected()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        with self._came:
            hears = self._came.wait_for(lambda: len(self._heard) >= RATE // 2, _PATIENCE)
        assert hears, f"the ear hears nothing at all: {self._pi.run('cat /run/ear.log').out}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """It goes away, and its end of the card is free for the next one."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._line.close()
        with suppress(LinkError):
            self._pi.run(_END.format(pid=self._pid), timeout=_PATIENCE)

    def now(self) -> int:
        """The sample that is heard now."""
        return self.sample_at(time.monotonic())

    def sample_at(self, monotonic: float) -> int:
        """Of an instant."""
        return self.sample_at_pi(monotonic + self._ahead)

    def sample_at_pi(self, monotonic: float) -> int:
        """Of an instant of the Pi's own clock, such as `hand` tells of."""
        return max(0, round((monotonic - self._zero) * RATE))

    def monotonic_at(self, sample: int) -> float:
        """The instant of a sample."""
        return sample / RATE + self._zero - self._ahead

    def hear(self, start: int, stop: int) -> bytes:
        """What the phone played from one sample to another. Raises AssertionError if that does not come."""
        with self._came:
            there = self._came.wait_for(lambda: len(self._heard) >= 2 * stop, _PATIENCE)
            assert there, "the ear hears nothing any more"
            return bytes(self._heard[2 * start : 2 * stop])

    def say(self, samples: bytes, at: int | None = None) -> int:
        """Speak into the microphone from that sample on (default: in 0.1 s); the sample at the end."""
        begin = self.now() + RATE // 10 if at is None else at
        self._line.sendall(struct.pack("<QI", begin, len(samples)) + samples)
        return begin + len(samples) // 2

    def _compared(self) -> tuple[float, float]:
        """By how much the Pi's clock is ahead, and how long it took to ask."""
        before = time.monotonic()
        theirs = self._pi.monotonic()
        after = time.monotonic()
        return theirs - (before + after) / 2, after - before

    def _connected(self) -> socket.socket:
        with socket.create_server((HUB, 0)) as server:
            server.settimeout(_PATIENCE)
            start = _START.format(name=self.name, host=HUB, port=server.getsockname()[1])
            self._pid = int(self._pi.run(start).check())
            try:
                return server.accept()[0]
            except TimeoutError:
                raise AssertionError(self._pi.run("cat /run/ear.log").out) from None

    def _listen(self) -> None:
        with suppress(OSError), self._line.makefile("rb") as stream:
            while len(block := stream.read(_BLOCK.size)) == _BLOCK.size:
                read_at, samples = _BLOCK.unpack(block)
                with self._came:
                    self._heard += samples
                    self._zero = min(self._zero, read_at / 1e9 - len(self._heard) / 2 / RATE)
                    self._came.notify_all()
