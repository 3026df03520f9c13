"""What two ends of a Google session can agree on: one audio stream over plain RTP, in the offer's payload types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from phone.jingle.api import Payload
from phone.jingle.gingle_elements import Description
from phone.jingle.negotiate import NO_AUDIO, NO_CODEC, NOT_ENCRYPTED, PCMA, PCMU, Refusal, common, speech

OFFER: Final = (PCMU, PCMA, Payload(101, "telephone-event", 8000))
"""What we offer, our preference first: all that everybody of that time spoke."""


@dataclass(frozen=True, slots=True)
class GoogleTerms:
    """What was agreed, or offered so far. `codecs` and `receive` as in `MediaWish`."""

    codecs: tuple[Payload, ...] = ()
    receive: tuple[Payload, ...] = ()


def offer() -> GoogleTerms:
    """What we propose as initiator."""
    return GoogleTerms(receive=OFFER)


def take(description: Description) -> GoogleTerms | Refusal:
    """Answer an offer: those of its payload types that we speak. SDES is offered for old peers' sake; who requires it
    cannot be answered.
    """
    codecs = common(description.payloads)
    if description.encryption_required:
        return NOT_ENCRYPTED
    return GoogleTerms(codecs, codecs) if speech(codecs) else NO_CODEC


def settle(offered: GoogleTerms, description: Description | None) -> GoogleTerms | Refusal:
    """Read an answer to our offer. Asterisk now and then accepts with telephone-event alone, and speaks G.711."""
    if description is None:
        return NO_AUDIO
    codecs = common(description.payloads)
    if description.encryption_required:
        return NOT_ENCRYPTED
    if not codecs:
        return NO_CODEC
    return GoogleTerms(codecs if speech(codecs) else (PCMU, PCMA, *codecs), offered.receive)
