"""A call that is up: information, changes, media, lost resources, lost stanzas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jingle_wire import ALICE, BOB, Wire, agent, media, news, sent, target
from said import (
    DIRECT,
    PLAIN,
    TABLET,
    active,
    content,
    info,
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

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallEnded,
    CallHeld,
    DigitReceived,
    Effect,
    EndReason,
    Nonsense,
    SendIq,
    SendMessage,
    StanzaError,
)
from phone.jingle.elements import FEATURES, ICE_UDP, JMI, RAW_UDP

# --- in a call -------------------------------------------------------------------------------------------------------


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


# --- media -----------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("fault", "told"),
    [("ice", "connectivity-error"), ("fingerprint", "security-error"), ("codec", "failed-application")],
)
def test_why_the_session_ended_is_said_in_finish(fault: str, told: str) -> None:
    alice = proposed(PLAIN)
    alice.described("c1", media(), 0)
    tell(alice, jmi("proceed"))
    iq(alice, jingle("session-accept", content()))
    assert wire_reason(alice.media_failed("c1", fault, 0)) == [told, told]


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


# --- resources -------------------------------------------------------------------------------------------------------


def test_a_caller_that_goes_away_stops_ringing_here() -> None:
    alice = offered()
    assert alice.resource_gone(TABLET, 0) == ()
    assert alice.resource_gone(BOB, 0) == (CallEnded("c1", EndReason.CANCELLED),)


def test_one_that_proceeded_and_went_away_is_unreachable() -> None:
    alice = proposed()
    assert alice.resource_gone(BOB, 0) == (), "another of its devices may answer"
    tell(alice, jmi("proceed"))
    assert alice.resource_gone(BOB, 0) == (CallEnded("c1", EndReason.UNREACHABLE),)


# --- loss ------------------------------------------------------------------------------------------------------------


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
