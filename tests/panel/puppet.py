"""A phone with nothing behind its keys: writes down what is done to it, shows what the test says."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from PIL import Image, ImageDraw, ImageFont

from phone.drivers.panel import Panel, PanelFacts, PanelServer, new_token

PATIENCE = 30.0


def picture(text: str) -> Image.Image:
    """A frame with some text on it."""
    frame = Image.new("1", (128, 64))
    pen = ImageDraw.Draw(frame)
    pen.rectangle((0, 0, 127, 63), outline=1)
    pen.text((6, 24), text, fill=1, font=ImageFont.load_default())
    pen.point((1, 62), fill=1)
    return frame


class Puppet:
    """`PanelKeys` and facts."""

    def __init__(self, title: str = "Alice (201)") -> None:
        self.panel = Panel()
        self.facts = PanelFacts(title)
        self.moves: list[str] = []
        self.token = new_token()

    def server(self, **more) -> PanelServer:
        return PanelServer(self.panel, self, lambda: self.facts, token=self.token, **more)

    def press(self, name: str) -> None:
        self.moves.append(f"{name} down")

    def release(self, name: str) -> None:
        self.moves.append(f"{name} up")

    def lift(self) -> None:
        self.moves.append("lift")
        self.facts = replace(self.facts, lifted=True, tone="dial", lines=("Dial",))

    def hang_up(self) -> None:
        self.moves.append("hang up")
        self.facts = replace(self.facts, lifted=False, tone=None, lines=("10:15",))

    async def did(self, *moves: str) -> None:
        """Wait for these, and that there are no others; forget them."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(self.moves) < len(moves):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        assert self.moves == list(moves)
        self.moves.clear()
