"""Old clients, each as it writes and checks: PROTOCOLS' dialects, and what was recorded of Asterisk and Yate."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from peers.google_end import Checks, GiceEnd
from peers.google_peer import (
    TEN,
    G,
    GooglePeer,
    act_of,
    candidate,
    candidates_in,
    description,
    payload_type,
    session,
    wrapped,
)
from peers.told import rings
from peers.xmpp_peer import condition

from phone.demo.stage import Desk

PCMU, PCMA = payload_type(0, "PCMU"), payload_type(8, "PCMA")
EVENTS = payload_type(101, "telephone-event")
TALK = (
    payload_type(103, "ISAC", 16000),
    payload_type(97, "IPCMWB", 16000, "bitrate='80000'"),
    payload_type(99, "speex", 16000, "bitrate='22000'"),
    payload_type(102, "iLBC", 8000, "bitrate='13300'"),
    payload_type(98, "speex", 8000, "bitrate='11000'"),
    payload_type(4, "G723", 8000, "bitrate='6300'"),
    payload_type(100, "EG711U", 8000, "bitrate='64000'"),
    payload_type(101, "EG711A", 8000, "bitrate='64000'"),
    payload_type(0, "PCMU", 8000, "bitrate='64000'"),
    payload_type(8, "PCMA", 8000, "bitrate='64000'"),
    payload_type(13, "CN", 8000),
    payload_type(106, "telephone-event", 8000),
)
"""Google Talk for Windows: its wide-band codec first."""


@dataclass(frozen=True)
class Kind:
    """How one client calls."""

    payloads: tuple[str, ...] = TALK
    checks: Checks = Checks.LIBJINGLE
    gtalk4: bool = False
    """An empty transport in the initiate, candidates in another, and it waits for transport-accept."""
    forms: tuple[str, ...] = ("candidates",)
    one_by_one: bool = False
    """An IQ for each candidate."""
    late: bool = False
    """Candidates only once it was answered."""
    cookie: bool = False
    law: int = 0
    events: int = 106
    mute: bool = False
    """Asterisk's want of handlers."""
    more: str = ""
    """Attributes of each session; {me} and {you} are full addresses."""
    dud: str = ""
    """A candidate that leads nowhere, told first, with a username of its own."""
    goodbye: str = ""
    rtcp: dict[str, object] = field(default_factory=dict)
    """Attributes that its second candidate has beside name='rtcp'."""

    def end(self, **more: object) -> GiceEnd:
        made = {"law": self.law, "events": self.events, "cookie": self.cookie, **more}
        return GiceEnd(self.checks, **made)  # type: ignore[arg-type]


KINDS = {
    "asterisk": Kind(
        (PCMU, PCMA, payload_type(9, "G722", 16000, "channels='1'"), EVENTS),
        Checks.ASTERISK,
        events=101,
        mute=True,
        goodbye="<reason><gone/></reason>",
        rtcp={"component": 1, "foundation": 0, "preference": "0.95"},
    ),
    "talk for windows": Kind(one_by_one=True),
    "libjingle 0.4": Kind(gtalk4=True, forms=("transport-info",)),
    "gabble": Kind(
        (payload_type(99, "speex", 16000), PCMA, PCMU, EVENTS),
        gtalk4=True,
        forms=("transport-info",),
        late=True,
        law=8,
        events=101,
    ),
    "libjingle 0.7": Kind(cookie=True, goodbye="<call-ended/>"),
    "pidgin": Kind(
        (payload_type(99, "speex", 16000), PCMU),
        one_by_one=True,
        events=101,
        dud=candidate(9, "libnices+own/one", preference="1.0"),
        goodbye="<success/>",
    ),
    "yate": Kind(
        (PCMU, PCMA, EVENTS, payload_type(101, "audio/telephone-event")),
        Checks.NONE,
        forms=("transport-info", "candidates"),
        events=101,
        more="action='{act}' responder='{you}'",
    ),
}


@dataclass
class Caller:
    """One call of that kind of client to the phone. `initiator`: as it writes it."""

    kind: Kind
    peer: GooglePeer
    end: GiceEnd
    sid: str
    initiator: str = ""
    accept: Element | None = None
    regarding: str = ""

    def __post_init__(self) -> None:
        self.initiator = self.initiator or self.peer.own
        if self.kind.mute:
            self.peer.as_asterisk()

    def writes(self, act: str, inner: str = "") -> str:
        """One stanza's payload."""
        more = self.kind.more.format(act=act, you=self.peer.phone)
        return session(act, self.sid, self.initiator, inner, more)

    async def calls(self, alice: Desk) -> None:
        """It rings, and alice lifts; both know each other's candidates."""
        await self.initiates()
        if not self.kind.late:
            await self.tells()
        await rings(alice)
        await alice.lift()
        await self.is_answered()

    async def initiates(self, payloads: tuple[str, ...] | None = None) -> None:
        types = description(*(self.kind.payloads if payloads is None else payloads))
        await self.peer.acked(self.writes("initiate", types + (wrapped() if self.kind.gtalk4 else "")))
        if self.kind.gtalk4:
            accepted = await self.peer.got("transport-accept")
            assert accepted.find("p:transport", G) is not None
            self.echoes(accepted)

    async def is_answered(self) -> None:
        self.accept = await self.peer.got("accept")
        self.echoes(self.accept)
        if self.kind.late:
            await self.tells()
        self.end.meets(*self.told(await self.peer.finds()))

    async def tells(self, generation: int = 0, name: str = "") -> None:
        """Our candidates, in all our forms. `name`: a username that is not ours."""
        about = self.end.port, name or self.end.name
        rtp = candidate(*about, generation=generation)
        rtcp = candidate(*about, name="rtcp", generation=generation, **self.kind.rtcp)
        every = [each for each in (self.kind.dud, rtp, rtcp) if each]
        for form in self.kind.forms:
            for some in [[each] for each in every] if self.kind.one_by_one else [every]:
                inner = wrapped(*some) if form == "transport-info" else "".join(some)
                await self.peer.acked(self.writes(form, inner))

    async def hangs_up(self) -> None:
        await self.peer.acked(self.writes("terminate", self.kind.goodbye))

    async def tells_the_dead(self) -> None:
        """Candidates behind the end: harmless (PEERS.md, Asterisk 8)."""
        inner = candidate(self.end.port, self.end.name)
        assert condition(await self.peer.tell(self.writes("candidates", inner))) == "bad-request"

    def told(self, stanzas: list[Element]) -> list[Element]:
        """The phone's candidates are written as every old client can read them, and in the form that this one reads."""
        readable = [payload for payload in stanzas if act_of(payload) in self.kind.forms]
        assert readable, [act_of(payload) for payload in stanzas]
        for payload in stanzas:
            self.echoes(payload)
        for each in (c for payload in readable for c in candidates_in(payload)):
            assert set(each.keys()) == TEN
            assert len(each.get("username", "")) == 16
            assert each.get("name") == "rtp", "RTCP is on no port of its own"
        return readable

    def echoes(self, payload: Element) -> None:
        """Google compared strings."""
        assert payload.get("initiator") == self.initiator
        assert payload.get("id") == self.sid
