"""XEP-0251, callee: which calls may take the place of one that we have, and what is claimed without proof."""

from __future__ import annotations

import pytest
from jingle_wire import ALICE, BOB, agent, media, news, sent, target
from said import DIRECT, ICE, PLAIN, TABLET, content, iq, jingle, jmi, tell, wire_reason

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallAccepted,
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    PeerPolicy,
    SendIq,
    SendMessage,
    SendPresence,
)
from phone.jingle.elements import ICE_UDP, RTP, TRANSFER

CAROL = "carol@desk.test/phone"
DESCRIPTION = f"<description xmlns='{RTP}' media='audio'/>"
PROOF = f"from='{BOB}' sid='s2' to='{ALICE}'"


def callee(*, answered: bool = True, policy: PeerPolicy = PLAIN) -> Agent:
    """Bob, the attendant, consults alice: his session s2 rings at her, or is up."""
    alice = agent(policy=policy)
    iq(alice, jingle("session-initiate", content(), sid="s2"))
    alice.described("s2", media(), 0)
    if answered:
        alice.accept("s2", 0)
    return alice


def mark(attributes: str) -> str:
    return f"<transfer xmlns='{TRANSFER}' {attributes}/>"


def called(alice: Agent, attributes: str = PROOF, sid: str = "s3", sender: str = CAROL) -> Effects:
    error, effects = iq(alice, jingle("session-initiate", content() + mark(attributes), sid=sid), sender)
    assert error is None
    return tuple(news(effects))


@pytest.mark.parametrize("answered", [True, False])
def test_it_replaces_the_consultation_ringing_or_answered(answered: bool) -> None:
    assert called(callee(answered=answered)) == (CallOffered("s3", CAROL, BOB, "s2"),)


def test_the_one_that_we_called_can_be_replaced_as_well() -> None:
    alice = agent(policy=PLAIN)
    alice.call("s2", "bob@desk.test", [target(BOB, DIRECT)], 0)
    alice.described("s2", media(), 0)
    assert called(alice) == (CallOffered("s3", CAROL, BOB, "s2"),)


def test_without_to_the_sid_and_the_attendant_are_enough() -> None:
    assert called(callee(), f"from='{BOB}' sid='s2'") == (CallOffered("s3", CAROL, BOB, "s2"),)


def test_addresses_in_a_payload_are_read_tolerantly() -> None:
    assert called(callee(), f"from=' BOB@Desk.test./phone ' sid=' s2 ' to='{ALICE} '") == (
        CallOffered("s3", CAROL, BOB, "s2"),
    )


@pytest.mark.parametrize(
    ("attributes", "via"),
    [
        (f"from='{BOB}'", BOB),  # unattended
        (f"from='{BOB}' sid='other' to='{ALICE}'", BOB),
        (f"from='{TABLET}' sid='s2' to='{ALICE}'", TABLET),  # not that very device
        (f"from='bob@desk.test' sid='s2' to='{ALICE}'", "bob@desk.test"),
        (f"from='{BOB}' sid='s2' to='alice@desk.test'", BOB),
        (f"from='{BOB}' sid='s2' to='alice@desk.test/kitchen'", BOB),
        ("sid='s2'", ""),
        ("from='x y@z' sid='s2'", ""),
        ("", ""),
    ],
)
def test_what_does_not_match_is_an_ordinary_call_with_a_claim(attributes: str, via: str) -> None:
    alice = callee()
    assert called(alice, attributes) == (CallOffered("s3", CAROL, via, None),)
    assert [w.id for w in alice.wishes()] == ["s2", "s3"]


def test_a_sid_is_good_for_one_call() -> None:
    alice = callee()
    assert called(alice) == (CallOffered("s3", CAROL, BOB, "s2"),)
    assert called(alice, sid="s4") == (CallOffered("s4", CAROL, BOB, None),)
    assert called(alice, sid="s5", sender="mallory@evil.test/x") == (CallOffered("s5", "mallory@evil.test/x", BOB),)


def test_not_after_the_session_has_ended() -> None:
    alice = callee()
    iq(alice, jingle("session-terminate", sid="s2"))
    assert called(alice) == (CallOffered("s3", CAROL, BOB, None),)


