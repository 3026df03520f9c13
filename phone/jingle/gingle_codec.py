"""From Google session values to XML, and (in gingle_parse.py) back. Every candidate is written with all ten attributes:
wocky answers bad-request for want of one, and Asterisk hangs up.
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement, fromstring

from phone.jingle.elements import RTP, VOICEMAIL, Info
from phone.jingle.gingle_elements import (
    DTMF_INFO,
    P2P,
    PHONE,
    SESSION,
    Description,
    Gingle,
    P2pCandidate,
    Redirect,
)
from phone.jingle.gingle_parse import parse_session

__all__ = ["encode_session", "parse_session"]

_TYPES: Final = {"host": "local", "srflx": "stun", "relay": "relay"}
_NAMES: Final = {1: "rtp", 2: "rtcp"}
_OLD_REASONS: Final = {
    "success": "call-ended",
    "cancel": "call-ended",
    "busy": "recipient-busy",
    "timeout": "recipient-unavailable",
    "decline": "decline",
    "failed-application": "incompatible-parameters",
}


def encode_session(session: Gingle) -> Element:
    """A `<session/>` payload."""
    element = Element(
        f"{{{SESSION}}}session", {"type": session.act.value, "id": session.id, "initiator": session.initiator}
    )
    if session.description is not None:
        _description(element, session.description)
    if session.transport:
        _candidates(SubElement(element, f"{{{P2P}}}transport"), P2P, session.wrapped)
    _candidates(element, SESSION, session.bare)
    if session.regarding:
        SubElement(element, f"{{{VOICEMAIL}}}regarding", {"name": session.regarding})
    if session.redirect is not None:
        _redirect(element, session.redirect)
    if session.reason:
        _reason(element, session.reason)
    if session.info is not None:
        _info(element, session.info)
    return element


def _description(parent: Element, description: Description) -> None:
    element = SubElement(parent, f"{{{PHONE}}}description")
    for payload in description.payloads:
        attributes = {"id": str(payload.id), "name": payload.name, "clockrate": str(payload.clock_rate)}
        if payload.channels > 1:
            attributes["channels"] = str(payload.channels)
        SubElement(element, f"{{{PHONE}}}payload-type", attributes)
    if description.cryptos:
        _encryption(element, description)


def _encryption(parent: Element, description: Description) -> None:
    """The element is Jingle's, and what it is used for is Google's."""
    element = SubElement(parent, f"{{{RTP}}}encryption")
    if description.encryption_required:
        element.set("required", "true")
    for crypto in description.cryptos:
        attributes = {"tag": crypto.tag, "crypto-suite": crypto.suite, "key-params": crypto.key_params}
        if crypto.session_params:
            attributes["session-params"] = crypto.session_params
        SubElement(element, f"{{{RTP}}}crypto", attributes)
    SubElement(element, f"{{{PHONE}}}usage")


def _candidates(parent: Element, namespace: str, candidates: tuple[P2pCandidate, ...]) -> None:
    for candidate in candidates:
        attributes = {
            "name": _NAMES[candidate.component],
            "address": candidate.ip,
            "port": str(candidate.port),
            "username": candidate.username,
            "password": candidate.password,
            "preference": str(candidate.priority / 1000),
            "protocol": "udp",
            "type": _TYPES[candidate.type],
            "network": "0",
            "generation": str(candidate.generation),
        }
        SubElement(parent, f"{{{namespace}}}candidate", attributes)


def _redirect(parent: Element, redirect: Redirect) -> None:
    if redirect.target:
        SubElement(parent, f"{{{SESSION}}}target", {"name": redirect.target})
    if redirect.cookie:
        parent.append(fromstring(redirect.cookie))  # noqa: S314 - parsed once already, or our own


def _reason(parent: Element, reason: str) -> None:
    """Twice: libjingle reads the first child, Asterisk looks for `<reason/>`; each passes over the other's."""
    SubElement(parent, f"{{{SESSION}}}{_OLD_REASONS.get(reason, 'general-error')}")
    SubElement(SubElement(parent, f"{{{SESSION}}}reason"), f"{{{SESSION}}}{reason}")


def _info(parent: Element, info: Info) -> None:
    element = SubElement(parent, f"{{{info.namespace}}}{info.name}")
    if info.namespace == DTMF_INFO:
        element.set("action", "button-up")
    if info.code:
        element.set("code", info.code)
