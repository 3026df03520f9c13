"""One decision of the agent each: who is told what, and what the user is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jingle_wire import ALICE, BOB, CONTACT, Wire, agent, media, news, sent, target, xml

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallHeld,
    CallOffered,
    DigitReceived,
    Effect,
    Effects,
    EndReason,
    Nonsense,
    PeerPolicy,
    Reply,
    SendIq,
    SendMessage,
    SendPresence,
    StanzaError,
)
from phone.jingle.elements import FEATURES, ICE_UDP, JINGLE, JMI, RAW_UDP, RTP, RTP_AUDIO
from phone.jingle.errors import LocalProtocolError

TABLET = "bob@desk.test/tablet"
DESK = "alice@desk.test/kitchen"
DIRECT = (JINGLE, RTP, RTP_AUDIO)
CODECS = "<payload-type id='0'/><rtcp-mux/>"
ICE = f"<transport xmlns='{ICE_UDP}'/>"
PLAIN = PeerPolicy(contact=True, plain_rtp=True)


def jmi(verb: str, call: str = "c1", inner: str = "") -> str:
    return f"<{verb} xmlns='{JMI}' id='{call}'>{inner}</{verb}>"


def propose(call: str = "c1", media_kind: str = "audio") -> str:
    return jmi("propose", call, f"<description xmlns='{RTP}' media='{media_kind}'/>")


def reason(condition: str) -> str:
    return f"<reason xmlns='{JINGLE}'><{condition}/></reason>"


def jingle(action: str, inner: str = "", sid: str = "c1") -> str:
    return f"<jingle xmlns='{JINGLE}' action='{action}' sid='{sid}'>{inner}</jingle>"


def content(description: str = CODECS, transport: str = ICE, name: str = "audio", kind: str = "audio") -> str:
    return (
        f"<content name='{name}' creator='initiator'>"
        f"<description xmlns='{RTP}' media='{kind}'>{description}</description>{transport}</content>"
    )


def info(name: str, space: str = "urn:xmpp:jingle:apps:rtp:info:1", more: str = "") -> str:
    return jingle("session-info", f"<{name} xmlns='{space}' {more}/>")


def tell(to: Agent, text: str, sender: str = BOB, *, carbon: bool = False, sent_by_us: bool = False) -> Effects:
    return to.receive_message(sender, ALICE, xml(text), 0, carbon=carbon, sent_by_us=sent_by_us)


def iq(to: Agent, text: str, sender: str = BOB) -> tuple[StanzaError | None, Effects]:
    reply, *rest = to.receive_iq(sender, "i", xml(text), 0)
    assert isinstance(reply, Reply)
    return reply.error, tuple(rest)


def proposed(policy: PeerPolicy = CONTACT) -> Agent:
    """Alice has called bob by JMI."""
    alice = agent(policy=policy)
    alice.call("c1", "bob@desk.test", [], 0)
    return alice


def initiated(policy: PeerPolicy = CONTACT) -> Agent:
    """Alice has sent bob a session-initiate."""
    alice = agent(policy=policy)
    alice.call("c1", "bob@desk.test", [target(BOB, DIRECT)], 0)
    alice.described("c1", media(), 0)
    return alice


def offered(policy: PeerPolicy = CONTACT) -> Agent:
    """Bob's proposal rings at alice."""
    alice = agent(policy=policy)
    tell(alice, propose())
    return alice


def active() -> Agent:
    """Bob's plain session is up at alice."""
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content()))
    alice.described("c1", media(), 0)
    alice.accept("c1", 0)
    return alice


def wire_reason(effects: Effects) -> list[str]:
    return [
        r[0].tag.rpartition("}")[2]
        for e in effects
        if isinstance(e, SendIq | SendMessage) and (r := e.payload.find(f"{{{JINGLE}}}reason")) is not None
    ]


# --- outgoing ------------------------------------------------------------------------------------------------------


def test_a_call_id_in_use_raises_and_changes_nothing() -> None:
    alice = proposed()
    with pytest.raises(LocalProtocolError, match="in use"):
        alice.call("c1", "eve@desk.test", [], 0)
    assert len(alice.wishes()) == 1


def test_several_devices_are_proposed_to_even_if_one_knows_early_media() -> None:
    effects = agent().call("c1", "bob@desk.test", [target(BOB), target(TABLET, FEATURES)], 0)
    assert sent(effects) == [("bob@desk.test", "propose")]


