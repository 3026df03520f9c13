"""What the config says of this phone, and what it keeps over a restart: frozen values. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

Ring = int | str
"""What the bell plays: 0 the country's ringing, 1 to 5 a tune, else a WAV file, by its path."""


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds."""

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
    long_press: float = 0.8  # BACK clears all digits, 0 becomes +, HOLD joins a conference, a digit is speed dial
    hold_reminder: float = 60.0  # a held call is remembered on-hook each so often
    reminder_ring: float = 4.0  # how long that rings
    recall_ring: float = 60.0  # a transfer failed: the caller comes back; then it is a held call like any other
    transfer_request: float = 15.0  # nobody says yes or no to a far end's transfer request -> no
    transferred_ring: float = 45.0  # the third party that a far end sent us to does not answer -> back to it
    beep: float = 0.6  # the ear is warned that somebody else is on the line now
    hotline: float = 0.0  # off-hook without a digit -> the hotline number
    handover: float = 75.0  # whom we asked to call somebody else says nothing -> it cannot
    farewell: float = 5.0  # handed over; the leg to the third party is left for it to end that long
    replaced: float = 3.0  # the leg in whose place another was taken ends then, even before that one's speech flows
    answer: float = 25.0  # nobody lifts: the phone answers itself, if `Habits.answers`
    longest_message: float = 180.0  # then the caller is thanked by a tone, and the call ends
    greeting: float = 60.0  # a greeting that is never over (the sound process died) is taken as over
    offer_message: float = 20.0  # nobody answers there: the display offers to leave a message
    mailbox: float = 30.0  # VOICEMAIL on-hook without a speaker: so long is there to lift


@dataclass(frozen=True, slots=True)
class Memory:
    """What of the phone's state outlives a restart. Volumes in percent."""

    handset_volume: int = 80
    ringer_volume: int = 80
    last_dialled: str = ""
    speaker_volume: int = 80
    dnd: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Habits:
    """What the config says of this phone, beyond the dial plan and the timers."""

    has_speaker: bool = False
    """There is a speaker to talk through: the SPEAKER key seizes the line."""
    waiting: bool = True
    """Further calls knock while one is talked on; else they are refused as busy."""
    max_calls: int = 8
    """Legs alive at a time, the held and bridged ones among them."""
    emergency: frozenset[str] = frozenset()
    """Numbers that may be dialled while the keypad is locked."""
    lock_code: str = ""
    """Typed, then OK, it opens the keypad; "": there is no lock."""
    hotline: str = ""
    """Called when the handset is lifted and nothing is dialled."""
    speed: tuple[tuple[str, str], ...] = ()
    """Pairs of a digit and the number or address that holding it down calls."""
    answers: bool = False
    """The phone answers for its user after `Timers.answer`, and takes a message."""
    answers_busy: bool = True
    """It does so at once instead of refusing as busy (if it answers at all)."""
    answers_dnd: bool = True
    """The same while do-not-disturb is on."""
    ring: Ring = 0
    """Of all legs that have none of their own."""
    texts: int = 3
    """How many ready-made texts there are to refuse a call with."""
