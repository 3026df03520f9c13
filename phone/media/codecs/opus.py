"""Opus (RFC 6716, RFC 7587) by libopus, into buffers made once.

opuslib finds and loads the library and names its constants; its own encode and decode make new buffers and copy
each frame twice, so the four calls of the hot path are made here.
"""

from __future__ import annotations

import ctypes

import opuslib.api
from opuslib import constants

from phone.errors import PhoneError
from phone.media.codecs import RATE, Samples

MAX_FRAME = RATE * 120 // 1000
"""120 ms: the longest an Opus packet may be (RFC 6716 3.2.5)."""
MAX_PAYLOAD = 1275
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

_int, _pointer = ctypes.c_int, ctypes.c_void_p
# Prototypes of our own: opuslib's typed pointers, set on its shared function objects, refuse plain addresses.
_lib: ctypes.CDLL = opuslib.api.libopus
_create_encoder = ctypes.CFUNCTYPE(_pointer, _int, _int, _int, _pointer)(("opus_encoder_create", _lib))
_create_decoder = ctypes.CFUNCTYPE(_pointer, _int, _int, _pointer)(("opus_decoder_create", _lib))
_destroy_encoder = ctypes.CFUNCTYPE(None, _pointer)(("opus_encoder_destroy", _lib))
_destroy_decoder = ctypes.CFUNCTYPE(None, _pointer)(("opus_decoder_destroy", _lib))
_encode = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _int, _pointer, _int)(("opus_encode", _lib))
_decode = ctypes.CFUNCTYPE(_int, _pointer, ctypes.c_char_p, _int, _pointer, _int, _int)(("opus_decode", _lib))
# Variadic in C: ctypes passes a variadic call right only when the fixed arguments alone are declared.
_control = _lib["opus_encoder_ctl"]
_control.restype = _int
_control.argtypes = (_pointer, _int)


class OpusError(PhoneError, RuntimeError):
    """libopus refused what we asked: a bug of ours, or no memory."""


class OpusCodec:
    """Mono speech at 48 kHz. Stereo packets are accepted: the decoder mixes them to mono."""

    name = "opus"
    clock_rate = RATE

    def __init__(self, *, bitrate: int = 48_000, complexity: int = 5) -> None:
        error = _int()
        self._encoder = self._decoder = None
        self._encoder = _create_encoder(RATE, 1, constants.APPLICATION_VOIP, ctypes.byref(error))
        self._decoder = _create_decoder(RATE, 1, ctypes.byref(error))
        if not self._encoder or not self._decoder:
            raise OpusError(f"libopus gave no coder (error {error.value}); is there memory left?")
        self._payload = (ctypes.c_ubyte * MAX_PAYLOAD)()
        self._payload_address = ctypes.addressof(self._payload)
        self._payload_view = memoryview(self._payload).cast("B")
        self._pcm_in = (ctypes.c_int16 * MAX_FRAME)()
        self._in_address = ctypes.addressof(self._pcm_in)
        self._in_view = memoryview(self._pcm_in).cast("B")
        self._pcm_out = (ctypes.c_int16 * MAX_FRAME)()
        self._out_address = ctypes.addressof(self._pcm_out)
        self._out_view = memoryview(self._pcm_out).cast("B").cast("h")
        self._bitrate = bitrate
        self._most = _HIGHEST_BITRATE
        self._protected = 0
        self._music = False
        self._set(constants.SET_COMPLEXITY_REQUEST, complexity)
        self._set(constants.SET_INBAND_FEC_REQUEST, 1)
        self._set(constants.SET_DTX_REQUEST, 0)
        self._set(_SET_VBR, 1)
        self._protect()

    def __del__(self) -> None:
        # libopus takes null pointers: one of the two may be missing if there was no memory.
        _destroy_encoder(self._encoder)
        _destroy_decoder(self._decoder)

    def _set(self, request: int, value: int) -> None:
        if (code := _control(self._encoder, request, _int(value))) != 0:
            raise OpusError(
                f"libopus refuses setting {request} = {value} (error {code}): check bit rate and complexity"
            )

    def encode(self, frame: Samples) -> memoryview:
        """The payload of one frame of 2.5, 5, 10, 20, 40 or 60 ms. Raises OpusError on another length."""
        samples = len(frame)
        self._in_view[: 2 * samples] = memoryview(frame).cast("B")
        size = _encode(self._encoder, self._in_address, samples, self._payload_address, MAX_PAYLOAD)
        if size < 0:
            raise OpusError(f"libopus cannot encode {samples} samples (error {size})")
        if self._protected:
            self._protected -= 1
            if not self._protected:
                self._protect()
        return self._payload_view[:size]

    def decode(self, payload: bytes) -> memoryview:
        """The payload's samples; empty for one that is not Opus."""
        # An empty payload would be taken for a loss of MAX_FRAME.
        return self._decoded(payload, MAX_FRAME, 0) if payload else self._out_view[:0]

    def decode_fec(self, payload: bytes, samples: int) -> memoryview:
        """The frame lost before `payload`, from the low-rate copy that payload carries (RFC 6716 2.1.7)."""
        return self._decoded(payload, samples, 1) if has_fec(payload) else self._out_view[:0]

    def conceal(self, samples: int) -> memoryview:
        """By libopus's own concealment; after a DTX payload, comfort noise."""
        return self._decoded(None, samples, 0)

    def _decoded(self, payload: bytes | None, samples: int, fec: int) -> memoryview:
        size = 0 if payload is None else len(payload)
        count = _decode(self._decoder, payload, size, self._out_address, samples, fec)
        return self._out_view[: max(count, 0)]

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
            self._set(constants.SET_SIGNAL_REQUEST, constants.SIGNAL_MUSIC if music else constants.AUTO)

    def limit_bitrate(self, most: int) -> None:
        """The far end takes no more bits a second (RFC 7587 7.1). From the next frame on; any thread."""
        self._most = most

    def _bits(self) -> int:
        protected = max(self._bitrate, min(_PROTECTED_BITRATE, self._bitrate * 2))
        return min(self._most, protected if self._protected else self._bitrate)

    def _protect(self) -> None:
        self._told_bitrate = self._bits()
        self._set(constants.SET_PACKET_LOSS_PERC_REQUEST, _TOLD_LOSS if self._protected else 0)
        self._set(constants.SET_BITRATE_REQUEST, self._told_bitrate)


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
