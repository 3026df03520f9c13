"""Why calls end, between the wire (XEP-0166 7.4, RFC 6120 8.3.3, media faults) and the user's `EndReason`."""

from __future__ import annotations

from typing import Final

from phone.jingle.api import EndReason, TransferFault
from phone.jingle.elements import Proposal, Reason, Verb

_WIRE: Final = {
    EndReason.BUSY: "busy",
    EndReason.DECLINED: "decline",
    EndReason.CANCELLED: "cancel",
    EndReason.NO_ANSWER: "timeout",
    EndReason.UNREACHABLE: "timeout",
    EndReason.INCOMPATIBLE: "failed-application",
    EndReason.INSECURE: "security-error",
    EndReason.MEDIA_LOST: "connectivity-error",
    EndReason.ANSWERED_ELSEWHERE: "cancel",
    EndReason.DECLINED_ELSEWHERE: "decline",
    EndReason.TRANSFERRED: "success",
}

_FROM_WIRE: Final = {
    "busy": EndReason.BUSY,
    "decline": EndReason.DECLINED,
    "connectivity-error": EndReason.MEDIA_LOST,
    "failed-transport": EndReason.MEDIA_LOST,
    "failed-application": EndReason.INCOMPATIBLE,
    "incompatible-parameters": EndReason.INCOMPATIBLE,
    "unsupported-applications": EndReason.INCOMPATIBLE,
    "unsupported-transports": EndReason.INCOMPATIBLE,
    "security-error": EndReason.INSECURE,
    "general-error": EndReason.FAILED,
    "media-error": EndReason.FAILED,
    "alternative-session": EndReason.FAILED,
}

_ERRORS: Final = {
    "conflict": EndReason.BUSY,
    "resource-constraint": EndReason.BUSY,
    "item-not-found": EndReason.NOT_FOUND,
    "remote-server-not-found": EndReason.NOT_FOUND,
    "jid-malformed": EndReason.NOT_FOUND,
    "gone": EndReason.NOT_FOUND,
    "service-unavailable": EndReason.UNREACHABLE,
    "recipient-unavailable": EndReason.UNREACHABLE,
    "remote-server-timeout": EndReason.UNREACHABLE,
    "redirect": EndReason.UNREACHABLE,
    "timeout": EndReason.UNREACHABLE,
    "feature-not-implemented": EndReason.INCOMPATIBLE,
    "not-acceptable": EndReason.INCOMPATIBLE,
    "forbidden": EndReason.DECLINED,
    "not-allowed": EndReason.DECLINED,
    "not-authorized": EndReason.DECLINED,
}

_TRANSFER_ERRORS: Final = {
    "feature-not-implemented": TransferFault.UNSUPPORTED,
    "service-unavailable": TransferFault.UNSUPPORTED,
    "bad-request": TransferFault.UNSUPPORTED,
    "recipient-unavailable": TransferFault.UNSUPPORTED,
    "timeout": TransferFault.UNSUPPORTED,
    "forbidden": TransferFault.REFUSED,
    "not-allowed": TransferFault.REFUSED,
    "not-authorized": TransferFault.REFUSED,
    "not-acceptable": TransferFault.REFUSED,
    "policy-violation": TransferFault.REFUSED,
    "registration-required": TransferFault.REFUSED,
    "subscription-required": TransferFault.REFUSED,
    "conflict": TransferFault.REFUSED,
}

_FAULTS: Final = {
    "fingerprint": ("security-error", EndReason.INSECURE),
    "no-srtp": ("security-error", EndReason.INSECURE),
    "dtls": ("security-error", EndReason.INSECURE),
    "ice": ("connectivity-error", EndReason.MEDIA_LOST),
    "timeout": ("connectivity-error", EndReason.MEDIA_LOST),
    "no-rtp": ("connectivity-error", EndReason.MEDIA_LOST),
    "codec": ("failed-application", EndReason.INCOMPATIBLE),
}


def to_wire(reason: EndReason, *, active: bool, outgoing: bool) -> str:
    """The session-terminate condition for ending a session ourselves."""
    if reason in _WIRE:
        return _WIRE[reason]
    if reason is not EndReason.HANGUP:
        return "general-error"
    if active:
        return "success"
    return "cancel" if outgoing else "decline"


def from_wire(condition: str, *, active: bool, outgoing: bool) -> EndReason:
    """What a peer's session-terminate means; "" when it gave no reason (Yate).

    Asterisk ends an answered call with `gone` and a refused one with `cancel` (PEERS.md, Asterisk 6).
    """
    if condition in _FROM_WIRE:
        return _FROM_WIRE[condition]
    if condition in {"timeout", "expired"} and (active or outgoing):
        return EndReason.MEDIA_LOST if active else EndReason.NO_ANSWER
    if active:
        return EndReason.HANGUP
    return EndReason.DECLINED if outgoing else EndReason.CANCELLED


def from_error(condition: str) -> EndReason:
    """What an IQ error (or "timeout") to our session-initiate or session-accept means."""
    return _ERRORS.get(condition, EndReason.FAILED)


def from_bounce(condition: str) -> EndReason:
    """What it means that our propose, a message, came back. Not acceptable is no word on codecs, of which it says
    nothing: we have blocked whom we call (XEP-0191 3.4).
    """
    return EndReason.UNREACHABLE if condition == "not-acceptable" else from_error(condition)


def from_transfer_error(condition: str) -> TransferFault:
    """What an IQ error (or "timeout") to our `<transfer/>` means. Yate's undefined-condition ("No peer for sid"), and
    all that we do not know: it was understood, and did not work.
    """
    return _TRANSFER_ERRORS.get(condition, TransferFault.FAILED)


def from_fault(fault: str) -> tuple[str, EndReason]:
    """A media fault (`media.plan.LegFault`) as (condition, reason)."""
    return _FAULTS.get(fault, ("media-error", EndReason.FAILED))


def from_proposal(proposal: Proposal, *, active: bool, outgoing: bool) -> EndReason:
    """What a reject, retract or finish (XEP-0353) says."""
    if proposal.verb is Verb.RETRACT:
        return EndReason.CANCELLED
    if proposal.tie_break:
        return EndReason.BUSY
    return from_wire((proposal.reason or Reason()).condition, active=active, outgoing=outgoing)
