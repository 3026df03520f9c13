"""Leaving a message: from the search by Google's voicemail extension to the hang-up, in both dialects."""

from __future__ import annotations

import pytest
from gingle_wire import OLD, capture, host, said, stanzas, token, voice
from jingle_wire import ALICE, CONTACT, FINGERPRINT, Wire, agent, ids, media, news, of, sent, xml
from said import content, iq, jingle, wire_reason

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallOffered,
    EndReason,
    PeerPolicy,
    Reply,
    SendIq,
    SendMessage,
    SendPresence,
)
from phone.jingle.codec import parse_jingle
from phone.jingle.elements import (
    DTLS,
    FEATURES,
    ICE_UDP,
    JINGLE,
    VOICE_V1,
    VOICEMAIL,
    features,
    service_features,
)
from phone.jingle.gingle_elements import SESSION, Act
from phone.jingle.gingle_states import UNKNOWN
from phone.jingle.gingle_voicemail import Discovery, Found, Via, dialect
from phone.jingle.states import OUT_OF_ORDER, UNKNOWN_SESSION

HAMLET = "hamlet@denmark.lit/throne"
FORTINBRAS = "fortinbras@norway.lit"
MAILBOX = "boss@vm.b.example/voicemail"
DTLS_ICE = (
    f"<transport xmlns='{ICE_UDP}' ufrag='u' pwd='p'><fingerprint xmlns='{DTLS}' hash='sha-256' setup='active'>"
    f"{FINGERPRINT}</fingerprint></transport>"
)


def leaving(to: str = MAILBOX, policy: PeerPolicy = CONTACT, own: str = ALICE) -> tuple[Agent, SendIq]:
    """The session-initiate of a message is out."""
    phone = agent(own, policy)
    assert phone.call_voicemail("m1", to, "Boss@b.example/pi".lower(), google=False, now=0) == ()
    (initiate,) = phone.described("m1", media(), 0)
    assert isinstance(initiate, SendIq)
    return phone, initiate


# --- the extension's examples, stanza by stanza ----------------------------


def found_at_first() -> Found:
    _, (question, reply) = capture("voicemail-first-try")
    assert reply[0].tag.startswith("{ http://"), "a slip of the document, in every one of its replies"
    discovery = Discovery(HAMLET, FORTINBRAS, ids("voicemail-"))
    ask = discovery.start(0)
    assert (ask.to, ask.token) == (question.get("to"), question.get("id"))
    found = discovery.answered(ask.token, reply[0], 0)
    assert isinstance(found, Found)
    return found


def found_at_second() -> Found:
    _, (error, question, reply) = capture("voicemail-second-try")
    discovery = Discovery(HAMLET, FORTINBRAS, ids("voicemail-"))
    assert discovery.start(0).token == error.get("id")
    ask = discovery.answered("voicemail-1", None, 0)
    assert ask is not None
    found = discovery.answered(question.get("id", ""), reply[0], 0)
    assert isinstance(found, Found)
    return found


def test_first_try_goes_to_the_address_as_it_stands_even_where_it_is_a_resource_of_our_own() -> None:
    """The example's reply names hamlet's own account: an address of that kind is opaque."""
    found = found_at_first()
    assert (found.jid, found.via) == ("hamlet@denmark.lit/voicemail", Via.THEIRS)
    hamlet = agent(HAMLET, OLD)
    hamlet.call_voicemail("a35e4n3g4n82", found.jid, found.regarding, google=True, now=0)
    (initiate,) = of(hamlet.described("a35e4n3g4n82", voice(), 0), SendIq)
    assert isinstance(initiate, SendIq)
    assert initiate.to == "hamlet@denmark.lit/voicemail"
    assert news(hamlet.replied(initiate.token, None, 0)) == [CallAlerting("a35e4n3g4n82")]
    accept = xml(
        f"<session xmlns='{SESSION}' type='accept' id='a35e4n3g4n82' initiator='hamlet@denmark.lit'>"
        "<description xmlns='http://www.google.com/session/phone'><payload-type id='0'/></description></session>"
    )
    assert news(hamlet.receive_iq(found.jid, "i", accept, 0)) == [CallAccepted("a35e4n3g4n82")]