def test_a_device_that_cannot_call_does_not_hinder_early_media() -> None:
    alice = agent()
    assert alice.call("c1", "bob@desk.test", [target(BOB), target(TABLET, ("urn:xmpp:ping",))], 0) == ()
    assert sent(alice.described("c1", media(), 0)) == [(BOB, "session-initiate")]


def test_plain_rtp_is_offered_only_where_allowed_and_no_device_knows_dtls() -> None:
    for policy, features, security in (
        (PLAIN, DIRECT, "plain"),
        (PLAIN, FEATURES, "dtls"),
        (CONTACT, DIRECT, "dtls"),
    ):
        alice = agent(policy=policy)
        alice.call("c1", "bob@desk.test", [target(BOB, features)], 0)
        assert [w.security for w in alice.wishes()] == [security]


def test_media_starts_with_the_call() -> None:
    (wish,) = proposed().wishes()
    assert (wish.id, wish.controlling, wish.dtls_role, wish.ufrag) == ("c1", True, "either", None)
    assert [p.id for p in wish.receive] == [111, 0, 8, 101, 110]
    (wish,) = offered().wishes()
    assert (wish.id, wish.controlling) == ("c1", False)


def test_ringing_is_told_once_however_many_devices_ring() -> None:
    alice = proposed()
    assert tell(alice, jmi("ringing")) == (CallAlerting("c1"),)
    assert tell(alice, jmi("ringing"), TABLET) == ()


def test_the_first_device_to_proceed_gets_the_session_and_the_other_a_retract() -> None:
    alice = proposed()
    alice.described("c1", media(), 0)
    first = tell(alice, jmi("proceed"))
    assert first[0] == CallAccepted("c1")
    assert sent(first) == [(BOB, "session-initiate")]
    assert sent(tell(alice, jmi("proceed"), TABLET)) == [(TABLET, "retract")]
    assert tell(alice, jmi("ringing"), TABLET) == ()
    assert tell(alice, jmi("reject"), TABLET) == ()
    assert len(alice.wishes()) == 1


def test_a_jmi_answer_of_another_account_is_ignored() -> None:
    alice = proposed()
    assert tell(alice, jmi("proceed"), "eve@evil.test/x") == ()
    assert tell(alice, jmi("proceed", "other")) == ()
    assert tell(alice, "<dance xmlns='urn:x'/>") == (Nonsense(BOB, "unknown JMI element"),)


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("", EndReason.DECLINED),
        (reason("busy"), EndReason.BUSY),
        (reason("decline"), EndReason.DECLINED),
        (reason("expired"), EndReason.NO_ANSWER),
    ],
)
def test_reject_ends_it_with_its_reason(inner: str, expected: EndReason) -> None:
    assert tell(proposed(), jmi("reject", inner=inner)) == (CallEnded("c1", expected),)


def test_reject_of_the_device_that_had_proceeded_ends_it_before_the_session() -> None:
    alice = proposed()
    tell(alice, jmi("proceed"))
    assert tell(alice, jmi("reject")) == (CallEnded("c1", EndReason.DECLINED),)


def test_hanging_up_before_the_answer_retracts_from_all_devices_and_after_proceed_from_that_one() -> None:
    assert sent(proposed().terminate("c1", EndReason.CANCELLED, 0)) == [("bob@desk.test", "retract")]
    alice = proposed()
    tell(alice, jmi("proceed"))
    assert sent(alice.terminate("c1", EndReason.CANCELLED, 0)) == [(BOB, "retract")]


def test_hanging_up_before_our_media_was_described_sends_nothing() -> None:
    alice = agent()
    alice.call("c1", "bob@desk.test", [target(BOB, DIRECT)], 0)
    assert alice.terminate("c1", EndReason.CANCELLED, 0) == ()
    assert alice.wishes() == ()
    assert alice.described("c1", media(), 0) == ()
    assert alice.terminate("c1", EndReason.CANCELLED, 0) == ()
    assert alice.media_failed("c1", "ice", 0) == ()
    assert alice.candidate("c1", media().candidates[0], 0, 0) == ()


