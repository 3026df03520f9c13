"""What the far end says of its own limits is kept; nonsense in its place is no limit."""

from __future__ import annotations

import pytest

from phone.media.codecs.opus import OpusCodec
from phone.media.plan import Codec, LegPlan
from phone.media.speech import Speech


class Limited(OpusCodec):
    def __init__(self) -> None:
        super().__init__(complexity=0)
        self.most = 0

    def limit_bitrate(self, most: int) -> None:
        self.most = most
        super().limit_bitrate(most)


@pytest.mark.parametrize(
    ("told", "most"),
    [
        ("20000", 20_000),
        ("1", 6_000),
        ("999999999", 510_000),
        ("-5", 510_000),
        ("2e4", 510_000),
        ("", 510_000),
        ("٢٠٠٠٠", 510_000),  # digits elsewhere, not in SDP
        ("9" * 5000, 510_000),
    ],
)
def test_the_highest_bitrate(told: str, most: int) -> None:
    codec = Limited()
    speech = Speech("leg", lambda name: codec if name == "opus" else None, lambda digit: None)
    opus = Codec("opus", 111, 48_000, 2, {"maxaveragebitrate": told})
    speech.follow(LegPlan("leg", controlling=True, codecs=(opus,), receive=(opus,)))
    assert codec.most == most
