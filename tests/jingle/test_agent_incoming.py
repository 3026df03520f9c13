"""Being called, by proposal or by session, on one of several devices."""

from __future__ import annotations

import pytest
from jingle_wire import ALICE, BOB, agent, media, news, sent, xml
from said import CODECS, DESK, PLAIN, TABLET, content, iq, jingle, jmi, offered, propose, proposed, tell, wire_reason

from phone.jingle.api import (
    CallEnded,
    CallOffered,
    EndReason,
    Nonsense,
    PeerPolicy,
    Reply,
    SendIq,
    SendPresence,
)

# --- incoming --------------------------------------------------------------------------------------------------------


def test_ringing_goes_to_the_callers_full_jid_for_contacts_only() -> None:
    effects = tell(agent(), propose())
    assert effects[0] == CallOffered("c1", BOB)
    assert sent(effects) == [(BOB, "ringing")]
    assert sent(tell(agent(policy=PeerPolicy()), propose())) == []


def test_accept_goes_to_our_own_devices_and_proceed_to_the_caller() -> None:
    assert sent(offered().accept("c1", 0)) == [("alice@desk.test", "accept"), (BOB, "proceed")]
    assert offered(PeerPolicy()).accept("c1", 0)[0] == SendPresence(BOB)


def test_accepting_what_is_over_is_nothing_since_the_user_may_lift_while_the_end_is_under_way() -> None:
    alice = offered()
    tell(alice, jmi("retract"))
    assert alice.accept("c1", 0) == ()


def test_accepting_twice_is_harmless() -> None:
    alice = offered()
    alice.accept("c1", 0)
    assert alice.accept("c1", 0) == ()


@pytest.mark.parametrize("kind", ["video", ""])
def test_a_proposal_without_audio_is_ignored_for_the_sake_of_our_other_devices(kind: str) -> None:
    assert tell(agent(), propose(media_kind=kind)) == (Nonsense(BOB, "a proposal without audio"),)


def test_a_proposal_that_comes_again_or_after_its_end_is_ignored() -> None:
    alice = offered()
    assert [type(e) for e in tell(alice, propose())] == [Nonsense]
    alice.terminate("c1", EndReason.DECLINED, 0)
    assert [type(e) for e in tell(alice, propose())] == [Nonsense]


def test_a_device_that_proposes_anew_has_lost_its_former_proposal() -> None:
    alice = offered()
    effects = tell(alice, propose("c2"))
    assert news(effects) == [CallEnded("c1", EndReason.CANCELLED), CallOffered("c2", BOB)]
    assert news(tell(alice, propose("c3"), TABLET)) == [CallOffered("c3", TABLET)]


def test_retract_ends_it_before_and_after_our_accept() -> None:
    assert tell(offered(), jmi("retract")) == (CallEnded("c1", EndReason.CANCELLED),)
    alice = offered()
    alice.accept("c1", 0)
    assert tell(alice, jmi("retract")) == (CallEnded("c1", EndReason.CANCELLED),)


def test_messages_out_of_turn_are_counted_and_ignored() -> None:
    assert tell(offered(), jmi("proceed")) == (Nonsense(BOB, "proceed out of turn"),)


@pytest.mark.parametrize(
    ("ended", "verbs", "reasons"),
    [
        (EndReason.BUSY, [(BOB, "reject")], ["busy"]),
        (EndReason.DECLINED, [(BOB, "reject")], []),
        (EndReason.NO_ANSWER, [], []),
    ],
)
def test_refusing_a_proposal(ended: EndReason, verbs: list[tuple[str, str]], reasons: list[str]) -> None:
    effects = offered().terminate("c1", ended, 0)
    assert sent(effects) == verbs
    assert wire_reason(effects) == reasons


def test_a_session_that_does_not_follow_our_proceed_within_20_seconds_ends_it() -> None:
    alice = offered()
    alice.accept("c1", 5)
    assert alice.deadline() == 25
    effects = alice.expire(25)
    assert sent(effects) == [(BOB, "reject")]
    assert news(effects) == [CallEnded("c1", EndReason.UNREACHABLE)]


def test_a_session_of_a_call_that_we_refused_meanwhile_does_not_ring() -> None:
    alice = offered()
    alice.accept("c1", 0)
    alice.terminate("c1", EndReason.HANGUP, 0)
    error, effects = iq(alice, jingle("session-initiate", content()))
    assert error is not None
    assert error.condition == "item-not-found"
    assert effects == ()


def test_a_session_that_comes_before_our_accept_goes_on_ringing_in_the_same_call() -> None:
    alice = offered(PLAIN)
    error, effects = iq(alice, jingle("session-initiate", content()))
    assert error is None
    assert news(effects) == []
    alice.described("c1", media(), 0)
    assert sent(alice.accept("c1", 0)) == [
        ("alice@desk.test", "accept"),
        (BOB, "proceed"),
        (BOB, "session-accept"),
    ]
    assert alice.deadline() is None


def test_refusing_a_session_that_came_before_our_accept_refuses_its_proposal_as_well() -> None:
    alice = offered(PLAIN)
    iq(alice, jingle("session-initiate", content()))
    assert sent(alice.terminate("c1", EndReason.DECLINED, 0)) == [(BOB, "session-terminate"), (BOB, "reject")]
    alice = offered(PLAIN)
    iq(alice, jingle("session-initiate", content()))
    assert sent(tell(alice, jmi("retract"))) == [(BOB, "session-terminate")]


