"""Everything that can happen to the phone, from the user, the far end or the clock.

`at` is seconds on the monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from phone.calls.model import CallId, Notice, Reason, Ring, Service


class Key(Enum):
    """Function keys. A profile says which exist; the core understands all of them.

    UP and DOWN belong to the menus alone.
    """

    HOLD = "HOLD"
    TRANSFER = "TRANSFER"
    VOICEMAIL = "VOICEMAIL"
    MUTE = "MUTE"
    SPEAKER = "SPEAKER"
    REDIAL = "REDIAL"
    VOL_UP = "VOL+"
    VOL_DOWN = "VOL-"
    UP = "UP"
    DOWN = "DOWN"
    OK = "OK"
    BACK = "BACK"


DIGITS = "0123456789*#"


@dataclass(frozen=True, slots=True)
class HookLifted:
    at: float


@dataclass(frozen=True, slots=True)
class HookReplaced:
    at: float


@dataclass(frozen=True, slots=True)
class DigitPressed:
    digit: str  # one of DIGITS
    at: float


@dataclass(frozen=True, slots=True)
class KeyPressed:
    key: Key
    at: float


@dataclass(frozen=True, slots=True)
class KeyReleased:
    """Any digit or function key went up."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class DialRequested:
    """`phone call NUMBER`: like dialling on-hook, and the far end is called at once if the handset is up,
    else when it is lifted.
    """

    number: str
    at: float


@dataclass(frozen=True, slots=True)
class HangUpRequested:
    """`phone hang-up`: ends the call in the ear, or refuses the one that rings."""

    at: float


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The phone is being stopped: every leg ends, and is logged."""

    at: float


@dataclass(frozen=True, slots=True)
class ServiceChanged:
    service: Service
    at: float


@dataclass(frozen=True, slots=True)
class SoundChanged:
    """The handset's card works, or does not: missing, busy, or no process to drive it."""

    works: bool
    at: float


@dataclass(frozen=True, slots=True)
class Offered:
    """A far end calls us. `name` is what the roster calls it (may be the address); the rest: see `Call`."""

    id: CallId
    peer: str
    name: str
    at: float
    via: str = ""
    replaces: CallId | None = None
    ring: Ring | None = None
    intercom: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """What the roster calls the far end that we call."""

    id: CallId
    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Alerting:
    """The far end says that it rings."""

    id: CallId
    at: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """The far end took our call."""

    id: CallId
    at: float


@dataclass(frozen=True, slots=True)
class MediaUp:
    """Both ways of speech are open for `id`; it may come before the answer (then it waits for it)."""

    id: CallId
    encrypted: bool
    at: float


@dataclass(frozen=True, slots=True)
class PeerHeld:
    id: CallId
    held: bool
    at: float


@dataclass(frozen=True, slots=True)
class Capable:
    """Whether the far end does XEP-0251, as its disco#info says."""

    id: CallId
    transfer: bool
    at: float


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The far end of `id` asks us to call `to` in its place. `allowed`: the config needs no yes of the user."""

    id: CallId
    to: str
    name: str
    allowed: bool
    at: float


class TransferFault(Enum):
    """Why a transfer that we asked for came to nothing. (It came to something when the leg ends.)"""

    UNSUPPORTED = "unsupported"  # the far end does not do XEP-0251 after all, or its ack led nowhere: bridge
    REFUSED = "refused"  # its user or its policy says no
    FAILED = "failed"  # it tried, and wants the call with us back


@dataclass(frozen=True, slots=True)
class TransferFailed:
    id: CallId
    fault: TransferFault
    at: float


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """From a menu: take this held, waiting or recalling leg to the ear; whoever has it is held."""

    id: CallId
    at: float


@dataclass(frozen=True, slots=True)
class DndChanged:
    """From a menu or `phone dnd`."""

    on: bool
    at: float


@dataclass(frozen=True, slots=True)
class LockChanged:
    """From a menu or `phone lock`; opening needs no code here, the menu has asked for it."""

    on: bool
    at: float


@dataclass(frozen=True, slots=True)
class MissedAway:
    """Calls came while this phone was off, the last one of `name`."""

    count: int
    name: str
    at: float


@dataclass(frozen=True, slots=True)
class MailChanged:
    """How many messages wait now."""

    new: int
    old: int
    at: float


@dataclass(frozen=True, slots=True)
class MailboxOpened:
    """`phone voicemail play`: like VOICEMAIL on an idle phone, at once with that message."""

    letter: str
    at: float


@dataclass(frozen=True, slots=True)
class MailboxLeft:
    """The user is through with his messages: dial tone, or on the speaker: off."""

    at: float


@dataclass(frozen=True, slots=True)
class GreetingOver:
    """The far end of `id` has heard the greeting and the tone."""

    id: CallId
    at: float


@dataclass(frozen=True, slots=True)
class PromptOver:
    """The user has heard the dictation's prompt and tone."""

    at: float


class RecordingEnd(Enum):
    """Why a recording cannot go on."""

    SILENCE = "silence"  # nothing was said for long: who spoke has left
    FULL = "full"  # quota, or no room on the card
    FAILED = "failed"  # the card, or the sound process


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """Of the leg `id`; None: of the dictation."""

    id: CallId | None
    why: RecordingEnd
    at: float


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """No server takes the message that leg `id` was to leave: it is dictated here instead."""

    id: CallId
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence for the display about what went on behind the calls."""

    notice: Notice
    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The far end, the network or the media gave the call up; the core must not terminate it again."""

    id: CallId
    reason: Reason
    at: float


@dataclass(frozen=True, slots=True)
class Ticked:
    """Some deadline of `deadlines(phone)` has passed."""

    at: float


Event = (
    HookLifted
    | HookReplaced
    | DigitPressed
    | KeyPressed
    | KeyReleased
    | DialRequested
    | HangUpRequested
    | ShutDown
    | ServiceChanged
    | SoundChanged
    | Offered
    | Named
    | Alerting
    | Accepted
    | MediaUp
    | PeerHeld
    | Capable
    | TransferAsked
    | TransferFailed
    | ResumeRequested
    | DndChanged
    | LockChanged
    | MissedAway
    | MailChanged
    | MailboxOpened
    | MailboxLeft
    | GreetingOver
    | PromptOver
    | RecordingStopped
    | MessageRefused
    | Told
    | Ended
    | Ticked
)
