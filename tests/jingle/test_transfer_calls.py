"""XEP-0251, caller: the call that was asked for, what becomes of the old one, and how long a chain may grow."""

from __future__ import annotations

import itertools

from jingle_wire import BOB, FINGERPRINT, Agent, media, news, sent, target
from said import DIRECT, TABLET, content, info, iq, jingle, jmi, tell, told, wire_reason
from transferring import CAROL, NOT_ALLOWED, ask, asked, caller, granted, mark, transfer

from phone.jingle.api import (
    CallEnded,
    CallHeld,
    Effects,
    EndReason,
    PeerPolicy,
    Permission,
    Reply,
    SendIq,
    SendPresence,
    TransferAsked,
)
from phone.jingle.elements import FEATURES, JINGLE, TRANSFER

# --- the call ------------------------------------------------------------------------------------------------------


def test_unattended_call_to_a_full_jid_goes_straight_there() -> None:
    alice = granted()
    assert told(alice.hold("c1", held=True, now=0)) == ["hold"]
    assert alice.call("c2", CAROL, [], 0, "c1") == ()
    effects = alice.described("c2", media(), 0)
    assert sent(effects) == [(CAROL, "session-initiate")]
    assert mark(effects) == [{"from": BOB}]
    effects = alice.terminate("c1", EndReason.TRANSFERRED, 0)
    (terminate,) = effects
    assert isinstance(terminate, SendIq)
    (reason,) = terminate.payload
    assert [c.tag for c in reason] == [f"{{{JINGLE}}}success", f"{{{TRANSFER}}}transferred", f"{{{JINGLE}}}text"]


def test_attended_call_names_the_session_that_it_replaces() -> None:
    alice = granted(f"to='{CAROL}' from='{TABLET}' sid='s2'")
    alice.call("c2", CAROL, [target(CAROL, DIRECT)], 0, "c1")
    effects = alice.described("c2", media(), 0)
    assert mark(effects) == [{"from": TABLET, "sid": "s2", "to": CAROL}]


def test_early_media_is_asked_for_where_it_is_known() -> None:
    alice = granted()
    alice.call("c2", CAROL, [target(CAROL, FEATURES)], 0, "c1")
    effects = alice.described("c2", media(), 0)
    assert sent(effects) == [(CAROL, "session-initiate")]
    assert mark(effects) == [{"from": BOB}]


def test_call_to_a_bare_jid_is_proposed_with_the_mark_and_initiated_with_it() -> None:
    alice = granted("to='carol@desk.test'")
    effects = alice.call("c2", "carol@desk.test", [], 0, "c1")
    assert sent(effects) == [("carol@desk.test", "propose")]
    assert mark(effects) == [{"from": BOB}]
    tell(alice, jmi("proceed", "c2"), CAROL)
    effects = alice.described("c2", media(), 0)
    assert sent(effects) == [(CAROL, "session-initiate")]
    assert mark(effects) == [{"from": BOB}]


def test_a_stranger_is_shown_who_calls_and_no_longer_than_the_call_lasts() -> None:
    alice = caller(policy=PeerPolicy())
    ask(alice, transfer())
    alice.answer_transfer("c1", accept=True, now=0)
    assert alice.call("c2", CAROL, [], 0, "c1") == (SendPresence(CAROL),)
    alice.described("c2", media(), 0)
    assert SendPresence(CAROL, available=False) in alice.terminate("c2", EndReason.HANGUP, 0)


def test_a_request_is_good_for_one_call() -> None:
    alice = granted()
    alice.call("c2", CAROL, [], 0, "c1")
    alice.call("c3", CAROL, [target(CAROL, DIRECT)], 0, "c1")
    assert mark(alice.described("c3", media(), 0)) == []


def test_without_a_granted_request_it_is_an_ordinary_call() -> None:
    alice = asked()
    alice.call("c2", CAROL, [target(CAROL, DIRECT)], 0, "c1")
    assert mark(alice.described("c2", media(), 0)) == [], "not granted yet"
    assert alice.answer_transfer("c1", accept=True, now=0) == (Reply(BOB, "ask", None),)
    iq(alice, jingle("session-terminate"))
    alice.call("c3", CAROL, [target(CAROL, DIRECT)], 0, "c1")
    assert mark(alice.described("c3", media(), 0)) == [], "the leg that it came on has ended"


def test_when_it_fails_the_attendant_is_told_active_and_may_ask_again() -> None:
    alice = granted()
    alice.hold("c1", held=True, now=0)
    alice.call("c2", CAROL, [], 0, "c1")
    alice.described("c2", media(), 0)
    assert told(alice.hold("c1", held=False, now=0)) == ["active"]
    assert alice.hold("c1", held=False, now=0) == ()
    assert told(alice.hold("c1", held=True, now=0)) == ["hold"], "an ordinary call again"
    assert told(alice.hold("c1", held=False, now=0)) == ["unhold"]
    assert [type(e) for e in ask(alice, transfer())] == [TransferAsked]