def test_second_try_writes_the_example_s_session() -> None:
    found = found_at_second()
    assert (found.jid, found.via) == ("voicemail@denmark.lit/outgoingvoicemail", Via.OURS)
    _, (example,) = capture("voicemail-session")
    hamlet = agent(HAMLET, OLD)
    hamlet.call_voicemail("a35e4n3g4n82", found.jid, found.regarding, google=True, now=0)
    (iq_set,) = of(hamlet.described("a35e4n3g4n82", voice(), 0), SendIq)
    assert isinstance(iq_set, SendIq)
    ours, theirs = iq_set.payload, example[0]
    assert ours.tag == theirs.tag
    assert {k: ours.get(k) for k in ("type", "id")} == {k: theirs.get(k) for k in ("type", "id")}
    assert ours.get("initiator") == HAMLET, "in full, unlike the example's"
    regarding = [e.find(f"{{{VOICEMAIL}}}regarding") for e in (ours, theirs)]
    assert [r is not None and r.attrib for r in regarding] == [{"name": FORTINBRAS}] * 2


@pytest.mark.parametrize("to", ["voicemail@denmark.lit", "voicemail@denmark.lit/outgoingvoicemail"])
def test_the_service_takes_the_example_s_session_at_the_bare_address_and_in_full(to: str) -> None:
    _, (example,) = capture("voicemail-session")
    own = "voicemail@denmark.lit/outgoingvoicemail"
    service = agent(own, OLD)
    effects = service.receive_iq(HAMLET, example.get("id", ""), example[0], 0, to)
    assert effects == (
        Reply(HAMLET, "sessionaudio1"),
        CallOffered("a35e4n3g4n82", HAMLET, regarding=FORTINBRAS),
    )
    service.accept("a35e4n3g4n82", 0)
    answered = service.described("a35e4n3g4n82", voice("voicemail"), 0)
    assert said(answered) == ["candidates", "accept"]
    assert {e.own for e in answered if isinstance(e, SendIq)} == {to}, "it hears from the address that it called"
    assert {s.initiator for s in stanzas(answered, Act.ACCEPT)} == {"hamlet@denmark.lit"}, "bare, as it came"
    end = xml(f"<session xmlns='{SESSION}' type='terminate' id='a35e4n3g4n82' initiator='hamlet@denmark.lit'/>")
    assert news(service.receive_iq(HAMLET, "e", end, 0, to)) == [CallEnded("a35e4n3g4n82", EndReason.HANGUP)]
    assert service.receive_iq(HAMLET, "e", end, 0, to) == (Reply(HAMLET, "e", UNKNOWN),)


def test_who_redirects_names_the_mailbox_in_a_cookie() -> None:
    service = agent(MAILBOX, OLD)
    initiate = xml(
        f"<session xmlns='{SESSION}' type='initiate' id='s' initiator='{ALICE}'>"
        "<description xmlns='http://www.google.com/session/phone'/>"
        "<cookie><regarding name='boss@b.example'/></cookie></session>"
    )
    assert news(service.receive_iq(ALICE, "i", initiate, 0)) == [CallOffered("s", ALICE, regarding="boss@b.example")]


# --- in Jingle -------------------------------------------------------------


@pytest.mark.parametrize("policy", [CONTACT, OLD, PeerPolicy()], ids=["contact", "plain", "stranger"])
def test_a_message_is_a_session_straight_to_the_address(policy: PeerPolicy) -> None:
    phone, initiate = leaving(policy=policy)
    assert initiate.to == MAILBOX
    parsed = parse_jingle(initiate.payload)
    assert (parsed.action.value, parsed.initiator, parsed.regarding) == ("session-initiate", ALICE, "boss@b.example")
    (regarding,) = [c for c in initiate.payload if c.tag == f"{{{VOICEMAIL}}}regarding"]
    assert regarding.attrib == {"name": "boss@b.example"}
    (offered,) = parsed.contents
    assert offered.transport is not None
    assert offered.transport.fingerprint is not None, "encrypted, whatever else the policy allows"
    assert [(w.transport, w.security) for w in phone.wishes()] == [("ice", "dtls")]
    assert phone.peer("m1") == MAILBOX


