"""A proposal that no server could deliver ends the call, unless some device has rung already."""

from __future__ import annotations

import pytest
from jingle_wire import ALICE, BOB, agent, xml

from phone.jingle.agent import Agent
from phone.jingle.api import CallEnded, EndReason

PLACE = "bob@desk.test"


@pytest.fixture
def alice() -> Agent:
    alice = agent(ALICE)
    alice.call("c1", PLACE, [], 0)
    return alice


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("service-unavailable", EndReason.UNREACHABLE),
        ("item-not-found", EndReason.NOT_FOUND),
        ("remote-server-not-found", EndReason.NOT_FOUND),
        ("not-acceptable", EndReason.UNREACHABLE),
        ("nonsense", EndReason.FAILED),
    ],
)
def test_nobody_there(alice: Agent, condition: str, reason: EndReason) -> None:
    assert CallEnded("c1", reason) in alice.bounced(PLACE, "c1", condition, 1)
    assert not alice.wishes()
    assert alice.bounced(PLACE, "c1", condition, 2) == ()


def test_from_somebody_else_or_of_another_call(alice: Agent) -> None:
    assert alice.bounced("eve@desk.test", "c1", "item-not-found", 1) == ()
    assert alice.bounced(PLACE, "c2", "item-not-found", 1) == ()
    assert alice.wishes()


def test_one_device_rings_another_bounces(alice: Agent) -> None:
    ringing = xml('<ringing xmlns="urn:xmpp:jingle-message:0" id="c1"/>')
    alice.receive_message(BOB, ALICE, ringing, 1, carbon=False, sent_by_us=False)
    assert alice.bounced(PLACE, "c1", "service-unavailable", 2) == ()
    assert alice.wishes()


def test_a_proposal_of_theirs_cannot_bounce() -> None:
    bob = agent(BOB)
    propose = xml(
        '<propose xmlns="urn:xmpp:jingle-message:0" id="c9">'
        '<description xmlns="urn:xmpp:jingle:apps:rtp:1" media="audio"/></propose>'
    )
    bob.receive_message(ALICE, PLACE, propose, 0, carbon=False, sent_by_us=False)
    assert bob.bounced(ALICE, "c9", "service-unavailable", 1) == ()