def test_the_attendants_leg_is_ended_with_transferred_ringing_or_answered() -> None:
    for answered in (True, False):
        alice = callee(answered=answered)
        called(alice)
        alice.described("s3", media(), 0)
        alice.accept("s3", 0)
        effects = alice.terminate("s2", EndReason.TRANSFERRED, 0)
        assert wire_reason(effects) == ["success"]
        (terminate,) = effects
        assert isinstance(terminate, SendIq)
        assert terminate.to == BOB
        assert terminate.payload.find(f".//{{{TRANSFER}}}transferred") is not None


def test_a_proposal_that_is_replaced_stops_ringing_on_our_other_devices() -> None:
    alice = agent(policy=PLAIN)
    tell(alice, jmi("propose", "s2", DESCRIPTION))
    iq(alice, jingle("session-initiate", content(), sid="s2"))
    alice.described("s2", media(), 0)
    assert called(alice) == (CallOffered("s3", CAROL, BOB, "s2"),)
    assert sent(alice.terminate("s2", EndReason.TRANSFERRED, 0)) == [(BOB, "session-terminate"), (BOB, "reject")]


def test_a_finished_one_says_success_in_jmi_too() -> None:
    alice = agent(policy=PLAIN)
    tell(alice, jmi("propose", "s2", DESCRIPTION))
    alice.described("s2", media(), 0)
    alice.accept("s2", 0)
    iq(alice, jingle("session-initiate", content(), sid="s2"))
    effects = alice.terminate("s2", EndReason.TRANSFERRED, 0)
    assert wire_reason(effects) == ["success", "success"]


def test_a_marked_proposal_is_offered_with_its_claim_or_its_proof() -> None:
    alice = callee()
    effects = tell(alice, jmi("propose", "s3", DESCRIPTION + mark(PROOF)), CAROL)
    assert news(effects) == [CallOffered("s3", CAROL, BOB, "s2")]
    effects = tell(alice, jmi("propose", "s4", DESCRIPTION + mark(f"from='{BOB}'")), "dave@desk.test/x")
    assert news(effects) == [CallOffered("s4", "dave@desk.test/x", BOB)]


def test_the_session_of_a_marked_proposal_is_not_offered_again() -> None:
    alice = callee()
    tell(alice, jmi("propose", "s3", DESCRIPTION + mark(PROOF)), CAROL)
    alice.accept("s3", 0)
    assert called(alice) == ()


# --- the mark is no privilege ----------------------------------------------------------------------------------------


def test_strangers_stay_limited_with_or_without_a_mark() -> None:
    alice = agent(policy=PeerPolicy(plain_rtp=True))
    conditions = []
    for n in range(6):
        inner = content() + mark(f"from='{BOB}'")
        error, _ = iq(alice, jingle("session-initiate", inner, sid=f"s{n}"), f"m{n}@evil.test/x")
        conditions.append(error and error.condition)
    assert conditions == [None] * 4 + ["resource-constraint"] * 2


def test_a_stranger_with_a_mark_learns_nothing_before_the_answer() -> None:
    alice = agent(policy=PeerPolicy(plain_rtp=True))
    effects = tell(alice, jmi("propose", "s3", DESCRIPTION + mark(f"from='{BOB}'")), CAROL)
    assert not [e for e in effects if isinstance(e, SendMessage | SendPresence)]


def test_what_cannot_be_agreed_on_is_refused_and_the_old_call_stands() -> None:
    alice = callee(policy=PeerPolicy(contact=True))
    assert alice.wishes() == (), "the consultation itself was not encrypted"
    alice = callee()
    strange = f"<transport xmlns='{ICE_UDP}'/>"
    inner = content(description="<payload-type id='97' name='speex'/>", transport=strange) + mark(PROOF)
    _, effects = iq(alice, jingle("session-initiate", inner, sid="s3"), CAROL)
    assert news(effects) == [CallOffered("s3", CAROL, BOB, "s2"), CallEnded("s3", EndReason.INCOMPATIBLE)]
    assert [w.id for w in alice.wishes()] == ["s2"]


