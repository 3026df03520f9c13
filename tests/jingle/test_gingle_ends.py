"""How a Google session ends, its infos, its table, and any order of anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from gingle_sessions import OFFERED, RTCP, THEIRS, active_callee, active_caller, callee, caller, ended, got
from gingle_wire import host, said, stanzas, token, voice
from hypothesis import given
from hypothesis import strategies as st

from phone.jingle.api import (
    CallAlerting,
    CallEnded,
    CallHeld,
    DigitReceived,
    EndReason,
    IceCandidate,
    Nonsense,
    SendIq,
)
from phone.jingle.elements import DTMF, RTP_INFO, Info
from phone.jingle.errors import LocalProtocolError
from phone.jingle.gingle import GoogleSession
from phone.jingle.gingle_elements import (
    DTMF_INFO,
    Act,
    Description,
    Gingle,
    Redirect,
)
from phone.jingle.gingle_states import NOT_NOW, TRANSITIONS
from phone.jingle.proposal import Way
from phone.jingle.states import BAD_REQUEST, State

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


def test_a_second_answer_to_one_iq_is_none() -> None:
    session = caller()
    assert session.replied("iq1", None)[0] == CallAlerting("call")
    assert session.replied("iq1", None) == ()
    assert session.replied("iq1", "bad-request") == ()
    assert session.ended is None


def test_media_that_come_after_the_end_are_told_to_nobody() -> None:
    session = ended(active_caller())
    assert session.describe(voice("alice", host(4009))) == ()


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
