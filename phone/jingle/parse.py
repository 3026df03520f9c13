"""From XML to values, for untrusted input: what is missing gets its default, what is unknown is dropped, and only
what cannot be routed at all (no sid, no known action) raises `RemoteProtocolError`. Nothing else ever raises.

Attributes that some peer leaves out (PEERS.md 8): initiator, responder, senders, creator, candidate id, generation,
network. Content is matched by its name alone, so `creator` is never relied on.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from xml.etree.ElementTree import Element

from phone.jingle.api import IceCandidate, Payload
from phone.jingle.elements import (
    DTLS,
    EARLY,
    GROUPING,
    ICE_UDP,
    JINGLE,
    JMI,
    RAW_UDP,
    RTP,
    TRANSFER,
    VOICEMAIL,
    Action,
    Content,
    Description,
    Fingerprint,
    Info,
    Jingle,
    Proposal,
    Reason,
    Transfer,
    Transport,
    Verb,
)
from phone.jingle.errors import RemoteProtocolError
from phone.jingle.jid import normal, valid

MAX_CANDIDATES: Final = 64
MAX_PAYLOADS: Final = 64
MAX_CONTENTS: Final = 16
MAX_ID: Final = 256
"""Characters of a sid or JMI id; longer ones are refused."""
MAX_TEXT: Final = 200

_STATIC: Final = {0: ("PCMU", 8000), 8: ("PCMA", 8000)}
"""RFC 3551 table 4, for peers that leave name or clockrate out."""
_HASHES: Final = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Octets of the fingerprints that we trust (RFC 8122 5); the order is the preference."""
_HEX: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2})*\Z")
_CANDIDATE_TYPES: Final = ("host", "srflx", "prflx", "relay")


def parse_jingle(element: Element) -> Jingle:
    """A `<jingle xmlns='urn:xmpp:jingle:1'/>`. Raises RemoteProtocolError: no sid, unknown action."""
    try:
        # Yate writes `action` and `type`; the former is Jingle's (PEERS.md, Yate 4).
        action = Action(element.get("action", ""))
    except ValueError:
        raise RemoteProtocolError("unknown Jingle action") from None
    sid = element.get("sid", "")
    if not 0 < len(sid) <= MAX_ID:
        raise RemoteProtocolError("a Jingle element needs a sid of at most 256 characters")
    reason = element.find(f"{{{JINGLE}}}reason")
    return Jingle(
        action=action,
        sid=sid,
        contents=tuple(_content(c) for c in element.findall(f"{{{JINGLE}}}content")[:MAX_CONTENTS]),
        initiator=element.get("initiator"),
        responder=element.get("responder"),
        reason=None if reason is None else _reason(reason),
        info=_info(element),
        early=element.find(f"{{{EARLY}}}early") is not None,
        bundle=any(g.get("semantics") == "BUNDLE" for g in element.findall(f"{{{GROUPING}}}group")),
        transfer=_transfer(element),
        regarding=_regarding(element),
    )


def parse_proposal(element: Element) -> Proposal:
    """A JMI element (XEP-0353). Raises RemoteProtocolError: another namespace, unknown verb, no id."""
    namespace, name = _split(element.tag)
    try:
        verb = Verb(name)
    except ValueError:
        raise RemoteProtocolError("unknown JMI element") from None
    call = element.get("id", "")
    if namespace != JMI or not 0 < len(call) <= MAX_ID:
        raise RemoteProtocolError("a JMI element needs its namespace and an id of at most 256 characters")
    reason = element.find(f"{{{JINGLE}}}reason")
    migrated = element.find(f"{{{JMI}}}migrated")
    return Proposal(
        verb=verb,
        id=call,
        media=tuple(d.get("media", "") for d in element.findall(f"{{{RTP}}}description")[:MAX_CONTENTS]),
        reason=None if reason is None else _reason(reason),
        tie_break=element.find(f"{{{JMI}}}tie-break") is not None,
        migrated_to=None if migrated is None else migrated.get("to"),
        transfer=_transfer(element),
    )


def _split(tag: object) -> tuple[str, str]:
    """Namespace and local name. Comments and processing instructions have a function for a tag: no name."""
    if not isinstance(tag, str):
        return "", ""
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:], name) if brace else ("", tag)


def _reason(element: Element) -> Reason:
    condition = ""
    text = ""
    transferred = False
    for child in element:
        namespace, name = _split(child.tag)
        if namespace == JINGLE and name == "text":
            text = (child.text or "")[:MAX_TEXT]
        elif namespace == JINGLE and not condition:
            condition = name.replace("_", "-")  # Dino writes failed_application
        elif (namespace, name) == (TRANSFER, "transferred"):
            transferred = True
    return Reason(condition, text, transferred)


def _info(element: Element) -> Info | None:
    """The first child that is not Jingle's own and is not read elsewhere."""
    for child in element:
        namespace, name = _split(child.tag)
        if namespace not in (JINGLE, GROUPING, EARLY, VOICEMAIL, "") and (namespace, name) != (TRANSFER, "transfer"):
            return Info(namespace, name, child.get("code", ""))
    return None


