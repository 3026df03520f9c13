"""XEP-0251, caller: who may ask for what (PROTOCOLS B.7 and B.8), and when the IQ is answered."""

from __future__ import annotations

import pytest
from jingle_wire import ALICE, BOB, Agent, ids
from said import TABLET, content, initiated, iq, jingle
from transferring import CAROL, NOT_ALLOWED, PLAIN, answer, ask, asked, caller, transfer

from phone.jingle.api import (
    Effects,
    EndReason,
    Nonsense,
    Permission,
    Reply,
    StanzaError,
    TransferAsked,
)
from phone.jingle.elements import JINGLE_ERRORS
from phone.jingle.transfer import ANSWER_SECONDS

# --- who may ask for what ------------------------------------------------------------------------------------------


def test_the_user_is_asked_or_not_as_the_policy_says_and_the_iq_waits() -> None:
    assert ask(caller(), transfer()) == (TransferAsked("c1", CAROL, ask=True),)
    assert ask(caller(Permission.ALLOW), transfer()) == (TransferAsked("c1", CAROL, ask=False),)


def refused(effects: Effects) -> StanzaError | None:
    reply, nonsense = effects
    assert isinstance(reply, Reply)
    assert (reply.to, reply.iq_id) == (BOB, "ask")
    assert isinstance(nonsense, Nonsense)
    return reply.error


def test_what_the_policy_refuses() -> None:
    assert refused(ask(caller(Permission.REFUSE), transfer())) == NOT_ALLOWED
    alice = Agent(ALICE, policy=lambda _: PLAIN, new_id=ids("t"))
    answer(alice, "c1", BOB)
    assert refused(ask(alice, transfer())) == NOT_ALLOWED, "and without a policy everything"


def test_the_policy_hears_who_asks_and_for_whom_in_the_spelling_of_servers() -> None:
    heard: list[tuple[str, str]] = []

    def permits(asker: str, to: str) -> Permission:
        heard.append((asker, to))
        return Permission.ASK

    alice = Agent(ALICE, policy=lambda _: PLAIN, new_id=ids("t"), transfers=permits)
    answer(alice, "c1", BOB)
    assert ask(alice, transfer("to='  Carol@Desk.TEST./Phone '")) == (
        TransferAsked("c1", "carol@desk.test/Phone", ask=True),
    )
    assert heard == [(BOB, "carol@desk.test/Phone")]


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "to=''",
        "to='@desk.test'",
        "to='a b@desk.test'",
        "to='a@b@desk.test'",
        "to='xmpp:carol@desk.test'",
        "to='carol@desk.test?call'",
        "to='tel:+19005550100'",
        "to='carol@desk.test/'",
        "to='carol@desk.test/x&#10;y'",
        "to='carol@desk.test/&#x202e;x'",
        "to='carol@desk..test'",
        f"to='{'c' * 1024}@desk.test'",
        f"to='carol@desk.test/{'p' * 1024}'",
        f"to='{ALICE}'",
        "to='alice@desk.test'",
        "to='ALICE@DESK.test.'",
        f"to='{BOB}'",
        "to='bob@desk.test'",
        f"to='{TABLET}' from='{TABLET}'",
        f"to='{CAROL}' from='mallory@evil.test/x'",
        f"to='{CAROL}' from='bob@desk.test/'",
        f"to='{CAROL}' sid='c1'",
        f"to='{CAROL}' sid='{'s' * 257}'",
    ],
)
def test_a_request_that_makes_no_sense_is_a_bad_request(attributes: str) -> None:
    assert refused(ask(caller(Permission.ALLOW), transfer(attributes))) == StanzaError("bad-request", "modify")


@pytest.mark.parametrize(
    "attributes",
    [
        f"to='{TABLET}'",  # another device of who asks
        "to='alice@desk.test/kitchen'",  # another device of ours
        "to='carol@desk.test'",
        "to='desk.test'",
        "to='carol@[::1]'",
        f"to='{CAROL}' from='{TABLET}'",  # it consulted from another device
        f"to='{CAROL}' from='' sid=''",
        f"to='{CAROL}' sid='{'s' * 256}'",
    ],
)
def test_what_is_unusual_but_sound(attributes: str) -> None:
    assert [type(e) for e in ask(caller(), transfer(attributes))] == [TransferAsked]


def test_only_in_an_active_session_and_only_its_far_end() -> None:
    out_of_order = StanzaError("unexpected-request", "wait", (JINGLE_ERRORS, "out-of-order"))
    alice = initiated()
    assert refused(ask(alice, transfer())) == out_of_order
    ringing = Agent(ALICE, policy=lambda _: PLAIN, new_id=ids("t"), transfers=lambda _, __: Permission.ALLOW)
    iq(ringing, jingle("session-initiate", content()))
    assert refused(ask(ringing, transfer("to='nonsense nonsense'"))) == out_of_order
    unknown = StanzaError("item-not-found", "cancel", (JINGLE_ERRORS, "unknown-session"))
    assert ask(caller(), transfer(), TABLET) == (Reply(TABLET, "ask", unknown),)
    assert ask(caller(), transfer(sid="c2")) == (Reply(BOB, "ask", unknown),)


def test_a_second_one_while_one_runs_is_a_conflict() -> None:
    conflict = StanzaError("conflict", "cancel", (JINGLE_ERRORS, "tie-break"))
    alice = asked()
    assert refused(ask(alice, transfer())) == conflict
    alice.answer_transfer("c1", accept=True, now=0)
    assert refused(ask(alice, transfer())) == conflict, "granted, and under way"
    alice = caller()
    alice.transfer("c1", CAROL, None, 0)
    assert refused(ask(alice, transfer())) == conflict, "both ask at once"
    assert refused(ask(alice, transfer(""))) == StanzaError("bad-request", "modify"), "sense comes first"


# --- the answer ----------------------------------------------------------------------------------------------------


def test_no_is_not_allowed_and_they_may_ask_again() -> None:
    alice = asked()
    assert alice.answer_transfer("c1", accept=False, now=0) == (Reply(BOB, "ask", NOT_ALLOWED),)
    assert alice.answer_transfer("c1", accept=True, now=0) == ()
    assert [type(e) for e in ask(alice, transfer())] == [TransferAsked]
    assert alice.answer_transfer("over", accept=True, now=0) == ()


def test_no_answer_is_no_before_yate_gives_the_iq_up() -> None:
    alice = asked()
    assert alice.deadline() == ANSWER_SECONDS < 20
    assert alice.expire(ANSWER_SECONDS - 1) == ()
    assert alice.expire(ANSWER_SECONDS) == (Reply(BOB, "ask", NOT_ALLOWED),)
    assert alice.deadline() is None
    assert alice.answer_transfer("c1", accept=True, now=ANSWER_SECONDS) == (), "too late"


@pytest.mark.parametrize("who", ["them", "us", "media"])
def test_a_leg_that_ends_leaves_no_iq_unanswered(who: str) -> None:
    alice = asked()
    match who:
        case "them":
            effects = iq(alice, jingle("session-terminate"))[1]
        case "us":
            effects = alice.terminate("c1", EndReason.HANGUP, 0)
        case _:
            effects = alice.media_failed("c1", "no-rtp", 0)
    assert [e for e in effects if isinstance(e, Reply)] == [Reply(BOB, "ask", NOT_ALLOWED)]
    assert alice.deadline() is None
