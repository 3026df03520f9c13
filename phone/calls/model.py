"""What the phone knows: frozen values, no IO, no clock, no threads.

Times are seconds on the monotonic clock, as events bring them in `at`; no wall clock in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from phone.calls.numbers import DialPlan, Fault

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
    """When one side took the other's call; speech counts from here."""
    held_by_peer: bool = False
    encrypted: bool | None = None
    """Known once media is up."""
    media_up: bool = False
    """The path of speech is open; often so while it still rings, then the answer connects at once."""
    ringback: bool = False
    """Proposed for a while without a word: not every far end says that it rings (Dino), and silence is no sign."""
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
    assume_ringing: float = 3.0  # proposed, nothing heard -> ringback all the same
    unserved: float = 30.0  # no service: nobody can take an unanswered call, nor give it up
    connect: float = 20.0  # ICE and DTLS must be done
    busy_tone: float = 30.0  # busy or reorder -> howler (off-hook warning)
    howler: float = 60.0  # then silence
    predial: float = 60.0  # digits typed on-hook are forgotten
    volume_bar: float = 2.0  # shown after VOL
    notice: float = 20.0  # why a call failed, shown after the handset is back
    long_press: float = 0.8  # BACK clears all digits, 0 becomes +


class Stage(Enum):
    """How far the tones have come that an off-hook phone without a live call sounds, one after the other."""

    FRESH = "fresh"  # dial tone, or the ended call's tone
    REORDER = "reorder"  # dial tone timed out, or the number could not be called
    HOWLER = "howler"
    SILENT = "silent"


class Trouble(Enum):
    """What a `Notice` tells that is neither the end of a call of ours nor a fault of the number."""

    MISSED = "missed"
    NO_SERVICE = "no service"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the display, in no language yet."""

    why: Reason | Fault | Trouble
    who: str = ""
    """Name of the far end, or the number dialled."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What of the phone's state outlives a restart. Volumes in percent."""

    handset_volume: int = 80
    ringer_volume: int = 80
    last_dialled: str = ""


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
    last_dialled: str = ""
    """What REDIAL calls."""
    key_down: str | None = None
    """The key under the finger now; while it is a digit and the phone is off-hook its tone is fed back."""
    key_down_at: float = 0.0
    calls: tuple[Call, ...] = ()
    focus: CallId | None = None
    """The leg that the ear belongs to; an ended one as long as its tone sounds."""
    service: Service = Service.STARTING
    service_at: float = 0.0
    """When there began, or ceased, to be service."""
    sound: bool = True
    """The handset can be heard and spoken into; if not, the display must say so, for no tone can."""
    last_digit_at: float = 0.0
    stage: Stage = Stage.FRESH
    stage_at: float = 0.0
    """When `stage` was entered."""
    notice: Notice | None = None
    """A sentence for the display that outlives its call (why it failed), until the next user action."""
    notice_until: float | None = None
    """It goes by itself then; a missed call stays."""
    handset_volume: int = 80
    """Percent; also `ringer_volume`."""
    ringer_volume: int = 80
    volume_until: float | None = None
    """The display shows the volume until then."""
    timers: Timers = field(default_factory=Timers)
    plan: DialPlan = field(default_factory=DialPlan)
    country: str = "de"
    """ISO 3166 code, lower case: which tone follows a far end's hang-up."""

    @property
    def memory(self) -> Memory:
        """To be given to the next boot's phone, as the fields of the same names."""
        return Memory(self.handset_volume, self.ringer_volume, self.last_dialled)

    @property
    def seized(self) -> bool:
        """The user is at the phone."""
        return self.off_hook

    def call(self, id: CallId | None) -> Call | None:
        """The leg of that id, ended or not, if it is still known."""
        return next((c for c in self.calls if c.id == id), None)

    @property
    def offered(self) -> Call | None:
        """The leg that rings or waits for an answer of ours."""
        return next((c for c in self.calls if c.progress is Progress.OFFERED), None)

    @property
    def busy(self) -> bool:
        """Some leg is alive."""
        return any(c.live for c in self.calls)
