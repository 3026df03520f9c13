"""Calling: who is asked, who is answered, what the user is told."""

from __future__ import annotations

import pytest
from jingle_wire import BOB, CONTACT, agent, media, news, sent, target
from said import (
    DIRECT,
    PLAIN,
    TABLET,
    content,
    initiated,
    iq,
    jingle,
    jmi,
    offered,
    proposed,
    reason,
    tell,
    wire_reason,
)

from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    EndReason,
    Nonsense,
    SendIq,
)
from phone.jingle.elements import FEATURES, RAW_UDP
from phone.jingle.errors import LocalProtocolError


def test_a_call_id_in_use_raises_and_changes_nothing() -> None:
    alice = proposed()
    with pytest.raises(LocalProtocolError, match="in use"):
        alice.call("c1", "eve@desk.test", [], 0)
    assert len(alice.wishes()) == 1


@pytest.mark.parametrize("full", [True, False])
def test_ones_own_number_is_busy(*, full: bool) -> None:
    alice = agent()
    own = alice.own if full else alice.own.partition("/")[0]
    assert alice.call("c1", own, [target(alice.own)], 0) == (CallEnded("c1", EndReason.BUSY),)
    assert alice.wishes() == ()


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
