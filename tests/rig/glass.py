"""The glass of an OLED: SSD1306 and SH1106 as their data sheets have them, bytes in, pixels out."""

from __future__ import annotations

import random

from PIL import Image

ARGUMENTS = {
    "ssd1306": {0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1},
    "sh1106": {0x81: 1, 0xA8: 1, 0xAD: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1},
}
RESERVED = {0x20, 0x8D}
"""Of the SH1106: luma sends them, and they do nothing."""


class Glass:
    """One module with its controller."""

    def __init__(self, driver: str, seed: int = 0) -> None:
        self.driver = driver
        self.width = 128 if driver == "ssd1306" else 132
        self.there = True
        self.luck = random.Random(seed)
        self.transfers: list[int] = []
        self.first_lit: Image.Image | None = None
        self.power_up()

    def power_up(self) -> None:
        """What is in its memory is chance."""
        self.ram = [bytearray(self.luck.randbytes(self.width)) for _ in range(8)]
        self.on = self.pump = False
        self.upright = {"segments": False, "rows": False}
        self.contrast = 0x7F
        self.horizontal = False
        self.columns, self.pages = (0, self.width - 1), (0, 7)
        self.column = self.page = 0
        self.pending: list[int] = []
        self.first_lit = None

    def command(self, value: int) -> None:
        self.pending.append(value)
        if len(self.pending) <= ARGUMENTS[self.driver].get(self.pending[0], 0):
            return
        code, *values = self.pending
        self.pending = []
        self._obey(code, values)

    def _obey(self, code: int, values: list[int]) -> None:
        match code:
            case 0xAE | 0xAF:
                self.on = code == 0xAF
                if self.on and self.first_lit is None:
                    self.first_lit = self.picture()
            case 0x81:
                self.contrast = values[0]
            case 0xA0 | 0xA1:
                self.upright["segments"] = code == 0xA1
            case 0xC0 | 0xC8:
                self.upright["rows"] = code == 0xC8
            case _ if 0xB0 <= code <= 0xB7:
                assert not self.horizontal, "page addresses are for page addressing mode"
                self.page = code & 7
            case _ if code <= 0x0F:
                self.column = (self.column & 0xF0) | code
            case _ if code <= 0x1F:
                self.column = (self.column & 0x0F) | ((code & 0x0F) << 4)
            case 0x40 | 0xA4 | 0xA6 | 0xA8 | 0xD3 | 0xD5 | 0xD9 | 0xDA | 0xDB:
                self._plain(code, values)
            case _ if self.driver == "ssd1306":
                self._of_ssd1306(code, values)
            case _:
                assert code in RESERVED, hex(code)

    def _plain(self, code: int, values: list[int]) -> None:
        expected = {0xA8: [0x3F], 0xD3: [0], 0xDA: [0x12]}
        assert values == expected.get(code, values), hex(code)

    def _of_ssd1306(self, code: int, values: list[int]) -> None:
        match code:
            case 0x20:
                self.horizontal = values[0] == 0
            case 0x21:
                assert 0 <= values[0] <= values[1] < self.width
                self.columns, self.column = (values[0], values[1]), values[0]
            case 0x22:
                assert 0 <= values[0] <= values[1] < 8
                self.pages, self.page = (values[0], values[1]), values[0]
            case 0x8D:
                self.pump = values[0] == 0x14
            case _:
                raise AssertionError(hex(code))

    def data(self, value: int) -> None:
        assert self.column < self.width
        self.ram[self.page][self.column] = value
        if not self.horizontal:
            self.column += 1
        elif self.column == self.columns[1]:
            self.column = self.columns[0]
            self.page = self.pages[0] if self.page == self.pages[1] else self.page + 1
        else:
            self.column += 1

    def picture(self) -> Image.Image:
        """What an eye sees."""
        image = Image.new("1", (128, 64))
        if not (self.there and self.on and (self.pump or self.driver == "sh1106")):
            return image
        assert all(self.upright.values())
        first = 0 if self.driver == "ssd1306" else 2
        for y in range(64):
            for x in range(128):
                image.putpixel((x, y), self.ram[y // 8][x + first] >> y % 8 & 1)
        return image

    def unplug(self) -> None:
        self.there = False

    def plug_in(self) -> None:
        self.there = True
        self.power_up()

    def take(self, message: bytes) -> None:
        """What one I2C message has behind the address: a control byte, then commands or data."""
        self.transfers.append(len(message))
        control, *values = message
        assert control in {0x00, 0x40}, hex(control)
        for value in values:
            (self.data if control == 0x40 else self.command)(value)