def test_media_that_never_comes_ends_the_call_after_20_seconds() -> None:
    alice = agent()
    alice.call("c1", "bob@desk.test", [target(BOB, DIRECT)], 100)
    assert alice.deadline() == 120
    assert alice.expire(119) == ()
    assert alice.expire(120) == (CallEnded("c1", EndReason.FAILED),)
    assert alice.deadline() is None


def test_media_that_never_comes_after_proceed_takes_the_proposal_back() -> None:
    alice = proposed()
    tell(alice, jmi("proceed"))
    effects = alice.expire(20)
    assert sent(effects) == [(BOB, "retract")]
    assert news(effects) == [CallEnded("c1", EndReason.FAILED)]


@pytest.mark.parametrize(
    ("error", "expected", "answer"),
    [
        ("item-not-found", EndReason.NOT_FOUND, []),
        ("service-unavailable", EndReason.UNREACHABLE, []),
        ("resource-constraint", EndReason.BUSY, []),
        ("never-heard", EndReason.FAILED, []),
        ("timeout", EndReason.UNREACHABLE, ["session-terminate"]),
    ],
)
def test_an_error_to_our_session_initiate_ends_the_call(error: str, expected: EndReason, answer: list[str]) -> None:
    alice = agent()
    alice.call("c1", "bob@desk.test", [target(BOB, DIRECT)], 0)
    (initiate,) = alice.described("c1", media(), 0)
    assert isinstance(initiate, SendIq)
    assert alice.replied("unknown", error, 0) == ()
    effects = alice.replied(initiate.token, error, 0)
    assert news(effects) == [CallEnded("c1", expected)]
    assert [name for _, name in sent(effects)] == answer
    assert alice.replied(initiate.token, error, 0) == ()


def test_a_result_changes_nothing() -> None:
    alice = agent()
    alice.call("c1", "bob@desk.test", [target(BOB, DIRECT)], 0)
    (initiate,) = alice.described("c1", media(), 0)
    assert isinstance(initiate, SendIq)
    assert alice.replied(initiate.token, None, 0) == ()
    assert len(alice.wishes()) == 1


@pytest.mark.parametrize(
    ("answer", "expected", "condition"),
    [
        (content("<payload-type id='18' name='G729'/>"), EndReason.INCOMPATIBLE, "failed-application"),
        ("<content name='audio'/>", EndReason.INCOMPATIBLE, "unsupported-applications"),
        ("", EndReason.INCOMPATIBLE, "unsupported-applications"),
        (content(transport=f"<transport xmlns='{RAW_UDP}'/>"), EndReason.INCOMPATIBLE, "unsupported-transports"),
        (content(), EndReason.INSECURE, "security-error"),
    ],
)
def test_an_answer_that_cannot_be_is_terminated_with_its_reason(
    answer: str, expected: EndReason, condition: str
) -> None:
    alice = initiated(CONTACT if expected is EndReason.INSECURE else PLAIN)
    error, effects = iq(alice, jingle("session-accept", answer))
    assert error is None
    assert wire_reason(effects) == [condition]
    assert news(effects) == [CallEnded("c1", expected)]


def test_an_answer_without_encryption_is_taken_where_plain_rtp_is_allowed() -> None:
    alice = agent(policy=PLAIN)
    alice.call("c1", "bob@desk.test", [target(BOB, FEATURES)], 0)
    alice.described("c1", media(), 0)
    _, effects = iq(alice, jingle("session-accept", content(transport="", name="other")))
    assert news(effects) == [CallAccepted("c1")]
    assert [w.security for w in alice.wishes()] == ["plain"]


def test_a_bundle_group_implies_mux() -> None:
    alice = initiated(PLAIN)
    group = "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'/>"
    iq(alice, jingle("session-accept", content("<payload-type id='0'/>") + group))
    assert [w.rtcp_mux for w in alice.wishes()] == [True]


# --- incoming ------------------------------------------------------------------------------------------------------


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
    assert news(effects) == [CallEnded("c1", EndReason.INSECURE)]


def test_an_error_to_our_session_accept_means_that_the_caller_is_gone() -> None:
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content()))
    alice.described("c1", media(), 0)
    (accept,) = alice.accept("c1", 0)
    assert isinstance(accept, SendIq)
    assert news(alice.replied(accept.token, "item-not-found", 0)) == [CallEnded("c1", EndReason.CANCELLED)]


