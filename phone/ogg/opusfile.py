"""Ogg Opus (RFC 7845): the two headers, and a writer for packets that come from a network, with gaps.

A page never holds more than a second, so that no more than that is lost with the power. Time stays right: what is
missing is written as packets that ask for concealment (section 4.1), never as a jump of the granule position.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass

from phone.ogg.opuspacket import RATE, SHORTEST, concealing, samples_in
from phone.ogg.page import OggError, Page, encode, segments

LIVE_PRE_SKIP = 3840
"""80 ms: what a decoder needs to find into a stream that it did not hear from the beginning (section 4.2)."""
_HEAD = struct.Struct("<8sBBHIhB")
_HEAD_MAGIC = b"OpusHead"
_TAGS_MAGIC = b"OpusTags"
_MAX_TAGS = 60_000  # of one page
_MAX_PACKET = 61_440
"""Bytes; players may refuse larger ones (section 6)."""
_VENDOR = "phone"


@dataclass(frozen=True, slots=True)
class Head:
    """The identification header (section 5.1) of channel mapping family 0."""

    channels: int = 1
    """1 or 2: what a player should put out; each packet says itself what it has."""
    pre_skip: int = LIVE_PRE_SKIP
    """48 kHz samples at the beginning that are decoded and not played."""
    input_rate: int = RATE
    """Of what was encoded, in hertz; a note, no more."""
    gain: int = 0
    """In 1/256 dB, to be applied by the player."""

    def encode(self) -> bytes:
        return _HEAD.pack(_HEAD_MAGIC, 1, self.channels, self.pre_skip, self.input_rate, self.gain, 0)


def decode_head(packet: bytes) -> Head:
    """Raises OggError if it is none, or of a kind (version, more than two channels) that this phone does not play."""
    if len(packet) < _HEAD.size or not packet.startswith(_HEAD_MAGIC):
        raise OggError("this is no Ogg Opus file")
    _, version, channels, pre_skip, rate, gain, family = _HEAD.unpack_from(packet)
    if version >> 4 or family or channels not in {1, 2}:
        raise OggError(f"Ogg Opus of version {version}, family {family}, {channels} channels is beyond this phone")
    return Head(channels, pre_skip, rate, gain)


@dataclass(frozen=True, slots=True)
class Tags:
    """The comment header (section 5.2): (name in capitals, value), in order."""

    comments: tuple[tuple[str, str], ...] = ()
    vendor: str = _VENDOR

    def get(self, name: str) -> str:
        """The first of that name, "" if there is none."""
        return next((value for key, value in self.comments if key == name), "")

    def encode(self) -> bytes:
        fields = [f"{name}={value}" for name, value in self.comments]
        texts = [text.encode() for text in (self.vendor, *fields)]
        first, *rest = [struct.pack("<I", len(text)) + text for text in texts]
        packet = b"".join((_TAGS_MAGIC, first, struct.pack("<I", len(rest)), *rest))
        if len(packet) > _MAX_TAGS:
            raise OggError(f"comments of {len(packet)} bytes do not go on a page: shorten them")
        return packet


def decode_tags(packet: bytes) -> Tags:
    """Raises OggError if it is none, or cut off. What is no UTF-8, or has no name, is left out."""
    if not packet.startswith(_TAGS_MAGIC):
        raise OggError("the Ogg Opus file has no comments where they belong")
    vendor, at = _text(packet, len(_TAGS_MAGIC))
    count, at = _length(packet, at)
    comments = []
    for _ in range(count):
        text, at = _text(packet, at)
        with suppress(UnicodeDecodeError):
            name, equals, value = text.decode().partition("=")
            comments += [(name.upper(), value)] if equals else []
    return Tags(tuple(comments), vendor.decode(errors="replace"))


def _text(packet: bytes, at: int) -> tuple[bytes, int]:
    size, at = _length(packet, at)
    if at + size > len(packet):
        raise OggError("the Ogg Opus file's comments are cut off")
    return packet[at : at + size], at + size


def _length(packet: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(packet):
        raise OggError("the Ogg Opus file's comments are cut off")
    return struct.unpack_from("<I", packet, at)[0], at + 4


class OpusWriter:
    """Packets in, pages out, both in order."""

    def __init__(self, serial: int, head: Head, tags: Tags) -> None:
        self._serial = serial
        self._head = head
        self._tags = tags
        self._sequence = 0
        self._granule = 0
        self._packets: list[bytes] = []
        self._samples = 0
        self._segments = 0
        self._owed = 0
        self._toc: int | None = None
        self.refused = 0
        """Packets that were not Opus, and are not in the file."""

    @property
    def seconds(self) -> float:
        """What a player would play of all that came so far."""
        return max(0, self._granule + self._samples - self._head.pre_skip) / RATE

    def begin(self) -> bytes:
        """The headers' pages. Raises OggError if the comments are too long."""
        return self._page([self._head.encode()], first=True) + self._page([self._tags.encode()])

    def add(self, packet: bytes, lost: int = 0) -> bytes:
        """Pages (mostly none) that are complete now that this packet has come; `lost`: 48 kHz samples missing before
        it, by the clock of who sent it. One that is not Opus is counted and left out.
        """
        self._owed += max(0, lost)
        samples = samples_in(packet)
        if not samples or len(packet) > _MAX_PACKET:
            self.refused += 1
            return b""
        pages = self._conceal()
        self._toc = packet[0]
        return pages + self._put(packet, samples)

    def finish(self) -> bytes:
        """The last page."""
        return self._flush(last=True)

    def _conceal(self) -> bytes:
        """What is owed, on the grid of 2.5 ms; before the first packet there is nothing to go on from."""
        if self._toc is None:
            self._owed = 0
            return b""
        whole = self._owed - self._owed % SHORTEST
        self._owed -= whole
        return b"".join(self._put(filler, samples_in(filler)) for filler in concealing(self._toc, whole))

    def _put(self, packet: bytes, samples: int) -> bytes:
        # The page waits for the packet after it, so that the last one has something to carry.
        full = self._samples + samples > RATE or self._segments + segments(len(packet)) > 255
        page = self._flush() if full else b""
        self._packets.append(packet)
        self._samples += samples
        self._segments += segments(len(packet))
        return page

    def _flush(self, *, last: bool = False) -> bytes:
        self._granule += self._samples
        page = self._page(self._packets, last=last)
        self._packets, self._samples, self._segments = [], 0, 0
        return page

    def _page(self, packets: list[bytes], *, first: bool = False, last: bool = False) -> bytes:
        page = Page(self._serial, self._sequence, self._granule, tuple(packets), first=first, last=last)
        self._sequence += 1
        return encode(page)
