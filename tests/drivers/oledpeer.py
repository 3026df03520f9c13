"""The buses that lead to an OLED's glass, where the real ones end."""

from __future__ import annotations

from rig.glass import Glass


class I2cBus:
    """`smbus2.SMBus` with one display on it."""

    def __init__(self, glass: Glass, address: int = 0x3C) -> None:
        self.glass = glass
        self.address = address
        self.closed = False

    def write_i2c_block_data(self, address: int, register: int, data: list[int]) -> None:
        assert len(data) <= 32
        self._write(address, [register, *data])

    def i2c_rdwr(self, *messages) -> None:
        for message in messages:
            self._write(message.addr, list(message))

    def close(self) -> None:
        self.closed = True

    def _write(self, address: int, data: list[int]) -> None:
        assert not self.closed
        if not self.glass.there or address != self.address:
            raise OSError(121, "Remote I/O error")
        self.glass.take(bytes(data))


class SpiWire:
    """lgpio's SPI functions with one display behind them; `dc` is the level of its data/command pin."""

    def __init__(self, glass: Glass, dc) -> None:
        self.glass = glass
        self.dc = dc
        self.opened: list[tuple[int, int, int]] = []
        self.closed = 0

    def spi_open(self, port: int, device: int, baud: int, flags: int) -> int:
        self.opened.append((port, device, baud))
        return 7

    def spi_write(self, handle: int, data: bytes) -> int:
        assert handle == 7
        self.glass.transfers.append(len(data))
        for value in data:
            (self.glass.data if self.dc() else self.glass.command)(value)
        return len(data)

    def spi_close(self, handle: int) -> int:
        self.closed += 1
        return 0