# --- our other devices ---------------------------------------------------------------------------------------------


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


# --- in a call -----------------------------------------------------------------------------------------------------


def test_session_info() -> None:
    alice = active()
    assert iq(alice, jingle("session-info")) == (None, ()), "an empty one is a ping"
    assert iq(alice, info("hold")) == (None, (CallHeld("c1", held=True),))
    assert iq(alice, info("hold")) == (None, ())
    assert iq(alice, info("unhold")) == (None, (CallHeld("c1", held=False),))
    assert iq(alice, info("active")) == (None, ())
    assert iq(alice, info("mute")) == (None, ())
    assert iq(alice, info("ringing")) == (None, ())
    assert iq(alice, info("dtmf", "urn:xmpp:jingle:dtmf:0", "code='#'")) == (None, (DigitReceived("c1", "#"),))
    error, _ = iq(alice, info("dtmf", "urn:xmpp:jingle:dtmf:0", "code='55'"))
    assert error is not None
    assert error.condition == "bad-request"
    error, _ = iq(alice, info("checksum"))
    assert error == StanzaError("feature-not-implemented", "modify", ("urn:xmpp:jingle:errors:1", "unsupported-info"))


def test_hold_before_the_answer_means_nothing() -> None:
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content()))
    assert iq(alice, info("hold")) == (None, ())


def test_content_add_and_transport_replace_are_acked_then_rejected() -> None:
    alice = active()
    error, effects = iq(alice, jingle("content-add", content(kind="video", name="v")))
    assert error is None
    assert sent(effects) == [(BOB, "content-reject")]
    error, effects = iq(alice, jingle("transport-replace", content()))
    assert error is None
    assert sent(effects) == [(BOB, "transport-reject")]
    assert iq(alice, jingle("content-add")) == (None, ())
    assert iq(alice, jingle("transport-replace")) == (None, ())


def test_content_modify_is_hold_by_another_name() -> None:
    alice = active()
    modify = "<content name='audio' creator='initiator' senders='{}'/>"
    assert iq(alice, jingle("content-modify", modify.format("initiator"))) == (None, (CallHeld("c1", held=True),))
    assert iq(alice, jingle("content-modify", modify.format("both"))) == (None, (CallHeld("c1", held=False),))
    assert iq(alice, jingle("content-modify", modify.format("responder"))) == (None, ())
    assert iq(alice, jingle("content-modify", "<content name='x'/>")) == (None, ())


def test_content_remove_of_the_only_content_ends_the_session() -> None:
    alice = active()
    assert iq(alice, jingle("content-remove", "<content name='other'/>")) == (None, ())
    error, effects = iq(alice, jingle("content-remove", "<content name='audio'/>"))
    assert error is None
    assert wire_reason(effects) == ["success"]
    assert news(effects) == [CallEnded("c1", EndReason.HANGUP)]
    _, effects = iq(initiated(), jingle("content-remove", "<content name='audio'/>"))
    assert news(effects) == [CallEnded("c1", EndReason.DECLINED)]


@pytest.mark.parametrize("action", ["description-info", "security-info"])
def test_news_of_description_and_security_are_acked(action: str) -> None:
    assert iq(active(), jingle(action, content())) == (None, ())


@pytest.mark.parametrize("action", ["session-accept", "session-initiate", "content-accept", "transport-accept"])
def test_out_of_order_is_said_and_changes_nothing(action: str) -> None:
    alice = active()
    before = alice.wishes()
    error, effects = iq(alice, jingle(action, content()))
    assert error == StanzaError("unexpected-request", "wait", ("urn:xmpp:jingle:errors:1", "out-of-order"))
    assert effects == ()
    assert alice.wishes() == before


def test_unknown_actions_and_sessions_and_initiates_without_content() -> None:
    alice = active()
    error, effects = iq(alice, jingle("session-dance"))
    assert error is not None
    assert error.condition == "bad-request"
    assert [type(e) for e in effects] == [Nonsense]
    error, _ = iq(alice, jingle("session-info"), TABLET)
    assert error == StanzaError("item-not-found", "cancel", ("urn:xmpp:jingle:errors:1", "unknown-session"))
    error, _ = iq(alice, jingle("session-initiate", sid="new"))
    assert error is not None
    assert error.condition == "bad-request"


