"""From `<session/>` XML to values, for untrusted input, by the rules of parse.py: only what cannot be routed at all
raises `RemoteProtocolError` (answered bad-request); a candidate or payload type that is of no use is dropped.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, tostring

from phone.jingle.api import Payload
from phone.jingle.elements import RTP, Info
from phone.jingle.errors import RemoteProtocolError
from phone.jingle.gingle_elements import (
    DTMF_INFO,
    OLD_TALK,
    P2P,
    PHONE,
    SESSION,
    VIDEO,
    Act,
    Crypto,
    Description,
    Gingle,
    P2pCandidate,
    Redirect,
)
from phone.jingle.jid import normal, valid
from phone.jingle.parse import MAX_CANDIDATES, MAX_ID, MAX_PAYLOADS, MAX_TEXT, _address, _number, _regarding, _split

MAX_COOKIE: Final = 2000
"""Characters of XML; a longer cookie is dropped rather than carried to a third party."""
_STATIC: Final = {0: ("PCMU", 8000), 8: ("PCMA", 8000)}
_COMPONENTS: Final = {"rtp": 1, "rtcp": 2}
"""What is left out: video_rtp and video_rtcp."""
_TYPES: Final = {"local": "host", "stun": "srflx", "relay": "relay"}
_FRACTION: Final = re.compile(r"\d{1,9}(\.\d{1,17})?\Z", re.ASCII)
_USERNAME: Final = re.compile(r"[!-~]{1,64}\Z")

_OLD_REASONS: Final = {
    "call-ended": "success",
    "recipient-busy": "busy",
    "recipient-unavailable": "timeout",
    "number-disallowed": "decline",
    "number-malformed": "general-error",
    "insufficient-funds": "general-error",
    "protocol-error": "general-error",
    "internal-server-error": "general-error",
    "unknown-error": "general-error",
}
"""libjingle's names before it took Jingle's."""


def parse_session(element: Element) -> Gingle:
    """A `<session/>`. Raises RemoteProtocolError: another element, no id, an unknown type, an initiate without the
    initiator or the description.
    """
    if element.tag != f"{{{SESSION}}}session":
        raise RemoteProtocolError("not a Google session")
    try:
        act = Act(element.get("type", ""))
    except ValueError:
        raise RemoteProtocolError("unknown type of a Google session stanza") from None
    sid = element.get("id", "")
    if not 0 < len(sid) <= MAX_ID:
        raise RemoteProtocolError("a Google session needs an id of at most 256 characters")
    transport = element.find(f"{{{P2P}}}transport")
    parsed = Gingle(
        act=act,
        id=sid,
        initiator=element.get("initiator", ""),
        description=_description(element),
        transport=transport is not None,
        wrapped=() if transport is None else _candidates(transport, (P2P, SESSION)),
        bare=_candidates(element, (SESSION, P2P)),
        regarding=_regarding(element),
        redirect=_redirect(element),
        reason=_reason(element) if act in {Act.TERMINATE, Act.REJECT} else "",
        info=_info(element),
    )
    if act is Act.INITIATE and (parsed.description is None or not valid(normal(parsed.initiator))):
        raise RemoteProtocolError("a Google session begins with a description and the initiator's address")
    return parsed


# --- description ----------------------------------------------------------------------------------------------


def _description(element: Element) -> Description | None:
    audio = element.find(f"{{{PHONE}}}description")
    found = audio if audio is not None else element.find(f"{{{VIDEO}}}description")
    if found is None:
        return None
    types = found.findall(f"{{{PHONE}}}payload-type")[:MAX_PAYLOADS]
    payloads = tuple(p for p in map(_payload, types) if p is not None)
    encryption = found.find(f"{{{RTP}}}encryption")
    return Description(
        payloads=payloads if types or audio is None else OLD_TALK,
        cryptos=() if encryption is None else _cryptos(encryption),
        encryption_required=encryption is not None and encryption.get("required") in {"true", "1"},
        video=audio is None,
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
    stereo = 2 if name.lower() == "opus" else 1
    return Payload(
        id=number,
        name=name[:MAX_TEXT],
        clock_rate=_number(element.get("clockrate"), 1_000_000) or rate,
        channels=_number(element.get("channels"), 255) or stereo,
    )


def _cryptos(element: Element) -> tuple[Crypto, ...]:
    """Of those that name all they need."""
    found = []
    for child in element.findall(f"{{{RTP}}}crypto")[:MAX_PAYLOADS]:
        tag, suite, key, session = (
            child.get(name, "")[:MAX_TEXT] for name in ("tag", "crypto-suite", "key-params", "session-params")
        )
        if tag and suite and key:
            found.append(Crypto(tag, suite, key, session))
    return tuple(found)


# --- transport ------------------------------------------------------------------------------------------------


def _candidates(parent: Element, namespaces: tuple[str, ...]) -> tuple[P2pCandidate, ...]:
    children = [c for c in parent if _split(c.tag)[1] == "candidate" and _split(c.tag)[0] in namespaces]
    return tuple(c for c in map(_candidate, children[:MAX_CANDIDATES]) if c is not None)


def _candidate(element: Element) -> P2pCandidate | None:
    """None: not UDP, video, not an address, or without the username that its checks must name."""
    component = _COMPONENTS.get(element.get("name", "").lower())
    port = _number(element.get("port"), 65535)
    ip = element.get("address", "").strip().lower()
    username = element.get("username", "")
    if component is None or not port or not _address(ip) or not _USERNAME.match(username):
        return None
    kind = _TYPES.get(element.get("type", "local").lower())
    if kind is None or element.get("protocol", "udp").lower() != "udp":
        return None
    return P2pCandidate(
        component=component,
        foundation="0",
        ip=ip,
        port=port,
        priority=_priority(element.get("preference", "0").strip()),
        type=kind,
        generation=_number(element.get("generation"), 2**31) or 0,
        username=username,
        password=element.get("password", "")[:MAX_TEXT],
    )


def _priority(preference: str) -> int:
    """A preference of 0.0 to 1.0, in thousandths (as Pidgin reckons); 0 for nonsense."""
    return min(round(float(preference) * 1000), 1000) if _FRACTION.match(preference) else 0


# --- what else there may be -----------------------------------------------------------------------------------


def _redirect(element: Element) -> Redirect | None:
    target = element.find(f"{{{SESSION}}}target")
    cookie = element.find(f"{{{SESSION}}}cookie")
    if target is None and cookie is None:
        return None
    name = "" if target is None else normal(target.get("name", "").strip().removeprefix("xmpp:"))
    about = None if cookie is None else cookie.find(f"{{{SESSION}}}regarding")
    redirector = "" if about is None else normal(about.get("name", "").strip())
    return Redirect(
        target=name if valid(name) else "",
        cookie="" if cookie is None else _text(cookie),
        redirector=redirector if valid(redirector) else "",
    )


def _text(element: Element) -> str:
    """The element as XML without what follows it; "" when it is too long to carry."""
    tail, element.tail = element.tail, None
    text = tostring(element, encoding="unicode")
    element.tail = tail
    return text if len(text) <= MAX_COOKIE else ""


def _reason(element: Element) -> str:
    """The first child names it (libjingle), or the first in `<reason/>` (Asterisk); old libjingle writes none."""
    wrapped = element.find(f"{{{SESSION}}}reason")
    parent = element if wrapped is None else wrapped
    name = next((n for child in parent if (n := _split(child.tag)[1])), "")
    return _OLD_REASONS.get(name, name)[:MAX_TEXT]


def _info(element: Element) -> Info | None:
    """The first child that is not Google's own. DTMF counts when the key is let go: some tell both."""
    for child in element:
        namespace, name = _split(child.tag)
        if namespace.startswith("http://www.google.com/") or not namespace:
            continue
        if namespace == DTMF_INFO and child.get("action", "button-up") != "button-up":
            continue
        return Info(namespace, name, child.get("code", ""))
    return None
