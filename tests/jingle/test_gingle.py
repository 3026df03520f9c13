"""The machine of one Google session: calls both ways, its dialects, and what the media are told."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from gingle_sessions import EVENT, OFFERED, RTCP, THEIRS, active_caller, callee, caller, got
from gingle_wire import host, said, stanzas, voice
from jingle_wire import ALICE, BOB, ids, news

from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    EndReason,
    Payload,
)
from phone.jingle.errors import LocalProtocolError
from phone.jingle.gingle import GoogleSession
from phone.jingle.gingle_elements import (
    OLD_TALK,
    Act,
    Crypto,
    Description,
    Dialect,
    P2pCandidate,
    Redirect,
)
from phone.jingle.gingle_terms import OFFER, GoogleTerms, take
from phone.jingle.negotiate import NO_CODEC, NOT_ENCRYPTED, PCMA, PCMU
from phone.jingle.states import State

# --- we call -------------------------------------------------------------


def test_an_initiate_has_description_empty_transport_and_the_mailbox() -> None:
    session = caller(media=False)
    assert not session.ready
    effects = session.offer(
        voice(), regarding="boss@b.example", cookie="<cookie xmlns='http://www.google.com/session'/>"
    )
    (initiate,) = stanzas(effects, Act.INITIATE)
    assert initiate.description == Description(OFFER)
    assert (initiate.transport, initiate.wrapped, initiate.bare) == (True, (), ())
    assert (initiate.initiator, initiate.id, initiate.regarding) == (ALICE, "s1", "boss@b.example")
    assert initiate.redirect is not None
    assert effects[0].to == BOB
    assert session.state is State.PENDING
    assert session.ready


def test_candidates_wait_for_the_ack_then_go_out_in_both_forms() -> None:
    session = caller()
    assert session.dialect is Dialect.UNKNOWN
    assert session.describe(voice()) == ()
    effects = session.replied("iq1", None)
    assert effects[0] == CallAlerting("call")
    assert said(effects) == ["transport-info", "candidates"]
    (wrapped,) = stanzas(effects, Act.TRANSPORT_INFO)
    (bare,) = stanzas(effects, Act.CANDIDATES)
    assert wrapped.wrapped == bare.bare == (P2pCandidate(1, "0", "192.0.2.1", 4000, 1000, username="alicealicealicea"),)
    assert session.describe(voice()) == ()


@pytest.mark.parametrize("act", [Act.CANDIDATES, Act.TRANSPORT_INFO, Act.TRANSPORT_ACCEPT, Act.UPDATE])
def test_candidates_go_out_when_the_far_end_speaks_before_its_ack(act: Act) -> None:
    session = caller()
    error, effects = session.receive(got(act, transport=act is not Act.CANDIDATES))
    assert error is None
    assert said(effects) == {
        Act.CANDIDATES: ["candidates"],
        Act.UPDATE: ["transport-info", "candidates"],
    }.get(act, ["transport-info"])
    assert session.replied("iq1", None) == (CallAlerting("call"),)


def test_an_accept_before_the_ack_is_no_ringing() -> None:
    session = caller()
    _, effects = session.receive(got(Act.ACCEPT, description=OFFERED))
    assert said(effects) == ["transport-info", "candidates"]
    assert news(effects) == [CallAccepted("call")]
    assert session.replied("iq1", None) == ()


def test_one_more_candidate_goes_out_alone() -> None:
    session = active_caller()
    more = host(4001, "198.51.100.7", "srflx")
    effects = session.trickle(voice("alice", host(), more), more)
    (bare,) = stanzas(effects, Act.CANDIDATES)
    assert [(c.ip, c.type, c.priority) for c in bare.bare] == [("198.51.100.7", "srflx", 900)]
    assert said(effects) == ["transport-info", "candidates"]


def test_only_rtp_candidates_that_the_transport_has_a_type_for_are_told() -> None:
    session = caller(media=False)
    useless = (replace(host(4001), component=2), host(4002, kind="prflx"))
    session.offer(voice("alice", *useless, host(4003, kind="relay")))
    (bare,) = stanzas(session.replied("iq1", None), Act.CANDIDATES)
    assert [(c.port, c.type) for c in bare.bare] == [(4003, "relay")]


def test_a_candidate_with_a_username_of_its_own_keeps_it() -> None:
    session = caller(media=False)
    session.offer(voice("alice", replace(THEIRS, password="secret")))
    (bare,) = stanzas(session.replied("iq1", None), Act.CANDIDATES)
    assert bare.bare == (replace(THEIRS, priority=1000),)


@pytest.mark.parametrize("username", ["", "short", "x" * 17, "alicealicealice!"])
def test_a_username_that_asterisk_or_libjingle_would_refuse_is_our_bug(username: str) -> None:
    session = caller(media=False)
    for act in (session.offer, session.describe):
        with pytest.raises(LocalProtocolError):
            act(replace(voice(), ufrag=username))
    assert session.media is None


def test_the_answer_s_codecs_are_in_its_ids() -> None:
    session = active_caller()
    wish = session.wish()
    assert wish.codecs == (PCMU, EVENT)
    assert wish.receive == OFFER


def test_an_answer_of_telephone_event_alone_means_g711() -> None:
    session = caller()
    _, effects = session.receive(got(Act.ACCEPT, description=Description((EVENT,))))
    assert news(effects) == [CallAccepted("call")]
    assert session.wish().codecs == (PCMU, PCMA, EVENT)


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (None, EndReason.INCOMPATIBLE),
        (Description(), EndReason.INCOMPATIBLE),
        (Description((Payload(99, "speex", 16000),)), EndReason.INCOMPATIBLE),
        (Description((PCMU,), (Crypto("1", "X", "k"),), encryption_required=True), EndReason.INSECURE),
    ],
)
def test_an_answer_that_is_none_ends_the_call(description: Description | None, reason: EndReason) -> None:
    session = caller()
    error, effects = session.receive(got(Act.ACCEPT, description=description))
    assert error is None
    assert said(effects)[-1] == "terminate"
    assert session.ended is reason
    assert session.state is State.ENDED
    assert news(effects) == []


# --- they call -----------------------------------------------------------


def test_gtalk4_is_told_that_its_transport_is_taken() -> None:
    session = callee(transport=True)
    assert session.dialect is Dialect.GTALK4
    terms = take(OFFERED)
    assert isinstance(terms, GoogleTerms)
    fresh = GoogleSession("call", "s1", BOB, ALICE, terms, initiator=False, new_id=ids("iq"))
    error, effects = fresh.receive(got(Act.INITIATE, description=OFFERED, transport=True))
    assert error is None
    (accept,) = stanzas(effects, Act.TRANSPORT_ACCEPT)
    assert (accept.transport, accept.wrapped) == (True, ())
    assert accept.initiator == "Alice@desk.test/phone", "echoed byte for byte"
    assert accept.id == "s1"


@pytest.mark.parametrize(
    ("fields", "dialect"),
    [
        ({}, Dialect.GTALK3),
        ({"transport": True}, Dialect.GTALK4),
        ({"transport": True, "bare": (THEIRS,)}, Dialect.GTALK3),
        ({"transport": True, "description": replace(OFFERED, video=True)}, Dialect.GTALK3),
    ],
)
def test_their_initiate_shows_their_dialect(fields: dict[str, object], dialect: Dialect) -> None:
    session = callee(**fields)
    assert session.dialect is dialect
    session.describe(voice())
    (form,) = {Dialect.GTALK3: ["candidates"], Dialect.GTALK4: ["transport-info"]}[dialect]
    assert said(session.accept()) == [form, "accept"]


def test_accept_tells_our_candidates_then_the_chosen_codecs() -> None:
    session = callee()
    assert session.describe(voice()) == ()
    effects = session.accept()
    (accept,) = stanzas(effects, Act.ACCEPT)
    assert accept.description == Description((PCMU, EVENT))
    assert session.wish().codecs == (PCMU, EVENT)
    assert session.state is State.ACTIVE


def test_our_addresses_may_be_told_early_and_then_once() -> None:
    session = callee()
    session.describe(voice())
    assert said(session.tell_early()) == ["candidates"]
    assert said(session.accept()) == ["accept"]


def test_without_media_there_is_nothing_to_tell() -> None:
    session = callee()
    for act in (session.accept, session.tell_early):
        with pytest.raises(LocalProtocolError):
            act()
    assert session.state is State.PENDING


def test_an_answer_too_early_is_our_bug_and_opens_nothing() -> None:
    terms = take(OFFERED)
    assert isinstance(terms, GoogleTerms)
    session = GoogleSession("call", "s1", BOB, ALICE, terms, initiator=False, new_id=ids("iq"))
    session.describe(voice())
    with pytest.raises(LocalProtocolError):
        session.accept()
    session.receive(got(Act.INITIATE, description=OFFERED))
    assert session.describe(voice()) == (), "our addresses still wait for the answer"


def test_a_redirected_call_s_mailbox_is_in_its_cookie() -> None:
    assert callee(redirect=Redirect("", "<c/>", "boss@b.example")).regarding == "boss@b.example"
    both = callee(redirect=Redirect("", "<c/>", "x@b.example"), regarding="boss@b.example")
    assert both.regarding == "boss@b.example"
    assert callee().regarding == ""


def test_we_may_redirect() -> None:
    session = callee()
    (redirect,) = stanzas(session.redirect("vm@b.example"), Act.REDIRECT)
    assert redirect.redirect == Redirect("vm@b.example")
    assert session.state is State.ENDED
    with pytest.raises(LocalProtocolError):
        caller().redirect("vm@b.example")


# --- dialects ------------------------------------------------------------


def test_who_answers_a_transport_gets_the_wrapped_form_alone() -> None:
    session = caller()
    session.replied("iq1", None)
    session.receive(got(Act.TRANSPORT_ACCEPT, transport=True))
    assert session.dialect is Dialect.GTALK4
    assert said(session.describe(voice("alice", host(), host(4001)))) == ["transport-info"]


def test_a_switch_to_gtalk3_tells_all_candidates_anew() -> None:
    """libjingle 0.4, "switching to gtalk3 dialect and retransmitting" in wocky."""
    session = caller()
    _, first = session.receive(got(Act.TRANSPORT_INFO, transport=True, wrapped=(THEIRS,)))
    assert said(first) == ["transport-info"]
    assert said(session.describe(voice("alice", host(), host(4001)))) == ["transport-info"]
    _, again = session.receive(got(Act.CANDIDATES, bare=(THEIRS,)))
    (bare,) = stanzas(again, Act.CANDIDATES)
    assert [c.port for c in bare.bare] == [4000, 4001]
    assert said(again) == ["candidates"]
    _, third = session.receive(got(Act.TRANSPORT_INFO, transport=True, wrapped=(THEIRS,)))
    assert third == ()
    assert session.dialect is Dialect.GTALK3, "Yate sends both: once GTALK3 is GTALK3 for ever"


def test_bare_candidates_in_a_transport_info_are_gtalk3() -> None:
    session = caller()
    session.receive(got(Act.TRANSPORT_INFO, bare=(THEIRS,)))
    assert session.dialect is Dialect.GTALK3
    assert session.wish().candidates == (THEIRS,)


@pytest.mark.parametrize("act", [Act.TRANSPORT_INFO, Act.TRANSPORT_ACCEPT, Act.UPDATE])
def test_what_has_no_transport_shows_nothing(act: Act) -> None:
    session = caller()
    session.receive(got(act))
    assert session.dialect is Dialect.UNKNOWN


def test_the_same_candidate_in_both_forms_is_one() -> None:
    session = active_caller()
    session.receive(got(Act.TRANSPORT_INFO, transport=True, wrapped=(THEIRS, RTCP)))
    session.receive(got(Act.CANDIDATES, bare=(THEIRS, RTCP)))
    assert session.wish().candidates == (THEIRS,), "RTP alone"


def test_candidates_come_before_or_after_the_accept_or_in_it() -> None:
    for acts in itertools.permutations((Act.CANDIDATES, Act.ACCEPT)):
        session = caller()
        for act in acts:
            bare = (THEIRS,) if act is Act.CANDIDATES else ()
            assert session.receive(got(act, bare=bare, description=OFFERED))[0] is None
        assert session.wish().candidates == (THEIRS,)
    session = caller()
    session.receive(got(Act.ACCEPT, bare=(THEIRS,), description=OFFERED))
    assert session.wish().candidates == (THEIRS,)
    assert callee(bare=(THEIRS,)).remote.candidates == (THEIRS,)


# --- media ---------------------------------------------------------------


def test_the_wish_is_plain_rtp_on_google_s_transport() -> None:
    session = callee(bare=(THEIRS,))
    wish = session.wish()
    assert (wish.transport, wish.security, wish.controlling, wish.rtcp_mux) == ("gice", "plain", False, False)
    assert wish.candidates == (), "no check may leave before our addresses may be known"
    session.describe(voice())
    session.tell_early()
    assert session.wish().candidates == (THEIRS,)
    assert caller().wish().controlling


# --- what they offer -----------------------------------------------------


def test_offers_are_taken_in_their_order() -> None:
    assert take(Description((PCMA, PCMU))) == GoogleTerms((PCMA, PCMU), (PCMA, PCMU))
    assert take(Description(OLD_TALK)) == GoogleTerms((PCMU,), (PCMU,))
    assert take(Description((EVENT,))) == NO_CODEC
    assert take(Description((PCMU,), encryption_required=True)) == NOT_ENCRYPTED
    assert take(Description((PCMU,), (Crypto("1", "X", "k"),))) == GoogleTerms((PCMU,), (PCMU,))
