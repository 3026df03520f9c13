"""XEP-0251, attendant: what we ask, what each answer means, and how each kind of peer behaves after it."""

from __future__ import annotations

import pytest
from jingle_wire import ALICE, BOB, media, news, target
from said import DIRECT, PLAIN, active, content, info, initiated, iq, jingle, jmi, offered, proposed, tell

from phone.jingle.agent import Agent
from phone.jingle.api import CallEnded, CallHeld, Effects, EndReason, SendIq, TransferFailed, TransferFault
from phone.jingle.elements import JINGLE, TRANSFER
from phone.jingle.errors import LocalProtocolError
from phone.jingle.transfer import OUTCOME_SECONDS, REPLY_SECONDS

CAROL = "carol@desk.test/phone"
SUCCESS = f"<reason xmlns='{JINGLE}'><success/></reason>"
TRANSFERRED = f"<reason xmlns='{JINGLE}'><text>x</text><transferred xmlns='{TRANSFER}'/><success/></reason>"


def request(effects: Effects) -> dict[str, str]:
    """The attributes of the one `<transfer/>` that goes out."""
    (element,) = [t for e in effects if isinstance(e, SendIq) for t in e.payload.findall(f"{{{TRANSFER}}}transfer")]
    return dict(element.attrib)


def asked() -> tuple[Agent, str]:
    """Alice has asked bob to call carol; the IQ's token."""
    alice = active()
    (iq_,) = alice.transfer("c1", CAROL, None, 0)
    assert isinstance(iq_, SendIq)
    assert iq_.to == BOB
    return alice, iq_.token


def acked() -> tuple[Agent, str]:
    alice, token = asked()
    assert alice.replied(token, None, 0) == ()
    return alice, token


def consulting() -> Agent:
    """Alice is in a call with bob, and her session with carol is pending."""
    alice = active()
    alice.call("c2", "carol@desk.test", [target(CAROL, DIRECT)], 0)
    alice.described("c2", media(), 0)
    return alice


def failed(fault: TransferFault) -> tuple[TransferFailed]:
    return (TransferFailed("c1", fault),)


def test_unattended() -> None:
    effects = active().transfer("c1", CAROL, None, 0)
    assert request(effects) == {"to": CAROL}


def test_attended_names_the_session_with_the_third_party_ringing_or_answered() -> None:
    alice = consulting()
    expected = {"from": ALICE, "sid": "c2", "to": CAROL}
    assert request(alice.transfer("c1", "carol@desk.test", "c2", 0)) == expected
    alice = active()
    alice.call("c2", "carol@desk.test", [target(CAROL, DIRECT)], 0)
    alice.described("c2", media(), 0)
    iq(alice, jingle("session-accept", content(), sid="c2"), CAROL)
    assert request(alice.transfer("c1", "carol@desk.test", "c2", 0)) == expected


def test_a_third_party_that_called_us_can_be_the_target() -> None:
    alice = active()
    iq(alice, jingle("session-initiate", content(), sid="c2"), CAROL)
    assert request(alice.transfer("c1", CAROL, "c2", 0)) == {"from": ALICE, "sid": "c2", "to": CAROL}


def test_without_a_session_with_the_third_party_it_is_unattended() -> None:
    alice = active()
    alice.call("c2", "carol@desk.test", [], 0)
    assert request(alice.transfer("c1", "carol@desk.test", "c2", 0)) == {"to": "carol@desk.test"}, "merely proposed"
    alice = active()
    alice.call("c2", "carol@desk.test", [target(CAROL, DIRECT)], 0)
    assert request(alice.transfer("c1", CAROL, "c2", 0)) == {"to": CAROL}, "not sent yet"
    assert request(active().transfer("c1", CAROL, "over", 0)) == {"to": CAROL}


@pytest.mark.parametrize("make", [proposed, initiated, offered])
def test_what_is_not_active_cannot_be_transferred(make: type[Agent]) -> None:
    assert make().transfer("c1", CAROL, None, 0) == failed(TransferFault.FAILED)


def test_a_leg_that_is_over_is_not_transferred_and_a_second_time_is_our_bug() -> None:
    alice, token = asked()
    assert alice.transfer("over", CAROL, None, 0) == ()
    with pytest.raises(LocalProtocolError, match="already"):
        alice.transfer("c1", CAROL, None, 0)
    assert alice.replied(token, "not-allowed", 0) == failed(TransferFault.REFUSED), "and changed nothing"
    assert request(alice.transfer("c1", CAROL, None, 0)) == {"to": CAROL}, "once it has failed it may be tried again"


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("feature-not-implemented", TransferFault.UNSUPPORTED),
        ("service-unavailable", TransferFault.UNSUPPORTED),
        ("bad-request", TransferFault.UNSUPPORTED),
        ("timeout", TransferFault.UNSUPPORTED),
        ("forbidden", TransferFault.REFUSED),
        ("not-allowed", TransferFault.REFUSED),
        ("conflict", TransferFault.REFUSED),
        ("undefined-condition", TransferFault.FAILED),  # Yate: No peer for sid
        ("unexpected-request", TransferFault.FAILED),
        ("item-not-found", TransferFault.FAILED),
        ("no-such-condition", TransferFault.FAILED),
    ],
)
def test_what_errors_mean_and_that_both_calls_stand(error: str, fault: TransferFault) -> None:
    alice = consulting()
    (iq_,) = alice.transfer("c1", CAROL, "c2", 0)
    assert isinstance(iq_, SendIq)
    assert alice.replied(iq_.token, error, 0) == failed(fault)
    assert {w.id for w in alice.wishes()} == {"c1", "c2"}
    assert alice.replied(iq_.token, error, 0) == ()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (TRANSFERRED, EndReason.TRANSFERRED),
        (SUCCESS, EndReason.TRANSFERRED),
        ("", EndReason.TRANSFERRED),  # Yate may leave it out
        (f"<reason xmlns='{JINGLE}'><gone/></reason>", EndReason.TRANSFERRED),
        (f"<reason xmlns='{JINGLE}'><connectivity-error/></reason>", EndReason.MEDIA_LOST),
    ],
)
def test_their_terminate_after_the_ack_is_success(reason: str, expected: EndReason) -> None:
    alice, _ = acked()
    assert news(iq(alice, info("hold"))[1]) == [CallHeld("c1", held=True)]
    assert news(iq(alice, jingle("session-terminate", reason))[1]) == [CallEnded("c1", expected)]
    assert alice.deadline() is None


