"""The virtual Pi's own header and glass, as seen by a test that runs on it (`tests/hil`): the same face as `boardpeer`
and `oledpeer` have, over real kernel interfaces.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from PIL import Image
from rig.glass import Glass

HAND, GLASS = Path("/dev/vpi-gpio"), Path("/dev/vpi-i2c")
HERE = HAND.exists()
"""This is a virtual Pi."""
GROUND = "ground"
Node = int | str
_HEAD = struct.Struct("<QH")
_LINES = 54


class Header:
    """`shut` and `open` are the person's side."""

    def __init__(self) -> None:
        self._device = os.open(HAND, os.O_RDWR)
        self._shut: set[tuple[int, Node]] = set()

    def shut(self, a: int, b: Node = GROUND) -> None:
        self._shut.add((a, b))
        self._move(a, b, closed=True)

    def open(self, a: int, b: Node = GROUND) -> None:
        self._shut.discard((a, b))
        self._move(a, b, closed=False)

    def level(self, number: int) -> bool:
        return os.pread(self._device, _LINES, 0)[number : number + 1] == b"1"

    def release(self) -> None:
        """Let go of everything."""
        for switch in list(self._shut):
            self.open(*switch)
        os.close(self._device)

    def _move(self, a: int, b: Node, *, closed: bool) -> None:
        line = f"pull {a} {'0' if closed else '-'}" if isinstance(b, str) else f"key {a} {b} {int(closed)}"
        os.write(self._device, line.encode())


class HeaderGlass:
    """The display on the I2C bus; all that went there before is forgotten."""

    def __init__(self, driver: str) -> None:
        self.driver = driver
        self._glass = Glass(driver)
        self._device = os.open(GLASS, os.O_RDWR | os.O_NONBLOCK)
        self._unread = b""
        self.plug_in()
        self._read()
        self._unread = b""

    def picture(self) -> Image.Image:
        self._unread += self._read()
        while len(self._unread) >= _HEAD.size:
            _, length = _HEAD.unpack_from(self._unread)
            message = self._unread[_HEAD.size : _HEAD.size + length]
            self._unread = self._unread[_HEAD.size + length :]
            if message:  # an empty one asks whether anybody is there
                self._glass.take(message)
        return self._glass.picture()

    def unplug(self) -> None:
        os.write(self._device, b"ack 0")
        self.picture()
        self._glass.unplug()

    def plug_in(self) -> None:
        self._glass.plug_in()
        os.write(self._device, b"ack 1")

    def release(self) -> None:
        os.close(self._device)

    def _read(self) -> bytes:
        """The recorder gives whole records or, at the end of the buffer, the beginning of one: the rest comes next."""
        data = b""
        while True:
            try:
                data += os.read(self._device, 65536)
            except BlockingIOError:
                return data
