"""Google sessions beside Jingle's in one agent: the same ids, the same limits, and none of Jingle's own manners."""

from __future__ import annotations

import pytest
from gingle_wire import OLD, STRANGER, answer, host, said, stanzas, token, voice
from jingle_wire import BOB, CONTACT, agent, media, news, of
from said import content, iq, jingle, proposed, tell
from said import offered as ringing
from said import propose as proposal

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    IceCandidate,
    PeerPolicy,
    Reply,
    SendIq,
    TransferFailed,
    TransferFault,
)
from phone.jingle.elements import TRANSFER
from phone.jingle.errors import LocalProtocolError
from phone.jingle.gingle_codec import encode_session
from phone.jingle.gingle_elements import Act, Description, Gingle
from phone.jingle.negotiate import PCMU
from phone.jingle.states import NOT_OURS

CAROL = "carol@desk.test/x"


def get(ours: Agent, act: Act, sid: str = "c1", sender: str = BOB, **fields: object) -> Effects:
    """One stanza of theirs."""
    fields.setdefault("initiator", BOB)
    if act in {Act.INITIATE, Act.ACCEPT}:
        fields.setdefault("description", Description((PCMU,)))
    return ours.receive_iq(sender, "iq", encode_session(Gingle(act, sid, **fields)), 0)


def rung(policy: PeerPolicy = OLD) -> Agent:
    """Their call is in."""
    alice = agent(policy=policy)
    get(alice, Act.INITIATE)
    return alice


def taken() -> Agent:
    """Their call is up."""
    alice = rung()
    alice.described("c1", voice(), 0)
    alice.accept("c1", 0)
    return alice


def placed(now: float = 0) -> tuple[Agent, str]:
    """A message is about to be left; the token of its initiate."""
    alice = agent(policy=OLD)
    assert alice.call_voicemail("c1", BOB, "bob@desk.test", google=True, now=now) == ()
    return alice, token(alice.described("c1", voice(), now))


def test_their_call_from_the_offer_to_the_end() -> None:
    alice = agent(policy=STRANGER)
    assert get(alice, Act.INITIATE) == (Reply(BOB, "iq"), CallOffered("c1", BOB))
    assert "c1" in alice
    assert alice.peer("c1") == BOB
    (wish,) = alice.wishes()
    assert (wish.transport, wish.security, wish.before_ice, wish.rtcp_mux) == ("gice", "plain", True, False)
    assert alice.described("c1", voice(), 0) == ()
    answered = alice.accept("c1", 0)
    assert said(answered) == ["candidates", "accept"]
    assert [c.username for c in stanzas(answered, Act.CANDIDATES)[0].bare] == ["alicealicealicea"]
    assert said(alice.candidate("c1", host(4001), 0, 0)) == ["candidates"]
    assert alice.media_up("c1", 0) == ()
    assert said(alice.terminate("c1", EndReason.HANGUP, 0)) == ["terminate"]
    assert "c1" not in alice
    assert alice.peer("c1") is None
    assert alice.wishes() == ()


def test_a_contact_hears_our_addresses_while_we_ring() -> None:
    assert said(rung().described("c1", voice(), 0)) == ["candidates"]


def test_where_plain_rtp_is_not_allowed_the_dialect_is_unknown() -> None:
    alice = agent(policy=CONTACT)
    for act in Act:
        assert get(alice, act) == (Reply(BOB, "iq", NOT_OURS),)
    (reply, *_) = get(alice, Act.INITIATE, initiator="")
    assert reply == Reply(BOB, "iq", NOT_OURS)


def test_hold_is_the_media_s_alone() -> None:
    alice = taken()
    assert alice.hold("c1", held=True, now=0) == alice.hold("c1", held=False, now=0) == ()


def test_it_is_not_transferred() -> None:
    assert taken().transfer("c1", CAROL, None, 0) == (TransferFailed("c1", TransferFault.UNSUPPORTED),)
    assert taken().answer_transfer("c1", accept=True, now=0) == ()


def test_no_jingle_call_is_put_in_its_place() -> None:
    """Attended transfer needs a Jingle session with the third party: without it is an ordinary call."""
    alice = taken()
    iq(alice, jingle("session-initiate", content(), "c2"), CAROL)
    alice.described("c2", media(), 0)
    alice.accept("c2", 0)
    (asked,) = of(alice.transfer("c2", BOB, "c1", 0), SendIq)
    assert isinstance(asked, SendIq)
    transfer = asked.payload.find(f"{{{TRANSFER}}}transfer")
    assert transfer is not None
    assert transfer.attrib == {"to": BOB}


def test_its_media_fail() -> None:
    effects = taken().media_failed("c1", "no-rtp", 0)
    assert said(effects) == ["terminate"]
    assert news(effects) == [CallEnded("c1", EndReason.MEDIA_LOST)]


