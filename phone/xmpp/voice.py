"""Voice messages: one stanza that clients of every age play (XEP-0066, XEP-0447, XEP-0446). Pure."""

from __future__ import annotations

import base64
from xml.etree.ElementTree import Element, SubElement

from phone.xmpp.api import VoiceMessage
from phone.xmpp.stanzas import CLIENT, HINTS, MESSAGE, printable

OOB = "jabber:x:oob"
FALLBACK = "urn:xmpp:fallback:0"
SFS = "urn:xmpp:sfs:0"
FILE = "urn:xmpp:file:metadata:0"
HASHES = "urn:xmpp:hashes:2"
URL_DATA = "http://jabber.org/protocol/url-data"
STANZA_ID = "urn:xmpp:sid:0"


def voice_message(to: str, id: str, message: VoiceMessage) -> Element:
    """The body is the URL and nothing else: Conversations, Dino and Monal take it for a file only then. Who knows
    XEP-0447 shows the file instead of the whole body (XEP-0428).
    """
    stanza = Element(MESSAGE, {"to": to, "type": "chat", "id": id})
    SubElement(stanza, f"{{{CLIENT}}}body").text = message.url
    SubElement(SubElement(stanza, f"{{{OOB}}}x"), f"{{{OOB}}}url").text = message.url
    fallback = SubElement(stanza, f"{{{FALLBACK}}}fallback", {"for": SFS})
    SubElement(fallback, f"{{{FALLBACK}}}body")
    stanza.append(_sharing(message))
    SubElement(stanza, f"{{{STANZA_ID}}}origin-id", {"id": id})
    SubElement(stanza, f"{{{HINTS}}}store")
    return stanza


def _sharing(message: VoiceMessage) -> Element:
    sharing = Element(f"{{{SFS}}}file-sharing", {"disposition": "inline"})
    file = SubElement(sharing, f"{{{FILE}}}file")
    facts = {
        "media-type": message.media_type,
        "name": printable(message.name),
        "size": str(message.size),
        "length": str(round(message.seconds * 1000)),
    }
    for name, text in facts.items():
        SubElement(file, f"{{{FILE}}}{name}").text = text
    digest = SubElement(file, f"{{{HASHES}}}hash", {"algo": "sha-256"})
    digest.text = base64.b64encode(message.sha256).decode()
    sources = SubElement(sharing, f"{{{SFS}}}sources")
    SubElement(sources, f"{{{URL_DATA}}}url-data", {"target": message.url})
    return sharing
