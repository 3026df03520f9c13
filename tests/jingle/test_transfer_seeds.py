"""Both flows of XEP-0251, stanza by stanza, from the seat of each of the three, with the examples' own slips.

What the others send is fed as it stands; for what our seat sends the user's act is done, and what our agent says is
compared. We differ on purpose in two: we ack a session-initiate before we act on it, and never use a sid again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

import pytest
from captured import transfer_flow
from jingle_wire import ids, media, news, target
from said import DIRECT, PLAIN

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallEnded,
    CallHeld,
    CallOffered,
    Effect,
    Effects,
    EndReason,
    Permission,
    Reply,
    SendIq,
    TransferAsked,
)
from phone.jingle.elements import FEATURES, JINGLE, RTP_INFO, TRANSFER

FLOWS = ["xep-0251-unattended", "xep-0251-attended"]
CALLER = "caller@world.sun/phone"
ATTENDANT = "attendant@office.biz/desk"
CALLEE = "boss@bigdesk.biz/phone"
FRESH = "1a332d"
"""The caller's second session; the attended example has another one's sid there."""


def other(stanza: Element) -> str:
    """Whom it is really for."""
    return stanza.get("from", "") if stanza.get("really") == stanza.get("to") else stanza.get("to", "")


@dataclass
class Seat:
    """One of the three, played by our agent."""

    own: str
    agent: Agent
    said: list[Effect] = field(default_factory=list)
    compared: int = 0
    tokens: dict[str, str] = field(default_factory=dict)
    """IQ id in the example -> token of ours."""

    def took(self, effects: Effects) -> None:
        self.said += effects

    def hears(self, stanza: Element, sender: str) -> None:
        iq_id = stanza.get("id", "")
        if len(stanza):
            self.took(self.agent.receive_iq(sender, iq_id, stanza[0], 0))
        else:
            self.took(self.agent.replied(self.tokens[iq_id], None, 0))

    def says(self, stanza: Element) -> None:
        """The user's act, and then what went out against the example."""
        if len(stanza) == 0:
            self.acks(stanza)
            return
        payload = stanza[0]
        self.took(self.act(payload, other(stanza)))
        sets = self.sets()
        ours = sets[self.compared]
        self.compared += 1
        self.tokens[stanza.get("id", "")] = ours.token
        assert ours.to == other(stanza)
        assert list(shape(ours.payload)) == list(shape(payload))
        assert {e.tag.partition("}")[0][1:] for e in ours.payload.iter()} <= {*FEATURES, RTP_INFO}

    def acks(self, stanza: Element) -> None:
        if any(isinstance(e, TransferAsked) for e in self.said) and stanza.get("id") == "transfer1":
            self.took(self.agent.answer_transfer("851ba2", accept=True, now=0))
        assert Reply(other(stanza), stanza.get("id", ""), None) in self.said

    def sets(self) -> list[SendIq]:
        """Ringing, candidates and so on are not in the examples."""
        plain = ("session-initiate", "session-accept", "session-terminate")
        quiet = f"{{{RTP_INFO}}}ringing"
        return [
            e
            for e in self.said
            if isinstance(e, SendIq)
            and (e.payload.get("action") in plain or (len(e.payload) and e.payload[0].tag != quiet))
        ]

    def act(self, payload: Element, to: str) -> Effects:
        sid = payload.get("sid", "")
        (child, *_) = payload
        match payload.get("action"), child.tag.rpartition("}")[2]:
            case "session-initiate", _:
                asked = payload.find(f"{{{TRANSFER}}}transfer") is not None
                call = FRESH if asked else sid
                behalf = "851ba2" if asked else None
                effects = self.agent.call(call, to, [target(to, DIRECT)], 0, behalf)
                return effects + self.agent.described(call, media(), 0)
            case "session-accept", _:
                return self.agent.described(sid, media(), 0) + self.agent.accept(sid, 0)
            case "session-info", "transfer":
                return self.agent.transfer(sid, child.get("to", ""), child.get("sid"), 0)
            case "session-info", _:
                return self.agent.hold(sid, held=True, now=0)
            case _:
                return self.agent.terminate(sid, EndReason.TRANSFERRED, 0)


