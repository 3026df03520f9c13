"""What travels on the control socket. Times are seconds, delays milliseconds, moments ISO 8601 with their zone."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec

from phone.control.mailbox import Limit, VoicemailFile, VoicemailReply, VoicemailRequest
from phone.control.selftest import SelfTest, SelfTestReply
from phone.control.support import CaptureBegun, CaptureReply, LogTailReply, QualityReply, SupportReply, SupportRequest
from phone.errors import PhoneError

LINE_LIMIT = 4096
"""Bytes in a request, newline included."""
REPLY_LIMIT = 1 << 20
"""Bytes in a reply: the longest are a call log of `Log.limit` entries, as many contacts, or messages."""


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


Kind = Literal["placed", "answered", "missed", "answered elsewhere", "declined elsewhere", "refused", "failed"]
"""A `calllog.Kind` value: what the user calls a call in the log."""


class Log(msgspec.Struct, frozen=True, tag_field="do", tag="log", forbid_unknown_fields=True):
    """The newest calls, newest first -> `LogReply`."""

    limit: Limit = 20
    kind: Kind | None = None
    """These alone; `limit` counts them alone too."""


class Dnd(msgspec.Struct, frozen=True, tag_field="do", tag="dnd", forbid_unknown_fields=True):
    """Refuse callers as busy, or ring again -> `Done`."""

    on: bool


class Lock(msgspec.Struct, frozen=True, tag_field="do", tag="lock", forbid_unknown_fields=True):
    """Lock the keypad, or open it (who may use this socket needs no code) -> `Done`."""

    on: bool


class Contacts(msgspec.Struct, frozen=True, tag_field="do", tag="contacts", forbid_unknown_fields=True):
    """The telephone book by name, or what of it has `search` in its name, address or number -> `ContactsReply`."""

    search: Annotated[str, msgspec.Meta(max_length=255)] = ""
    """Upper and lower case are the same; "" finds all."""
    limit: Limit = 100


class Block(msgspec.Struct, frozen=True, tag_field="do", tag="block", forbid_unknown_fields=True):
    """Put an address or a domain on the account's block list, or take it off (XEP-0191) -> `Done`."""

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=1023)]
    on: bool


class Panel(msgspec.Struct, frozen=True, tag_field="do", tag="panel", forbid_unknown_fields=True):
    """Where is the phone's web page? -> `PanelReply`."""


class Reload(msgspec.Struct, frozen=True, tag_field="do", tag="reload", forbid_unknown_fields=True):
    """Start anew with the config as it then is, once nobody is on the line and a config that is given for trial is in
    place -> `Done`.
    """

    now: bool = False
    """Calls are ended."""


SimAction = Literal["lift", "hang-up", "press", "screen", "lamps"]


class Sim(msgspec.Struct, frozen=True, tag_field="do", tag="sim", forbid_unknown_fields=True):
    """Work the simulated desk phone at its physical side, contact bounce included -> `SimReply`."""

    action: SimAction
    key: Annotated[str, msgspec.Meta(max_length=16)] = ""
    """For `press`: a digit of 0-9 * # or a function key's name."""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=30)] = 0.1
    """For `press`: how long the key stays down."""


Request = (
    Status
    | Call
    | HangUp
    | Log
    | Dnd
    | Lock
    | Contacts
    | Block
    | Panel
    | Reload
    | Sim
    | VoicemailRequest
    | SupportRequest
    | SelfTest
)


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
    held_by_us: bool = False
    """It hears music."""
    conference: bool = False
    bridged_to: str = ""
    """The id of the call that its far end talks to through this phone."""
    via: str = ""
    """Who transferred it to us, or us to its far end: told, not verified."""
    handover: str = ""
    """The third party's name that it is being handed over to."""
    handover_method: Literal["", "transfer", "bridge"] = ""
    """A `calls.model.Method` value."""
    answering: Literal["", "greeting", "recording"] = ""
    """The phone answered it for its user: a `calls.model.Answering` value."""
    message: bool = False
    """It goes to a voicemail address, to leave a message for `peer`."""
    digits: int = 0
    """How many keys of the far end were heard (RFC 4733); which ones is nobody's business."""


class TrialStatus(msgspec.Struct, frozen=True):
    """A version of the config that nobody has confirmed yet: `phone provision confirm` keeps it."""

    version: int
    previous: int
    """What comes back."""
    seconds_left: float | None
    """Until it does; None: the phone has not started with the new one yet, for it waits until nobody is on the line."""
    session: bool
    """It comes back too when the session ends that gave the new one."""


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
    desk_troubles: tuple[str, ...] = ()
    """Sentences about keys, lamps or the display that do not work."""
    xruns: int = 0
    """Gaps in the sound of our own making since the media process began."""
    faults: int = 0
    """Bugs of the phone's own that showed since it was started: the log has them."""
    speaker: bool = False
    """Hands-free."""
    muted: bool = False
    """The microphone is off."""
    dnd: bool = False
    """Do not disturb."""
    locked: bool = False
    """The keypad."""
    recall: str = ""
    """The id of the call that rings back: handing it over failed."""
    ring: int | str = 0
    """Which ring tune sounds, 1 to 5, or which WAV file; 0: the country's, or none."""
    new_messages: int = 0
    old_messages: int = 0
    mailbox: bool = False
    """The user listens to his messages."""
    dictating: str = ""
    """For whom a message is dictated now."""
    mailbox_trouble: str = ""
    """Why the messages cannot be used, as a plain sentence; "": they can."""
    trial: TrialStatus | None = None
    """None: the config is nobody's trial."""
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
    kind: str = ""
    """A `Kind`; "" if the running phone is too old to tell."""
    via: str = ""
    """Who transferred it: told, not verified."""
    encrypted: bool | None = None
    """None: the media never came up."""


class LogReply(msgspec.Struct, frozen=True):
    """Newest first."""

    entries: tuple[LogEntry, ...]
    ok: Literal[True] = True


class Contact(msgspec.Struct, frozen=True):
    """One entry of the telephone book, or of the block list alone."""

    name: str
    address: str
    number: str = ""
    """What could be dialled for it; "" where the address is the only way."""
    blocked: bool = False


class ContactsReply(msgspec.Struct, frozen=True):
    """By name."""

    entries: tuple[Contact, ...]
    total: int = 0
    """How many were found, those beyond the limit among them."""
    ok: Literal[True] = True


class PanelReply(msgspec.Struct, frozen=True):
    """The web page's address on the phone's loopback, with the token that opens it: a secret, not for logs."""

    url: str
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


Reply = (
    StatusReply
    | LogReply
    | ContactsReply
    | PanelReply
    | VoicemailReply
    | VoicemailFile
    | SimReply
    | SupportReply
    | SelfTestReply
    | Done
)
R = TypeVar(
    "R",
    StatusReply,
    LogReply,
    ContactsReply,
    PanelReply,
    VoicemailReply,
    VoicemailFile,
    SimReply,
    LogTailReply,
    QualityReply,
    CaptureBegun,
    CaptureReply,
    SelfTestReply,
    Done,
)


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
