"""CPU of the hot path per second of call: encode, jitter buffer, decode, volume, a tone mixed in. No sockets, no card.

usage: bench_voice.py [--json]
"""

from __future__ import annotations

import json
import math
import random
import sys
import time
from array import array
from collections.abc import Callable

from phone.media.codecs import Codec
from phone.media.codecs.g711 import G711Codec
from phone.media.codecs.opus import OpusCodec
from phone.media.playout import Playout
from phone.media.rtp import RtpPacket, RtpSender, parse_rtp
from phone.media.tones import TonePlayer
from phone.media.voice import Volume, mix

RATE, TICK, SECONDS = 48_000, 240, 10


def speech(samples: int) -> array[int]:
    """Something with pitch, noise and syllables."""
    rng = random.Random(1)
    syllables = [abs(math.sin(i * 3 * math.pi / RATE)) for i in range(samples)]
    return array(
        "h",
        [
            round(level * (5000 * math.sin(2 * math.pi * 180 * i / RATE) + rng.gauss(0, 900)))
            for i, level in enumerate(syllables)
        ],
    )


def measure(make: Callable[[], Codec], ptime: int, *, tone: str | None, volume: int) -> dict[str, float]:
    """Milliseconds of this process's CPU per second of call, one call with both directions."""
    said, size = speech(SECONDS * RATE), 48 * ptime
    codec, playout, sender = make(), Playout({96: make()}), RtpSender(1)
    loudness, tones = Volume(volume), TonePlayer("de")
    tones.play(tone)
    packets: list[RtpPacket] = []
    began = time.process_time()
    for start in range(0, len(said), size):
        packets.append(parse_rtp(sender.pack(codec.encode(said[start : start + size]), 96)))
        sender.advance(codec.clock_rate * ptime // 1000)
    sent = time.process_time()
    arrivals = iter(packets)
    for n in range(SECONDS * RATE // TICK):
        now = n * TICK / RATE
        if n % (size // TICK) == 0:
            playout.put(next(arrivals), now - 0.001)
        block = loudness.apply(playout.read(TICK, now))
        if (sounding := tones.read(TICK)) is not None:
            mix(block, sounding)
    heard = time.process_time()
    return {"send_ms": (sent - began) * 1000 / SECONDS, "receive_ms": (heard - sent) * 1000 / SECONDS}


def main() -> None:
    """All cases, a line each."""
    cases: dict[str, tuple[Callable[[], Codec], int, str | None, int]] = {
        "opus 20 ms": (OpusCodec, 20, None, 80),
        "opus 10 ms": (OpusCodec, 10, None, 80),
        "opus 20 ms, volume 60": (OpusCodec, 20, None, 60),
        "opus 20 ms, volume 100": (OpusCodec, 20, None, 100),
        "opus 20 ms, call waiting": (OpusCodec, 20, "dial", 80),
        "pcmu 20 ms": (lambda: G711Codec("pcmu"), 20, None, 80),
        "pcma 10 ms": (lambda: G711Codec("pcma"), 10, None, 80),
    }
    results = {
        name: measure(make, ptime, tone=tone, volume=volume) for name, (make, ptime, tone, volume) in cases.items()
    }
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    for name, result in results.items():
        print(f"{name:40s} send {result['send_ms']:5.1f}  receive {result['receive_ms']:5.1f} ms CPU a call second")


if __name__ == "__main__":
    main()
