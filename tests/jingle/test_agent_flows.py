"""Whole calls between two agents on a wire."""

from __future__ import annotations

from jingle_wire import ALICE, BOB, Wire, agent, media, target

from phone.jingle.api import CallAccepted, CallAlerting, CallEnded, CallOffered, EndReason, PeerPolicy
from phone.jingle.elements import FEATURES, JINGLE, JMI, RTP, RTP_AUDIO

ONLY_JINGLE = (JINGLE, RTP, RTP_AUDIO)
WITH_JMI = (*ONLY_JINGLE, JMI)


def connected(features: tuple[str, ...]) -> tuple[Wire, str]:
    wire = Wire(agent(ALICE), agent(BOB))
    alice, bob = wire.ends[ALICE].agent, wire.ends[BOB].agent
    wire.do(ALICE, alice.call("c1", "bob@desk.test", [target(features=features)], 0))
    wire.do(ALICE, alice.described("c1", media("alice"), 0))
    wire.run()
    offered = wire.ends[BOB].heard[0]
    assert isinstance(offered, CallOffered)
    assert offered.peer == ALICE
    wire.do(BOB, bob.described(offered.id, media("bob"), 0))
    wire.run()
    wire.do(BOB, bob.accept(offered.id, 0))
    wire.run()
    return wire, offered.id


def check_connected(wire: Wire, call: str) -> None:
    (a,) = wire.ends[ALICE].agent.wishes()
    (b,) = wire.ends[BOB].agent.wishes()
    assert (a.id, a.controlling, a.ufrag, a.pwd) == ("c1", True, "bobfr0", "bobpassword0")
    assert (b.id, b.controlling, b.ufrag, b.pwd) == (call, False, "alicefr0", "alicepassword0")
    assert (a.dtls_role, b.dtls_role) == ("server", "client")
    assert a.fingerprint == b.fingerprint is not None
    assert a.codecs == b.receive
    assert [p.name for p in a.codecs] == ["opus", "PCMU", "PCMA", "telephone-event", "telephone-event"]
    assert wire.ends[ALICE].heard == [CallAlerting("c1"), CallAccepted("c1")]
    assert not wire.ends[ALICE].nonsense
    assert not wire.ends[BOB].nonsense


def test_jmi_call_is_proposed_to_the_bare_jid_taken_and_hung_up_with_finish_from_both() -> None:
    wire, call = connected(WITH_JMI)
    check_connected(wire, call)
    wire.do(ALICE, wire.ends[ALICE].agent.terminate("c1", EndReason.HANGUP, 9))
    wire.run()
    assert wire.ends[BOB].heard[-1] == CallEnded(call, EndReason.HANGUP)
    assert wire.log == [
        (ALICE, "bob@desk.test", "propose"),
        (BOB, ALICE, "ringing"),
        (BOB, "bob@desk.test", "accept"),
        (BOB, ALICE, "proceed"),
        (ALICE, BOB, "session-initiate"),
        (BOB, ALICE, "session-accept"),
        (ALICE, BOB, "session-terminate"),
        (ALICE, BOB, "finish"),
        (BOB, ALICE, "finish"),
    ]
    assert wire.ends[ALICE].agent.wishes() == wire.ends[BOB].agent.wishes() == ()


def test_direct_call_to_a_peer_without_jmi_rings_and_is_accepted() -> None:
    wire, call = connected(ONLY_JINGLE)
    check_connected(wire, call)
    wire.do(BOB, wire.ends[BOB].agent.terminate(call, EndReason.HANGUP, 9))
    wire.run()
    assert wire.ends[ALICE].heard[-1] == CallEnded("c1", EndReason.HANGUP)
    assert [name for _, _, name in wire.log] == [
        "session-initiate",
        "session-info",
        "session-accept",
        "session-terminate",
    ]


def test_early_media_is_told_while_it_rings_so_that_both_have_all_before_the_answer() -> None:
    wire = Wire(agent(ALICE), agent(BOB))
    alice, bob = wire.ends[ALICE].agent, wire.ends[BOB].agent
    wire.do(ALICE, alice.call("c1", "bob@desk.test", [target(features=FEATURES)], 0))
    wire.do(ALICE, alice.described("c1", media("alice"), 0))
    wire.run()
    wire.do(BOB, bob.described("c1", media("bob"), 0))
    wire.run()
    (a,) = alice.wishes()
    (b,) = bob.wishes()
    assert (a.ufrag, b.ufrag) == ("bobfr0", "alicefr0")
    assert (a.dtls_role, b.dtls_role) == ("server", "client")
    assert a.fingerprint is not None
    assert a.codecs == ()
    wire.do(BOB, bob.accept("c1", 0))
    wire.run()
    check_connected(wire, "c1")


def test_policy_direct_calls_the_address_as_it_stands() -> None:
    alice = agent(policy=PeerPolicy(direct=True, plain_rtp=True))
    assert alice.call("c1", "100@pbx.test", (), 0) == ()
    (iq,) = alice.described("c1", media(), 0)
    assert iq.to == "100@pbx.test"
    assert iq.payload.find(".//{urn:xmpp:jingle:apps:dtls:0}fingerprint") is None
    (wish,) = alice.wishes()
    assert (wish.security, wish.before_ice) == ("plain", True)