def test_a_finish_ahead_of_the_terminate_is_success_too() -> None:
    alice = offered(PLAIN)
    alice.described("c1", media(), 0)
    alice.accept("c1", 0)
    iq(alice, jingle("session-initiate", content()))
    (iq_,) = alice.transfer("c1", CAROL, None, 0)
    assert isinstance(iq_, SendIq)
    alice.replied(iq_.token, None, 0)
    assert news(tell(alice, jmi("finish", "c1", SUCCESS))) == [CallEnded("c1", EndReason.TRANSFERRED)]


def test_before_the_ack_only_so_many_words_are_success() -> None:
    alice, _ = asked()
    assert news(iq(alice, jingle("session-terminate", SUCCESS))[1]) == [CallEnded("c1", EndReason.HANGUP)]
    alice, token = asked()
    assert news(iq(alice, jingle("session-terminate", TRANSFERRED))[1]) == [CallEnded("c1", EndReason.TRANSFERRED)]
    assert alice.replied(token, None, 0) == ()


def test_the_third_party_ends_the_consultation_ringing_or_answered() -> None:
    for accept in (True, False):
        alice = consulting()
        alice.transfer("c1", CAROL, "c2", 0)
        if accept:
            iq(alice, jingle("session-accept", content(), sid="c2"), CAROL)
        _, effects = iq(alice, jingle("session-terminate", TRANSFERRED, sid="c2"), CAROL)
        assert news(effects) == [CallEnded("c2", EndReason.TRANSFERRED)]


@pytest.mark.parametrize("word", ["active", "unhold"])
def test_a_far_end_that_is_back_after_its_ack_has_failed(word: str) -> None:
    alice, _ = acked()
    iq(alice, info("hold"))
    assert iq(alice, info(word)) == (None, (CallHeld("c1", held=False), *failed(TransferFault.FAILED)))
    assert iq(alice, info("hold")) == (None, (CallHeld("c1", held=True),)), "an ordinary call again"
    alice, _ = acked()
    assert iq(alice, info(word)) == (None, failed(TransferFault.FAILED)), "even if it had not held"


def test_other_news_and_what_came_before_the_ack_mean_nothing() -> None:
    alice, _ = asked()
    iq(alice, info("hold"))
    assert news(iq(alice, info("active"))[1]) == [CallHeld("c1", held=False)]
    alice, _ = acked()
    assert iq(alice, info("mute")) == (None, ())
    assert news(iq(alice, info("dtmf", "urn:xmpp:jingle:dtmf:0", "code='5'"))[1]) != []
    assert alice.deadline() == OUTCOME_SECONDS


def test_conversations_and_asterisk_ack_and_do_nothing() -> None:
    alice, _ = acked()
    assert alice.expire(OUTCOME_SECONDS - 1) == ()
    assert alice.expire(OUTCOME_SECONDS) == failed(TransferFault.UNSUPPORTED)
    assert alice.deadline() is None
    assert alice.wishes()


def test_dino_does_not_answer() -> None:
    alice, token = asked()
    assert alice.deadline() == REPLY_SECONDS
    assert alice.expire(REPLY_SECONDS) == failed(TransferFault.UNSUPPORTED)
    assert alice.replied(token, "timeout", 36) == (), "the IQ's own timeout comes behind"
    assert alice.replied(token, None, 36) == ()
    assert alice.wishes()


def test_gajim_acks_and_then_errors() -> None:
    alice, token = acked()
    assert alice.replied(token, "feature-not-implemented", 0.1) == failed(TransferFault.UNSUPPORTED)


def test_yate_acks_late() -> None:
    alice, token = asked()
    assert alice.expire(29.9) == ()
    assert alice.replied(token, None, 29.9) == ()
    assert alice.deadline() == 29.9 + OUTCOME_SECONDS


def test_one_that_held_us_and_then_fell_silent_has_failed_since_a_bridge_would_have_to_wake_it() -> None:
    alice, _ = acked()
    iq(alice, info("hold"))
    assert alice.expire(OUTCOME_SECONDS) == failed(TransferFault.FAILED)


def test_their_device_goes_away_and_the_media_judges() -> None:
    alice, _ = acked()
    assert alice.resource_gone(BOB, 1) == ()
    assert CallEnded("c1", EndReason.MEDIA_LOST) in alice.media_failed("c1", "no-rtp", 10)
