"""What a service needs of an agent: several forms of one address, no account behind it, and hundreds of them."""

from __future__ import annotations

import tracemalloc

import pytest
from gingle_wire import OLD, said, voice
from jingle_wire import ALICE, FINGERPRINT, agent, ids, media, news, sent, xml
from said import content, jingle, propose

from phone.jingle.agent import Agent
from phone.jingle.api import CallEnded, CallOffered, Effects, EndReason, PeerPolicy, Reply, SendIq
from phone.jingle.elements import DTLS, ICE_UDP
from phone.jingle.gingle_elements import SESSION
from phone.jingle.register import MAX_LEGS

BARE = "boss@vm.b.example"
FULL = "boss@vm.b.example/voicemail"
ICE = (
    f"<transport xmlns='{ICE_UDP}' ufrag='u' pwd='p'><fingerprint xmlns='{DTLS}' hash='sha-256' setup='actpass'>"
    f"{FINGERPRINT}</fingerprint></transport>"
)
GOOGLE = (
    f"<session xmlns='{SESSION}' type='initiate' id='c1' initiator='{ALICE}'>"
    "<description xmlns='http://www.google.com/session/phone'/><transport xmlns='http://www.google.com/transport/p2p'/>"
    "</session>"
)
INITIATES = {"jingle": jingle("session-initiate", content(transport=ICE)), "google": GOOGLE}


def service(most: int = MAX_LEGS, policy: PeerPolicy = OLD) -> Agent:
    return Agent(FULL, policy=lambda _: policy, new_id=ids("s"), account=False, most=most)


def froms(effects: Effects) -> set[str]:
    return {e.own for e in effects if isinstance(e, SendIq)}


@pytest.mark.parametrize("dialect", INITIATES)
@pytest.mark.parametrize("to", [BARE, FULL])
def test_a_session_keeps_the_address_that_was_called(to: str, dialect: str) -> None:
    ours = service()
    effects = ours.receive_iq(ALICE, "i", xml(INITIATES[dialect]), 0, to)
    effects += ours.accept("c1", 0)
    effects += ours.described("c1", voice() if dialect == "google" else media(), 0)
    assert news(effects) == [CallOffered("c1", ALICE)]
    effects += ours.terminate("c1", EndReason.HANGUP, 0)
    assert froms(effects) == {to}
    responders = {e.payload.get("responder") for e in effects if isinstance(e, SendIq)}
    assert responders == ({to, None} if dialect == "jingle" else {None}), "another one would move the session there"


@pytest.mark.parametrize("dialect", INITIATES)
def test_its_stanzas_are_taken_at_either_address(dialect: str) -> None:
    ends = {
        "jingle": jingle("session-terminate"),
        "google": f"<session xmlns='{SESSION}' type='terminate' id='c1' initiator='{ALICE}'/>",
    }
    for first, then in ((BARE, FULL), (FULL, BARE)):
        ours = service()
        ours.receive_iq(ALICE, "i", xml(INITIATES[dialect]), 0, first)
        effects = ours.receive_iq(ALICE, "e", xml(ends[dialect]), 0, then)
        assert effects == (Reply(ALICE, "e"), CallEnded("c1", EndReason.CANCELLED))


def test_unless_said_otherwise_it_is_our_own() -> None:
    for payload in INITIATES.values():
        ours = service()
        effects = ours.receive_iq(ALICE, "i", xml(payload), 0)
        assert froms(effects + ours.terminate("c1", EndReason.BUSY, 0)) == {FULL}
    calling = service()
    calling.call_voicemail("c1", ALICE, "x@y", google=False, now=0)
    assert froms(calling.described("c1", media(), 0)) == {FULL}


def test_a_refusal_by_the_protocol_comes_from_there_too() -> None:
    ours = service()
    video = jingle("session-initiate", content(transport=ICE, kind="video"))
    assert froms(ours.receive_iq(ALICE, "i", xml(video), 0, BARE)) == {BARE}
    isac = GOOGLE.replace("phone'/>", "phone'><payload-type id='103' name='ISAC'/></description>")
    effects = ours.receive_iq(ALICE, "i", xml(isac), 0, BARE)
    assert said(effects)[-1] == "reject"
    assert froms(effects) == {BARE}


def test_a_proposal_is_taken_without_a_word_to_other_devices() -> None:
    verbs = {}
    for name, ours in (("service", service()), ("phone", agent(FULL, OLD))):
        ours.receive_message(ALICE, BARE, xml(propose()), 0, carbon=False, sent_by_us=False)
        verbs[name] = sent(ours.accept("c1", 0))
    assert verbs == {"service": [(ALICE, "proceed")], "phone": [(BARE, "accept"), (ALICE, "proceed")]}


@pytest.mark.parametrize("most", [1, 3, 150])
def test_how_many_calls_it_takes_is_said_by_its_owner(most: int) -> None:
    ours = service(most)
    taken = 0
    for number in range(200):
        payload = xml(INITIATES["jingle" if number % 2 else "google"])
        payload.set("sid" if number % 2 else "id", f"c{number}")
        (reply, *_) = ours.receive_iq(ALICE, "i", payload, 0)
        assert isinstance(reply, Reply)
        taken += reply.error is None
    assert taken == most == len(ours.wishes())


def test_an_idle_agent_is_small() -> None:
    """A service has one for each address: of 1000 mailboxes they take some megabytes, which this measures in bytes."""

    def policy(_: str) -> PeerPolicy:
        return OLD

    made = [Agent(FULL, policy=policy, new_id=ids("s"), account=False)]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        made += [Agent(FULL, policy=policy, new_id=str, account=False) for _ in range(200)]
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 200 < 8192
    assert all(one.wishes() == () for one in made)
