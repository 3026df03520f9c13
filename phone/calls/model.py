"""What the phone knows: frozen values, no IO, no clock, no threads.

Times are seconds on the monotonic clock, as events bring them in `at`; no wall clock in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from phone.calls.numbers import DialPlan, Fault
from phone.calls.settings import Habits, Memory, Ring, Timers
from phone.calls.voicemail import Answering, Dictation, Mail

__all__ = [
    "Answering",
    "Call",
    "CallId",
    "Dictation",
    "Habits",
    "HandOver",
    "IdSource",
    "Mail",
    "Memory",
    "Method",
    "Notice",
    "Phone",
    "Progress",
    "Reason",
    "Ring",
    "Service",
    "Stage",
    "Timers",
    "Transfer",
    "TransferRequest",
    "Trouble",
]

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
    TRANSFERRED = "transferred"  # the far end talks to somebody else now, as one of us asked (XEP-0251)


class Service(Enum):
    """Whether calls can be made, and if not, why: each is a plain sentence on the display."""

    STARTING = "starting"
    LOOKING_UP = "looking up"  # no connection to the server yet, and no word why not
    ONLINE = "online"
    NO_NETWORK = "no network"
    WRONG_TIME = "wrong time"
    BAD_PASSWORD = "bad password"  # noqa: S105 - a state, not a secret
    BAD_CERTIFICATE = "bad certificate"
    UNKNOWN_HOST = "unknown server"
    SERVER_AWAY = "server away"
    REPLACED = "signed in elsewhere"
    NO_ACCOUNT = "no account"


class Method(Enum):
    """How a far end is handed over to a third party."""

    TRANSFER = "transfer"  # it calls the third party itself (XEP-0251)
    BRIDGE = "bridge"  # it cannot: this phone carries the speech between the two legs


@dataclass(frozen=True, slots=True)
class HandOver:
    """A leg is being handed over; the user has nothing more to do with it unless it fails (then: recall)."""

    to: str
    """Address of the third party."""
    name: str
    method: Method
    at: float
    target: CallId | None = None
    """Our own leg to the third party: the consultation (attended), or the second half of a bridge."""
    taken: bool = False
    """The third party has ended that leg, for it talks with the far end now; the far end is yet to say so."""


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """The far end asks us to call somebody else in its place (XEP-0251, caller's role)."""

    to: str
    name: str
    at: float


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
    """When one side took the other's call (none has, as long as the phone answers it); speech counts from here."""
    held: bool = False
    """By us; the far end has been told, and hears music."""
    held_at: float = 0.0
    """When `held` last changed; the display counts from here."""
    held_by_peer: bool = False
    joined: bool = False
    """In the conference, with the ear and all other joined legs."""
    bridged: CallId | None = None
    """The leg whose far end this one talks to, through us; neither is at the ear."""
    handover: HandOver | None = None
    request: TransferRequest | None = None
    """Waits for the user's yes (OK) or no (BACK)."""
    via: str = ""
    """Name of who transferred this call to us, or us to its far end: told, not verified."""
    replaces: CallId | None = None
    """The leg that this one takes the place of: it is ended (TRANSFERRED) once this one's media is up."""
    leaves_at: float | None = None
    """Its far end has somebody else to talk to; if it does not end this leg itself by then, we do (TRANSFERRED)."""
    transferable: bool = False
    """The far end does XEP-0251; else handing it over means a bridge."""
    ring: Ring | None = None
    """What announces it; None: what announces all (`Habits.ring`)."""
    intercom: bool = False
    """On the list of those who may speak at once: answered by itself on the speaker, with a beep."""
    answering: Answering | None = None
    """The phone answered it for its user; he may hear it at the speaker (then it is the focus), lifting takes over."""
    answering_at: float = 0.0
    """When `answering` was entered."""
    message: bool = False
    """It goes to a voicemail address, ours or the far end's, to leave a message for `peer`."""
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


class Stage(Enum):
    """How far the tones have come that an off-hook phone without a live call sounds, one after the other."""

    FRESH = "fresh"  # dial tone, or the ended call's tone
    REORDER = "reorder"  # dial tone timed out, or the number could not be called
    HOWLER = "howler"
    SILENT = "silent"


class Trouble(Enum):
    """What a `Notice` tells that is neither the end of a call of ours nor a fault of the number."""

    MISSED = "missed"
    MISSED_AWAY = "missed while away"
    """Called while this phone was off; `Notice.who` is the last caller's name."""
    NO_SERVICE = "no service"
    LOCKED = "locked"
    NOT_TRANSFERRED = "not transferred"
    """The caller is back; `Notice.who` is the third party's name."""
    NO_ROOM = "too many calls"
    MESSAGE_SENT = "message sent"
    """`Notice.who`: to whom."""
    MESSAGE_WAITS = "message waits"
    """It is kept and sent later; `Notice.who`: to whom."""
    MESSAGE_NOT_SENT = "message not sent"
    """It never will be; `Notice.who`: to whom."""
    MESSAGE_TAKEN = "message taken"
    """From `Notice.who`."""
    NO_MESSAGE = "no message"
    """It could not be recorded: the card is full or does not work; `Notice.who`: whose or for whom."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the display, in no language yet."""

    why: Reason | Fault | Trouble
    who: str = ""
    """Name of the far end, or the number dialled."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The user is choosing whom a held leg goes to: dialling (no target yet), or consulting."""

    transferee: CallId
    target: CallId | None = None


@dataclass(frozen=True, slots=True)
class IdSource:
    """Call ids without IO: UUIDv4 texts from a secret of the boot and a counter (unguessable, XEP-0353 form)."""

    secret: bytes
    used: int = 0


@dataclass(frozen=True, slots=True)
class Phone:
    """The whole state."""

    ids: IdSource
    off_hook: bool = False
    speaker: bool = False
    """Hands-free: the line is seized without the handset."""
    muted: bool = False
    dnd: bool = False
    """Do not disturb: who calls is refused as busy, and logged; or leaves a message (`Habits.answers_dnd`)."""
    locked: bool = False
    """The keypad dials emergency numbers alone; calls are answered as ever."""
    dialled: str = ""
    last_dialled: str = ""
    """What REDIAL calls."""
    key_down: str | None = None
    """The key under the finger now; while it is a digit and the phone is off-hook its tone is fed back."""
    key_down_at: float = 0.0
    calls: tuple[Call, ...] = ()
    focus: CallId | None = None
    """The leg that the ear belongs to; an ended one as long as its tone sounds."""
    transfer: Transfer | None = None
    recall: CallId | None = None
    """A held leg that rings back: its transfer failed."""
    recalled_at: float = 0.0
    reminder_until: float | None = None
    """The bell reminds of a held call until then."""
    reminded_at: float = 0.0
    """When it last did."""
    beep_until: float | None = None
    """The ear is told until then that the far end is another one now."""
    mailbox: bool = False
    """The user has his messages at the ear (or, on-hook without a speaker, is to lift): the keys are `ui.mailbox`'s."""
    mailbox_at: float = 0.0
    mailbox_letter: str = ""
    """The message that it was opened for; "": all of them."""
    dictation: Dictation | None = None
    mail: Mail = field(default_factory=Mail)
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
    speaker_volume: int = 80
    volume_until: float | None = None
    """The display shows the volume until then."""
    timers: Timers = field(default_factory=Timers)
    plan: DialPlan = field(default_factory=DialPlan)
    habits: Habits = field(default_factory=Habits)
    country: str = "de"
    """ISO 3166 code, lower case: which tone follows a far end's hang-up."""

    @property
    def memory(self) -> Memory:
        """To be given to the next boot's phone, as the fields of the same names."""
        return Memory(
            handset_volume=self.handset_volume,
            ringer_volume=self.ringer_volume,
            speaker_volume=self.speaker_volume,
            last_dialled=self.last_dialled,
            dnd=self.dnd,
            locked=self.locked,
        )

    @property
    def seized(self) -> bool:
        """The user is at the phone: handset lifted or speaker on."""
        return self.off_hook or self.speaker

    def call(self, id: CallId | None) -> Call | None:
        """The leg of that id, ended or not, if it is still known."""
        if id is None:
            return None
        for call in self.calls:
            if call.id == id:
                return call
        return None

    @property
    def ear(self) -> Call | None:
        """The live leg that the user hears, or that is being set up for him: neither ended nor on hold."""
        current = self.current
        return current if current and not current.held else None

    @property
    def current(self) -> Call | None:
        """The live leg that HOLD, TRANSFER and MUTE are about: `ear`'s, or on hold there."""
        focus = self.call(self.focus)
        return focus if focus and focus.live and focus.answering is None else None

    @property
    def answering(self) -> tuple[Call, ...]:
        """The live legs that the phone answers for its user, the oldest first."""
        return tuple(c for c in self.calls if c.answering and c.live)

    @property
    def listened(self) -> Call | None:
        """That one of them which he listens to."""
        focus = self.call(self.focus)
        return focus if focus and focus.live and focus.answering else None

    @property
    def offered(self) -> Call | None:
        """The oldest leg that rings or waits for an answer of ours."""
        return next((c for c in self.calls if c.progress is Progress.OFFERED), None)

    @property
    def waiting(self) -> tuple[Call, ...]:
        """All legs that ring or wait for an answer of ours, the oldest first."""
        return tuple(c for c in self.calls if c.progress is Progress.OFFERED)

    @property
    def held(self) -> tuple[Call, ...]:
        """Legs on hold that the user can take back, the one held the longest first: none that was handed over."""
        held = [c for c in self.calls if c.held and c.up and c.handover is None and c.leaves_at is None]
        if held and (targets := self.targets):
            held = [c for c in held if c.id not in targets]
        return tuple(sorted(held, key=lambda c: c.held_at))

    @property
    def targets(self) -> frozenset[CallId]:
        """Our own legs to the third parties of hand-overs: none of the user's business until those fail."""
        return frozenset(c.handover.target for c in self.calls if c.handover and c.handover.target)

    @property
    def conference(self) -> tuple[Call, ...]:
        """The live legs that are joined."""
        return tuple(c for c in self.calls if c.joined and c.live)

    @property
    def bridges(self) -> tuple[tuple[CallId, CallId], ...]:
        """Pairs of legs whose far ends talk through us, each pair once."""
        return tuple((c.id, c.bridged) for c in self.calls if c.live and c.bridged and c.id < c.bridged)

    @property
    def full(self) -> bool:
        """No further leg may begin."""
        return sum(c.live for c in self.calls) >= self.habits.max_calls

    @property
    def busy(self) -> bool:
        """Some leg is alive."""
        return any(c.live for c in self.calls)
