"""All Google sessions of an address: calls both ways, policies, errors to who asks wrongly, and redirects."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from gingle_wire import OLD, STRANGER, answer, google, host, said, stanzas, token, voice
from hypothesis import given
from hypothesis import strategies as st
from jingle_wire import ALICE, BOB, CONTACT, ids, news, of

from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    Nonsense,
    Payload,
    Reply,
    SendIq,
)
from phone.jingle.elements import Info
from phone.jingle.errors import LocalProtocolError
from phone.jingle.gingle_agent import TOO_MANY, GoogleAgent
from phone.jingle.gingle_codec import encode_session
from phone.jingle.gingle_elements import DTMF_INFO, SESSION, Act, Description, Gingle, P2pCandidate, Redirect
from phone.jingle.gingle_states import UNKNOWN
from phone.jingle.negotiate import PCMU
from phone.jingle.register import MAX_LEGS, MAX_STRANGERS
from phone.jingle.states import BAD_REQUEST, NOT_OURS

THEIRS = P2pCandidate(1, "0", "192.0.2.9", 9000, 950, username="6fbd7237437ce259")


def get(agent: GoogleAgent, act: Act, sid: str = "s1", sender: str = BOB, **fields: object) -> Effects:
    """One stanza of theirs."""
    fields.setdefault("initiator", BOB)
    if act in {Act.INITIATE, Act.ACCEPT}:
        fields.setdefault("description", Description((PCMU,)))
    return agent.receive_iq(sender, "iq", encode_session(Gingle(act, sid, **fields)))


def placed(policy: object = OLD, to: str = BOB, **more: str) -> tuple[GoogleAgent, Effects]:
    agent = google(policy=policy)
    assert agent.call("s1", to, 10.0, **more) == ()
    return agent, agent.described("s1", voice())


def offered(policy: object = OLD) -> GoogleAgent:
    agent = google(policy=policy)
    get(agent, Act.INITIATE)
    return agent


def conditions(effects: Effects) -> list[object]:
    return [e.error for e in effects if isinstance(e, Reply)]


# --- we call -------------------------------------------------------------


def test_a_call_from_the_will_to_the_end() -> None:
    agent, effects = placed(regarding="boss@b.example")
    (initiate,) = stanzas(effects, Act.INITIATE)
    assert (initiate.id, initiate.regarding) == ("s1", "boss@b.example")
    assert "s1" in agent
    assert agent.peer("s1") == BOB
    assert agent.deadline() is None
    acked = agent.replied(token(effects), None)
    assert said(acked) == ["transport-info", "candidates"]
    assert news(acked) == [CallAlerting("s1")]
    assert news(get(agent, Act.ACCEPT, initiator=ALICE)) == [CallAccepted("s1")]
    assert [w.codecs for w in agent.wishes()] == [(PCMU,)]
    assert said(agent.terminate("s1", EndReason.HANGUP)) == ["terminate"]
    assert agent.wishes() == ()
    assert "s1" not in agent


def test_a_call_waits_20_s_for_our_media() -> None:
    agent = google()
    agent.call("s1", BOB, 10.0)
    assert [w.candidates for w in agent.wishes()] == [()]
    assert agent.deadline() == 30.0
    assert agent.expire(29.9) == ()
    assert agent.expire(30.0) == (CallEnded("s1", EndReason.FAILED),)
    assert agent.wishes() == ()
    assert agent.deadline() is None


def test_a_call_s_id_is_its_own() -> None:
    agent, _ = placed()
    with pytest.raises(LocalProtocolError):
        agent.call("s1", BOB, 0)
    with pytest.raises(LocalProtocolError):
        google(taken="s1").call("s1", BOB, 0)


def test_a_gateway_called_by_its_bare_address_answers_with_a_resource() -> None:
    agent, _ = placed(to="voicemail@denmark.lit")
    effects = get(agent, Act.ACCEPT, sender="voicemail@denmark.lit/out")
    assert news(effects) == [CallAccepted("s1")]
    assert agent.peer("s1") == "voicemail@denmark.lit/out"
    assert get(agent, Act.TERMINATE, sender="voicemail@denmark.lit/other")[0] == Reply(
        "voicemail@denmark.lit/other", "iq", UNKNOWN
    )


@pytest.mark.parametrize(("condition", "end"), [("feature-not-implemented", EndReason.INCOMPATIBLE)])
def test_a_refused_initiate_ends_the_call(condition: str, end: EndReason) -> None:
    agent, effects = placed()
    assert agent.replied(token(effects), condition) == (CallEnded("s1", end),)
    assert agent.wishes() == ()


def test_candidates_trickle_once() -> None:
    agent, effects = placed()
    agent.replied(token(effects), None)
    assert said(agent.candidate("s1", host(4001))) == ["transport-info", "candidates"]
    assert agent.candidate("s1", host(4001)) == ()
    assert agent.candidate("other", host(4001)) == ()
    early = google()
    early.call("s1", BOB, 0)
    assert early.candidate("s1", host()) == ()


# --- they call -----------------------------------------------------------


def test_their_call_is_offered_acked_first_and_answered() -> None:
    agent = google()
    effects = get(agent, Act.INITIATE, transport=True, regarding="boss@b.example")
    assert effects[:2] == (Reply(BOB, "iq"), CallOffered("s1", BOB, regarding="boss@b.example"))
    assert said(effects) == ["transport-accept"]
    assert said(agent.described("s1", voice())) == ["transport-info"], "a contact may know our addresses"
    assert said(agent.accept("s1", 0)) == ["accept"]
    assert agent.accept("s1", 0) == ()


def test_a_stranger_learns_our_addresses_by_the_answer() -> None:
    agent = offered(STRANGER)
    assert agent.described("s1", voice()) == ()
    assert said(agent.accept("s1", 0)) == ["candidates", "accept"]


def test_an_answer_waits_20_s_for_our_media() -> None:
    agent = offered()
    assert agent.accept("s1", 5.0) == ()
    assert agent.deadline() == 25.0
    other = offered()
    other.accept("s1", 5.0)
    assert said(other.described("s1", voice())) == ["candidates", "accept"]
    assert other.deadline() is None
    effects = agent.expire(25.0)
    assert said(effects) == ["reject"]
    assert news(effects) == [CallEnded("s1", EndReason.FAILED)]


def test_their_call_is_refused() -> None:
    agent = offered()
    effects = agent.terminate("s1", EndReason.BUSY)
    (reject,) = stanzas(effects, Act.REJECT)
    assert reject.reason == "busy"
    assert get(agent, Act.TERMINATE)[0] == Reply(BOB, "iq", UNKNOWN)


def test_where_plain_rtp_is_not_allowed_the_dialect_is_not_spoken() -> None:
    agent = google(policy=CONTACT)
    assert get(agent, Act.INITIATE) == (Reply(BOB, "iq", NOT_OURS),)
    assert agent.wishes() == ()


def test_a_refused_id_may_come_again() -> None:
    agent = offered()
    agent.terminate("s1", EndReason.DECLINED)
    assert news(get(agent, Act.INITIATE)) == [CallOffered("s1", BOB)]


def test_what_cannot_be_spoken_is_acked_then_rejected() -> None:
    agent = google()
    effects = get(agent, Act.INITIATE, description=Description((Payload(99, "speex", 16000),)))
    assert answer(effects) is None
    (reject,) = stanzas(effects, Act.REJECT)
    assert reject.reason == "failed-application"
    assert news(effects) == []
    assert agent.wishes() == ()


@pytest.mark.parametrize(("policy", "most"), [(STRANGER, MAX_STRANGERS), (OLD, MAX_LEGS)])
def test_too_many(policy: object, most: int) -> None:
    agent = google(policy=policy)
    for number in range(most):
        assert answer(get(agent, Act.INITIATE, f"s{number}")) is None
    effects = get(agent, Act.INITIATE, "more")
    assert effects[0] == Reply(BOB, "iq", TOO_MANY)
    assert of(effects, Nonsense)
    assert len(agent.wishes()) == most


def test_strangers_do_not_take_the_place_of_contacts() -> None:
    agent = GoogleAgent(ALICE, policy=lambda far: OLD if far == BOB else STRANGER, new_id=ids("id"))
    for number in range(MAX_STRANGERS + 1):
        effects = get(agent, Act.INITIATE, f"s{number}", sender="carol@desk.test/x")
    assert conditions(effects) == [TOO_MANY]
    assert conditions(get(agent, Act.INITIATE, "s")) == [None]


def test_a_session_that_was_not_sent_is_unknown_to_all() -> None:
    agent = google()
    agent.call("s1", BOB, 0)
    assert get(agent, Act.TERMINATE) == (Reply(BOB, "iq", UNKNOWN),)
    assert len(agent.wishes()) == 1


def test_the_key_is_peer_and_id() -> None:
    agent = offered()
    effects = get(agent, Act.INITIATE, sender="carol@desk.test/x")
    (offer,) = news(effects)
    assert isinstance(offer, CallOffered)
    assert offer.id != "s1"
    assert conditions(get(agent, Act.TERMINATE, sender="mallory@desk.test/x")) == [UNKNOWN]
    get(agent, Act.TERMINATE)
    assert [w.id for w in agent.wishes()] == [offer.id]


@pytest.mark.parametrize("sid", ["a\u00e4", "x" * 65, "a\nb", "used"])
def test_an_id_that_is_no_name_gets_another(sid: str) -> None:
    agent = google(taken="used")
    (offer,) = news(get(agent, Act.INITIATE, sid))
    assert isinstance(offer, CallOffered)
    assert offer.id == "alice1"
    agent.described("alice1", voice())
    assert stanzas(agent.accept("alice1", 0), Act.ACCEPT)[0].id == sid


def test_a_second_initiate_of_a_session_is_not_allowed() -> None:
    agent = offered()
    assert answer(get(agent, Act.INITIATE)) == "not-allowed"
    assert len(agent.wishes()) == 1


# --- what nobody owns ----------------------------------------------------


@pytest.mark.parametrize("act", [a for a in Act if a is not Act.INITIATE])
def test_an_unknown_session_is_libjingle_s_bad_request(act: Act) -> None:
    assert get(google(), act) == (Reply(BOB, "iq", UNKNOWN),)
    assert UNKNOWN.condition == "bad-request"
    assert UNKNOWN.type == "modify"


@pytest.mark.parametrize("act", ["", "modify", "transport-replace"])
def test_an_unknown_act_is_a_bad_request_even_in_a_session(act: str) -> None:
    agent = offered()
    payload = Element(f"{{{SESSION}}}session", {"type": act, "id": "s1", "initiator": BOB})
    effects = agent.receive_iq(BOB, "iq", payload)
    assert effects[0] == Reply(BOB, "iq", BAD_REQUEST)
    assert of(effects, Nonsense)
    assert len(agent.wishes()) == 1


def test_what_is_over_stays_over() -> None:
    agent = google()
    assert agent.accept("x", 0) == agent.terminate("x", EndReason.HANGUP) == agent.described("x", voice()) == ()
    assert agent.media_failed("x", "ice") == ()
    assert agent.peer("x") is None


# --- ends ----------------------------------------------------------------


def test_their_end() -> None:
    agent = offered()
    assert get(agent, Act.TERMINATE, reason="success") == (Reply(BOB, "iq"), CallEnded("s1", EndReason.CANCELLED))
    assert agent.wishes() == ()


def test_media_that_fail_end_the_call() -> None:
    agent = offered()
    agent.accept("s1", 0)
    agent.described("s1", voice())
    effects = agent.media_failed("s1", "no-rtp")
    (end,) = stanzas(effects, Act.TERMINATE)
    assert end.reason == "connectivity-error"
    assert news(effects) == [CallEnded("s1", EndReason.MEDIA_LOST)]
    unborn = google()
    unborn.call("s1", BOB, 0)
    assert unborn.media_failed("s1", "internal") == (CallEnded("s1", EndReason.FAILED),)


def test_a_resource_that_goes_takes_what_it_has_not_answered() -> None:
    agent, _ = placed()
    get(agent, Act.INITIATE, "s2")
    get(agent, Act.INITIATE, "s3", sender="carol@desk.test/x")
    get(agent, Act.INITIATE, "s4")
    agent.accept("s4", 0)
    agent.described("s4", voice())
    assert agent.resource_gone(BOB) == (
        CallEnded("s1", EndReason.UNREACHABLE),
        CallEnded("s2", EndReason.CANCELLED),
    )
    assert [w.id for w in agent.wishes()] == ["s3", "s4"]


# --- redirects -----------------------------------------------------------


def test_to_another_device_of_theirs_the_call_follows_once() -> None:
    agent, _ = placed(regarding="x@y")
    redirect = Redirect(
        "bob@desk.test/kitchen", f"<cookie xmlns='{SESSION}'><regarding name='bob@desk.test'/></cookie>"
    )
    effects = get(agent, Act.REDIRECT, redirect=redirect)
    assert news(effects) == []
    (again,) = stanzas(effects, Act.INITIATE)
    assert again.id != "s1"
    assert again.redirect is not None
    assert (again.redirect.redirector, again.regarding) == ("bob@desk.test", "x@y")
    assert of(effects, SendIq)[0].to == "bob@desk.test/kitchen"
    assert [w.id for w in agent.wishes()] == ["s1"]
    twice = get(agent, Act.REDIRECT, again.id, sender="bob@desk.test/kitchen", redirect=Redirect(BOB))
    assert twice == (Reply("bob@desk.test/kitchen", "iq"), CallEnded("s1", EndReason.UNREACHABLE))


def test_to_somebody_else_it_does_not_follow() -> None:
    agent, _ = placed()
    effects = get(agent, Act.REDIRECT, redirect=Redirect("mallory@evil.example"))
    assert effects == (Reply(BOB, "iq"), CallEnded("s1", EndReason.UNREACHABLE))


# --- any order of anything -----------------------------------------------

STEPS = st.one_of(
    st.tuples(
        st.just("get"),
        st.sampled_from(list(Act)),
        st.sampled_from(["s1", "s2"]),
        st.sampled_from([BOB, "carol@desk.test/x"]),
        st.booleans(),
    ),
    st.tuples(
        st.sampled_from(["call", "accept", "end", "described", "more", "failed", "gone", "ack", "lost", "time"]),
        st.sampled_from(["s1", "s2", "c1"]),
    ),
)


def do(agent: GoogleAgent, step: tuple[object, ...], tokens: list[str], now: float) -> Effects:
    match step:
        case ("get", Act() as act, str() as sid, str() as sender, bool() as rich):
            fields = {"transport": rich, "redirect": Redirect("bob@desk.test/k") if rich else None}
            info = Info(DTMF_INFO, "dtmf", "5")
            return get(agent, act, sid, sender, bare=(THEIRS,) if rich else (), info=info, **fields)
        case ("call", str() as id):
            return () if id in agent else agent.call(id, BOB, now)
        case ("accept", str() as id):
            return agent.accept(id, now)
        case ("end", str() as id):
            return agent.terminate(id, EndReason.HANGUP)
        case ("described", str() as id):
            return agent.described(id, voice())
        case ("more", str() as id):
            return agent.candidate(id, host(4000 + len(tokens)))
        case ("failed", str() as id):
            return agent.media_failed(id, "ice")
        case ("gone", _):
            return agent.resource_gone(BOB)
        case ("ack" | "lost" as how, _):
            return agent.replied(tokens.pop(), None if how == "ack" else "timeout") if tokens else ()
        case _:
            return agent.expire(now)


@given(st.lists(STEPS, max_size=25))
def test_any_order_of_anything(steps: list[tuple[object, ...]]) -> None:
    agent = google()
    alive: set[str] = set()
    tokens: list[str] = []
    for now, step in enumerate(steps):
        effects = do(agent, step, tokens, now * 5.0)
        if step[0] == "call":
            alive.add(str(step[1]))
        if step[0] == "end":
            alive.discard(str(step[1]))
        assert len(of(effects, Reply)) == (step[0] == "get"), "each IQ is answered once"
        tokens += [e.token for e in effects if isinstance(e, SendIq)]
        for effect in effects:
            match effect:
                case CallOffered(id=id):
                    assert id not in alive
                    alive.add(id)
                case CallEnded(id=id):
                    alive.remove(id)
        assert {w.id for w in agent.wishes()} == alive