def test_a_session_of_another_device_than_the_proposer_is_a_call_of_its_own() -> None:
    alice = offered(PLAIN)
    _, effects = iq(alice, jingle("session-initiate", content()), TABLET)
    assert news(effects) == [CallOffered("alice1", TABLET)]
    assert {w.id for w in alice.wishes()} == {"c1", "alice1"}


def test_a_session_is_acked_first_then_told_then_rings() -> None:
    alice = agent(policy=PLAIN)
    reply, told, ringing = alice.receive_iq(BOB, "i", xml(jingle("session-initiate", content())), 0)
    assert (reply, told) == (Reply(BOB, "i"), CallOffered("c1", BOB))
    assert isinstance(ringing, SendIq)
    assert ringing.payload[0].tag.endswith("ringing")


@pytest.mark.parametrize("sid", ["x\ny", "\u0440", "s" * 65])
def test_a_strange_sid_does_not_name_the_call_here(sid: str) -> None:
    element = xml(jingle("session-initiate", content()))
    element.set("sid", sid)
    effects = agent(policy=PLAIN).receive_iq(BOB, "i", element, 0)
    assert news(effects) == [CallOffered("alice1", BOB)]


@pytest.mark.parametrize(
    ("offer", "condition", "expected"),
    [
        (content(), "security-error", EndReason.INSECURE),
        (content(kind="video"), "unsupported-applications", EndReason.INCOMPATIBLE),
        ("<content name='a'/>", "unsupported-applications", EndReason.INCOMPATIBLE),
        (content(transport="<transport/>"), "unsupported-transports", EndReason.INCOMPATIBLE),
        (content(transport="<transport xmlns='urn:x'/>"), "unsupported-transports", EndReason.INCOMPATIBLE),
    ],
)
def test_an_offer_that_cannot_be_is_acked_terminated_and_shown(offer: str, condition: str, expected: EndReason) -> None:
    error, effects = iq(agent(), jingle("session-initiate", offer))
    assert error is None
    assert wire_reason(effects) == [condition]
    assert news(effects) == [CallOffered("c1", BOB), CallEnded("c1", expected)]


def test_an_offer_without_common_codec_is_failed_application_even_with_telephone_event() -> None:
    offer = content("<payload-type id='101' name='telephone-event'/><payload-type id='3' name='GSM'/>")
    _, effects = iq(agent(policy=PLAIN), jingle("session-initiate", offer))
    assert wire_reason(effects) == ["failed-application"]


def test_sdes_that_is_required_is_not_answered_in_the_clear() -> None:
    offer = content(CODECS + "<encryption required='true'/>")
    _, effects = iq(agent(policy=PLAIN), jingle("session-initiate", offer))
    assert wire_reason(effects) == ["security-error"]


def test_an_offer_that_cannot_be_in_a_call_that_we_took_ends_it_with_finish() -> None:
    alice = offered()
    alice.accept("c1", 0)
    _, effects = iq(alice, jingle("session-initiate", content()))
    assert sent(effects) == [(BOB, "session-terminate"), (BOB, "finish")]
    assert wire_reason(effects) == ["security-error", "security-error"]
    assert news(effects) == [CallEnded("c1", EndReason.INSECURE)]


def test_an_error_to_our_session_accept_means_that_the_caller_is_gone() -> None:
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content()))
    alice.described("c1", media(), 0)
    (accept,) = alice.accept("c1", 0)
    assert isinstance(accept, SendIq)
    assert news(alice.replied(accept.token, "item-not-found", 0)) == [CallEnded("c1", EndReason.CANCELLED)]


def test_a_server_that_goes_before_our_session_accept_is_answered_ends_nothing() -> None:
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content()))
    alice.described("c1", media(), 0)
    (accept,) = alice.accept("c1", 0)
    assert isinstance(accept, SendIq)
    assert alice.replied(accept.token, "timeout", 0) == ()
    assert [wish.id for wish in alice.wishes()] == ["c1"], "its media may well flow: it judges"


# --- our other devices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("accept", EndReason.ANSWERED_ELSEWHERE),
        ("proceed", EndReason.ANSWERED_ELSEWHERE),
        ("reject", EndReason.DECLINED_ELSEWHERE),
    ],
)
def test_another_device_of_ours_took_or_refused_it(verb: str, expected: EndReason) -> None:
    assert tell(offered(), jmi(verb), DESK, carbon=True, sent_by_us=True) == (CallEnded("c1", expected),)
    assert tell(offered(), jmi(verb), DESK) == (CallEnded("c1", expected),)


def test_what_our_other_devices_do_with_other_calls_is_theirs() -> None:
    alice = offered()
    assert tell(alice, jmi("proceed", "other"), DESK, carbon=True, sent_by_us=True) == ()
    assert tell(alice, jmi("ringing"), DESK, carbon=True, sent_by_us=True) == ()
    assert tell(alice, propose("mine"), DESK, carbon=True, sent_by_us=True) == ()
    alice.accept("c1", 0)
    assert tell(alice, jmi("proceed"), DESK, carbon=True, sent_by_us=True) == ()
    assert tell(proposed(), jmi("reject"), DESK, carbon=True, sent_by_us=True) == ()


def test_our_own_echo_is_ignored() -> None:
    assert tell(offered(), jmi("accept"), ALICE) == ()
