"""What a far end hears from files: the packets as they stand, or G.711 of the same sound, once and to the end."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from legs import share_of
from rig import spoken

from phone.media.codecs.g711 import G711Codec
from phone.media.saying import Saying
from phone.ogg.opusfile import Head, Tags
from phone.ogg.page import Page, encode


class Far:
    """Takes what is said, as fast as it is read."""

    def __init__(self, *files: Path, codec: str = "opus", samples: int = 960) -> None:
        self.over = 0
        self.saying = Saying(tuple(map(str, files)), codec, samples, self.told)

    def told(self) -> None:
        self.over += 1

    def all(self) -> list[tuple[bytes, int]]:
        packets: list[tuple[bytes, int]] = []
        reading = True
        while reading:
            assert not self.saying.over()
            reading = self.saying.fill()
            while (packet := self.saying.next()) is not None:
                packets.append(packet)
                self.saying.sent()
        assert self.saying.over()
        return packets


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, hertz in (("greeting", 440), ("beep", 1000)):
        (tmp_path / name).write_bytes(spoken.opus_file(spoken.tone(1.5, hertz)))
    return [tmp_path / "greeting", tmp_path / "beep"]


def test_opus_goes_as_it_stands(files: list[Path]) -> None:
    far = Far(*files)
    assert far.all() == [(payload, 960) for hertz in (440, 1000) for payload in spoken.tone(1.5, hertz)]
    assert far.over == 1


@pytest.mark.parametrize("codec", ["pcmu", "pcma"])
@pytest.mark.parametrize("samples", [480, 960, 2880])
def test_g711_is_made_of_it(files: list[Path], codec: str, samples: int) -> None:
    packets = Far(*files, codec=codec, samples=samples).all()
    assert {(len(payload) * 6, count) for payload, count in packets} == {(samples, samples)}
    law, heard = G711Codec(codec), array("h")  # type: ignore[arg-type]
    for payload, _ in packets:
        heard.extend(law.decode(payload))
    assert len(heard) == pytest.approx((3.0 - 2 * 0.08) * 48_000, abs=samples)
    assert share_of(heard[4800:60_000], 440) > 0.95
    assert share_of(heard[76_800:130_000], 1000) > 0.95


@pytest.mark.parametrize("codec", ["opus", "pcmu"])
def test_what_is_missing_or_broken_is_left_out(files: list[Path], tmp_path: Path, codec: str) -> None:
    (tmp_path / "bad").write_bytes(b"nonsense")
    bad = (tmp_path / "none", tmp_path / "bad", tmp_path)
    far = Far(bad[0], files[1], *bad[1:], codec=codec)
    assert len(far.all()) == pytest.approx(75, abs=4)
    nothing = Far(*bad, codec=codec)
    assert nothing.all() == []
    assert nothing.over == 1


def test_only_a_second_is_read_ahead_and_nothing_once_it_is_cancelled(files: list[Path]) -> None:
    far = Far(*files)
    assert far.saying.fill()
    assert far.saying.fill()
    count = 0
    while far.saying.next() is not None:
        far.saying.sent()
        count += 1
    assert count == 50
    assert not far.saying.over()
    far.saying.cancelled = True
    assert not far.saying.fill()
    assert far.saying.next() is None
    assert far.over == 0


def test_packets_that_are_no_opus_are_left_out(tmp_path: Path) -> None:
    good = spoken.tone(0.1)
    pages = [
        Page(1, 0, 0, (Head().encode(),), first=True),
        Page(1, 1, 0, (Tags().encode(),)),
        Page(1, 2, 5 * 960, (good[0], b"", b"\x0b\x00", *good[1:]), last=True),
    ]
    (tmp_path / "odd").write_bytes(b"".join(map(encode, pages)))
    assert [payload for payload, _ in Far(tmp_path / "odd").all()] == good
    assert len(Far(tmp_path / "odd", codec="pcmu").all()) == 1  # 80 of its 100 ms are there to find in
