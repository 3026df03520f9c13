"""One-shot acts that the core asks for. Levels (tones, lamps, ringer, screen, audio route): see outputs.py."""

from __future__ import annotations

from dataclasses import dataclass

from phone.calls.model import Call, CallId, Reason


@dataclass(frozen=True, slots=True)
class Propose:
    """Call `to` (a JID from the dial plan)."""

    id: CallId
    to: str


@dataclass(frozen=True, slots=True)
class Accept:
    id: CallId


@dataclass(frozen=True, slots=True)
class Terminate:
    """End a leg that is still alive: refuse, cancel or hang up, whichever its progress means."""

    id: CallId
    reason: Reason


@dataclass(frozen=True, slots=True)
class SendDtmf:
    id: CallId
    digit: str


@dataclass(frozen=True, slots=True)
class LogCall:
    """Write the ended leg to the call log; `ended_at` is monotonic, the engine turns it into wall time."""

    call: Call
    ended_at: float


Command = Propose | Accept | Terminate | SendDtmf | LogCall
