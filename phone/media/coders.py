"""Codecs by the name that the far end and we agreed on."""

from __future__ import annotations

from phone.media.codecs import Codec
from phone.media.codecs.g711 import G711Codec
from phone.media.codecs.opus import OpusCodec


def make_codec(name: str, *, bitrate: int, complexity: int) -> Codec | None:
    """A fresh coder and decoder for one call; None for a name that is not ours. `bitrate` is Opus's, bits a second."""
    match name:
        case "opus":
            return OpusCodec(bitrate=bitrate, complexity=complexity)
        case "pcmu" | "pcma":
            return G711Codec(name)
        case _:
            return None