def test_transport_info_of_other_contents_and_transports_is_ignored() -> None:
    alice = active()
    candidate = "<candidate ip='192.0.2.9' port='9'/>"
    other = f"<content name='x'><transport xmlns='{ICE_UDP}'>{candidate}</transport></content>"
    raw = f"<content name='audio'><transport xmlns='{RAW_UDP}'>{candidate}</transport></content>"
    stale = f"<content name='audio'><transport xmlns='{ICE_UDP}' ufrag='old'>{candidate}</transport></content>"
    fresh = f"<content name='audio'><transport xmlns='{ICE_UDP}' ufrag='u' pwd='p'/></content>"
    error, effects = iq(alice, jingle("transport-info", other))
    assert error is None
    assert [type(e) for e in effects] == [Nonsense]
    assert iq(alice, jingle("transport-info", raw)) == (None, ())
    assert iq(alice, jingle("transport-info", fresh)) == (None, ())
    assert iq(alice, jingle("transport-info", stale)) == (None, ())
    assert [w.candidates for w in alice.wishes()] == [()]


def test_hanging_up_is_success_and_theirs_is_hang_up() -> None:
    assert wire_reason(active().terminate("c1", EndReason.HANGUP, 0)) == ["success"]
    assert wire_reason(active().terminate("c1", EndReason.FAILED, 0)) == ["general-error"]
    _, effects = iq(active(), jingle("session-terminate", reason("success")))
    assert effects == (CallEnded("c1", EndReason.HANGUP),)


@pytest.mark.parametrize(
    ("ended", "condition"),
    [(EndReason.HANGUP, "decline"), (EndReason.BUSY, "busy"), (EndReason.NO_ANSWER, "timeout")],
)
def test_refusing_a_session(ended: EndReason, condition: str) -> None:
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content()))
    assert wire_reason(alice.terminate("c1", ended, 0)) == [condition]


def test_giving_a_session_up_before_its_answer_is_cancel() -> None:
    assert wire_reason(initiated().terminate("c1", EndReason.HANGUP, 0)) == ["cancel"]


@pytest.mark.parametrize(
    ("make", "condition", "expected"),
    [
        (active, "timeout", EndReason.MEDIA_LOST),
        (active, "failed_transport", EndReason.MEDIA_LOST),
        (active, "connectivity-error", EndReason.MEDIA_LOST),
        (active, "never-heard", EndReason.HANGUP),
        (initiated, "timeout", EndReason.NO_ANSWER),
        (initiated, "success", EndReason.DECLINED),
        (initiated, "security-error", EndReason.INSECURE),
        (initiated, "failed_application", EndReason.INCOMPATIBLE),
    ],
)
def test_why_they_ended_it(make: Callable[[], Agent], condition: str, expected: EndReason) -> None:
    _, effects = iq(make(), jingle("session-terminate", reason(condition)))
    assert effects == (CallEnded("c1", expected),)


def test_finish_without_terminate_ends_the_session_too() -> None:
    alice = proposed(PLAIN)
    alice.described("c1", media(), 0)
    tell(alice, jmi("proceed"))
    iq(alice, jingle("session-accept", content()))
    effects = tell(alice, jmi("finish", inner=reason("success")))
    assert sent(effects) == [(BOB, "session-terminate")]
    assert news(effects) == [CallEnded("c1", EndReason.HANGUP)]


# --- media ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "condition", "expected"),
    [
        ("fingerprint", "security-error", EndReason.INSECURE),
        ("no-srtp", "security-error", EndReason.INSECURE),
        ("dtls", "security-error", EndReason.INSECURE),
        ("ice", "connectivity-error", EndReason.MEDIA_LOST),
        ("no-rtp", "connectivity-error", EndReason.MEDIA_LOST),
        ("codec", "failed-application", EndReason.INCOMPATIBLE),
        ("internal", "media-error", EndReason.FAILED),
    ],
)
def test_media_faults_are_told_to_both(fault: str, condition: str, expected: EndReason) -> None:
    alice = active()
    assert alice.media_up("c1", 0) == ()
    effects = alice.media_failed("c1", fault, 0)
    assert wire_reason(effects) == [condition]
    assert news(effects) == [CallEnded("c1", expected)]
    assert alice.wishes() == ()


