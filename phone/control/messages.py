"""What travels on the control socket. Times are seconds, delays milliseconds, moments ISO 8601 with their zone."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec

from phone.errors import PhoneError

LINE_LIMIT = 4096
"""Bytes in a request, newline included."""
REPLY_LIMIT = 1 << 20
"""Bytes in a reply: the longest is a call log of `Log.limit` entries."""


class ControlError(PhoneError, RuntimeError):
    """The daemon could not do what was asked; `str()` is its sentence."""


# --- requests -------------------------------------------------------------------------------------------------


class Status(msgspec.Struct, frozen=True, tag_field="do", tag="status", forbid_unknown_fields=True):
    """How is the phone? -> `StatusReply`."""


class Call(msgspec.Struct, frozen=True, tag_field="do", tag="call", forbid_unknown_fields=True):
    """Dial a number or an address -> `Done`."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class HangUp(msgspec.Struct, frozen=True, tag_field="do", tag="hang-up", forbid_unknown_fields=True):
    """End the call in the ear, or refuse the one that rings -> `Done`."""


class Log(msgspec.Struct, frozen=True, tag_field="do", tag="log", forbid_unknown_fields=True):
    """The newest calls, newest first -> `LogReply`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20


SimAction = Literal["lift", "hang-up", "press", "screen", "lamps"]


class Sim(msgspec.Struct, frozen=True, tag_field="do", tag="sim", forbid_unknown_fields=True):
    """Work the simulated desk phone at its physical side, contact bounce included -> `SimReply`."""

    action: SimAction
    key: Annotated[str, msgspec.Meta(max_length=16)] = ""
    """For `press`: a digit of 0-9 * # or a function key's name."""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=30)] = 0.1
    """For `press`: how long the key stays down."""


Request = Status | Call | HangUp | Log | Sim


# --- replies --------------------------------------------------------------------------------------------------


class CallStatus(msgspec.Struct, frozen=True):
    """One call leg, as `phone status` shows it. Media figures are None until they are known."""

    id: str
    peer: str
    name: str
    direction: Literal["in", "out"]
    progress: str
    """A `calls.model.Progress` value."""
    held: bool
    """The far end has put us on hold."""
    encrypted: bool | None = None
    srtp_profile: str = ""
    codec: str | None = None
    packet_ms: int | None = None
    round_trip_ms: float | None = None
    loss_percent: float | None = None
    """Of what we received in the last report interval."""
    far_loss_percent: float | None = None
    """Of what we sent, by the far end's report."""
    concealed_ms: int | None = None
    jitter_buffer_ms: float | None = None
    refused: int | None = None
    """Packets of this call that were not let in: forged, repeated, or from a stranger's address."""
    seconds: float = 0.0
    """Since the answer; 0 before it."""


class StatusReply(msgspec.Struct, frozen=True):
    """All that `phone status` shows."""

    version: str
    uptime_seconds: float
    account: str
    """The full JID when registered, else the bare one."""
    registered: bool
    why: str
    """Why it is not registered, as a plain sentence; "" when it is."""
    off_hook: bool
    calls: tuple[CallStatus, ...]
    lamps: tuple[str, ...]
    tone: str | None
    """A `calls.outputs.Tone` value."""
    ringer: bool
    screen: tuple[str, ...]
    """The lines on the display, top down."""
    audio_troubles: tuple[str, ...] = ()
    """Sentences about cards that are missing or refuse."""
    xruns: int = 0
    """Gaps in the sound of our own making since the media process began."""
    faults: int = 0
    """Bugs of the phone's own that showed since it was started: the log has them."""
    ok: Literal[True] = True


class LogEntry(msgspec.Struct, frozen=True):
    """One ended call."""

    peer: str
    name: str
    direction: Literal["in", "out"]
    began: str
    """ISO 8601 with zone."""
    seconds: float | None
    """Of speech; None if it was never answered."""
    reason: str
    """A `calls.model.Reason` value."""


class LogReply(msgspec.Struct, frozen=True):
    """Newest first."""

    entries: tuple[LogEntry, ...]
    ok: Literal[True] = True


class SimReply(msgspec.Struct, frozen=True):
    """The simulated desk phone after the action (`press`: once the key is up again)."""

    screen: tuple[str, ...]
    lamps: tuple[str, ...]
    png: str = ""
    """For `screen`: the frame as PNG, base64."""
    ok: Literal[True] = True


class Done(msgspec.Struct, frozen=True):
    """It was done; `text` says what, as a sentence."""

    text: str
    ok: Literal[True] = True


class Refused(msgspec.Struct, frozen=True):
    """It was not done; `error` says why, as a sentence."""

    error: str
    ok: Literal[False] = False


Reply = StatusReply | LogReply | SimReply | Done
R = TypeVar("R", StatusReply, LogReply, SimReply, Done)


# --- wire -----------------------------------------------------------------------------------------------------


class _Outcome(msgspec.Struct, frozen=True):
    ok: bool
    error: str = ""


_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_outcomes = msgspec.json.Decoder(_Outcome)
_encoder = msgspec.json.Encoder()


def encode(message: Request | Reply | Refused) -> bytes:
    """One line, newline included."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """Raises msgspec.DecodeError (ValidationError with the field's name among them) on nonsense."""
    return _requests.decode(line)


def decode_reply(line: bytes, kind: type[R]) -> R:
    """The reply of that kind. Raises `ControlError` if the daemon refused or speaks another version."""
    try:
        outcome = _outcomes.decode(line)
        if outcome.ok:
            return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError as error:
        sentence = "the running phone is of another version than this command: restart it (systemctl restart phone)"
        raise ControlError(f"{sentence} [{error}]") from error
    raise ControlError(outcome.error)
