"""Silence made without an encoder is silence to a decoder, and of the right length."""

from __future__ import annotations

import pytest
from legs import tone

from phone.media.codecs.g711 import G711Codec
from phone.media.codecs.opus import OpusCodec
from phone.media.hush import silent_payload


@pytest.mark.parametrize("samples", [480, 960, 1920, 2880])
@pytest.mark.parametrize("name", ["opus", "pcmu", "pcma"])
def test_silence(name: str, samples: int) -> None:
    codec = OpusCodec() if name == "opus" else G711Codec(name)  # type: ignore[arg-type]
    for n in range(20):
        codec.decode(bytes(codec.encode(tone(440, 960, n * 960))))
    payload = silent_payload(name, samples)
    codec.decode(payload)  # the tone dies away
    heard = codec.decode(payload)
    assert len(heard) == samples == codec.samples_in(payload)
    assert max(map(abs, heard)) < 20
