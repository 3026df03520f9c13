"""What nobody writes: conversations of real old clients with a few things wrong, and sessions made up at random."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, parse, tostring

from peers.google_peer import P2P, PHONE, SESSION, VIDEO, VOICEMAIL

CAPTURES = Path(__file__).parents[1] / "captures" / "gingle"
_SPACES = (SESSION, P2P, PHONE, VIDEO, VOICEMAIL, "urn:xmpp:jingle:apps:rtp:1", "urn:xmpp:jingle:1", "urn:x")
_TAGS = (
    *("description", "transport", "candidate", "payload-type", "encryption", "crypto", "regarding", "target", "cookie"),
    *("reason", "call-ended", "redirect", "dtmf", "hold", "active", "session", "jingle", "src-id"),
)
_ACTS = (
    *("initiate", "accept", "reject", "terminate", "candidates", "transport-info", "transport-accept"),
    *("info", "redirect", "update", "content-info", "modify", "session-initiate", ""),
)
_VALUES = {
    "type": (*_ACTS, "local", "stun", "relay"),
    "id": ("f1", "f2", "f3", "0", "8", "101", "-1", "9" * 40, "x" * 300, ""),
    "initiator": ("gtalk@localhost/gtalk", "Mallory@EVIL.example", "x y", "", "@", "\u202e@b/c"),
    "name": ("rtp", "rtcp", "video_rtp", "PCMU", "telephone-event", "boss@b.example", "a\nb@c", "x" * 5000),
    "address": ("127.0.0.1", "::1", "999.1.1.1", "224.0.0.1", "0.0.0.0", "localhost", "255.255.255.255", ""),  # noqa: S104
    "port": ("9", "0", "65536", "-9", "\u0664", "1e3"),
    "username": ("6fbd7237437ce259", "", "x" * 65, "a b", "\u00e4" * 16),
    "preference": ("1", "0.95", "-1", "1e999", "nan", "0." + "9" * 400),
    "protocol": ("udp", "tcp", "ssltcp", ""),
    "generation": ("0", "1", "-1", "9" * 99),
    "clockrate": ("8000", "16000", "0", "x"),
    "channels": ("1", "2", "0", "999"),
    "code": ("5", "55", "E", "\u0665"),
    "action": ("button-up", "button-down", "session-terminate"),
    "required": ("true",),
    "jid": ("x@y",),
}


class Noise:
    """The same for a seed, wherever it runs. `sids`: of all sessions that it wrote of."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._flows = [_flow(file) for file in sorted(CAPTURES.glob("*.xml"))]
        self.sids: set[str] = set()

    def conversation(self) -> list[str]:
        """One after the other, of one client."""
        flow = copy.deepcopy(self._draw.choice(self._flows))
        sid = self._draw.choice(("f1", "f2", "f3"))
        for payload in flow:
            payload.set("id", sid)
        for _ in range(self._draw.randrange(8)):
            self._spoil(self._draw.choice([e for payload in flow for e in payload.iter()]))
        if self._draw.random() < 0.3:
            self._draw.shuffle(flow)
        return [self._written(payload) for payload in flow]

    def session(self) -> str:
        """Made up."""
        root = Element(
            f"{{{SESSION}}}session", {"type": self._draw.choice(_ACTS), "id": self._draw.choice(("f1", "f4"))}
        )
        root.attrib.update(self._attributes())
        parents = [root]
        for _ in range(self._draw.randrange(12)):
            parents.append(SubElement(self._draw.choice(parents), self._tag(), self._attributes()))
        return self._written(root)

    def deep(self) -> str:
        """Forty levels of it, and two hundred beside each other."""
        root = inner = Element(f"{{{SESSION}}}session", {"type": "initiate", "id": "f5", "initiator": "a@b/c"})
        for _ in range(40):
            inner = SubElement(inner, f"{{{PHONE}}}description")
        for number in range(200):
            SubElement(root, f"{{{SESSION}}}candidate", {"name": "rtp", "port": str(number)} | self._attributes())
        return self._written(root)

    def _written(self, payload: Element) -> str:
        self.sids.add(payload.get("id", ""))
        return tostring(payload, encoding="unicode")

    def _spoil(self, element: Element) -> None:
        match self._draw.randrange(6):
            case 0 if element.attrib:
                del element.attrib[self._draw.choice(sorted(element.attrib))]
            case 1:
                element.attrib.update(self._attributes())
            case 2 if len(element):
                element.remove(self._draw.choice(list(element)))
            case 3 if len(element):
                element.append(copy.deepcopy(element[0]))
            case 4:
                SubElement(element, self._tag(), self._attributes())
            case _:
                element.text = self._draw.choice(("", "x" * 3000, "&<>\u2028", "\U0001f4de"))

    def _tag(self) -> str:
        return f"{{{self._draw.choice(_SPACES)}}}{self._draw.choice(_TAGS)}"

    def _attributes(self) -> dict[str, str]:
        names = self._draw.sample(sorted(_VALUES), self._draw.randrange(5))
        return {name: self._draw.choice(_VALUES[name]) for name in names}


def _flow(file: Path) -> list[Element]:
    root = parse(file).getroot()  # noqa: S314 - our own fixture
    return [iq[0] for iq in root if iq[0].tag == f"{{{SESSION}}}session"] or [Element(f"{{{SESSION}}}session")]
