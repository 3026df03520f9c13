"""Hold by us: told once the session is active, ended so that each peer understands it, and never the end of a call."""

from __future__ import annotations

import pytest
from jingle_wire import ALICE, BOB, CONTACT, Wire, agent, media, news, sent, target
from said import active, content, info, initiated, iq, jingle, proposed, told

from phone.jingle.agent import Agent
from phone.jingle.api import CallHeld, Effects, SendIq


def token(effects: Effects) -> str:
    (iq_,) = [e for e in effects if isinstance(e, SendIq)]
    return iq_.token


def test_hold_and_resume_are_told_once() -> None:
    alice = active()
    assert told(alice.hold("c1", held=True, now=0)) == ["hold"]
    assert alice.hold("c1", held=True, now=0) == ()
    assert told(alice.hold("c1", held=False, now=0)) == ["unhold"]
    assert alice.hold("c1", held=False, now=0) == ()
    assert alice.hold("over", held=True, now=0) == ()


def test_yate_which_does_not_know_unhold_is_told_active() -> None:
    alice = active()
    alice.hold("c1", held=True, now=0)
    unhold = token(alice.hold("c1", held=False, now=0))
    again = alice.replied(unhold, "feature-not-implemented", 0)
    assert told(again) == ["active"]
    assert alice.replied(unhold, "feature-not-implemented", 0) == ()
    assert alice.replied(token(again), "feature-not-implemented", 0) == (), "whoever knows neither is not told for ever"


def test_gajim_which_acks_and_then_errors_is_told_active() -> None:
    alice = active()
    alice.hold("c1", held=True, now=0)
    unhold = token(alice.hold("c1", held=False, now=0))
    assert alice.replied(unhold, None, 0) == ()
    assert told(alice.replied(unhold, "feature-not-implemented", 0)) == ["active"]


def test_an_error_that_comes_when_we_hold_again_changes_nothing() -> None:
    alice = active()
    alice.hold("c1", held=True, now=0)
    unhold = token(alice.hold("c1", held=False, now=0))
    assert told(alice.hold("c1", held=True, now=0)) == ["hold"]
    assert alice.replied(unhold, "feature-not-implemented", 0) == ()


def test_what_nobody_answers_is_said_once_again() -> None:
    alice = active()
    hold = alice.hold("c1", held=True, now=0)
    again = alice.replied(token(hold), "timeout", 20)
    assert told(again) == ["hold"]
    assert alice.replied(token(hold), "timeout", 20) == ()
    assert alice.replied(token(again), "timeout", 40) == ()
    unhold = alice.hold("c1", held=False, now=50)
    back = alice.replied(token(unhold), "timeout", 70)
    assert told(back) == ["active"]
    again = alice.replied(token(back), "timeout", 90)
    assert told(again) == ["active"]
    assert alice.replied(token(again), "timeout", 110) == ()


@pytest.mark.parametrize("error", ["feature-not-implemented", "service-unavailable", "item-not-found"])
def test_a_hold_that_is_not_answered_or_not_understood_ends_no_call(error: str) -> None:
    alice = active()
    hold = token(alice.hold("c1", held=True, now=0))
    assert alice.replied(hold, error, 0) == ()
    unhold = token(alice.hold("c1", held=False, now=0))
    active_ = token(alice.replied(unhold, error, 0))
    assert alice.replied(active_, error, 0) == ()
    assert alice.wishes()


def test_hold_before_the_answer_waits_for_it() -> None:
    alice = initiated()
    assert alice.hold("c1", held=True, now=0) == ()
    error, effects = iq(alice, jingle("session-accept", content()))
    assert error is None
    assert told(effects) == [], "what they answered was not encrypted: it has ended"
    wire = Wire(agent(ALICE), agent(BOB))
    alice, bob = (wire.ends[j].agent for j in (ALICE, BOB))
    wire.do(ALICE, alice.call("x", "bob@desk.test", [target(BOB)], 0))
    wire.do(ALICE, alice.described("x", media(), 0))
    wire.do(ALICE, alice.hold("x", held=True, now=0))
    wire.run()
    assert CallHeld("x", held=True) not in wire.ends[BOB].heard
    wire.do(BOB, bob.described("x", media("b"), 0))
    wire.do(BOB, bob.hold("x", held=True, now=0))
    wire.do(BOB, bob.accept("x", 0))
    wire.run()
    assert CallHeld("x", held=True) in wire.ends[BOB].heard
    assert CallHeld("x", held=True) in wire.ends[ALICE].heard


def test_hold_and_resume_before_the_answer_leave_nothing_to_tell() -> None:
    wire = Wire(agent(ALICE), agent(BOB))
    alice, bob = (wire.ends[j].agent for j in (ALICE, BOB))
    wire.do(ALICE, alice.call("x", "bob@desk.test", [target(BOB)], 0))
    wire.do(ALICE, alice.described("x", media(), 0))
    wire.do(ALICE, alice.hold("x", held=True, now=0))
    wire.do(ALICE, alice.hold("x", held=False, now=0))
    wire.run()
    wire.do(BOB, bob.described("x", media("b"), 0))
    wire.do(BOB, bob.accept("x", 0))
    wire.run()
    assert not [e for e in wire.ends[BOB].heard if isinstance(e, CallHeld)]


def test_a_proposal_can_be_held_before_anybody_answers() -> None:
    alice = proposed()
    assert alice.hold("c1", held=True, now=0) == ()
    assert alice.hold("c1", held=False, now=0) == ()


def test_both_hold_and_each_resumes_its_own_side() -> None:
    wire = Wire(agent(ALICE), agent(BOB))
    in_a_call(wire)
    for side, held in ((ALICE, True), (BOB, True), (ALICE, False), (BOB, False)):
        wire.do(side, wire.ends[side].agent.hold("x", held=held, now=0))
        wire.run()
    for side in (ALICE, BOB):
        assert [e for e in wire.ends[side].heard if isinstance(e, CallHeld)] == [
            CallHeld("x", held=True),
            CallHeld("x", held=False),
        ]


def test_a_far_end_that_held_by_content_modify_resumes_with_active() -> None:
    alice = active()
    iq(alice, jingle("content-modify", "<content name='audio' creator='initiator' senders='initiator'/>"))
    assert news(iq(alice, info("active"))[1]) == [CallHeld("c1", held=False)]


def in_a_call(wire: Wire) -> None:
    """Alice has called bob, `x` at both."""
    alice, bob = (wire.ends[j].agent for j in (ALICE, BOB))
    wire.do(ALICE, alice.call("x", "bob@desk.test", [target(BOB)], 0))
    wire.do(ALICE, alice.described("x", media(), 0))
    wire.run()
    wire.do(BOB, bob.described("x", media("b"), 0))
    wire.do(BOB, bob.accept("x", 0))
    wire.run()


def test_who_a_session_is_with() -> None:
    assert active().peer("c1") == BOB
    assert active().peer("over") is None
    assert proposed().peer("c1") is None, "nobody took it yet"
    gateway = Agent(ALICE, policy=lambda _: CONTACT.__class__(direct=True), new_id=lambda: "t")
    gateway.call("c1", "echo@pbx.test", [], 0)
    assert gateway.peer("c1") is None, "known by its bare address only"
    assert sent(gateway.described("c1", media(), 0)) == [("echo@pbx.test", "session-initiate")]
