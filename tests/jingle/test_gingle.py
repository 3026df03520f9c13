"""The machine of one Google session: every move of its table, its dialects, and what the media are told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from gingle_wire import host, said, stanzas, token, voice
from hypothesis import given
from hypothesis import strategies as st
from jingle_wire import ALICE, BOB, ids, news

from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallHeld,
    DigitReceived,
    EndReason,
    IceCandidate,
    Nonsense,
    Payload,
    SendIq,
)
from phone.jingle.elements import DTMF, RTP_INFO, Info
from phone.jingle.errors import LocalProtocolError
from phone.jingle.gingle import GoogleSession
from phone.jingle.gingle_elements import (
    DTMF_INFO,
    OLD_TALK,
    Act,
    Crypto,
    Description,
    Dialect,
    Gingle,
    P2pCandidate,
    Redirect,
)
from phone.jingle.gingle_states import NOT_NOW, TRANSITIONS
from phone.jingle.gingle_terms import OFFER, GoogleTerms, offer, take
from phone.jingle.negotiate import NO_CODEC, NOT_ENCRYPTED, PCMA, PCMU
from phone.jingle.proposal import Way
from phone.jingle.states import BAD_REQUEST, State

EVENT = Payload(101, "telephone-event", 8000)
THEIRS = P2pCandidate(1, "0", "192.0.2.9", 9000, 950, username="6fbd7237437ce259")
RTCP = replace(THEIRS, component=2, port=9001)
OFFERED = Description((PCMU, Payload(9, "G722", 16000), EVENT))


def caller(media: bool = True) -> GoogleSession:
    """Its initiate is out."""
    session = GoogleSession("call", "s1", ALICE, BOB, offer(), initiator=True, new_id=ids("iq"))
    if media:
        session.offer(voice())
    return session


def active_caller() -> GoogleSession:
    session = caller()
    session.replied("iq1", None)
    session.receive(got(Act.ACCEPT, description=OFFERED))
    return session


def callee(transport: bool = False, **more: object) -> GoogleSession:
    """Their initiate is in."""
    terms = take(OFFERED)
    assert isinstance(terms, GoogleTerms)
    session = GoogleSession("call", "s1", BOB, ALICE, terms, initiator=False, new_id=ids("iq"))
    session.receive(got(Act.INITIATE, **{"description": OFFERED, "transport": transport, **more}))
    return session


def active_callee() -> GoogleSession:
    session = callee()
    session.describe(voice())
    session.accept()
    return session


def got(act: Act, **fields: object) -> Gingle:
    return replace(Gingle(act, "s1", "Alice@desk.test/phone"), **fields)


def ended(session: GoogleSession) -> GoogleSession:
    session.receive(got(Act.TERMINATE))
    return session


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


# --- ends ----------------------------------------------------------------

NEVER = {"description": None}


@pytest.mark.parametrize(
    ("make", "act", "reason", "end"),
    [
        (caller, Act.REJECT, "", EndReason.DECLINED),
        (caller, Act.REJECT, "busy", EndReason.BUSY),
        (caller, Act.TERMINATE, "", EndReason.DECLINED),
        (caller, Act.TERMINATE, "busy", EndReason.BUSY),
        (caller, Act.TERMINATE, "timeout", EndReason.NO_ANSWER),
        (callee, Act.TERMINATE, "success", EndReason.CANCELLED),
        (callee, Act.TERMINATE, "", EndReason.CANCELLED),
        (active_caller, Act.TERMINATE, "gone", EndReason.HANGUP),
        (active_caller, Act.TERMINATE, "", EndReason.HANGUP),
        (active_callee, Act.TERMINATE, "success", EndReason.HANGUP),
        (active_callee, Act.TERMINATE, "general-error", EndReason.FAILED),
    ],
)
def test_their_ends(make: Callable[[], GoogleSession], act: Act, reason: str, end: EndReason) -> None:
    session = make()
    assert session.receive(got(act, reason=reason)) == (None, ())
    assert session.ended is end
    assert session.state is State.ENDED
    assert session.receive(got(act)) == (NOT_NOW, ())


@pytest.mark.parametrize(
    ("make", "reason", "act", "condition"),
    [
        (caller, EndReason.HANGUP, Act.TERMINATE, "cancel"),
        (caller, EndReason.NO_ANSWER, Act.TERMINATE, "timeout"),
        (callee, EndReason.DECLINED, Act.REJECT, "decline"),
        (callee, EndReason.BUSY, Act.REJECT, "busy"),
        (active_caller, EndReason.HANGUP, Act.TERMINATE, "success"),
        (active_callee, EndReason.HANGUP, Act.TERMINATE, "success"),
        (active_callee, EndReason.MEDIA_LOST, Act.TERMINATE, "connectivity-error"),
    ],
)
def test_our_ends(make: Callable[[], GoogleSession], reason: EndReason, act: Act, condition: str) -> None:
    session = make()
    effects = session.terminate(reason)
    (end,) = stanzas(effects, act)
    assert end.reason == condition
    assert said(effects) == [act.value], "after a reject no terminate"
    assert session.ended is None
    with pytest.raises(LocalProtocolError):
        session.terminate(reason)


def test_a_session_of_which_nothing_was_told_ends_silently() -> None:
    session = caller(media=False)
    assert session.terminate(EndReason.HANGUP) == ()
    with pytest.raises(LocalProtocolError):
        session.offer(voice())
    assert session.media is None


@pytest.mark.parametrize(
    ("error", "end", "out"),
    [
        ("feature-not-implemented", EndReason.INCOMPATIBLE, []),
        ("bad-request", EndReason.FAILED, []),
        ("service-unavailable", EndReason.UNREACHABLE, []),
        ("redirect", EndReason.UNREACHABLE, []),
        ("timeout", EndReason.UNREACHABLE, ["terminate"]),
    ],
)
def test_an_initiate_that_is_refused(error: str, end: EndReason, out: list[str]) -> None:
    session = caller()
    effects = session.replied("iq1", error)
    assert said(effects) == out
    assert session.ended is end
    assert session.state is State.ENDED


@pytest.mark.parametrize(("error", "end"), [("bad-request", EndReason.CANCELLED), ("timeout", None)])
def test_an_accept_that_is_refused_or_lost(error: str, end: EndReason | None) -> None:
    session = callee()
    session.describe(voice())
    accept = token(session.accept()[1:])
    assert session.replied(accept, error) == ()
    assert session.ended is end
    assert session.state is (State.ACTIVE if end is None else State.ENDED)


def test_an_accept_that_is_acked_changes_nothing() -> None:
    session = callee()
    session.describe(voice())
    assert session.replied(token(session.accept()[1:]), None) == ()
    assert session.state is State.ACTIVE


@pytest.mark.parametrize("error", ["item-not-found", "timeout", "bad-request", None])
def test_the_fate_of_candidates_and_infos_does_not_matter(error: str | None) -> None:
    session = caller()
    iqs = [e for e in session.replied("iq1", None) if isinstance(e, SendIq)]
    iqs += [e for e in session.inform(Info(RTP_INFO, "hold")) if isinstance(e, SendIq)]
    assert len(iqs) == 3
    for iq in iqs:
        assert session.replied(iq.token, error) == ()
    assert session.state is State.PENDING
    assert session.replied("nobody's", "timeout") == ()


def test_an_answer_after_the_end_changes_nothing() -> None:
    session = caller()
    session.terminate(EndReason.HANGUP)
    for error in (None, "bad-request", "timeout"):
        assert session.replied("iq1", error) == ()
    assert session.ended is None


# --- redirects -----------------------------------------------------------


def test_their_redirect_ends_the_session_and_says_where_to() -> None:
    session = caller()
    redirect = Redirect("boss@b.example/desk", "<cookie/>")
    assert session.receive(got(Act.REDIRECT, redirect=redirect)) == (None, ())
    assert (session.redirected, session.ended) == (redirect, EndReason.UNREACHABLE)


@pytest.mark.parametrize("redirect", [None, Redirect("", "<cookie/>")])
def test_a_redirect_to_nowhere_changes_nothing(redirect: Redirect | None) -> None:
    session = caller()
    error, effects = session.receive(got(Act.REDIRECT, redirect=redirect))
    assert error == BAD_REQUEST
    assert [type(e) for e in effects] == [Nonsense]
    assert (session.state, session.ended, session.redirected) == (State.PENDING, None, None)


def test_a_redirect_in_a_call_is_out_of_order() -> None:
    session = active_caller()
    assert session.receive(got(Act.REDIRECT, redirect=Redirect("a@b"))) == (NOT_NOW, ())


# --- infos ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "info", "heard"),
    [
        (Act.CONTENT_INFO, Info(DTMF_INFO, "dtmf", "5"), [DigitReceived("call", "5")]),
        (Act.INFO, Info(DTMF, "dtmf", "#"), [DigitReceived("call", "#")]),
        (Act.INFO, Info(RTP_INFO, "hold"), [CallHeld("call", held=True)]),
        (Act.INFO, Info(RTP_INFO, "active"), []),
        (Act.INFO, Info("urn:other", "thing"), []),
        (Act.INFO, None, []),
    ],
)
def test_infos(act: Act, info: Info | None, heard: list[object]) -> None:
    error, effects = active_caller().receive(got(act, info=info))
    assert error is None
    assert list(effects) == heard


@pytest.mark.parametrize("code", ["", "55", "x"])
def test_what_is_no_digit_is_a_bad_request(code: str) -> None:
    assert active_caller().receive(got(Act.CONTENT_INFO, info=Info(DTMF_INFO, "dtmf", code))) == (BAD_REQUEST, ())


def test_hold_is_told_once_and_only_in_a_call() -> None:
    hold, unhold = got(Act.INFO, info=Info(RTP_INFO, "hold")), got(Act.INFO, info=Info(RTP_INFO, "unhold"))
    assert caller().receive(hold) == (None, ())
    session = active_caller()
    assert [session.receive(s)[1] for s in (hold, hold, unhold, unhold)] == [
        (CallHeld("call", held=True),),
        (),
        (CallHeld("call", held=False),),
        (),
    ]


def test_we_may_tell_our_own_kind() -> None:
    (info,) = stanzas(active_caller().inform(Info(RTP_INFO, "hold")), Act.INFO)
    assert info.info == Info(RTP_INFO, "hold")


# --- the table -----------------------------------------------------------

MAKERS = {
    (True, State.NEW): lambda: caller(media=False),
    (True, State.PENDING): caller,
    (True, State.ACTIVE): active_caller,
    (True, State.ENDED): lambda: ended(caller()),
    (False, State.PENDING): callee,
    (False, State.ACTIVE): active_callee,
    (False, State.ENDED): lambda: ended(callee()),
}


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize(("initiator", "state"), list(MAKERS))
def test_what_the_table_does_not_allow_them_is_refused_and_changes_nothing(
    initiator: bool, state: State, act: Act
) -> None:
    session = MAKERS[initiator, state]()
    assert session.state is state
    allowed = (Way.GOT, act) in TRANSITIONS[initiator][state]
    before = (session.wish(), session.dialect, session.ended)
    error, effects = session.receive(got(act, description=OFFERED, redirect=Redirect("a@b")))
    assert (error is None) is allowed
    if not allowed:
        assert (session.state, effects, error) == (state, (), NOT_NOW)
        assert (session.wish(), session.dialect, session.ended) == before


def test_its_name_says_what_matters() -> None:
    assert repr(caller()) == "GoogleSession('call', 'bob@desk.test/phone', pending)"


# --- what they offer -----------------------------------------------------


def test_offers_are_taken_in_their_order() -> None:
    assert take(Description((PCMA, PCMU))) == GoogleTerms((PCMA, PCMU), (PCMA, PCMU))
    assert take(Description(OLD_TALK)) == GoogleTerms((PCMU,), (PCMU,))
    assert take(Description((EVENT,))) == NO_CODEC
    assert take(Description((PCMU,), encryption_required=True)) == NOT_ENCRYPTED
    assert take(Description((PCMU,), (Crypto("1", "X", "k"),))) == GoogleTerms((PCMU,), (PCMU,))


# --- any order -----------------------------------------------------------

ACTS = st.builds(
    got,
    st.sampled_from(list(Act)),
    description=st.sampled_from([None, OFFERED, Description()]),
    transport=st.booleans(),
    wrapped=st.sampled_from([(), (THEIRS,), (RTCP,)]),
    bare=st.sampled_from([(), (THEIRS,), (replace(THEIRS, port=9100, generation=1),)]),
    reason=st.sampled_from(["", "busy", "success", "nonsense"]),
    redirect=st.sampled_from([None, Redirect(), Redirect("a@b/c", "<c/>")]),
    info=st.sampled_from([None, Info(RTP_INFO, "hold"), Info(DTMF_INFO, "dtmf", "5"), Info("x", "y")]),
)
FRESH: IceCandidate = host(4007)


@given(
    st.sampled_from(list(MAKERS)), st.lists(st.one_of(ACTS, st.sampled_from(["ack", "timeout", "more"])), max_size=12)
)
def test_any_order_of_anything(kind: tuple[bool, State], steps: list[Gingle | str]) -> None:
    session = MAKERS[kind]()
    ends = []
    out: list[SendIq] = []
    for step in steps:
        over = session.state is State.ENDED
        effects: tuple[object, ...]
        if step == "more":
            effects = session.describe(voice("alice", host(), FRESH))
        elif isinstance(step, str):
            waiting = out[-1].token if out else "iq1"
            effects = session.replied(waiting, None if step == "ack" else step)
        else:
            error, effects = session.receive(step)
            assert not over or error is not None
        assert not over or not effects, "nothing happens after the end"
        assert not any(isinstance(e, CallEnded) for e in effects), "the owner tells the end"
        out += [e for e in effects if isinstance(e, SendIq)]
        ends.append(session.ended)
    known = [e for e in ends if e is not None]
    assert len(set(known)) <= 1, "a session ends once"
    assert known == ends[len(ends) - len(known) :]
    told = [e.payload for e in out if e.payload.get("type") == "candidates"]
    ports = [c.get("port") for p in told for c in p if c.tag.endswith("candidate")]
    assert len(ports) == len(set(ports)), "each candidate once in each form"