# --- glare and the same account ---------------------------------------------------------------------------------------


def test_an_attended_call_is_no_glare_with_a_call_of_ours_to_the_same_device() -> None:
    alice = callee()
    alice.call("zz", "carol@desk.test", [target(CAROL, DIRECT)], 0)
    alice.described("zz", media(), 0)
    assert called(alice) == (CallOffered("s3", CAROL, BOB, "s2"),)
    assert {w.id for w in alice.wishes()} == {"s2", "s3", "zz"}
    alice = callee()
    alice.call("zz", "carol@desk.test", [], 0)
    effects = tell(alice, jmi("propose", "s3", DESCRIPTION + mark(PROOF)), CAROL)
    assert news(effects) == [CallOffered("s3", CAROL, BOB, "s2")]


def test_an_unattended_one_is_glare_like_any_other() -> None:
    alice = callee()
    alice.call("zz", "carol@desk.test", [target(CAROL, DIRECT)], 0)
    alice.described("zz", media(), 0)
    assert called(alice, f"from='{BOB}'") == (CallAccepted("zz"),)
    assert {w.id for w in alice.wishes()} == {"s2", "zz"}


def test_caller_and_attendant_may_be_devices_of_one_account() -> None:
    alice = callee()
    assert called(alice, sender=TABLET) == (CallOffered("s3", TABLET, BOB, "s2"),)
    alice = callee(answered=False)
    effects = tell(alice, jmi("propose", "s3", DESCRIPTION + mark(PROOF)), TABLET)
    assert news(effects) == [CallOffered("s3", TABLET, BOB, "s2")]
    assert [w.id for w in alice.wishes()] == ["s2", "s3"]


def test_caller_may_be_a_device_of_our_own_account() -> None:
    alice = callee()
    assert called(alice, sender="alice@desk.test/kitchen") == (CallOffered("s3", "alice@desk.test/kitchen", BOB, "s2"),)


def test_a_device_may_move_its_own_call_only_by_the_same_proof() -> None:
    alice = callee()
    assert called(alice, sender=BOB) == (CallOffered("s3", BOB, BOB, "s2"),)


def test_a_sid_of_another_far_end_proves_nothing() -> None:
    alice = callee()
    iq(alice, jingle("session-initiate", content(), sid="s9"), "dave@desk.test/x")
    assert called(alice, f"from='{BOB}' sid='s9' to='{ALICE}'") == (CallOffered("s3", CAROL, BOB, None),)


def test_the_same_sid_of_two_far_ends_coexists() -> None:
    """XEP-0251's attended example re-uses the attendant's sid for the caller's new session."""
    alice = callee()
    (offered,) = called(alice, sid="s2")
    assert isinstance(offered, CallOffered)
    assert (offered.peer, offered.replaces) == (CAROL, "s2")
    assert offered.id != "s2"
    iq(alice, jingle("session-terminate", sid="s2"))
    assert [w.id for w in alice.wishes()] == [offered.id]


def test_a_gateway_that_we_called_by_its_bare_address_is_known_by_it() -> None:
    alice = agent(policy=PeerPolicy(contact=True, plain_rtp=True, direct=True))
    alice.call("s2", "echo@pbx.test", [], 0)
    alice.described("s2", media(), 0)
    assert called(alice, f"from='echo@pbx.test' sid='s2' to='{ALICE}'") == (
        CallOffered("s3", CAROL, "echo@pbx.test", "s2"),
    )


def test_a_mark_in_an_accept_does_no_harm() -> None:
    alice = agent(policy=PLAIN)
    alice.call("s2", "bob@desk.test", [target(BOB, DIRECT)], 0)
    alice.described("s2", media(), 0)
    inner = f"<content name='audio'><description xmlns='{RTP}' media='audio'><payload-type id='0'/></description>{ICE}"
    error, _ = iq(alice, jingle("session-accept", inner + "</content>" + mark(PROOF), sid="s2"))
    assert error is None
    assert sent(alice.hold("s2", held=True, now=0)) == [(BOB, "session-info")], "it is active"
