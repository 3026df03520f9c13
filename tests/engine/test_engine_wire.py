"""Two and three whole phones on a wire: what users see, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rig.wire import Wire, WirePhone

from phone import inbox
from phone.calls.model import Progress, Reason, Service
from phone.calls.outputs import Tone
from phone.media import plan


@pytest.fixture(params=["contacts", "strangers"])
def wire(request: pytest.FixtureRequest) -> Wire:
    """Contacts see each other's presence and call directly; strangers go by Jingle Message Initiation."""
    wire = Wire()
    if request.param == "strangers":
        wire.strangers |= {"alice@x", "bob@x", "carol@x"}
    return wire


def test_lift_dial_ring_lift_talk_hang_up(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.lift()
    assert alice.out.tone is Tone.DIAL
    alice.dial("202")
    wire.run()
    assert bob.out.ringer
    bob.lift()
    wire.run()
    assert alice.talks
    assert bob.talks
    assert not bob.out.ringer
    assert alice.engine.phone.calls[0].encrypted
    alice.hang_up()
    wire.run()
    assert bob.out.tone is Tone.BUSY
    bob.hang_up()
    wire.run()
    assert bob.out.tone is None
    assert [c.call.reason for c in alice.log + bob.log] == [Reason.HANGUP, Reason.HANGUP]
    assert all(not p.engine.ports.agent.wishes() for p in (alice, bob)), "a leg without an owner"


def test_contacts_hear_ringback_and_speech_flows_at_once_because_media_came_up_while_it_rang() -> None:
    wire = Wire()
    alice, bob = wire.add("alice"), wire.add("bob")
    alice.call("202")
    assert alice.out.tone is Tone.RINGBACK
    assert all(c.media_up for p in (alice, bob) for c in p.engine.phone.calls)
    assert not any(p.out.send for p in (alice, bob)), "a microphone before the answer"
    bob.lift()
    assert bob.talks, "no waiting after lifting"
    wire.run(wire.latency * 1.5)
    assert alice.talks


def test_refused_with_back_the_caller_hears_busy(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    bob.press("BACK")
    wire.run()
    assert alice.out.tone is Tone.BUSY
    assert alice.engine.phone.calls[0].reason is Reason.DECLINED
    assert not bob.out.ringer


def test_a_caller_who_gives_up_stops_the_bell(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    alice.hang_up()
    wire.run()
    assert not bob.out.ringer
    assert [c.call.reason for c in bob.log] == [Reason.CANCELLED]
    assert not bob.engine.ports.agent.wishes()


def test_where_nobody_may_wait_a_third_caller_hears_busy(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    carol = wire.add("carol")
    habits = replace(bob.engine.phone.habits, waiting=False)
    bob.engine.phone = replace(bob.engine.phone, habits=habits)
    alice.call("202")
    bob.lift()
    wire.run()
    carol.call("202")
    assert carol.out.tone is Tone.BUSY
    assert alice.talks
    assert bob.talks


@pytest.mark.parametrize("first", ["alice", "bob"])
def test_both_call_each_other_at_once(wire: Wire, alice: WirePhone, bob: WirePhone, first: str) -> None:
    order = (alice, bob) if first == "alice" else (bob, alice)
    numbers = {"alice@x": "202", "bob@x": "201"}
    for phone in order:
        phone.lift()
        phone.dial(numbers[phone.bare])
    wire.run(2)
    for phone in (alice, bob):
        live = [c for c in phone.engine.phone.calls if c.live]
        assert len(live) <= 1
        assert phone.talks or phone.out.tone is not None, "silence without a sign"
    assert alice.talks is bob.talks


def test_answered_on_another_phone_the_bell_stops_here(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    kitchen = wire.add("bob", "kitchen")
    alice.call("202")
    assert bob.out.ringer
    assert kitchen.out.ringer
    kitchen.lift()
    wire.run()
    assert not bob.out.ringer
    assert alice.talks
    assert kitchen.talks
    assert [c.call.reason for c in bob.log] == [Reason.ANSWERED_ELSEWHERE]


def test_on_hook_dialling_then_lifting_calls(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.dial("202")
    assert alice.out.tone is None
    alice.lift()
    wire.run()
    assert bob.out.ringer


def test_digits_in_a_call_go_out_as_telephone_events(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    bob.lift()
    wire.run()
    alice.dial("1#")
    assert [digit for _, digit in alice.media.digits] == ["1", "#"]


def test_a_wrong_fingerprint_ends_the_call_and_says_so(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    leg = alice.engine.ports.agent.wishes()[0].id
    alice.engine.post(inbox.MediaTold(plan.LegFailed(leg, "fingerprint", "certificate differs")))
    wire.run()
    assert alice.engine.phone.calls[0].reason is Reason.INSECURE
    assert not bob.out.ringer


def test_a_dead_media_process_ends_the_call_at_both_ends(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    bob.lift()
    wire.run()
    alice.engine.post(inbox.MediaRestarted())
    wire.run()
    for phone in (alice, bob):
        assert not any(c.live for c in phone.engine.phone.calls)
        assert phone.out.tone in {Tone.BUSY, Tone.REORDER}
    assert alice.media.plan is not None
    assert alice.media.plan.audio.tone, "the new process must be told what sounds"


def test_a_call_outlives_the_server(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    bob.lift()
    wire.run()
    alice.engine.post(inbox.ServiceTold("server away", "closed"))
    wire.run(10)
    assert alice.talks
    assert alice.engine.phone.service is Service.SERVER_AWAY
    alice.engine.post(inbox.ServiceTold("online", ""))
    alice.hang_up()
    wire.run()
    assert not any(c.live for c in bob.engine.phone.calls)


def test_an_address_that_is_not_there_gets_reorder_at_once(wire: Wire, alice: WirePhone) -> None:
    alice.call("202")  # nobody of that name on this wire
    assert alice.out.tone is Tone.REORDER
    assert alice.engine.phone.calls[0].reason is Reason.UNREACHABLE
    assert not alice.engine.ports.agent.wishes()


@pytest.mark.parametrize("nth", range(1, 25))
def test_any_one_stanza_lost_leaves_nobody_hanging(nth: int) -> None:
    """After the timers have run, both agree: they talk, or neither has a call."""
    wire = Wire(lose=lambda count: count == nth)
    alice, bob = wire.add("alice"), wire.add("bob")
    alice.call("202")
    if bob.out.ringer:
        bob.lift()
    wire.run(2)
    alice.hang_up()
    bob.hang_up()
    wire.run(200)
    for phone in (alice, bob):
        assert not any(c.progress is not Progress.ENDED for c in phone.engine.phone.calls)
        assert not phone.engine.ports.agent.wishes()
        ids = [c.call.id for c in phone.log]
        assert len(ids) == len(set(ids)), "logged twice"
