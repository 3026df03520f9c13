"""Two ends of every dialect call each other: ours, one that knows GTALK3 alone, one that knows GTALK4 alone."""

from __future__ import annotations

import pytest
from gingle_wire import OLD, STRANGER, End, Filter, Wire, everything, google, host, only_gtalk3, only_gtalk4, voice
from jingle_wire import ALICE, BOB

from phone.jingle.api import CallAccepted, CallAlerting, CallEnded, CallOffered, EndReason, PeerPolicy
from phone.jingle.gingle import GoogleSession
from phone.jingle.gingle_elements import Dialect

KINDS: dict[str, Filter] = {"ours": everything, "gtalk3": only_gtalk3, "gtalk4": only_gtalk4}
PAIRS = [(a, b) for a in KINDS for b in KINDS if {a, b} != {"gtalk3", "gtalk4"}]


def session(end: End) -> GoogleSession:
    (call,) = end.agent._calls.values()
    return call.session


def wired(caller: str, callee: str, policy: PeerPolicy) -> tuple[Wire, End, End]:
    alice = End(google(ALICE), KINDS[caller])
    bob = End(google(BOB, policy), KINDS[callee])
    return Wire(alice, bob), alice, bob


def connect(wire: Wire, early: bool) -> None:
    alice, bob = wire.ends[ALICE].agent, wire.ends[BOB].agent
    alice.call("s1", BOB, 0)
    wire.do(ALICE, alice.described("s1", voice("alice", host(4000))))
    wire.run()
    steps = [lambda: bob.described("s1", voice("bob", host(5000, "192.0.2.2"))), lambda: bob.accept("s1", 0)]
    for step in steps if early else reversed(steps):
        wire.do(BOB, step())
        wire.run()
    wire.do(ALICE, alice.candidate("s1", host(4001, "198.51.100.1", "srflx")))
    wire.do(BOB, bob.candidate("s1", host(5001, "198.51.100.2", "srflx")))
    wire.run()


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("policy", [OLD, STRANGER], ids=["contact", "stranger"])
@pytest.mark.parametrize(("caller", "callee"), PAIRS)
def test_every_pairing_gets_all_candidates_across(caller: str, callee: str, policy: PeerPolicy, early: bool) -> None:
    wire, alice, bob = wired(caller, callee, policy)
    connect(wire, early)
    assert alice.heard == [CallAlerting("s1"), CallAccepted("s1")]
    assert bob.heard == [CallOffered("s1", ALICE)]
    assert alice.nonsense == bob.nonsense == []
    assert [(c.port, c.username) for c in session(alice).wish().candidates] == [
        (5000, "bobbobbobbobbobb"),
        (5001, "bobbobbobbobbobb"),
    ]
    assert [(c.port, c.username) for c in session(bob).wish().candidates] == [
        (4000, "alicealicealicea"),
        (4001, "alicealicealicea"),
    ]
    assert session(alice).wish().codecs == session(bob).wish().codecs
    wire.do(BOB, bob.agent.terminate("s1", EndReason.HANGUP))
    wire.run()
    assert alice.heard[-1] == CallEnded("s1", EndReason.HANGUP)
    assert alice.agent.wishes() == bob.agent.wishes() == ()


@pytest.mark.parametrize(
    ("caller", "callee", "dialects"),
    [
        ("ours", "ours", (Dialect.GTALK3, Dialect.GTALK3)),  # the ack comes first, so both forms go out
        ("ours", "gtalk3", (Dialect.GTALK3, Dialect.GTALK3)),
        ("ours", "gtalk4", (Dialect.GTALK4, Dialect.GTALK4)),
        ("gtalk3", "ours", (Dialect.GTALK3, Dialect.GTALK3)),
        ("gtalk4", "ours", (Dialect.GTALK4, Dialect.GTALK4)),
    ],
)
def test_each_finds_the_other_s_dialect(caller: str, callee: str, dialects: tuple[Dialect, Dialect]) -> None:
    wire, alice, bob = wired(caller, callee, OLD)
    connect(wire, early=True)
    assert (session(alice).dialect, session(bob).dialect) == dialects


def test_the_whole_conversation_of_two_of_ours() -> None:
    wire, alice, bob = wired("ours", "ours", OLD)
    connect(wire, early=True)
    assert alice.said == ["initiate", "transport-info", "candidates", "candidates"]
    assert bob.said == ["transport-accept", "candidates", "accept", "candidates"]


def test_who_gives_up_before_the_answer() -> None:
    wire, alice, bob = wired("ours", "ours", OLD)
    wire.do(ALICE, alice.agent.call("s1", BOB, 0))
    wire.do(ALICE, alice.agent.described("s1", voice()))
    wire.run()
    wire.do(ALICE, alice.agent.terminate("s1", EndReason.HANGUP))
    wire.run()
    assert bob.heard == [CallOffered("s1", ALICE), CallEnded("s1", EndReason.CANCELLED)]


def test_who_is_busy() -> None:
    wire, alice, bob = wired("ours", "ours", OLD)
    wire.do(ALICE, alice.agent.call("s1", BOB, 0))
    wire.do(ALICE, alice.agent.described("s1", voice()))
    wire.run()
    wire.do(BOB, bob.agent.terminate("s1", EndReason.BUSY))
    wire.run()
    assert alice.heard[-1] == CallEnded("s1", EndReason.BUSY)


def test_an_end_from_both_sides_at_once() -> None:
    wire, alice, bob = wired("ours", "ours", OLD)
    connect(wire, early=True)
    wire.do(ALICE, alice.agent.terminate("s1", EndReason.HANGUP))
    wire.do(BOB, bob.agent.terminate("s1", EndReason.HANGUP))
    wire.run()
    assert alice.agent.wishes() == bob.agent.wishes() == ()
