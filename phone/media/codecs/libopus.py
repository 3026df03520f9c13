"""libopus's own calls, and its decoder at any rate, mono, into a buffer made once.

opuslib finds and loads the library and names its constants; its own encode and decode make new buffers and copy
each frame twice, so the calls of the hot path are made here.
"""

from __future__ import annotations

import ctypes

import opuslib.api
from opuslib import constants

from phone.errors import PhoneError

LONGEST_MS = 120
"""Of an Opus packet (RFC 6716 3.2.5)."""
MAX_PAYLOAD = 1275

_int, _pointer = ctypes.c_int, ctypes.c_void_p
# Prototypes of our own: opuslib's typed pointers, set on its shared function objects, refuse plain addresses.
_lib: ctypes.CDLL = opuslib.api.libopus
_create_encoder = ctypes.CFUNCTYPE(_pointer, _int, _int, _int, _pointer)(("opus_encoder_create", _lib))
_create_decoder = ctypes.CFUNCTYPE(_pointer, _int, _int, _pointer)(("opus_decoder_create", _lib))
_destroy_encoder = ctypes.CFUNCTYPE(None, _pointer)(("opus_encoder_destroy", _lib))
_destroy_decoder = ctypes.CFUNCTYPE(None, _pointer)(("opus_decoder_destroy", _lib))
_encode = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _int, _pointer, _int)(("opus_encode", _lib))
_decode = ctypes.CFUNCTYPE(_int, _pointer, ctypes.c_char_p, _int, _pointer, _int, _int)(("opus_decode", _lib))
_SET_GAIN = 4034


def _variadic(name: str) -> ctypes._NamedFuncPointer:
    """Ctypes passes a variadic call right only when the fixed arguments alone are declared."""
    function = _lib[name]
    function.restype = _int
    function.argtypes = (_pointer, _int)
    return function


_control_encoder, _control_decoder = _variadic("opus_encoder_ctl"), _variadic("opus_decoder_ctl")


class OpusError(PhoneError, RuntimeError):
    """libopus refused what we asked: a bug of ours, or no memory."""


class Encoder:
    """Mono speech at 8, 12, 16, 24 or 48 kHz."""

    def __init__(self, rate: int) -> None:
        """Raises OpusError when there is no memory."""
        error = _int()
        self._encoder = None
        self._encoder = _create_encoder(rate, 1, constants.APPLICATION_VOIP, ctypes.byref(error))
        if not self._encoder:
            raise OpusError(f"libopus gave no encoder (error {error.value}); is there memory left?")
        self._payload = (ctypes.c_ubyte * MAX_PAYLOAD)()
        self._payload_address = ctypes.addressof(self._payload)
        self._payload_view = memoryview(self._payload).cast("B")
        self._pcm = (ctypes.c_int16 * (rate * LONGEST_MS // 1000))()
        self._pcm_address = ctypes.addressof(self._pcm)
        self._pcm_view = memoryview(self._pcm).cast("B")

    def __del__(self) -> None:
        _destroy_encoder(self._encoder)  # libopus takes a null pointer

    def set(self, request: int, value: int) -> None:
        """One of opuslib's `constants`. Raises OpusError."""
        if (code := _control_encoder(self._encoder, request, _int(value))) != 0:
            raise OpusError(
                f"libopus refuses setting {request} = {value} (error {code}): check bit rate and complexity"
            )

    def encode(self, frame: memoryview) -> memoryview:
        """The payload, valid until the next call, of int16 samples: 2.5, 5, 10, 20, 40 or 60 ms. Raises OpusError."""
        octets = frame.cast("B")
        size = len(octets)
        self._pcm_view[:size] = octets
        size = _encode(self._encoder, self._pcm_address, size // 2, self._payload_address, MAX_PAYLOAD)
        if size < 0:
            raise OpusError(f"libopus cannot encode {len(frame)} samples (error {size})")
        return self._payload_view[:size]


class Decoder:
    """Stereo packets are mixed to mono. Views that are returned are valid until the next call."""

    def __init__(self, rate: int) -> None:
        """`rate`: 8, 12, 16, 24 or 48 kHz. Raises OpusError when there is no memory."""
        error = _int()
        self._decoder = None
        self._decoder = _create_decoder(rate, 1, ctypes.byref(error))
        if not self._decoder:
            raise OpusError(f"libopus gave no decoder (error {error.value}); is there memory left?")
        self.rate = rate
        self.longest = rate * LONGEST_MS // 1000
        """Samples of the longest packet."""
        self._pcm = (ctypes.c_int16 * self.longest)()
        self._address = ctypes.addressof(self._pcm)
        self._view = memoryview(self._pcm).cast("B").cast("h")

    def __del__(self) -> None:
        _destroy_decoder(self._decoder)  # libopus takes a null pointer

    def gain(self, steps: int) -> None:
        """Of 1/256 dB, on all that is decoded (RFC 7845 5.1)."""
        _control_decoder(self._decoder, _SET_GAIN, _int(steps))

    def decode(self, payload: bytes) -> memoryview:
        """The payload's samples; empty for one that is not Opus."""
        # An empty payload would be taken for a loss of the longest packet.
        return self._decoded(payload, self.longest, 0) if payload else self._view[:0]

    def decode_fec(self, payload: bytes, samples: int) -> memoryview:
        """The frame before `payload`, of `samples`, by the copy that the payload must have (`opus.has_fec`)."""
        return self._decoded(payload, samples, 1)

    def conceal(self, samples: int) -> memoryview:
        """By libopus's own concealment; after a DTX payload, comfort noise."""
        return self._decoded(None, samples, 0)

    def _decoded(self, payload: bytes | None, samples: int, fec: int) -> memoryview:
        size = 0 if payload is None else len(payload)
        count = _decode(self._decoder, payload, size, self._address, samples, fec)
        return self._view[: max(count, 0)]
