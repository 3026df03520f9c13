"""Bugs of our own and peers' rudeness: each costs what it touches, and the phone goes on."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NoReturn

import pytest
from rig.wire import Wire, WirePhone

from phone import inbox
from phone.calls.model import Memory, Reason
from phone.calls.outputs import Tone
from phone.jingle.api import Nonsense
from phone.media import plan


class OurBugError(Exception):
    """Stands for any."""


def bug(*_: object, **__: object) -> NoReturn:
    raise OurBugError


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    wire.loop.faults = []
    return wire


def test_a_call_that_cannot_be_placed_for_a_bug_ends_with_a_tone(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    del bob
    alice.engine.ports.agent.call = bug  # type: ignore[method-assign]
    alice.call("202")
    assert alice.out.tone is Tone.REORDER
    assert alice.engine.phone.calls[0].reason is Reason.FAILED
    assert alice.engine.guard.faults == {"command: Propose": 1}
    assert len(wire.loop.faults or ()) == 1
    alice.hang_up()
    alice.lift()
    assert alice.out.tone is Tone.DIAL, "and the phone goes on"


def test_a_leg_that_the_core_never_heard_of_is_ended(
    wire: Wire, alice: WirePhone, bob: WirePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bob, "name_of", bug)  # its offer is lost on the way to the core
        alice.call("202")
    assert bob.engine.guard.faults
    assert not bob.engine.ports.agent.wishes()
    assert not bob.engine.phone.calls
    assert alice.out.tone in {Tone.BUSY, Tone.REORDER}, "the caller is told"


def test_one_bad_item_does_not_take_the_rest_along(alice: WirePhone, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.engine._items.append(inbox.ResourceGone("bob@x/desk"))
    monkeypatch.setattr(alice.engine.ports.agent, "resource_gone", bug)
    alice.lift()
    assert alice.engine.phone.off_hook
    assert alice.engine.guard.faults == {"handle: ResourceGone": 1}
    assert alice.media.plan is not None
    assert alice.media.plan.audio.handset, "the levels follow all the same"


def test_a_level_that_fails_leaves_the_others(alice: WirePhone) -> None:
    alice.engine.ports.compose = bug
    alice.lift()
    assert alice.media.plan is not None
    assert alice.media.plan.audio.tone == "dial"
    assert "show: Seen" in alice.engine.guard.faults


def test_a_deadline_that_always_fails_does_not_spin(
    wire: Wire, alice: WirePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.lift()
    monkeypatch.setattr("phone.engine.step", bug)
    wire.run(25)  # the dial tone ends after 20 s
    assert 3 <= sum(alice.engine.guard.faults.values()) <= 7


def test_the_call_log_gets_a_call_whose_goodbye_failed(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    bob.lift()
    wire.run()
    alice.send_iq = bug  # type: ignore[method-assign]
    alice.hang_up()
    assert [c.call.reason for c in alice.log] == [Reason.HANGUP]
    assert not alice.engine.ports.agent.wishes()


def test_nonsense_is_counted_and_cannot_fill_the_log(alice: WirePhone, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        alice.engine.acts.effect(Nonsense("mallory@x/1", "a proposal without audio"))
        alice.engine.acts.effect(Nonsense("mallory@x/2", "a proposal without audio"))
    assert alice.engine.acts.nonsense == {"a proposal without audio": 2}
    assert {getattr(r, "remote", None) for r in caplog.records} == {"mallory@x"}, "one allowance for all resources"


def test_a_new_media_process_tells_anew_which_card_is_missing(alice: WirePhone) -> None:
    alice.engine.post(inbox.MediaTold(plan.AudioTrouble("handset", "no card")))
    assert alice.engine.measured.troubles == {"handset": "no card"}
    alice.engine.post(inbox.MediaRestarted())
    assert "no card" not in alice.engine.measured.troubles.values()


def test_without_sound_the_display_knows_and_with_it_again_too(alice: WirePhone) -> None:
    def heard(report: plan.Report) -> bool:
        alice.engine.post(inbox.MediaTold(report))
        return alice.engine.phone.sound

    assert not heard(plan.AudioTrouble("handset", "no card"))
    assert heard(plan.AudioTrouble("handset", ""))
    assert heard(plan.AudioTrouble("ringer", "no bell")), "the ear does without"
    alice.engine.post(inbox.MediaRestarted())
    assert not alice.engine.phone.sound
    assert not heard(plan.AudioTrouble("handset", "no card"))
    assert not heard(plan.Alive(1, 0)), "the process is there, the card is not"
    assert heard(plan.AudioTrouble("handset", ""))
    alice.engine.post(inbox.MediaRestarted())
    assert heard(plan.Alive(1, 0))
    assert not alice.engine.measured.troubles


def test_a_card_that_works_again_is_no_trouble(alice: WirePhone) -> None:
    alice.engine.post(inbox.MediaTold(plan.AudioTrouble("handset", "no card")))
    alice.engine.post(inbox.MediaTold(plan.AudioTrouble("handset", "")))
    alice.engine.post(inbox.MediaTold(plan.AudioTrouble("ringer", "")))
    assert not alice.engine.measured.troubles


def test_after_the_stop_nothing_is_done(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    bob.lift()
    wire.run()
    alice.engine.stop()
    wire.run()
    assert not any(c.live for c in bob.engine.phone.calls)
    before = alice.media.plan
    alice.hang_up()
    wire.run(100)
    alice.engine.post(inbox.TimePassed())
    assert alice.media.plan is before
    assert alice.engine.phone.off_hook


def test_an_address_is_called_however_it_is_spelled(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    wire.strangers |= {"alice@x", "bob@x"}
    plan_ = alice.engine.phone.plan
    alice.engine.phone = replace(alice.engine.phone, plan=replace(plan_, short=(("202", "Bob@X"),)))
    alice.call("202")
    assert bob.out.ringer
    bob.lift()
    wire.run()
    assert alice.talks


def test_volume_and_redial_are_remembered_when_they_change(alice: WirePhone) -> None:
    assert not alice.remembered
    alice.press("VOL+")
    alice.lift()
    alice.press("VOL-")
    alice.dial("2#")
    assert alice.remembered == [Memory(80, 90, ""), Memory(70, 90, ""), Memory(70, 90, "2")]


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("bob@x/desk", "bob"),
        ("+4930123@pbx.example/1", "+4930123"),
        ("eve@elsewhere.example/1", "eve@elsewhere.example"),
        ("x", "x"),
    ],
)
def test_whom_the_roster_does_not_know_is_named_by_extension_number_or_address(
    alice: WirePhone, peer: str, name: str
) -> None:
    alice.engine.phone = replace(alice.engine.phone, plan=replace(alice.engine.phone.plan, gateway="pbx.example"))
    assert alice.engine.acts.name(peer) == name
