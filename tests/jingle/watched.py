"""An agent whose every effect is checked, for tests that throw anything at it."""

from __future__ import annotations

from contextlib import suppress
from xml.etree.ElementTree import Element, tostring

from gingle_wire import voice
from jingle_wire import agent, host, media, target, xml

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    LocalMedia,
    MediaWish,
    PeerPolicy,
    Permission,
    Reply,
    SendIq,
    SendMessage,
    TransferAsked,
)
from phone.jingle.codec import encode_jingle
from phone.jingle.errors import LocalProtocolError
from phone.jingle.gingle_codec import encode_session, parse_session
from phone.jingle.gingle_elements import SESSION
from phone.jingle.parse import MAX_CANDIDATES, parse_jingle, parse_proposal
from phone.jingle.register import MAX_LEGS

PEER = "mallory@evil.test/x"


class Watched:
    """An agent whose effects are checked."""

    def __init__(self, policy: PeerPolicy) -> None:
        self.agent: Agent = agent(policy=policy, transfers=Permission.ASK)
        self.ended: set[str] = set()
        self.asked: dict[str, int] = {}
        """IQ id -> how often it was answered."""
        self.live: set[str] = set()

    @staticmethod
    def is_ours(payload: Element, *, iq: bool) -> None:
        """What we send survives the wire."""
        again = xml(tostring(payload))
        if not iq:
            assert parse_proposal(again).verb.value == payload.tag.rpartition("}")[2]
        elif payload.tag == f"{{{SESSION}}}session":
            assert encode_session(parse_session(again)).attrib == payload.attrib
        else:
            assert encode_jingle(parse_jingle(again)).attrib == payload.attrib

    def check(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case SendIq(payload=payload) | SendMessage(payload=payload):
                    self.is_ours(payload, iq=isinstance(effect, SendIq))
                case Reply(iq_id=iq_id):
                    self.asked[iq_id] += 1
                case CallOffered(id=call, replaces=replaced):
                    assert call not in self.live, "ids are unique over both dialects"
                    self.live.add(call)
                    self.ended.discard(call)  # an id may come back for a new call
                    assert replaced is None or replaced in {w.id for w in self.agent.wishes()}
                case CallEnded(id=call):
                    assert call not in self.ended
                    self.ended.add(call)
                    self.live.discard(call)
                case _:
                    pass
        live = [w.id for w in self.agent.wishes()]
        assert len(live) <= MAX_LEGS
        assert len(live) == len(set(live))
        assert set(live) == self.live
        assert all(call in self.agent for call in live)
        assert not self.ended & set(live)
        assert all(len(w.candidates) <= MAX_CANDIDATES for w in self.agent.wishes())

    def iq(self, sender: str, payload: Element) -> None:
        iq_id = f"i{len(self.asked)}"
        self.asked[iq_id] = 0
        effects = self.agent.receive_iq(sender, iq_id, payload, 0)
        first = effects[0]
        assert isinstance(first, TransferAsked) or (isinstance(first, Reply) and first.iq_id == iq_id)
        self.check(effects)
        for effect in effects:
            if isinstance(effect, SendIq):
                self.check(self.agent.replied(effect.token, None, 0))

    def message(self, sender: str, payload: Element, *, sent_by_us: bool = False) -> None:
        self.check(self.agent.receive_message(sender, "x", payload, 0, carbon=sent_by_us, sent_by_us=sent_by_us))

    def act(self, call: str, what: int) -> None:
        if call not in {w.id for w in self.agent.wishes()}:
            self.begin(call, what)
            return
        match what:
            case 0:
                self.check(self.agent.accept(call, 0))
            case 1:
                (wish,) = [w for w in self.agent.wishes() if w.id == call]
                self.check(self.agent.described(call, ours(wish), 0))
            case 2:
                self.check(self.agent.candidate(call, host(9), 0, 0))
            case 3:
                self.end(call, EndReason.HANGUP)
            case 4:
                self.check(self.agent.media_failed(call, "ice", 0))
            case 5:
                self.check(self.agent.hold(call, held=True, now=0))
                self.check(self.agent.hold(call, held=False, now=0))
            case 6:
                with suppress(LocalProtocolError):  # one is under way
                    self.check(self.agent.transfer(call, "carol@desk.test/phone", "c2", 0))
            case 7 | 8:
                self.check(self.agent.answer_transfer(call, accept=what == 7, now=0))
            case 9 if "c3" not in {w.id for w in self.agent.wishes()}:
                self.begun("c3")
                self.check(self.agent.call("c3", "carol@desk.test/phone", [], 0, call))
            case _:
                self.check(self.agent.expire(100))
                self.check(self.agent.media_up(call, 0))
                self.check(self.agent.resource_gone(PEER, 0))

    def begin(self, call: str, what: int) -> None:
        """Call somebody, or his mailbox in either dialect."""
        self.begun(call)
        match what % 4:
            case 0 | 1:
                self.check(self.agent.call(call, PEER, [target(PEER)] if what % 2 else [], 0))
            case dialect:
                to = PEER if what % 8 < 4 else PEER.partition("/")[0]
                google = dialect == 2
                self.check(self.agent.call_voicemail(call, to, "boss@b.example", google=google, now=0))

    def begun(self, call: str) -> None:
        self.ended.discard(call)
        self.live.add(call)

    def end(self, call: str, reason: EndReason) -> None:
        self.live.discard(call)
        self.check(self.agent.terminate(call, reason, 0))

    def close(self) -> None:
        """All is hung up: nothing is left open."""
        for wish in self.agent.wishes():
            self.end(wish.id, EndReason.TRANSFERRED)
        assert set(self.asked.values()) <= {1}
        assert self.agent.deadline() is None


def ours(wish: MediaWish) -> LocalMedia:
    """Our side of the media, as that transport wants it."""
    return voice() if wish.transport == "gice" else media(restart=wish.restart)
