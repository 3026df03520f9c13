"""Opus packets from the outside (RFC 6716 section 3): how long they sound, and what stands for one that was lost."""

from __future__ import annotations

from collections.abc import Iterator

RATE = 48_000
"""Samples a second, whatever the packets carry (RFC 7845 section 4)."""
MAX_SAMPLES = 5760
"""120 ms: the longest packet (RFC 6716 section 3.2.5, R5)."""
SHORTEST = 120
"""2.5 ms: the shortest frame, and the grid of all durations."""
_MAX_FRAME_BYTES = 1275  # R2
_CELT_SIZES = (960, 480, 240, 120)
_CELT = 16


def frame_samples(toc: int) -> int:
    """48 kHz samples of each frame, by the table-of-contents byte (RFC 6716 section 3.1)."""
    config = toc >> 3
    if config < 12:  # SILK
        return (480, 960, 1920, 2880)[config & 3]
    if config < _CELT:  # hybrid
        return (480, 960)[config & 1]
    return SHORTEST << (config & 3)


def samples_in(packet: bytes) -> int:
    """48 kHz samples that a decoder makes of it; 0 if it breaks any of the rules R1 to R7 (RFC 6716 section 3.4)."""
    if not packet:
        return 0
    frames = (_single, _equal_pair, _pair, _many)[packet[0] & 3](packet)
    samples = frames * frame_samples(packet[0])
    return samples if samples <= MAX_SAMPLES else 0


def _single(packet: bytes) -> int:
    return 1 if len(packet) - 1 <= _MAX_FRAME_BYTES else 0


def _equal_pair(packet: bytes) -> int:
    half, odd = divmod(len(packet) - 1, 2)
    return 2 if not odd and half <= _MAX_FRAME_BYTES else 0


def _pair(packet: bytes) -> int:
    after, size = _frame_size(packet, 1)
    return 2 if 0 <= len(packet) - after - size <= _MAX_FRAME_BYTES else 0


def _many(packet: bytes) -> int:
    count = packet[1] & 0x3F if len(packet) > 1 else 0
    start, padding = _padding(packet) if count and packet[1] & 0x40 else (2, 0)
    left = len(packet) - start - padding
    if not count or left < 0:
        return 0
    if not packet[1] & 0x80:
        size, over = divmod(left, count)
        return count if not over and size <= _MAX_FRAME_BYTES else 0
    for _ in range(count - 1):
        after, size = _frame_size(packet, start)
        left -= after - start + size
        start = after
    return count if 0 <= left <= _MAX_FRAME_BYTES else 0


def _padding(packet: bytes) -> tuple[int, int]:
    """Where the frames' lengths begin, and how many bytes of padding close the packet (RFC 6716 section 3.2.5)."""
    at, total = 2, 0
    while at < len(packet) and packet[at] == 255:
        at, total = at + 1, total + 254
    return (at + 1, total + packet[at]) if at < len(packet) else (at + 1, total)


def _frame_size(packet: bytes, at: int) -> tuple[int, int]:
    """Where the next field is, and the frame's bytes (RFC 6716 section 3.2.1); beyond the packet's end if it is cut."""
    if at >= len(packet):
        return at + 1, 0
    if packet[at] < 252:
        return at + 1, packet[at]
    return (at + 2, packet[at] + 4 * packet[at + 1]) if at + 1 < len(packet) else (at + 2, 0)


def concealing(toc: int, samples: int) -> Iterator[bytes]:
    """Packets that ask a decoder to conceal `samples` (whole 2.5 ms) after one of that first byte (RFC 7845 4.1)."""
    # Frames of no bytes, in the mode that was, so that the decoder glides on; what is left over, in CELT's short ones.
    step = frame_samples(toc)
    frames, rest = divmod(samples, step)
    most = MAX_SAMPLES // step
    while frames > 0:
        count = min(frames, most)
        yield bytes([toc & 0xFC]) if count == 1 else bytes([toc & 0xFC | 3, count])
        frames -= count
    for size in _CELT_SIZES:
        while rest >= size:
            yield bytes([_celt(toc, size)])
            rest -= size


def _celt(toc: int, size: int) -> int:
    config = toc >> 3
    if config < 12:
        band = (0, 1, 1)[config >> 2]  # CELT has no medium band: wide (RFC 7845 section 4.1)
    elif config < _CELT:
        band = 2 + (config >= 14)
    else:
        band = (config - _CELT) >> 2
    return (_CELT + 4 * band + (size // SHORTEST).bit_length() - 1) << 3 | toc & 4