def _transfer(element: Element) -> Transfer | None:
    """Attributes that are empty are as good as none; addresses in the spelling that servers use."""
    child = element.find(f"{{{TRANSFER}}}transfer")
    if child is None:
        return None
    attendant, to, sid = (child.get(name, "").strip() for name in ("from", "to", "sid"))
    return Transfer(normal(attendant) or None, normal(to) or None, sid or None)


def _regarding(element: Element) -> str:
    """The mailbox that a session is for, by Google's voicemail extension; "" for nonsense."""
    child = element.find(f"{{{VOICEMAIL}}}regarding")
    name = "" if child is None else normal(child.get("name", "").strip())
    return name if valid(name) else ""


def _content(element: Element) -> Content:
    description = element.find(f"{{{RTP}}}description")
    transport = next((c for c in element if _split(c.tag)[1] == "transport" and _split(c.tag)[0]), None)
    return Content(
        name=element.get("name", ""),
        creator=element.get("creator", "initiator"),
        senders=element.get("senders", "both"),
        description=None if description is None else _description(description),
        transport=None if transport is None else _transport(transport),
    )


def _description(element: Element) -> Description:
    payloads = (_payload(p) for p in element.findall(f"{{{RTP}}}payload-type")[:MAX_PAYLOADS])
    encryption = element.find(f"{{{RTP}}}encryption")
    return Description(
        media=element.get("media", "").lower(),
        payloads=tuple(p for p in payloads if p is not None),
        rtcp_mux=element.find(f"{{{RTP}}}rtcp-mux") is not None,
        sdes_required=encryption is not None and encryption.get("required") in {"true", "1"},
    )


def _payload(element: Element) -> Payload | None:
    """None: without a payload type number, or a dynamic one without a name."""
    number = _number(element.get("id"), 127)
    if number is None:
        return None
    name, rate = _STATIC.get(number, ("", 8000))
    name = element.get("name") or name
    if not name:
        return None
    stereo = 2 if name.lower() == "opus" else 1  # RFC 7587 7: always opus/48000/2
    rate = 48000 if name.lower() == "opus" else rate
    return Payload(
        id=number,
        name=name[:MAX_TEXT],
        clock_rate=_number(element.get("clockrate"), 1_000_000) or rate,
        channels=_number(element.get("channels"), 255) or stereo,
        parameters=tuple(
            (p.get("name", "")[:MAX_TEXT], p.get("value", "")[:MAX_TEXT])
            for p in element.findall(f"{{{RTP}}}parameter")[:MAX_PAYLOADS]
        ),
        ptime=_number(element.get("ptime"), 1000) or None,
    )


def _transport(element: Element) -> Transport:
    namespace, _ = _split(element.tag)
    if namespace not in (ICE_UDP, RAW_UDP):
        return Transport(namespace)
    candidates = (_candidate(c, namespace) for c in element.findall(f"{{{namespace}}}candidate")[:MAX_CANDIDATES])
    return Transport(
        namespace=namespace,
        ufrag=(element.get("ufrag") or None),
        pwd=(element.get("pwd") or None),
        fingerprint=_fingerprint(element),
        candidates=tuple(c for c in candidates if c is not None),
    )


def _fingerprint(element: Element) -> Fingerprint | None:
    """The most preferred one whose hash we trust and whose value is well formed."""
    found = [f for f in map(_one_fingerprint, element.findall(f"{{{DTLS}}}fingerprint")) if f is not None]
    return min(found, key=lambda f: list(_HASHES).index(f.hash), default=None)


def _one_fingerprint(element: Element) -> Fingerprint | None:
    method = element.get("hash", "").strip().lower()
    value = (element.text or "").strip().upper()
    if method not in _HASHES or not _HEX.match(value) or len(value) != _HASHES[method] * 3 - 1:
        return None
    setup = element.get("setup", "").lower()
    return Fingerprint(method, value, setup if setup in {"active", "passive", "actpass"} else None)


def _candidate(element: Element, namespace: str) -> IceCandidate | None:
    """None: not UDP, port 0 (Gajim), not an address, a component that we could not use."""
    component = _number(element.get("component", "1"), 256)
    port = _number(element.get("port"), 65535)
    ip = element.get("ip", "").strip().lower()
    if not component or not port or not _address(ip) or element.get("protocol", "udp").lower() != "udp":
        return None
    kind = element.get("type", "host").lower() if namespace == ICE_UDP else "host"
    if kind not in _CANDIDATE_TYPES:
        return None
    related = element.get("rel-addr", "").strip().lower()
    return IceCandidate(
        component=component,
        foundation=(element.get("foundation") or "0")[:MAX_TEXT],
        ip=ip,
        port=port,
        priority=_number(element.get("priority"), 2**32 - 1) or 0,
        type=kind,
        related_ip=related if _address(related) else None,
        related_port=_number(element.get("rel-port"), 65535),
        generation=_number(element.get("generation"), 2**31) or 0,
    )


def _address(text: str) -> bool:
    """An IP literal that one host can have, or a browser's mDNS name (RFC 8828 3.1)."""
    if text.endswith(".local"):
        return len(text) < MAX_ID
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified)


def _number(text: str | None, highest: int) -> int | None:
    """A decimal of 0 to `highest`, or None."""
    if text is None:
        return None
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    number = int(text)
    return number if number <= highest else None