def test_it_is_answered_and_hanging_up_delivers_it() -> None:
    phone, initiate = leaving()
    assert phone.replied(initiate.token, None, 0) == ()
    error, effects = iq(phone, jingle("session-accept", content(transport=DTLS_ICE), "m1"), MAILBOX)
    assert error is None
    assert news(effects) == [CallAccepted("m1")]
    end = phone.terminate("m1", EndReason.HANGUP, 0)
    assert sent(end) == [(MAILBOX, "session-terminate")]
    assert wire_reason(end) == ["success"]
    assert not of(end, SendMessage), "no proposal, no finish"


def test_an_ordinary_call_regards_nobody() -> None:
    phone = agent()
    phone.call("c1", MAILBOX, [], 0)
    assert not of(phone.described("c1", media(), 0), SendPresence)
    (offer,) = of(iq(agent(), jingle("session-initiate", content(transport=DTLS_ICE)))[1], CallOffered)
    assert isinstance(offer, CallOffered)
    assert offer.regarding == ""


@pytest.mark.parametrize("inner", ["", "name=''", "name='a b'", "name='@'", "name='x&#x202e;@b'"])
def test_a_mailbox_that_is_no_address_is_none(inner: str) -> None:
    regarding = f"<regarding xmlns='{VOICEMAIL}' {inner}/>"
    _, effects = iq(agent(MAILBOX), jingle("session-initiate", regarding + content(transport=DTLS_ICE)))
    assert [o.regarding for o in of(effects, CallOffered) if isinstance(o, CallOffered)] == [""]


def test_a_mailbox_is_told_as_it_is_written_by_servers() -> None:
    regarding = f"<regarding xmlns='{VOICEMAIL}' name=' Boss@B.example. '/>"
    _, effects = iq(agent(MAILBOX), jingle("session-initiate", regarding + content(transport=DTLS_ICE)))
    assert [o.regarding for o in of(effects, CallOffered) if isinstance(o, CallOffered)] == ["boss@b.example"]


def test_in_a_session_info_it_says_nothing() -> None:
    phone, initiate = leaving()
    phone.replied(initiate.token, None, 0)
    error, effects = iq(phone, jingle("session-info", f"<regarding xmlns='{VOICEMAIL}' name='a@b'/>", "m1"), MAILBOX)
    assert (error, effects) == (None, ())


def test_a_mailbox_makes_no_glare() -> None:
    phone, initiate = leaving()
    error, effects = iq(phone, jingle("session-initiate", content(transport=DTLS_ICE), "m1"), MAILBOX)
    assert (error, effects) == (OUT_OF_ORDER, ())
    error, effects = iq(phone, jingle("session-initiate", content(transport=DTLS_ICE), "a0"), MAILBOX)
    assert error is None
    assert news(effects) == [CallOffered("a0", MAILBOX)], "a call of its own, and ours goes on"
    assert [w.id for w in phone.wishes()] == ["m1", "a0"]
    assert phone.replied(initiate.token, None, 0) == ()


@pytest.mark.parametrize("google", [False, True])
def test_called_by_its_bare_address_it_may_answer_with_a_resource_and_is_held_to_it(google: bool) -> None:
    phone = agent(policy=OLD)
    phone.call_voicemail("m1", "voicemail@denmark.lit", "boss@b.example", google=google, now=0)
    assert phone.peer("m1") is None
    phone.described("m1", voice() if google else media(), 0)
    session = f"<session xmlns='{SESSION}' type='transport-accept' id='m1' initiator='{ALICE}'/>"
    first = session if google else jingle("session-info", "", "m1")
    error, _ = iq(phone, first, "voicemail@denmark.lit/out")
    assert error is None
    assert phone.peer("m1") == "voicemail@denmark.lit/out"
    error, _ = iq(phone, first, "voicemail@denmark.lit/other")
    assert error == (UNKNOWN if google else UNKNOWN_SESSION)


@pytest.mark.parametrize("google", [False, True])
def test_called_in_full_only_that_address_answers(google: bool) -> None:
    phone = agent(policy=OLD)
    phone.call_voicemail("m1", MAILBOX, "boss@b.example", google=google, now=0)
    phone.described("m1", voice() if google else media(), 0)
    session = f"<session xmlns='{SESSION}' type='transport-accept' id='m1' initiator='{ALICE}'/>"
    first = session if google else jingle("session-info", "", "m1")
    assert iq(phone, first, "boss@vm.b.example")[0] is not None
    assert iq(phone, first, MAILBOX)[0] is None