def test_media_that_fails_before_the_session() -> None:
    assert news(proposed().media_failed("c1", "internal", 0)) == [CallEnded("c1", EndReason.FAILED)]
    assert sent(offered().media_failed("c1", "internal", 0)) == [], "our other devices may ring on"


def test_a_lost_connection_is_said_in_finish() -> None:
    alice = proposed(PLAIN)
    alice.described("c1", media(), 0)
    tell(alice, jmi("proceed"))
    iq(alice, jingle("session-accept", content()))
    assert wire_reason(alice.media_failed("c1", "ice", 0)) == ["connectivity-error", "connectivity-error"]


def test_candidates_before_the_offer_go_into_it_and_later_ones_trickle() -> None:
    alice = proposed()
    assert alice.candidate("c1", media(port=9).candidates[0], 0, 0) == (), "nothing described yet"
    alice.described("c1", media(), 0)
    second, third = media(port=4002).candidates + media(port=4003).candidates
    assert alice.candidate("c1", second, 0, 0) == ()
    (_, initiate) = tell(alice, jmi("proceed"))
    assert isinstance(initiate, SendIq)
    assert [c.get("port") for c in initiate.payload.iter(f"{{{ICE_UDP}}}candidate")] == ["4000", "4002"]
    assert sent(alice.candidate("c1", third, 0, 0)) == [(BOB, "transport-info")]
    assert alice.candidate("c1", third, 0, 0) == (), "told once"


def test_a_restart_while_it_rings_is_answered_by_the_accept() -> None:
    alice = agent(policy=PLAIN)
    iq(alice, jingle("session-initiate", content(transport=f"<transport xmlns='{ICE_UDP}' ufrag='a' pwd='b'/>")))
    alice.described("c1", media(), 0)
    restart = f"<content name='audio'><transport xmlns='{ICE_UDP}' ufrag='c' pwd='d'/></content>"
    iq(alice, jingle("transport-info", restart))
    assert [w.restart for w in alice.wishes()] == [1]
    assert alice.accept("c1", 0) == (), "our transport of the new generation is not there yet"
    assert sent(alice.described("c1", media(restart=1), 0)) == [(BOB, "session-accept")]


# --- resources -----------------------------------------------------------------------------------------------------


def test_a_caller_that_goes_away_stops_ringing_here() -> None:
    alice = offered()
    assert alice.resource_gone(TABLET, 0) == ()
    assert alice.resource_gone(BOB, 0) == (CallEnded("c1", EndReason.CANCELLED),)


def test_one_that_proceeded_and_went_away_is_unreachable() -> None:
    alice = proposed()
    assert alice.resource_gone(BOB, 0) == (), "another of its devices may answer"
    tell(alice, jmi("proceed"))
    assert alice.resource_gone(BOB, 0) == (CallEnded("c1", EndReason.UNREACHABLE),)


# --- loss ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("features", [DIRECT, (*DIRECT, JMI), FEATURES])
@pytest.mark.parametrize("lost", range(10))
def test_whatever_single_stanza_is_lost_both_ends_come_to_an_end(features: tuple[str, ...], lost: int) -> None:
    """With the core's own timers (no answer, connect) doing what they do, nothing is left over."""
    count = iter(range(1000))

    def drop(effect: Effect) -> bool:
        return isinstance(effect, SendIq | SendMessage) and next(count) == lost

    wire = Wire(agent(ALICE), agent(BOB), drop=drop)
    alice, bob = wire.ends[ALICE].agent, wire.ends[BOB].agent
    wire.do(ALICE, alice.call("c1", "bob@desk.test", [target(BOB, features)], 0))
    wire.do(ALICE, alice.described("c1", media(), 0))
    wire.run()
    if bob.wishes():
        wire.do(BOB, bob.described("c1", media("b"), 0))
        wire.do(BOB, bob.accept("c1", 0))
    wire.run()
    for end in (ALICE, BOB):
        wire.do(end, wire.ends[end].agent.expire(30))
    wire.run()
    for end in (ALICE, BOB):
        wire.do(end, wire.ends[end].agent.terminate("c1", EndReason.NO_ANSWER, 90))
        wire.run()
    assert alice.wishes() == bob.wishes() == ()
    for end in wire.ends.values():
        assert sum(isinstance(e, CallEnded) for e in end.heard) <= 1
