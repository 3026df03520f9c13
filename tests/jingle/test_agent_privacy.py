"""Who learns our addresses when, and whose certificate counts."""

from __future__ import annotations

from captured import calling
from jingle_wire import ALICE, BOB, CONTACT, FINGERPRINT, Wire, agent, media, news, sent, target, xml

from phone.jingle.api import CallEnded, CallOffered, EndReason, PeerPolicy, SendIq
from phone.jingle.codec import encode_jingle
from phone.jingle.elements import (
    EARLY,
    FEATURES,
    ICE_UDP,
    JINGLE,
    RTP,
    RTP_AUDIO,
    Action,
    Content,
    Fingerprint,
    Jingle,
    Transport,
)

OTHER = ":".join(["CD"] * 32)


def early_call(policy: PeerPolicy) -> tuple[Wire, str]:
    """Alice has called bob with early media; bob's policy for her is given, his media is described."""
    wire = Wire(agent(ALICE), agent(BOB, policy))
    wire.do(ALICE, wire.ends[ALICE].agent.call("c1", "bob@desk.test", [target(BOB, FEATURES)], 0))
    wire.do(ALICE, wire.ends[ALICE].agent.described("c1", media("a"), 0))
    wire.run()
    wire.do(BOB, wire.ends[BOB].agent.described("c1", media("b"), 0))
    wire.run()
    return wire, "c1"


def test_a_contact_that_asks_for_early_media_gets_our_transport_while_we_ring() -> None:
    wire, _ = early_call(CONTACT)
    assert [name for jid, _, name in wire.log if jid == BOB] == ["session-info", "transport-info"]


def test_a_stranger_that_asks_for_early_media_gets_nothing_before_the_answer() -> None:
    wire, call = early_call(PeerPolicy())
    assert [name for jid, _, name in wire.log if jid == BOB] == ["session-info"]
    (wish,) = wire.ends[BOB].agent.wishes()
    assert (wish.ufrag, wish.candidates, wish.fingerprint) == (None, (), None)
    wire.do(BOB, wire.ends[BOB].agent.accept(call, 0))
    wire.run()
    (wish,) = wire.ends[BOB].agent.wishes()
    assert wish.ufrag == "afr0"


def test_no_check_leaves_before_the_answer_to_a_caller_without_early_media() -> None:
    captured, replay = calling("browser-calls", CONTACT)
    replay.feed(captured.stanzas[:2])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    assert (replay.wish.ufrag, replay.wish.candidates) == (None, ())
    replay.took(replay.agent.accept(captured.sid, 0))
    assert replay.wish.ufrag == "8ZpS"
    assert replay.wish.candidates


def test_early_media_is_asked_for_only_from_who_knows_it() -> None:
    for features, asked in ((FEATURES, True), ((JINGLE, RTP, RTP_AUDIO), False)):
        alice = agent()
        alice.call("c1", "bob@desk.test", [target(BOB, features)], 0)
        (initiate,) = alice.described("c1", media(), 0)
        assert isinstance(initiate, SendIq)
        assert (initiate.payload.find(f"{{{EARLY}}}early") is not None) is asked


def test_the_fingerprint_of_the_accept_overrules_that_of_early_media() -> None:
    wire, call = early_call(CONTACT)
    (wish,) = wire.ends[ALICE].agent.wishes()
    assert wish.fingerprint == FINGERPRINT
    accept = encode_jingle(
        Jingle(
            Action.SESSION_ACCEPT,
            call,
            (Content("audio", transport=Transport(ICE_UDP, fingerprint=Fingerprint("sha-256", OTHER, "active"))),),
        )
    )
    accept[0].append(xml(f"<description xmlns='{RTP}' media='audio'><payload-type id='0'/></description>"))
    wire.ends[ALICE].agent.receive_iq(BOB, "i", accept, 0)
    (wish,) = wire.ends[ALICE].agent.wishes()
    assert wish.fingerprint == OTHER


def test_no_transport_info_can_change_a_fingerprint_once_known() -> None:
    wire, call = early_call(CONTACT)
    wire.do(BOB, wire.ends[BOB].agent.accept(call, 0))
    wire.run()
    changed = encode_jingle(
        Jingle(
            Action.TRANSPORT_INFO,
            call,
            (Content("audio", transport=Transport(ICE_UDP, fingerprint=Fingerprint("sha-256", OTHER, "active"))),),
        )
    )
    wire.ends[ALICE].agent.receive_iq(BOB, "i", changed, 0)
    (wish,) = wire.ends[ALICE].agent.wishes()
    assert wish.fingerprint == FINGERPRINT


def test_a_generation_of_ours_that_nobody_asked_for_is_not_told() -> None:
    wire, call = early_call(CONTACT)
    assert wire.ends[BOB].agent.described(call, media("b", restart=1), 0) == ()


def test_a_caller_whose_session_times_out_has_given_up() -> None:
    captured, replay = calling("browser-calls", CONTACT)
    replay.feed(captured.stanzas[:1])
    end = xml(
        f"<jingle xmlns='{JINGLE}' action='session-terminate' sid='{captured.sid}'><reason><timeout/></reason></jingle>"
    )
    effects = replay.agent.receive_iq(captured.peer, "e", end, 0)
    assert news(effects) == [CallEnded(captured.sid, EndReason.CANCELLED)]


def test_a_session_dropped_in_glare_is_ended_in_case_the_other_had_given_his_up() -> None:
    """Found by the model: alice gives up before bob's initiate reaches her, so she took it for a new call."""
    wire = Wire(agent(ALICE), agent(BOB))
    alice, bob = wire.ends[ALICE].agent, wire.ends[BOB].agent
    wire.do(ALICE, alice.call("1", "bob@desk.test", [target(BOB)], 0))
    wire.do(ALICE, alice.described("1", media("a"), 0))
    wire.do(BOB, bob.call("2", "alice@desk.test", [target(ALICE)], 0))
    wire.do(BOB, bob.described("2", media("b"), 0))
    wire.do(ALICE, alice.terminate("1", EndReason.CANCELLED, 0))
    wire.run()
    assert wire.ends[ALICE].heard == [CallOffered("2", BOB), CallEnded("2", EndReason.CANCELLED)]
    assert alice.wishes() == bob.wishes() == ()


def test_four_strangers_may_ring_at_once_and_contacts_besides() -> None:
    policies = {"friend@desk.test/x": CONTACT}
    alice = agent()
    alice._policy = lambda jid: policies.get(jid, PeerPolicy())
    propose = "<propose xmlns='urn:xmpp:jingle-message:0' id='p{}'><description xmlns='{}' media='audio'/></propose>"
    for n in range(6):
        told = xml(propose.format(n, RTP))
        alice.receive_message(f"m{n}@evil.test/x", ALICE, told, 0, carbon=False, sent_by_us=False)
    assert len(alice.wishes()) == 4
    told = xml(propose.format("f", RTP))
    effects = alice.receive_message("friend@desk.test/x", ALICE, told, 0, carbon=False, sent_by_us=False)
    assert sent(effects) == [("friend@desk.test/x", "ringing")]
