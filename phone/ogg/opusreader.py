"""Reading Ogg Opus that may have been torn: everything up to the first page that is not whole, and nothing after it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import SEEK_END
from typing import BinaryIO, Self

from phone.ogg.opusfile import Head, Tags, decode_head, decode_tags
from phone.ogg.opuspacket import RATE, samples_in
from phone.ogg.page import CAPTURE, MAX_HEADER, OggError, Page, decode, encode, size_of

log = logging.getLogger(__name__)

PRE_ROLL = 3840
"""80 ms: what a decoder must hear before the place that is looked for (RFC 7845 section 4.6)."""
_MAX_HEADERS = 1 << 20  # bytes of comments: pictures do not belong in a message
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Packet:
    """One Opus packet."""

    at: int
    """48 kHz samples from the beginning of what is played; below zero: decode it, play nothing of it before zero."""
    samples: int
    """How many of its samples are meant to be played: fewer than it has at the end of some files."""
    payload: bytes


class OpusReader:
    """One Ogg Opus stream in a seekable binary file, which is closed with it.

    Raises OggError if it is none, and leaves the file to the caller then. Nothing else raises: where the card cannot be
    read is where the stream ends.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, SEEK_END)
        first, end = self._page_at(0) or (None, 0)
        if first is None or not first.first or len(first.packets) != 1 or first.open:
            raise OggError("this is no Ogg Opus file")
        self._serial = first.serial
        self.head: Head = decode_head(first.packets[0])
        comments, self._start = self._comments(end)
        self.tags: Tags = decode_tags(comments)
        self._base = self._first_position()
        self._zero = self._base + self.head.pre_skip
        last, end = self._last_page() or (None, 0)
        self.seconds = max(0, last.granule - self._zero) / RATE if last else 0.0
        """Duration by the last page that is whole."""
        self.complete = last is not None and last.last and end == self._size
        """The stream was ended in order, and nothing comes after it."""

    def packets(self, start: float = 0.0) -> Iterator[Packet]:
        """From 80 ms before `start` (seconds) on, for the decoder to find in; up to the first damage."""
        offset, position = self._seek(int(start * RATE) + self._zero - PRE_ROLL)
        for page, payloads in self._payloads(offset):
            if page.granule >= 0 and not page.last:
                position = page.granule - sum(map(samples_in, payloads))
            for payload in payloads:
                samples = samples_in(payload)
                played = max(0, min(samples, page.granule - position)) if page.last else samples
                yield Packet(position - self._zero, played, payload)
                position += samples

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pages(self) -> Iterator[Page]:
        """Those after the headers, up to the first damage."""
        for page, _ in self._pages(self._start):
            yield page

    def _comments(self, offset: int) -> tuple[bytes, int]:
        packet = b""
        for page, end in self._pages(offset):
            if not page.packets or len(packet) > _MAX_HEADERS:
                break
            packet += page.packets[0]
            if len(page.packets) > 1 or not page.open:
                return packet, end
        raise OggError("the Ogg Opus file ends before its comments do")

    def _first_position(self) -> int:
        """Where the stream begins: not at zero if it was cut out of a longer one (RFC 7845 section 4.5)."""
        samples = 0
        for page, payloads in self._payloads(self._start):
            samples += sum(map(samples_in, payloads))
            if page.granule >= 0:
                return 0 if page.last else max(0, page.granule - samples)
        return 0

    def _pages(self, offset: int) -> Iterator[tuple[Page, int]]:
        """Pages one after the other, each with the offset behind it."""
        expected: int | None = None
        while (found := self._page_at(offset)) is not None and not found[0].first:
            page, offset = found
            if page.serial != self._serial:
                continue
            if expected is not None and page.sequence != expected:
                return
            expected = (page.sequence + 1) & 0xFFFFFFFF
            yield page, offset
            if page.last:
                return

    def _payloads(self, offset: int) -> Iterator[tuple[Page, list[bytes]]]:
        """Pages with the packets that end on them; one whose beginning is not there is left out."""
        begun: bytes | None = None
        for page, _ in self._pages(offset):
            packets = list(page.packets)
            if page.continued and packets:
                packets[0] = (begun or b"") + packets[0]
                if begun is None and not (page.open and len(packets) == 1):
                    packets.pop(0)
            begun = packets.pop() if page.open and packets else None
            yield page, packets

    def _page_at(self, offset: int) -> tuple[Page, int] | None:
        """The whole page that begins there, and the offset behind it."""
        size = size_of(self._read(offset, MAX_HEADER))
        page = decode(self._read(offset, size)) if size else None
        return (page, offset + size) if page else None

    def _read(self, offset: int, size: int) -> bytes:
        try:
            self._file.seek(offset)
            return self._file.read(size)
        except OSError as error:
            log.error("cannot read a message to its end: %s; check the card", error)  # noqa: TRY400
            return b""

    def _seek(self, target: int) -> tuple[int, int]:
        """By bisection: an offset between two pages, and the position there, which is the last not after `target`."""
        low, high = self._start, self._size
        found = (self._start, self._base)
        while low < high:
            middle = (low + high) // 2
            page, end = self._page_after(middle, high) or (None, high)
            if page is None or page.granule > target:
                high = middle
            else:
                low = end
                found = (end, page.granule)
        return found

    def _page_after(self, offset: int, limit: int) -> tuple[Page, int] | None:
        """The first page of a known position that begins at `offset` or later, but before `limit`."""
        while offset < limit:
            chunk = self._read(offset, min(_CHUNK, limit - offset) + len(CAPTURE) - 1)
            at = chunk.find(CAPTURE)
            while at >= 0:
                if found := self._position_at(offset + at):
                    return found
                at = chunk.find(CAPTURE, at + 1)
            offset += _CHUNK
        return None

    def _last_page(self) -> tuple[Page, int] | None:
        """The last page of a known position."""
        limit = self._size
        while limit > self._start:
            offset = max(self._start, limit - _CHUNK)
            chunk = self._read(offset, limit - offset + len(CAPTURE) - 1)
            at = chunk.rfind(CAPTURE)
            while at >= 0:
                if found := self._position_at(offset + at):
                    return found
                at = chunk.rfind(CAPTURE, 0, at + len(CAPTURE) - 1)
            limit = offset
        return None

    def _position_at(self, offset: int) -> tuple[Page, int] | None:
        found = self._page_at(offset)
        return found if found and found[0].serial == self._serial and found[0].granule >= 0 else None


def mended(reader: OpusReader, tags: Tags) -> bytes | None:
    """All that is whole of it as a file that ends in order, with other comments; None if there is no sound at all."""
    pages = list(reader.pages())
    while pages and (pages[-1].open or pages[-1].granule < 0):
        pages.pop()
    if not any(page.packets for page in pages):
        return None
    serial = pages[0].serial
    headers = [Page(serial, 0, 0, (reader.head.encode(),), first=True), Page(serial, 0, 0, (tags.encode(),))]
    pages[-1] = replace(pages[-1], last=True)
    return b"".join(encode(replace(page, sequence=number)) for number, page in enumerate(headers + pages))