# --- what is not called ------------------------------------------------------


def test_google_s_dialect_is_not_spoken_where_plain_rtp_is_not_allowed() -> None:
    phone = agent(policy=CONTACT)
    ended = (CallEnded("m1", EndReason.INSECURE),)
    assert phone.call_voicemail("m1", MAILBOX, "boss@b.example", google=True, now=0) == ended
    assert phone.wishes() == ()
    assert "m1" not in phone


@pytest.mark.parametrize("google", [False, True])
def test_a_server_that_names_this_phone_as_the_mailbox_is_not_believed(google: bool) -> None:
    phone = agent(policy=OLD)
    ended = (CallEnded("m1", EndReason.UNREACHABLE),)
    assert phone.call_voicemail("m1", ALICE, "boss@b.example", google=google, now=0) == ended


def test_a_message_is_for_an_account_not_a_device() -> None:
    phone = agent(policy=OLD)
    phone.call_voicemail("m1", MAILBOX, "boss@b.example/pi", google=True, now=0)
    (initiate,) = stanzas(phone.described("m1", voice(), 0), Act.INITIATE)
    assert initiate.regarding == "boss@b.example"


# --- which dialect -----------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "chosen"),
    [
        ({JINGLE, VOICEMAIL, DTLS}, "jingle"),
        (set(service_features(plain=False)), "jingle"),
        (set(service_features(plain=True)), "jingle"),
        ({JINGLE, VOICEMAIL}, "google"),
        ({JINGLE, DTLS}, "google"),
        ({VOICEMAIL, DTLS}, "google"),
        ({VOICE_V1, VOICEMAIL}, "google"),
        (set(), "google"),
        (set(FEATURES), "google"),
    ],
)
def test_the_dialect_by_disco_info(listed: set[str], chosen: str) -> None:
    assert dialect(frozenset(listed)) == chosen


def test_what_is_listed_says_no_more_than_what_is_allowed() -> None:
    assert features(plain=False) == FEATURES
    assert set(features(plain=True)) - set(FEATURES) == {VOICE_V1}
    assert set(service_features(plain=True)) - set(service_features(plain=False)) == {VOICE_V1}
    assert VOICEMAIL not in features(plain=True)


# --- both ends are ours --------------------------------------------------------


@pytest.mark.parametrize("google", [False, True])
def test_phone_to_service(google: bool) -> None:
    phone, service = agent(ALICE, OLD), agent(MAILBOX, OLD)
    wire = Wire(phone, service)
    wire.do(ALICE, phone.call_voicemail("m1", MAILBOX, "boss@b.example", google=google, now=0))
    wire.do(ALICE, phone.described("m1", voice() if google else media("a"), 0))
    wire.run()
    assert wire.ends[MAILBOX].heard == [CallOffered("m1", ALICE, regarding="boss@b.example")]
    wire.do(MAILBOX, service.accept("m1", 0))
    wire.do(MAILBOX, service.described("m1", voice("boss", host(5000)) if google else media("b", 5000), 0))
    wire.run()
    assert wire.ends[ALICE].heard == [CallAlerting("m1"), CallAccepted("m1")]
    (ours,), (theirs,) = phone.wishes(), service.wishes()
    assert [c.port for c in ours.candidates] == [5000]
    assert [c.port for c in theirs.candidates] == [4000]
    assert ours.codecs == theirs.codecs != ()
    wire.do(ALICE, phone.terminate("m1", EndReason.HANGUP, 0))
    wire.run()
    assert wire.ends[MAILBOX].heard[1:] == [CallEnded("m1", EndReason.HANGUP)]
    assert wire.ends[ALICE].nonsense == wire.ends[MAILBOX].nonsense == []
    assert phone.wishes() == service.wishes() == ()
    assert not wire.tokens


def test_an_initiate_s_ack_is_awaited_in_both_dialects() -> None:
    for google in (False, True):
        phone = agent(policy=OLD)
        phone.call_voicemail("m1", MAILBOX, "boss@b.example", google=google, now=0)
        initiate = token(phone.described("m1", voice() if google else media(), 0))
        assert phone.replied(initiate, "service-unavailable", 0) == (CallEnded("m1", EndReason.UNREACHABLE),)
