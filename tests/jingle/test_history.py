"""Calls that came while the phone was away."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from xml.etree.ElementTree import Element, SubElement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.jingle.codec import encode_proposal
from phone.jingle.elements import JINGLE, JMI, Proposal, Reason, Verb
from phone.jingle.history import FRESH, Outcome, PastCall, past_calls

OWN = "alice@a.example/phone"
ACCOUNT = "alice@a.example"
DESK = "alice@a.example/desk"
BOB = "bob@b.example/x"
EVE = "eve@e.example/y"
THEN = 1_800_000_000.0
LATER = THEN + 3600


@dataclass(frozen=True)
class Message:
    sender: str
    to: str
    payload: Element
    stamp: float


def said(sender: str, verb: Verb, to: str = ACCOUNT, *, at: float = 0.0, id: str = "c1", **more: object) -> Message:
    return Message(sender, to, encode_proposal(Proposal(verb, id, **more)), THEN + at)


def because(condition: str) -> Reason:
    return Reason(condition)


PROPOSE = said(BOB, Verb.PROPOSE, media=("audio",))


def outcomes(*messages: Message, now: float = LATER, own: str = OWN) -> list[Outcome]:
    return [call.outcome for call in past_calls(messages, own, now)]


def test_a_call_that_nobody_took_was_missed():
    (call,) = past_calls([PROPOSE], OWN, LATER)
    assert call == PastCall("c1", BOB, THEN, Outcome.MISSED, PROPOSE)
    assert call.proposal is PROPOSE


@pytest.mark.parametrize("age", [0.0, FRESH - 1, -FRESH + 1])
def test_a_fresh_one_still_rings(age):
    assert outcomes(PROPOSE, said(DESK, Verb.RINGING, BOB), now=THEN + age) == [Outcome.RINGING]


@pytest.mark.parametrize("age", [FRESH, -FRESH])
def test_an_old_one_rings_no_more(age):
    assert outcomes(PROPOSE, now=THEN + age) == [Outcome.MISSED]


TOLD = [
    (said(BOB, Verb.RETRACT, at=5), Outcome.MISSED),
    (said(BOB, Verb.REJECT, at=5), Outcome.MISSED),
    (said(DESK, Verb.PROCEED, BOB, at=5), Outcome.ANSWERED_ELSEWHERE),
    (said(DESK, Verb.ACCEPT, at=5), Outcome.ANSWERED_ELSEWHERE),
    (said(DESK, Verb.REJECT, BOB, at=5), Outcome.DECLINED_ELSEWHERE),
    (said(DESK, Verb.REJECT, BOB, at=5, reason=because("busy")), Outcome.DECLINED_ELSEWHERE),
    (said(BOB, Verb.FINISH, at=5), Outcome.ANSWERED_ELSEWHERE),
    (said(BOB, Verb.FINISH, at=5, reason=because("success")), Outcome.ANSWERED_ELSEWHERE),
    (said(DESK, Verb.FINISH, BOB, at=5, reason=because("success")), Outcome.ANSWERED_ELSEWHERE),
    (said(BOB, Verb.FINISH, at=5, reason=because("decline")), Outcome.DECLINED_ELSEWHERE),
    (said(BOB, Verb.FINISH, at=5, reason=because("timeout")), Outcome.MISSED),
    (said(BOB, Verb.FINISH, at=5, reason=because("expired")), Outcome.MISSED),
    (said(BOB, Verb.FINISH, at=5, reason=because("connectivity-error")), Outcome.MISSED),
]


@pytest.mark.parametrize(("message", "outcome"), TOLD)
def test_what_was_said_decides_even_of_a_fresh_one(message, outcome):
    assert outcomes(PROPOSE, message, now=THEN + 10) == [outcome]


def test_who_answered_first_counts_more_than_what_came_behind():
    proceed, reject = said(DESK, Verb.PROCEED, BOB, at=3), said("alice@a.example/pad", Verb.REJECT, BOB, at=4)
    assert outcomes(PROPOSE, proceed, said(BOB, Verb.RETRACT, at=3)) == [Outcome.ANSWERED_ELSEWHERE]
    assert outcomes(PROPOSE, reject, proceed) == [Outcome.ANSWERED_ELSEWHERE]
    assert outcomes(PROPOSE, reject, said(BOB, Verb.RETRACT, at=5)) == [Outcome.DECLINED_ELSEWHERE]


@pytest.mark.parametrize("verb", [Verb.PROCEED, Verb.REJECT, Verb.ACCEPT])
def test_what_this_phone_did_itself_is_no_news(verb):
    message = said(OWN, verb, BOB)
    assert outcomes(PROPOSE, message) == []
    assert outcomes(PROPOSE, message, own=ACCOUNT) != []  # of a bare address nobody knows which device it was


def test_that_this_phone_rang_answers_nothing():
    assert outcomes(PROPOSE, said(OWN, Verb.RINGING, BOB)) == [Outcome.MISSED]
    assert outcomes(PROPOSE, said(OWN, Verb.FINISH, BOB)) == [Outcome.MISSED]


@pytest.mark.parametrize("device", [OWN, DESK])
def test_calls_from_our_account_are_no_news(device):
    ours = said(device, Verb.PROPOSE, "bob@b.example")
    assert outcomes(ours, said(BOB, Verb.PROCEED, device), said(BOB, Verb.PROPOSE, at=5)) == []


@pytest.mark.parametrize(
    "message", [said(BOB, Verb.RETRACT, tie_break=True), said(DESK, Verb.REJECT, BOB, tie_break=True)]
)
def test_the_loser_of_a_tie_break_is_no_call(message):
    assert outcomes(PROPOSE, message) == []


def test_a_call_that_moved_on_is_told_once():
    moved = said(BOB, Verb.FINISH, at=9, reason=because("expired"), migrated_to="c2")
    second = said(BOB, Verb.PROPOSE, at=8, id="c2")
    assert past_calls([PROPOSE, moved, second], OWN, LATER) == (PastCall("c2", BOB, THEN + 8, Outcome.MISSED, second),)
    assert outcomes(PROPOSE, moved) == [Outcome.MISSED]  # its other half is not in the archive
    assert outcomes(PROPOSE, said(BOB, Verb.FINISH, migrated_to="c1")) == [Outcome.ANSWERED_ELSEWHERE]


def test_nobody_else_has_a_say():
    for verb in (Verb.RETRACT, Verb.FINISH, Verb.PROCEED, Verb.REJECT):
        assert outcomes(PROPOSE, said(EVE, verb), now=THEN) == [Outcome.RINGING]
        assert outcomes(PROPOSE, said(DESK, verb, EVE), now=THEN) == [Outcome.RINGING]


def test_an_id_belongs_to_who_proposed_it_first():
    stolen = said(EVE, Verb.PROPOSE, at=1)
    for messages in ([PROPOSE, stolen], [stolen, PROPOSE]):
        assert [call.peer for call in past_calls(messages, OWN, LATER)] == [BOB]


@pytest.mark.parametrize(
    "payload",
    [
        Element("x"),
        Element(f"{{{JMI}}}odd", {"id": "c1"}),
        Element(f"{{{JMI}}}propose"),
        Element(f"{{{JMI}}}propose", {"id": "x" * 300}),
        Element("{urn:x}propose", {"id": "c1"}),
    ],
)
def test_nonsense_is_left_out(payload):
    assert outcomes(Message(BOB, ACCOUNT, payload, THEN), PROPOSE) == [Outcome.MISSED]
    assert outcomes(Message(BOB, ACCOUNT, PROPOSE.payload, float("nan"))) == []


# --- by property ---------------------------------------------------------------------------------------------------

PEOPLE = [OWN, DESK, BOB, EVE, ACCOUNT, "bob@b.example", "", "@/@"]
WORDS = st.sampled_from([*(verb.value for verb in Verb), "odd", ""])
CONDITIONS = st.sampled_from(["success", "busy", "decline", "timeout", "gone", "odd"])


@st.composite
def payloads(draw: st.DrawFn) -> Element:
    namespace = draw(st.sampled_from([JMI, JMI, JMI, "urn:x", ""]))
    element = Element(f"{{{namespace}}}{draw(WORDS)}", {"id": draw(st.sampled_from(["c1", "c2", "c3", ""]))})
    if draw(st.booleans()):
        SubElement(SubElement(element, f"{{{JINGLE}}}reason"), f"{{{JINGLE}}}{draw(CONDITIONS)}")
    if draw(st.integers(0, 5)) == 0:
        SubElement(element, f"{{{JMI}}}{draw(st.sampled_from(['tie-break', 'migrated']))}", {"to": "c2"})
    return element


STAMPS = st.one_of(st.integers(-5, 100).map(lambda at: THEN + at), st.floats())
MESSAGES = st.builds(Message, st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), payloads(), STAMPS)


@given(st.lists(MESSAGES, max_size=20), st.sampled_from([OWN, ACCOUNT, ""]), st.floats())
def test_whatever_the_archive_holds_each_call_is_told_once(messages, own, now):
    calls = past_calls(messages, own, now)
    assert len({call.id for call in calls}) == len(calls)
    assert {call.peer for call in calls} <= {message.sender for message in messages}
    assert [call.stamp for call in calls] == sorted(call.stamp for call in calls)


@given(st.lists(MESSAGES, max_size=12), st.randoms())
def test_order_and_repetition_do_not_matter(messages: list[Message], random: Random):
    mixed = messages * 2
    random.shuffle(mixed)
    assert past_calls(mixed, OWN, LATER) == past_calls(messages, OWN, LATER)