def shape(payload: Element) -> Iterator[object]:
    """What must be the same: what is done, and whom it is about. Order and wording are free."""
    yield payload.get("action")
    for child in payload:
        if child.tag == f"{{{JINGLE}}}reason":
            yield {c.tag for c in child}
        elif child.tag == f"{{{JINGLE}}}content":
            yield child.tag
        else:
            yield child.tag, child.attrib


def play(flow: str, seat: str) -> Seat:
    agent = Agent(seat, policy=lambda _: PLAIN, new_id=ids("t"), transfers=lambda _, __: Permission.ALLOW)
    ours = Seat(seat, agent)
    for stanza in transfer_flow(flow):
        sender = stanza.get("really") or stanza.get("from", "")
        if sender == seat:
            ours.says(stanza)
        elif other(stanza) == seat:
            ours.hears(stanza, sender)
    assert ours.compared == len(ours.sets()), "nothing more than the example"
    return ours


@pytest.mark.parametrize("flow", FLOWS)
def test_as_the_caller(flow: str) -> None:
    ours = play(flow, CALLER)
    assert TransferAsked("851ba2", CALLEE, ask=False) in ours.said
    assert [w.id for w in ours.agent.wishes()] == [FRESH]
    assert ours.agent.peer(FRESH) == CALLEE


@pytest.mark.parametrize("flow", FLOWS)
def test_as_the_attendant(flow: str) -> None:
    ours = play(flow, ATTENDANT)
    expected = [CallHeld("851ba2", held=True), CallEnded("851ba2", EndReason.TRANSFERRED)]
    if flow == "xep-0251-attended":
        expected.insert(1, CallEnded("663e9f", EndReason.TRANSFERRED))
    assert [e for e in news(tuple(ours.said)) if isinstance(e, CallHeld | CallEnded)] == expected
    assert ours.agent.wishes() == ()


def test_as_the_callee_unattended() -> None:
    ours = play("xep-0251-unattended", CALLEE)
    assert news(tuple(ours.said)) == [CallOffered("1a332d", CALLER, ATTENDANT)]


def test_as_the_callee_attended_with_the_attendants_sid_used_again_by_the_caller() -> None:
    ours = play("xep-0251-attended", CALLEE)
    assert news(tuple(ours.said)) == [
        CallOffered("663e9f", ATTENDANT),
        CallOffered("851ba2", CALLER, ATTENDANT, "663e9f"),
    ]
    assert [w.id for w in ours.agent.wishes()] == ["851ba2"]


@pytest.mark.parametrize("flow", FLOWS)
def test_slips_taken_at_their_word_do_no_harm(flow: str) -> None:
    """`from` and `to` of ack and hold as printed: then it is the attendant who holds."""
    agent = Agent(CALLER, policy=lambda _: PLAIN, new_id=ids("t"), transfers=lambda _, __: Permission.ALLOW)
    said: Effects = agent.call("851ba2", ATTENDANT, [target(ATTENDANT, DIRECT)], 0)
    said += agent.described("851ba2", media(), 0)
    for stanza in transfer_flow(flow):
        if stanza.get("to") == CALLER and len(stanza):
            said += agent.receive_iq(ATTENDANT, stanza.get("id", ""), stanza[0], 0)
    assert [e for e in news(said) if isinstance(e, CallHeld | TransferAsked)] == [
        TransferAsked("851ba2", CALLEE, ask=False),
        CallHeld("851ba2", held=True),
    ]


def test_version_0_1_of_jingle_is_not_ours_to_answer() -> None:
    stanza = transfer_flow(FLOWS[0])[0]
    stanza[0].tag = "{urn:xmpp:jingle:0}jingle"
    agent = Agent(ATTENDANT, policy=lambda _: PLAIN, new_id=ids("t"))
    (reply,) = agent.receive_iq(CALLER, "i", stanza[0], 0)
    assert isinstance(reply, Reply)
    assert reply.error is not None
    assert reply.error.condition == "feature-not-implemented"
