"""What the phone knows: frozen values, no IO, no clock, no threads.

Times are seconds on the monotonic clock, as events bring them in `at`; no wall clock in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

CallId = NewType("CallId", str)
"""Names one call leg on this phone; for calls that we place it is also the Jingle sid (a random UUIDv4)."""


class Progress(Enum):
    """How far one call leg has come (hold is an axis of its own, see `Call`)."""

    OFFERED = "offered"  # they call us, we ring
    PROPOSED = "proposed"  # we call them, nothing heard yet
    ALERTING = "alerting"  # their phone rings
    CONNECTING = "connecting"  # both want it; ICE and DTLS at work
    CONNECTED = "connected"
    ENDED = "ended"


class Reason(Enum):
    """Why a call ended, as far as the user can tell the causes apart."""

    HANGUP = "hang-up"
    BUSY = "busy"
    DECLINED = "declined"
    CANCELLED = "cancelled"  # the caller gave up before the answer
    NO_ANSWER = "no answer"
    NOT_FOUND = "unknown number"
    UNREACHABLE = "not reachable"
    INCOMPATIBLE = "no common codec"
    INSECURE = "not encrypted"
    MEDIA_LOST = "connection lost"
    FAILED = "failed"
    ANSWERED_ELSEWHERE = "answered elsewhere"
    DECLINED_ELSEWHERE = "declined elsewhere"


class Service(Enum):
    """Whether calls can be made, and if not, why: each is a plain sentence on the display."""

    STARTING = "starting"
    ONLINE = "online"
    NO_NETWORK = "no network"
    WRONG_TIME = "wrong time"
    BAD_PASSWORD = "bad password"  # noqa: S105 - a state, not a secret
    BAD_CERTIFICATE = "bad certificate"
    UNKNOWN_HOST = "unknown server"
    SERVER_AWAY = "server away"
    REPLACED = "signed in elsewhere"


@dataclass(frozen=True, slots=True)
class Call:
    """One call leg."""

    id: CallId
    peer: str
    """Address (bare or full JID) of the far end."""
    name: str
    """What the display shows for `peer`: roster name, else the number dialled, else the address."""
    outgoing: bool
    progress: Progress
    since: float
    """When this leg began (offered or proposed)."""
    answered_at: float | None = None
    held_by_peer: bool = False
    encrypted: bool | None = None
    """Known once media is up."""
    reason: Reason | None = None
    progressed_at: float = 0.0
    """When `progress` last changed; timers count from here."""

    @property
    def live(self) -> bool:
        """Not ended."""
        return self.progress is not Progress.ENDED

    @property
    def up(self) -> bool:
        """Speech can flow."""
        return self.progress is Progress.CONNECTED


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds. See PRODUCT: inter-digit 4 s, `#` = now."""

    inter_digit: float = 4.0
    dial_tone: float = 20.0  # off-hook without a digit -> reorder
    ring: float = 60.0  # nobody lifts -> no answer
    no_answer: float = 120.0  # far end rings on and on
    connect: float = 20.0  # ICE and DTLS must be done
    busy_tone: float = 30.0  # busy or reorder -> howler (off-hook warning)
    howler: float = 60.0  # then silence


@dataclass(frozen=True, slots=True)
class IdSource:
    """Call ids without IO: UUIDv4 texts from a secret of the boot and a counter (unguessable, XEP-0353 form)."""

    secret: bytes
    used: int = 0


@dataclass(frozen=True, slots=True)
class Phone:
    """The whole state. The `calls` room owns it; helpers may add fields, never mutate."""

    ids: IdSource
    off_hook: bool = False
    muted: bool = False
    dialled: str = ""
    key_down: str | None = None
    """The keypad digit under the finger now: its tone is fed back while it is down."""
    calls: tuple[Call, ...] = ()
    focus: CallId | None = None
    """The leg that the ear belongs to."""
    service: Service = Service.STARTING
    last_digit_at: float = 0.0
    seized_at: float = 0.0
    message: str = ""
    """A plain sentence for the display that outlives its call (why it failed), until the next user action."""
    timers: Timers = field(default_factory=Timers)

    @property
    def seized(self) -> bool:
        """The user is at the phone."""
        return self.off_hook

    def call(self, id: CallId | None) -> Call | None:
        """The leg of that id, ended or not, if it is still known."""
        return next((c for c in self.calls if c.id == id), None)