def test_an_attendant_that_was_never_held_is_told_as_well() -> None:
    assert told(granted().hold("c1", held=False, now=0)) == ["active"]


def test_resuming_while_the_user_is_still_asked_is_an_ordinary_resume() -> None:
    alice = asked()
    alice.hold("c1", held=True, now=0)
    assert told(alice.hold("c1", held=False, now=0)) == ["unhold"]
    assert alice.answer_transfer("c1", accept=True, now=0) == (Reply(BOB, "ask", None),)


# --- how peers behave ----------------------------------------------------------------------------------------------


def test_jitsi_ends_the_call_right_after_the_ack_and_the_new_one_goes_on() -> None:
    alice = granted()
    alice.call("c2", CAROL, [], 0, "c1")
    reason = f"<reason xmlns='{JINGLE}'><success/><transferred xmlns='{TRANSFER}'/></reason>"
    _, effects = iq(alice, jingle("session-terminate", reason))
    assert news(effects) == [CallEnded("c1", EndReason.TRANSFERRED)]
    assert alice.terminate("c1", EndReason.TRANSFERRED, 0) == ()
    assert [w.id for w in alice.wishes()] == ["c2"]
    assert mark(alice.described("c2", media(), 0)) == [{"from": BOB}]


def test_an_attendant_that_holds_us_first_and_vanishes() -> None:
    alice = caller()
    iq(alice, info("hold"))
    ask(alice, transfer())
    alice.answer_transfer("c1", accept=True, now=0)
    alice.hold("c1", held=True, now=0)
    alice.call("c2", CAROL, [], 0, "c1")
    assert alice.resource_gone(BOB, 1) == ()
    assert wire_reason(alice.media_failed("c1", "no-rtp", 2)) == ["connectivity-error"]
    assert [w.id for w in alice.wishes()] == ["c2"]


def test_an_attendant_may_hold_and_resume_while_we_think() -> None:
    alice = asked()
    assert news(iq(alice, info("hold"))[1]) == [CallHeld("c1", held=True)]
    assert news(iq(alice, info("active"))[1]) == [CallHeld("c1", held=False)]


# --- chains --------------------------------------------------------------------------------------------------------


def moved(alice: Agent, call: str, asker: str, to: str) -> Effects:
    """`asker`, on `call`, asks for `to`."""
    return ask(alice, transfer(f"to='{to}'", call), asker)


def reach(alice: Agent, old: str, new: str, to: str) -> None:
    """It is allowed, `to` answers, the old leg ends."""
    alice.answer_transfer(old, accept=True, now=0)
    alice.call(new, to, [target(to, DIRECT)], 0, old)
    alice.described(new, media(), 0)
    fingerprint = f"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='active'>{FINGERPRINT}"
    ice = f"<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'>{fingerprint}</fingerprint></transport>"
    assert iq(alice, jingle("session-accept", content(transport=ice), new), to)[0] is None
    alice.terminate(old, EndReason.TRANSFERRED, 0)


def test_three_transfers_in_a_row_and_no_more() -> None:
    alice = caller(Permission.ALLOW)
    hops = [("c1", BOB)] + [(f"h{n}", f"h{n}@desk.test/x") for n in range(1, 4)]
    for (old, asker), (new, to) in itertools.pairwise(hops):
        assert [type(e) for e in moved(alice, old, asker, to)] == [TransferAsked]
        reach(alice, old, new, to)
    last, asker = hops[-1]
    reply, _ = moved(alice, last, asker, "h9@desk.test/x")
    assert reply == Reply(asker, "ask", NOT_ALLOWED)


def test_back_to_who_was_left_is_everyday_work() -> None:
    alice = caller(Permission.ALLOW)
    moved(alice, "c1", BOB, CAROL)
    reach(alice, "c1", "c2", CAROL)
    assert [type(e) for e in moved(alice, "c2", CAROL, BOB)] == [TransferAsked]


def test_a_call_that_was_transferred_to_us_counts_too() -> None:
    alice = caller(Permission.ALLOW)
    inner = content() + f"<transfer xmlns='{TRANSFER}' from='dave@desk.test/x'/>"
    iq(alice, jingle("session-initiate", inner, sid="c2"), CAROL)
    alice.described("c2", media(), 0)
    alice.accept("c2", 0)
    hops = [("c2", CAROL), ("h1", "h1@desk.test/x"), ("h2", "h2@desk.test/x")]
    for (old, asker), (new, to) in itertools.pairwise(hops):
        assert [type(e) for e in moved(alice, old, asker, to)] == [TransferAsked]
        reach(alice, old, new, to)
    last, asker = hops[-1]
    reply, _ = moved(alice, last, asker, "h9@desk.test/x")
    assert reply == Reply(asker, "ask", NOT_ALLOWED)
