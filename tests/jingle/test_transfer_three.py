"""Three phones: every kind of transfer, every kind of failure, and power lost at every step.

Laws, checked at the end of each story
1. Every IQ is answered, and no deadline is left.
2. A leg that one phone has, the phone at its other end has as well: nobody is left alone with silence.
3. The attendant learns how it ended: once.
4. What one was told about hold is what the other believes.
"""

from __future__ import annotations

import itertools

import pytest
from three import ATTENDANT, CALLEE, CALLER, SEATS, Three

from phone.jingle.api import CallOffered, Effect, EndReason, Nonsense, Reply, SendIq, TransferFailed, TransferFault

KINDS = ["unattended", "ringing", "answered"]
STEPS = 40


def ready(kind: str, wire: Three | None = None) -> Three:
    """Alice has called bob; he may have called carol as well."""
    wire = wire or Three()
    wire.call(CALLER, ATTENDANT, "c1")
    wire.run()
    assert wire.agent(ATTENDANT).peer("c1") == CALLER
    if kind != "unattended":
        wire.hold(ATTENDANT, "c1", held=True)
        wire.cores[CALLEE].answers = kind == "answered"
        wire.call(ATTENDANT, CALLEE, "c2")
        wire.run()
        wire.cores[CALLEE].answers = True
    return wire


def transfer(wire: Three, kind: str) -> None:
    target = None if kind == "unattended" else "c2"
    wire.do(ATTENDANT, wire.agent(ATTENDANT).transfer("c1", CALLEE, target, wire.now))


def legs(wire: Three, jid: str) -> dict[str, str | None]:
    """Live legs, and whom they are with."""
    return {w.id: wire.agent(jid).peer(w.id) for w in wire.agent(jid).wishes()}


def check(wire: Three) -> None:
    wire.wait(130)
    for jid in wire.ends:
        assert wire.agent(jid).deadline() is None
        for other in legs(wire, jid).values():
            assert other in wire.ends, f"{jid} is left with {other}, who is gone"
            assert jid in legs(wire, other or "").values(), f"{jid} is left alone with {other}"
        assert not wire.ends[jid].nonsense
        for leg in wire.agent(jid).legs:
            assert leg.session is not None
            there = wire.agent(leg.session.peer).legs.by_session(jid, leg.session.sid)
            assert there is not None
            believed = there.id in wire.cores[leg.session.peer].held_by_peer
            assert leg.hold.wanted == leg.hold.told == believed
    assert not wire.tokens, "IQs without an answer"


def verdicts(wire: Three) -> list[object]:
    core = wire.cores[ATTENDANT]
    return [f.fault for f in core.failed] + ([core.ended["c1"]] if "c1" in core.ended else [])


