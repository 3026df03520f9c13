"""From values to XML, and (in parse.py) back. All attributes that any peer needs are written.

Asterisk hangs up when one of the nine candidate attributes is missing (PEERS.md, Asterisk 3); `stanza` jams for ever on
a transport-info whose content has no `<transport/>` (PEERS.md 10).
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from phone.jingle.api import IceCandidate, Payload
from phone.jingle.elements import (
    DTLS,
    EARLY,
    ICE_UDP,
    JINGLE,
    JMI,
    RTP,
    TRANSFER,
    VOICEMAIL,
    Content,
    Description,
    Fingerprint,
    Info,
    Jingle,
    Proposal,
    Reason,
    Transfer,
    Transport,
)
from phone.jingle.parse import parse_jingle, parse_proposal

__all__ = ["encode_jingle", "encode_proposal", "parse_jingle", "parse_proposal"]


def encode_jingle(jingle: Jingle) -> Element:
    """A `<jingle/>` payload."""
    element = Element(f"{{{JINGLE}}}jingle", {"action": jingle.action.value, "sid": jingle.sid})
    for name, value in (("initiator", jingle.initiator), ("responder", jingle.responder)):
        if value is not None:
            element.set(name, value)
    for content in jingle.contents:
        _content(element, content)
    if jingle.reason is not None:
        _reason(element, jingle.reason)
    if jingle.info is not None:
        _info(element, jingle.info)
    if jingle.early:
        SubElement(element, f"{{{EARLY}}}early")
    if jingle.transfer is not None:
        _transfer(element, jingle.transfer)
    if jingle.regarding:
        SubElement(element, f"{{{VOICEMAIL}}}regarding", {"name": jingle.regarding})
    return element


def encode_proposal(proposal: Proposal) -> Element:
    """A JMI element."""
    element = Element(f"{{{JMI}}}{proposal.verb.value}", {"id": proposal.id})
    for media in proposal.media:
        SubElement(element, f"{{{RTP}}}description", {"media": media})
    if proposal.reason is not None:
        _reason(element, proposal.reason)
    if proposal.tie_break:
        SubElement(element, f"{{{JMI}}}tie-break")
    if proposal.migrated_to is not None:
        SubElement(element, f"{{{JMI}}}migrated", {"to": proposal.migrated_to})
    if proposal.transfer is not None:
        _transfer(element, proposal.transfer)
    return element


def _reason(parent: Element, reason: Reason) -> None:
    element = SubElement(parent, f"{{{JINGLE}}}reason")
    if reason.condition:
        SubElement(element, f"{{{JINGLE}}}{reason.condition}")
    if reason.transferred:
        SubElement(element, f"{{{TRANSFER}}}transferred")
    if reason.text:
        SubElement(element, f"{{{JINGLE}}}text").text = reason.text


def _info(parent: Element, info: Info) -> None:
    element = SubElement(parent, f"{{{info.namespace}}}{info.name}")
    if info.code:
        element.set("code", info.code)


def _transfer(parent: Element, transfer: Transfer) -> None:
    named = (("from", transfer.attendant), ("sid", transfer.sid), ("to", transfer.to))
    SubElement(parent, f"{{{TRANSFER}}}transfer", {name: value for name, value in named if value is not None})


def _content(parent: Element, content: Content) -> None:
    element = SubElement(
        parent,
        f"{{{JINGLE}}}content",
        {"creator": content.creator, "name": content.name, "senders": content.senders},
    )
    if content.description is not None:
        _description(element, content.description)
    if content.transport is not None:
        _transport(element, content.transport)


def _description(parent: Element, description: Description) -> None:
    element = SubElement(parent, f"{{{RTP}}}description", {"media": description.media})
    for payload in description.payloads:
        _payload(element, payload)
    if description.rtcp_mux:
        SubElement(element, f"{{{RTP}}}rtcp-mux")


def _payload(parent: Element, payload: Payload) -> None:
    attributes = {
        "id": str(payload.id),
        "name": payload.name,
        "clockrate": str(payload.clock_rate),
        "channels": str(payload.channels),
    }
    if payload.ptime is not None:
        attributes["ptime"] = str(payload.ptime)
    element = SubElement(parent, f"{{{RTP}}}payload-type", attributes)
    for name, value in payload.parameters:
        SubElement(element, f"{{{RTP}}}parameter", {"name": name, "value": value})


def _transport(parent: Element, transport: Transport) -> None:
    element = SubElement(parent, f"{{{transport.namespace}}}transport")
    if transport.ufrag is not None and transport.pwd is not None:
        element.set("ufrag", transport.ufrag)
        element.set("pwd", transport.pwd)
    if transport.fingerprint is not None:
        _fingerprint(element, transport.fingerprint)
    for candidate in transport.candidates:
        _candidate(element, transport.namespace, candidate)


def _fingerprint(parent: Element, fingerprint: Fingerprint) -> None:
    element = SubElement(parent, f"{{{DTLS}}}fingerprint", {"hash": fingerprint.hash})
    if fingerprint.setup is not None:
        element.set("setup", fingerprint.setup)
    element.text = fingerprint.value


def _candidate(parent: Element, namespace: str, candidate: IceCandidate) -> None:
    attributes = {
        "component": str(candidate.component),
        # XEP-0176 5.4: unique in the session; the address is.
        "id": f"c{candidate.generation}-{candidate.component}-{candidate.type}-{candidate.ip}-{candidate.port}",
        "generation": str(candidate.generation),
        "ip": candidate.ip,
        "port": str(candidate.port),
    }
    if namespace == ICE_UDP:
        attributes |= {
            "foundation": candidate.foundation,
            "network": "0",
            "priority": str(candidate.priority),
            "protocol": "udp",
            "type": candidate.type,
        }
        if candidate.related_ip is not None and candidate.related_port is not None:
            attributes |= {"rel-addr": candidate.related_ip, "rel-port": str(candidate.related_port)}
    SubElement(parent, f"{{{namespace}}}candidate", attributes)
