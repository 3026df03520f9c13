"""One-shot acts that the core asks for. Levels (tones, lamps, ringer, screen, audio route): see outputs.py."""

from __future__ import annotations

from dataclasses import dataclass

from phone.calls.model import Call, CallId, Reason


@dataclass(frozen=True, slots=True)
class Propose:
    """Call `to` (a JID from the dial plan). `on_behalf`: the far end of that leg asked for it (XEP-0251). `message`:
    call the voicemail address that takes messages for `to`; where there is none: `MessageRefused`.
    """

    id: CallId
    to: str
    on_behalf: CallId | None = None
    message: bool = False


@dataclass(frozen=True, slots=True)
class Accept:
    id: CallId


@dataclass(frozen=True, slots=True)
class Terminate:
    """End a leg that is still alive: refuse, cancel or hang up, whichever its progress means."""

    id: CallId
    reason: Reason


@dataclass(frozen=True, slots=True)
class SetHold:
    """Tell the far end that it is on hold, or no more."""

    id: CallId
    held: bool


@dataclass(frozen=True, slots=True)
class TransferTo:
    """Ask the far end of `id` to call `to`, in the place of our leg `target` if there is one (XEP-0251)."""

    id: CallId
    to: str
    target: CallId | None


@dataclass(frozen=True, slots=True)
class AnswerTransfer:
    """Say yes or no to what the far end of `id` asked (`TransferAsked`)."""

    id: CallId
    accept: bool


@dataclass(frozen=True, slots=True)
class SendText:
    """Send the ready-made text of that number (from 0) to `to` as a chat message."""

    to: str
    text: int


@dataclass(frozen=True, slots=True)
class SendDtmf:
    id: CallId
    digit: str


@dataclass(frozen=True, slots=True)
class StartRecording:
    """A message begins: what the far end of `call` says; `to`: what the user says, for that address (dictation)."""

    call: Call | None
    to: str = ""


@dataclass(frozen=True, slots=True)
class StopRecording:
    """It ends, as an act of ours or theirs. Not `keep`: nothing of it is to be kept. `id` None: the dictation, which
    is sent if it is kept.
    """

    id: CallId | None
    keep: bool


@dataclass(frozen=True, slots=True)
class LogCall:
    """Write the ended leg to the call log; `ended_at` is monotonic, the engine turns it into wall time."""

    call: Call
    ended_at: float


Command = (
    Propose
    | Accept
    | Terminate
    | SetHold
    | TransferTo
    | AnswerTransfer
    | SendText
    | SendDtmf
    | StartRecording
    | StopRecording
    | LogCall
)
