"""What we send to one far end: the first speech codec that it takes, and its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phone.media import plan
from phone.media.codecs import RATE, Codec

EVENT = "telephone-event"
_BITRATES = (6_000, 510_000)
"""Of Opus (RFC 7587 6.1)."""
_LONGEST_NUMBER = 9

MakeCodec = Callable[[str], Codec | None]
"""By lower-case name; None: not ours."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """All that is needed to send."""

    codec: Codec
    payload_type: int
    event_type: int | None
    event_rate: int
    """Units of an event's duration in a second."""
    samples: int
    """48 kHz samples in a packet."""
    units: int
    """The same in RTP clock units."""


def outgoing_of(codecs: tuple[plan.Codec, ...], ptime: int, codec_of: MakeCodec) -> Outgoing | None:
    """What to send to a far end that takes `codecs`, its preference first, in packets of `ptime` ms; None: nothing."""
    speech = next((codec for codec in codecs if codec.name != EVENT), None)
    codec = codec_of(speech.name) if speech is not None else None
    if speech is None or codec is None:
        return None
    codec.limit_bitrate(most_bits(speech))
    rate = codec.clock_rate
    event = _event(codecs, rate)
    event_type, event_rate = (None, rate) if event is None else (event.payload_type, event.clock_rate)
    return Outgoing(codec, speech.payload_type, event_type, event_rate, RATE * ptime // 1000, rate * ptime // 1000)


def most_bits(codec: plan.Codec) -> int:
    """What the far end takes at most, a second (RFC 7587 7.1); nonsense is no limit."""
    told = codec.parameters.get("maxaveragebitrate", "")
    least, most = _BITRATES
    if not (told.isascii() and told.isdecimal() and len(told) <= _LONGEST_NUMBER):
        return most
    return min(most, max(least, int(told)))


def _event(codecs: tuple[plan.Codec, ...], clock_rate: int) -> plan.Codec | None:
    """Events share the speech's clock (RFC 4733 2.1): the payload type with that rate, else the only one there is."""
    events = [codec for codec in codecs if codec.name == EVENT]
    fitting = [codec for codec in events if codec.clock_rate == clock_rate] or events
    return fitting[0] if fitting else None
