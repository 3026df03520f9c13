"""Both call at once, in every mixture: one call comes of it, on the ids that both users already have."""

from __future__ import annotations

import pytest
from jingle_wire import ALICE, BOB, Wire, agent, media, sent, target, xml

from phone.jingle.agent import Agent
from phone.jingle.api import CallAccepted, CallEnded, Reply
from phone.jingle.elements import FEATURES, JINGLE, JMI, RTP, RTP_AUDIO

STYLES = {"early": FEATURES, "jmi": (JINGLE, RTP, RTP_AUDIO, JMI), "direct": (JINGLE, RTP, RTP_AUDIO)}


def dial(wire: Wire, jid: str, call: str, style: str, *, described: bool) -> Agent:
    other = BOB if jid == ALICE else ALICE
    caller = wire.ends[jid].agent
    wire.do(jid, caller.call(call, other.partition("/")[0], [target(other, STYLES[style])], 0))
    if described:
        wire.do(jid, caller.described(call, media(jid[0]), 0))
    return caller


@pytest.mark.parametrize("described", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("alice_id", ["1-low", "9-high", "5-same"])
@pytest.mark.parametrize("bob_style", sorted(STYLES))
@pytest.mark.parametrize("alice_style", sorted(STYLES))
def test_one_call_comes_of_two(alice_style: str, bob_style: str, alice_id: str, described: tuple[bool, bool]) -> None:
    wire = Wire(agent(ALICE), agent(BOB))
    alice = dial(wire, ALICE, alice_id, alice_style, described=described[0])
    bob = dial(wire, BOB, "5-same", bob_style, described=described[1])
    wire.run()
    for jid, call in ((ALICE, alice_id), (BOB, "5-same")):
        wire.do(jid, wire.ends[jid].agent.described(call, media(jid[0]), 0))
    wire.run()
    assert wire.ends[ALICE].heard == [CallAccepted(alice_id)], wire.log
    assert wire.ends[BOB].heard == [CallAccepted("5-same")]
    (a,) = alice.wishes()
    (b,) = bob.wishes()
    assert (a.ufrag, b.ufrag) == ("bfr0", "afr0")
    assert {a.controlling, b.controlling} == {True, False}
    assert a.codecs
    assert b.codecs


def test_the_higher_of_two_proposals_is_retracted_and_rejected_with_tie_break() -> None:
    wire = Wire(agent(ALICE), agent(BOB))
    dial(wire, ALICE, "1", "jmi", described=False)
    dial(wire, BOB, "2", "jmi", described=False)
    ties = []
    while wire.queue:
        _, effect = wire.queue[0]
        payload = getattr(effect, "payload", None)
        if payload is not None and payload.find(f"{{{JMI}}}tie-break") is not None:
            ties.append((payload.tag.rpartition("}")[2], payload.get("id"), payload[0][0].tag.rpartition("}")[2]))
        wire.step()
    assert sorted(ties) == [("reject", "2", "expired"), ("retract", "2", "expired")]


def test_a_higher_session_is_answered_with_conflict_and_tie_break() -> None:
    alice = agent()
    alice.call("1", "bob@desk.test", [target(BOB, STYLES["direct"])], 0)
    (initiate,) = alice.described("1", media(), 0)
    payload = initiate.payload  # type: ignore[union-attr]
    payload.set("sid", "2")
    (reply,) = alice.receive_iq(BOB, "i", payload, 0)
    assert isinstance(reply, Reply)
    assert reply.error is not None
    assert (reply.error.condition, reply.error.extra) == ("conflict", ("urn:xmpp:jingle:errors:1", "tie-break"))


def test_a_reject_with_tie_break_of_a_proposal_that_never_came_ends_as_busy() -> None:
    alice = agent()
    alice.call("9", "bob@desk.test", [], 0)
    reject = xml(f"<reject xmlns='{JMI}' id='9'><tie-break/></reject>")
    effects = alice.receive_message(BOB, ALICE, reject, 0, carbon=False, sent_by_us=False)
    (ended,) = effects
    assert isinstance(ended, CallEnded)
    assert ended.reason.value == "busy"


def test_a_call_that_they_have_taken_is_no_glare() -> None:
    """After proceed, a new proposal of the same account is another call."""
    alice = agent()
    alice.call("1", "bob@desk.test", [], 0)
    proceed = xml(f"<proceed xmlns='{JMI}' id='1'/>")
    alice.receive_message(BOB, ALICE, proceed, 0, carbon=False, sent_by_us=False)
    propose = xml(f"<propose xmlns='{JMI}' id='0'><description xmlns='{RTP}' media='audio'/></propose>")
    assert sent(alice.receive_message(BOB, ALICE, propose, 0, carbon=False, sent_by_us=False)) == [(BOB, "ringing")]
    assert len(alice.wishes()) == 2