@pytest.mark.parametrize("kind", KINDS)
def test_it_works(kind: str) -> None:
    wire = ready(kind)
    transfer(wire, kind)
    wire.run()
    assert verdicts(wire) == [EndReason.TRANSFERRED]
    assert legs(wire, ATTENDANT) == {}
    assert legs(wire, CALLER) == {"moved1": CALLEE}
    assert legs(wire, CALLEE) == {"moved1": CALLER}
    replaced = None if kind == "unattended" else "c2"
    assert wire.cores[CALLEE].offers[-1] == CallOffered("moved1", CALLER, ATTENDANT, replaced)
    if replaced:
        assert wire.cores[ATTENDANT].ended["c2"] is EndReason.TRANSFERRED
    check(wire)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_is_ack_then_accept_then_terminate(kind: str) -> None:
    wire = ready(kind)
    before = len(wire.log)
    transfer(wire, kind)
    wire.run()
    story = [(a, b, what) for a, b, what in wire.log[before:] if what not in ("session-info", "transport-info")]
    ends = [(CALLEE, ATTENDANT, "session-terminate")] if kind != "unattended" else []
    assert story[:2] == [(CALLER, CALLEE, "session-initiate"), (CALLEE, CALLER, "session-accept")]
    assert story[2:] == [*ends, (CALLER, ATTENDANT, "session-terminate")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_callers_user_says_no(kind: str) -> None:
    wire = ready(kind)
    wire.cores[CALLER].grants = False
    transfer(wire, kind)
    wire.run()
    assert verdicts(wire) == [TransferFault.REFUSED]
    assert "c1" in legs(wire, ATTENDANT)
    assert ("c2" in legs(wire, ATTENDANT)) is (kind != "unattended")
    check(wire)


@pytest.mark.parametrize(("kind", "reason"), [*itertools.product(KINDS, [EndReason.BUSY, EndReason.DECLINED])])
def test_the_callee_refuses_and_the_caller_comes_back(kind: str, reason: EndReason) -> None:
    wire = ready(kind)
    wire.cores[CALLEE].refuses = reason
    transfer(wire, kind)
    wire.run()
    assert verdicts(wire) == [TransferFault.FAILED]
    assert legs(wire, CALLER) == {"c1": ATTENDANT}
    assert "c1" not in wire.cores[ATTENDANT].held_by_peer, "it was told active"
    check(wire)


def test_the_callee_does_not_answer_and_the_callers_core_gives_up() -> None:
    wire = ready("unattended")
    wire.cores[CALLEE].answers = False
    transfer(wire, "unattended")
    wire.wait(45)
    core = wire.cores[CALLER]
    wire.do(CALLER, wire.agent(CALLER).terminate("moved1", EndReason.NO_ANSWER, wire.now))
    core.moved.clear()
    wire.hold(CALLER, "c1", held=False)
    wire.run()
    assert verdicts(wire) == [TransferFault.FAILED]
    check(wire)


def test_the_attendant_waits_no_longer_than_a_minute_and_a_later_success_is_still_one() -> None:
    wire = ready("unattended")
    wire.cores[CALLEE].answers = False
    transfer(wire, "unattended")
    wire.wait(61)
    assert verdicts(wire) == [TransferFault.FAILED], "it held us: it does transfers"
    core = wire.cores[CALLEE]
    wire.do(CALLEE, wire.took(core, "moved1"))
    wire.run()
    assert verdicts(wire) == [TransferFault.FAILED, EndReason.TRANSFERRED]
    check(wire)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_transfer_while_one_runs_is_refused_and_the_first_goes_on(kind: str) -> None:
    wire = ready(kind)
    wire.cores[CALLEE].answers = False
    transfer(wire, kind)
    wire.run()
    payload = next(
        e for e in ready("unattended").agent(ATTENDANT).transfer("c1", CALLEE, None, 0) if isinstance(e, SendIq)
    ).payload
    payload.set("sid", "c1")
    effects = wire.agent(CALLER).receive_iq(ATTENDANT, "again", payload, wire.now)
    (reply, nonsense) = effects
    assert isinstance(reply, Reply)
    assert isinstance(nonsense, Nonsense)
    assert reply.error is not None
    assert reply.error.condition == "conflict"
    wire.do(CALLEE, wire.took(wire.cores[CALLEE], "moved1"))
    wire.run()
    assert verdicts(wire) == [EndReason.TRANSFERRED]
    check(wire)


def test_after_a_failure_it_may_be_tried_again() -> None:
    wire = ready("unattended")
    wire.cores[CALLEE].refuses = EndReason.BUSY
    transfer(wire, "unattended")
    wire.run()
    wire.cores[CALLEE].refuses = None
    transfer(wire, "unattended")
    wire.run()
    assert verdicts(wire) == [TransferFault.FAILED, EndReason.TRANSFERRED]
    assert legs(wire, CALLER) == {"moved2": CALLEE}
    check(wire)


@pytest.mark.parametrize("kind", ["ringing", "answered"])
def test_a_sid_that_was_used_replaces_nothing_a_second_time(kind: str) -> None:
    wire = ready(kind)
    wire.cores[CALLEE].answers = False
    transfer(wire, kind)
    wire.run()
    wire.do(CALLER, wire.agent(CALLER).terminate("moved1", EndReason.HANGUP, wire.now))
    wire.cores[CALLER].moved.clear()
    wire.hold(CALLER, "c1", held=False)
    wire.run()
    transfer(wire, kind)
    wire.run()
    assert [o.replaces for o in wire.cores[CALLEE].offers][-2:] == ["c2", None]


def test_a_transfer_and_hold_on_both_sides_believe_the_same() -> None:
    wire = ready("answered")
    wire.cores[CALLEE].refuses = EndReason.DECLINED
    transfer(wire, "answered")
    wire.run()
    for one, other in ((CALLER, ATTENDANT), (ATTENDANT, CALLER)):
        assert ("c1" in wire.cores[one].held) is ("c1" in wire.cores[other].held_by_peer)


@pytest.mark.parametrize(("kind", "who"), [*itertools.product(KINDS, SEATS)])
def test_power_is_lost_at_every_step(kind: str, who: str) -> None:
    for step in range(STEPS):
        wire = ready(kind)
        transfer(wire, kind)
        wire.advance(step)
        wire.vanish(who)
        wire.run()
        check(wire)
        if who != ATTENDANT:
            assert len(verdicts(wire)) >= 1, f"step {step}: the attendant never learned"
            assert len(wire.cores[ATTENDANT].failed) <= 1


class Lost:
    """The nth stanza that leaves while `armed` is lost."""

    def __init__(self, nth: int) -> None:
        self.left = nth
        self.armed = False

    def __call__(self, effect: Effect) -> bool:
        if not self.armed or not isinstance(effect, SendIq):
            return False
        self.left -= 1
        return self.left == -1


@pytest.mark.parametrize("kind", KINDS)
def test_any_one_iq_is_lost(kind: str) -> None:
    for nth in range(STEPS // 2):
        lost = Lost(nth)
        wire = ready(kind, Three(drop=lost))
        lost.armed = True
        transfer(wire, kind)
        wire.run()
        wire.wait(130)
        assert verdicts(wire), f"IQ {nth}: the attendant never learned"
        assert wire.agent(ATTENDANT).deadline() is None
        assert all(not isinstance(f, TransferFailed) or f.id == "c1" for f in wire.cores[ATTENDANT].failed)