def test_its_far_end_goes_away() -> None:
    assert rung().resource_gone(BOB, 0) == (CallEnded("c1", EndReason.CANCELLED),)


def test_its_answers_come_by_token() -> None:
    alice, initiate = placed()
    acked = alice.replied(initiate, None, 0)
    assert said(acked) == ["transport-info", "candidates"]
    assert news(acked) == [CallAlerting("c1")]
    assert news(get(alice, Act.ACCEPT)) == [CallAccepted("c1")]
    other, initiate = placed()
    assert other.replied(initiate, "service-unavailable", 0) == (CallEnded("c1", EndReason.UNREACHABLE),)


def test_the_earliest_deadline_of_both_counts() -> None:
    alice = agent(policy=OLD)
    alice.call_voicemail("c1", BOB, "bob@desk.test", google=True, now=5)
    assert alice.deadline() == 25
    alice.call_voicemail("c2", BOB, "bob@desk.test", google=False, now=3)
    assert alice.deadline() == 23
    assert news(alice.expire(23)) == [CallEnded("c2", EndReason.FAILED)]
    assert news(alice.expire(25)) == [CallEnded("c1", EndReason.FAILED)]
    assert alice.deadline() is None


# --- one id, one call ----------------------------------------------------


def test_an_id_is_not_given_twice() -> None:
    alice, _ = placed()
    with pytest.raises(LocalProtocolError):
        alice.call("c1", BOB, [], 0)
    with pytest.raises(LocalProtocolError):
        alice.call_voicemail("c1", BOB, "bob@desk.test", google=False, now=0)
    alice.call("c2", CAROL, [], 0)
    with pytest.raises(LocalProtocolError):
        alice.call_voicemail("c2", BOB, "bob@desk.test", google=True, now=0)
    alice.terminate("c1", EndReason.HANGUP, 0)
    assert alice.call_voicemail("c1", BOB, "bob@desk.test", google=True, now=0) == ()


def test_of_two_calls_with_one_id_each_has_its_own() -> None:
    alice = rung()
    _, effects = iq(alice, jingle("session-initiate", content()), CAROL)
    (other,) = of(effects, CallOffered)
    assert isinstance(other, CallOffered)
    assert other.id != "c1"
    assert len(alice.wishes()) == 2
    assert answer(get(alice, Act.TERMINATE)) is None
    assert [w.id for w in alice.wishes()] == [other.id]


def test_the_same_far_end_may_use_one_id_in_both_dialects() -> None:
    alice = rung()
    _, effects = iq(alice, jingle("session-initiate", content()))
    assert of(effects, CallOffered)
    assert len(alice.wishes()) == 2
    alice.described("c1", voice(), 0)
    assert said(alice.accept("c1", 0)) == ["accept"]


def test_a_proposal_is_not_taken_up_by_a_google_session() -> None:
    alice = ringing(OLD)
    (offer,) = news(get(alice, Act.INITIATE))
    assert isinstance(offer, CallOffered)
    assert offer.id != "c1"
    assert said(alice.described(offer.id, voice(), 0)) == ["candidates"], "which is not answered for the other's sake"


def test_nor_does_one_make_glare() -> None:
    alice = proposed(OLD)
    (offer,) = news(get(alice, Act.INITIATE))
    assert isinstance(offer, CallOffered)
    calling, _ = placed()
    (ring,) = news(tell(calling, proposal("c9")))
    assert ring == CallOffered("c9", BOB)


def test_our_address_may_change_between_calls() -> None:
    alice = agent(policy=OLD)
    alice.own = "alice@desk.test/other"
    assert alice.own == "alice@desk.test/other"
    alice.call_voicemail("c1", BOB, "bob@desk.test", google=True, now=0)
    (initiate,) = stanzas(alice.described("c1", voice(), 0), Act.INITIATE)
    assert initiate.initiator == "alice@desk.test/other"


def test_a_username_that_old_peers_cannot_take_is_our_own_fault_and_changes_nothing() -> None:
    alice = rung()
    before = alice.wishes()
    with pytest.raises(LocalProtocolError):
        alice.described("c1", media(), 0)
    assert alice.wishes() == before
    assert alice.accept("c1", 7) == ()
    assert alice.deadline() == 27, "our media are still awaited"


def test_a_candidate_with_a_username_of_its_own_goes_by_it() -> None:
    alice = taken()
    own = IceCandidate(1, "1", "192.0.2.7", 4007, 1, username="own/own+own/own0")
    (stanza,) = stanzas(alice.candidate("c1", own, 0, 0), Act.CANDIDATES)
    assert [(c.port, c.username) for c in stanza.bare] == [(4007, "own/own+own/own0")]
