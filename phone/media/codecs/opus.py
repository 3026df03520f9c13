"""Opus (RFC 6716, RFC 7587) for one call, by libopus."""

from __future__ import annotations

from opuslib import constants

from phone.media.codecs import RATE, Samples
from phone.media.codecs.libopus import LONGEST_MS, Decoder, Encoder

MAX_FRAME = RATE * LONGEST_MS // 1000
"""The longest an Opus packet may be (RFC 6716 3.2.5)."""
_SET_VBR = 4006
_WORTH_PROTECTING = 0.5
"""Percent lost at the far end from which copies are sent."""
_TOLD_LOSS = 10
"""What libopus is told then. Below 6 it sends no copies at our bit rates; 20 makes speech worse than losses do."""
_PROTECTED_BITRATE = 80_000
"""At most: with copies."""
_HIGHEST_BITRATE = 510_000
_PROTECTED_FRAMES = 750
"""15 s of 20 ms: a report without a loss does not mean that losses are over."""


class OpusCodec:
    """Mono speech at 48 kHz. Stereo packets are accepted: the decoder mixes them to mono."""

    name = "opus"
    clock_rate = RATE

    def __init__(self, *, bitrate: int = 48_000, complexity: int = 5) -> None:
        self._encoder, self._decoder = Encoder(RATE), Decoder(RATE)
        self._bitrate = bitrate
        self._most = _HIGHEST_BITRATE
        self._protected = 0
        self._music = False
        self._encoder.set(constants.SET_COMPLEXITY_REQUEST, complexity)
        self._encoder.set(constants.SET_INBAND_FEC_REQUEST, 1)
        self._encoder.set(constants.SET_DTX_REQUEST, 0)
        self._encoder.set(_SET_VBR, 1)
        self._protect()

    def encode(self, frame: Samples) -> memoryview:
        """The payload of one frame of 2.5, 5, 10, 20, 40 or 60 ms. Raises OpusError on another length."""
        payload = self._encoder.encode(memoryview(frame))
        if self._protected:
            self._protected -= 1
            if not self._protected:
                self._protect()
        return payload

    def decode(self, payload: bytes) -> memoryview:
        """The payload's samples; empty for one that is not Opus."""
        return self._decoder.decode(payload)

    def decode_fec(self, payload: bytes, samples: int) -> memoryview:
        """The frame lost before `payload`, from the low-rate copy that payload carries (RFC 6716 2.1.7)."""
        return self._decoder.decode_fec(payload, samples) if has_fec(payload) else memoryview(b"").cast("h")

    def conceal(self, samples: int) -> memoryview:
        """By libopus's own concealment; after a DTX payload, comfort noise."""
        return self._decoder.conceal(samples)

    def samples_in(self, payload: bytes) -> int:
        """By the table-of-contents byte (RFC 6716 3.1); 0 if empty or longer than 120 ms."""
        return samples_in(payload)

    def is_silence(self, payload: bytes) -> bool:
        """A payload of one or two bytes says that a pause in sending begins."""
        return len(payload) <= 2

    def expect_loss(self, percent: float) -> None:
        """From half a percent on, and for a while after it, packets hold a copy of the one before.

        The bit rate rises then: the copy would else be taken from the speech itself. Measured at 5 % loss: PESQ 3.5
        at 56 kbit/s, 3.8 at 80.
        """
        before = self._protected
        if percent >= _WORTH_PROTECTING:
            self._protected = _PROTECTED_FRAMES
        if bool(before) != bool(self._protected) or self._bits() != self._told_bitrate:
            self._protect()

    def expect_music(self, music: bool) -> None:
        """At our complexity libopus takes everything for speech by itself: told so, it codes the hold tune with 2 dB of
        mean spectral distance instead of 9.
        """
        if music is not self._music:
            self._music = music
            self._encoder.set(constants.SET_SIGNAL_REQUEST, constants.SIGNAL_MUSIC if music else constants.AUTO)

    def limit_bitrate(self, most: int) -> None:
        """The far end takes no more bits a second (RFC 7587 7.1). From the next frame on; any thread."""
        self._most = most

    def _bits(self) -> int:
        protected = max(self._bitrate, min(_PROTECTED_BITRATE, self._bitrate * 2))
        return min(self._most, protected if self._protected else self._bitrate)

    def _protect(self) -> None:
        self._told_bitrate = self._bits()
        self._encoder.set(constants.SET_PACKET_LOSS_PERC_REQUEST, _TOLD_LOSS if self._protected else 0)
        self._encoder.set(constants.SET_BITRATE_REQUEST, self._told_bitrate)


def samples_in(payload: bytes) -> int:
    """48 kHz samples of an Opus packet by its table-of-contents byte (RFC 6716 3.1, 3.2); 0 for nonsense."""
    if not payload:
        return 0
    total = _frame_samples(payload[0] >> 3) * _frame_count(payload)
    return total if total <= MAX_FRAME else 0


def _frame_samples(config: int) -> int:
    if config < 12:  # SILK
        return (480, 960, 1920, 2880)[config & 3]
    if config < 16:  # hybrid
        return (480, 960)[config & 1]
    return (120, 240, 480, 960)[config & 3]  # CELT


def _frame_count(payload: bytes) -> int:
    code = payload[0] & 3
    if code < 3:
        return (1, 2, 2)[code]
    return payload[1] & 0x3F if len(payload) > 1 else 0


def has_fec(payload: bytes) -> bool:
    """Whether the first frame is SILK or hybrid with a low-bit-rate redundancy flag (RFC 6716 4.2.4)."""
    if len(payload) < 3 or payload[0] >= 0x80 or payload[0] & 3 == 3:
        return False
    return bool(_lbrr_bits(payload))


def _lbrr_bits(payload: bytes) -> int:
    # The first frame's header bits come first from the range coder at even odds, so they are its top bits: for each
    # channel one voice-activity bit per 20 ms SILK frame, then the redundancy flag (as libopus's own
    # opus_packet_has_lbrr, which Debian 12's is too old to have).
    config = payload[0] >> 3
    silk_frames = {2: 2, 3: 3}.get(config & 3, 1) if config < 12 else 1
    first = payload[1 + _length_bytes(payload)]
    flags = first >> (7 - silk_frames)
    if payload[0] & 4:
        flags |= first >> (6 - 2 * silk_frames)
    return flags & 1


def _length_bytes(payload: bytes) -> int:
    # RFC 6716 3.2.1: only two frames of different size carry the first one's length.
    if payload[0] & 3 != 2:
        return 0
    return 2 if payload[1] >= 252 and len(payload) > 3 else 1
