"""For a helper: the newest lines of the log, the quality of the last calls, the headers of what calls send."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

LONGEST_CAPTURE = 300.0
"""Seconds."""


class LogTail(msgspec.Struct, frozen=True, tag_field="do", tag="log-tail", forbid_unknown_fields=True):
    """The newest lines of the daemon's own log -> `LogTailReply`."""


class Quality(msgspec.Struct, frozen=True, tag_field="do", tag="quality", forbid_unknown_fields=True):
    """How the last calls sounded -> `QualityReply`."""


class CaptureBegin(msgspec.Struct, frozen=True, tag_field="do", tag="capture-begin", forbid_unknown_fields=True):
    """Note the headers of all that calls send and receive from now on; refused while that goes on -> `CaptureBegun`.

    Who does not come for them every few seconds has ended it.
    """

    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_CAPTURE)] = 30.0


class CaptureTake(msgspec.Struct, frozen=True, tag_field="do", tag="capture-take", forbid_unknown_fields=True):
    """What was noted since the last of these -> `CaptureReply`."""

    token: int


class CaptureEnd(msgspec.Struct, frozen=True, tag_field="do", tag="capture-end", forbid_unknown_fields=True):
    """It is enough; what is left may still be taken -> `Done`."""

    token: int


SupportRequest = LogTail | Quality | CaptureBegin | CaptureTake | CaptureEnd


# --- replies --------------------------------------------------------------------------------------------------


class LogTailReply(msgspec.Struct, frozen=True):
    """Oldest first. The sound process writes to journald alone."""

    lines: tuple[str, ...]
    ok: Literal[True] = True


class CallQuality(msgspec.Struct, frozen=True):
    """One call leg that has ended, without its name. Figures are None where nothing was measured."""

    id: str
    began: str
    """ISO 8601 with zone: when it was offered or dialled."""
    seconds: float
    """Of speech."""
    direction: Literal["in", "out"]
    reason: str
    """Why it ended: a `calls.model.Reason` value."""
    encrypted: bool | None
    """None: the media never came up."""
    srtp_profile: str = ""
    codec: str = ""
    packet_ms: int | None = None
    path: str = ""
    """Kinds of the two ICE candidates, ours first: "host-srflx"; without ICE "raw", or "p2p-host" and the like."""
    sent: int = 0
    """Packets."""
    received: int = 0
    lost: int = 0
    worst_loss_percent: float | None = None
    """Of what we received, in the worst report interval."""
    worst_far_loss_percent: float | None = None
    """Of what we sent, by the far end's reports."""
    jitter_ms: float | None = None
    """The mean over the call, as the two below."""
    jitter_buffer_ms: float | None = None
    """How long speech waits in the jitter buffer."""
    round_trip_ms: float | None = None
    worst_jitter_ms: float | None = None
    worst_jitter_buffer_ms: float | None = None
    worst_round_trip_ms: float | None = None
    concealed_ms: int = 0
    refused: int = 0
    """Packets that were not let in."""


class QualityReply(msgspec.Struct, frozen=True):
    """Newest first."""

    calls: tuple[CallQuality, ...]
    ok: Literal[True] = True


class CaptureBegun(msgspec.Struct, frozen=True):
    """`token` names this capture."""

    token: int
    ok: Literal[True] = True


class CapturedPacket(msgspec.Struct, frozen=True, array_like=True):
    """One UDP datagram."""

    at: float
    """Unix seconds."""
    source: tuple[str, int]
    """IP address and port."""
    target: tuple[str, int]
    size: int
    """Octets of its payload."""
    head: bytes
    """The first of them: headers, and what is no speech."""


class CaptureReply(msgspec.Struct, frozen=True):
    """In the order in which they came and went."""

    packets: tuple[CapturedPacket, ...]
    dropped: int = 0
    """Packets so far for which there was no room."""
    over: bool = False
    """Nothing more will come."""
    ok: Literal[True] = True


SupportReply = LogTailReply | QualityReply | CaptureBegun | CaptureReply
