"""The control socket's requests, on an engine in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from rig.spoken import packets
from rig.wire import Wire, WirePhone

from phone import control, inbox
from phone.attendant import Attendant
from phone.boxkeeper import BoxKeeper
from phone.calllog import CallLog
from phone.calls import events as ev
from phone.calls.model import Progress
from phone.calls.settings import Habits
from phone.clock import VirtualClock
from phone.drivers.sim import SimDesk, UnknownKeyError
from phone.journal import CallWriter, Written
from phone.logring import LogRing
from phone.mailclerk import MailClerk
from phone.media import plan
from phone.picture import Picture
from phone.quality import QualityBook
from phone.supportclerk import SupportClerk
from phone.ui.texts import load_texts
from phone.voicemail.box import Mailbox
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Caller, Failure, Message


@pytest.fixture
def alice(wire: Wire, bob: WirePhone) -> WirePhone:
    return wire.add("alice")


@pytest.fixture
def attendant(alice: WirePhone, tmp_path: Path) -> Iterator[Attendant]:
    picture = Picture(load_texts("en"))
    alice.engine.ports.compose = picture.compose
    alice.engine.ports.screen_due = picture.due
    mailbox = Mailbox(tmp_path / "box")
    keeper = BoxKeeper(mailbox, Greetings(tmp_path / "greetings"), lambda _: None)
    clerk = MailClerk(alice.engine, keeper, {"bob@x": "Bob"}.get)
    quality = QualityBook(tmp_path / "quality.json", VirtualClock())
    ports = alice.engine.ports
    support = SupportClerk(alice.engine, quality, LogRing(), VirtualClock(), ports.log_call, ports.clear_log)
    with (
        closing(CallLog(tmp_path / "calls.sqlite")) as calls,
        closing(keeper),
        closing(mailbox),
        closing(quality),
    ):
        yield Attendant(alice.engine, "alice@x", calls, None, alice.engine.now(), clerk, support)


async def test_status_of_an_idle_phone(attendant: Attendant, alice: WirePhone) -> None:
    alice.engine.post(inbox.TimePassed())
    reply = await attendant.answer(control.Status())
    assert isinstance(reply, control.StatusReply)
    assert (reply.registered, reply.why, reply.account, reply.calls) == (True, "", alice.full, ())
    assert reply.screen


async def test_status_tells_of_broken_parts(attendant: Attendant) -> None:
    attendant.desk_troubles = lambda: ("The display is out of order.",)
    reply = await attendant.answer(control.Status())
    assert isinstance(reply, control.StatusReply)
    assert reply.desk_troubles == ("The display is out of order.",)


async def test_status_tells_of_a_config_on_trial(attendant: Attendant) -> None:
    for trial in (None, control.TrialStatus(7, 6, 45.0, session=True)):
        if trial is not None:
            attendant.trial = lambda: control.TrialStatus(7, 6, 45.0, session=True)
        reply = await attendant.answer(control.Status())
        assert isinstance(reply, control.StatusReply)
        assert reply.trial == trial


async def test_why_it_is_not_registered(attendant: Attendant, alice: WirePhone) -> None:
    alice.engine.post(inbox.ServiceTold("bad password", "not-authorized"))
    reply = await attendant.answer(control.Status())
    assert isinstance(reply, control.StatusReply)
    assert (reply.registered, reply.why, reply.account) == (False, "bad password: not-authorized", "alice@x")
    assert "service" in reply.lamps


async def test_status_in_a_call_shows_what_is_measured(
    attendant: Attendant, wire: Wire, alice: WirePhone, bob: WirePhone
) -> None:
    alice.lift()
    await attendant.answer(control.Call("202"))
    wire.run()
    bob.lift()
    wire.run()
    unmeasured = await attendant.answer(control.Status())
    assert isinstance(unmeasured, control.StatusReply)
    assert unmeasured.calls[0].codec is None
    leg = alice.engine.ports.agent.wishes()[0].id
    alice.engine.post(
        inbox.MediaTold(plan.LegStats(leg, "opus", 20, 1.5, 100, 99, 1, 1.0, 0.5, 20, 0.1, 12.0, rejected=0))
    )
    alice.engine.post(inbox.MediaTold(plan.Alive(500, 3)))
    alice.engine.guard.faults["show: Seen"] += 2
    reply = await attendant.answer(control.Status())
    assert isinstance(reply, control.StatusReply)
    assert (reply.xruns, reply.faults) == (3, 2)
    (call,) = reply.calls
    assert call.srtp_profile == "AES"
    assert (call.progress, call.encrypted, call.direction) == ("connected", True, "out")
    assert (call.codec, call.round_trip_ms, call.loss_percent, call.concealed_ms) == ("opus", 1.5, 1.0, 20)
    assert call.jitter_buffer_ms == 12.0
    await attendant.answer(control.HangUp())
    assert not any(c.live for c in alice.engine.phone.calls)


async def test_call_on_hook_waits_for_the_handset(attendant: Attendant, wire: Wire, bob: WirePhone) -> None:
    reply = await attendant.answer(control.Call("202"))
    assert isinstance(reply, control.Done)
    assert "lift the handset" in reply.text
    wire.run()
    assert not bob.out.ringer


async def test_blanks_are_no_number(attendant: Attendant) -> None:
    with pytest.raises(control.ControlError, match="blanks"):
        await attendant.answer(control.Call("  "))


async def test_hanging_up_without_a_call_is_no_fault(attendant: Attendant) -> None:
    assert await attendant.answer(control.HangUp()) == control.Done("the line is free")


async def test_the_lamps_and_the_cradle_of_the_simulated_desk(attendant: Attendant) -> None:
    sim = attendant.sim = SimDesk(bounce_ms=0)
    sim.light(frozenset({"call"}))
    sim.start(lambda _: None)
    try:
        await attendant.answer(control.Sim("lift"))
        reply = await attendant.answer(control.Sim("hang-up"))
        assert reply == await attendant.answer(control.Sim("lamps"))
        with pytest.raises(UnknownKeyError):
            await attendant.answer(control.Sim("press", "PANIC"))
    finally:
        sim.close()
    assert reply == control.SimReply((), ("call",))


async def test_one_call_at_a_time_by_command_too(attendant: Attendant, wire: Wire, alice: WirePhone) -> None:
    alice.lift()
    await attendant.answer(control.Call("202"))
    with pytest.raises(control.ControlError, match="hang-up"):
        await attendant.answer(control.Call("202"))
    wire.run()
    assert len(alice.engine.phone.calls) == 1


async def test_what_cannot_be_called_is_said_to_the_asker(attendant: Attendant, alice: WirePhone) -> None:
    alice.lift()
    with pytest.raises(control.ControlError, match=r"\+491234567 cannot be called: .*gateway"):
        await attendant.answer(control.Call("+491234567"))


async def test_a_phone_with_real_keys_refuses_to_be_simulated(attendant: Attendant) -> None:
    with pytest.raises(control.ControlError, match="real keys"):
        await attendant.answer(control.Sim("lift"))


async def test_the_simulated_desk_is_worked_at_its_physical_side(attendant: Attendant) -> None:
    sim = attendant.sim = SimDesk(bounce_ms=0)
    lifted = []
    sim.start(lifted.append)
    try:
        await attendant.answer(control.Sim("lift"))
        await attendant.answer(control.Sim("press", "5", 0.01))
        reply = await attendant.answer(control.Sim("screen"))
    finally:
        sim.close()
    assert isinstance(reply, control.SimReply)
    assert reply.png
    assert [(c.name, c.closed) for c in lifted] == [("HOOK", False), ("HOOK", True), ("5", True), ("5", False)]


async def test_ended_calls_are_in_the_log_with_the_wall_times_of_their_begin(
    attendant: Attendant, wire: Wire, alice: WirePhone, bob: WirePhone
) -> None:
    clock = VirtualClock(now=0)
    told: list[Written] = []
    writer = CallWriter(attendant.calls, clock, told.append)
    alice.lift()
    alice.dial("202")
    wire.run()
    bob.lift()
    wire.run(61)
    alice.hang_up()
    clock.now = wire.loop.now
    (ended,) = alice.log
    assert ended.call.progress is Progress.ENDED
    writer.write(ended)
    clock.step_wall(365 * 86400)  # a step of the clock later must change nothing
    writer.close()
    reply = await attendant.answer(control.Log(10))
    assert isinstance(reply, control.LogReply)
    (entry,) = reply.entries
    assert [[e.id for e in each.recents] for each in told] == [[ended.call.id]]
    assert (entry.kind, entry.encrypted) == ("placed", True)
    assert (entry.peer, entry.direction, entry.reason) == ("bob@x", "out", "hang-up")
    assert entry.seconds == pytest.approx(61, abs=1)
    assert entry.began.startswith("2026-01-01") or entry.began.startswith("2025-12-31")


async def test_a_message_that_is_deleted_from_afar_is_gone_from_the_card(attendant: Attendant) -> None:
    message = _left(attendant.clerk.keeper.mailbox)
    file = attendant.clerk.keeper.mailbox.sound(message.id)
    assert file.exists()
    await attendant.answer(control.VoicemailDelete(message.id))
    assert not file.exists()


async def test_while_the_user_listens_he_can_have_it_back(attendant: Attendant, alice: WirePhone) -> None:
    mailbox = attendant.clerk.keeper.mailbox
    message = _left(mailbox)
    alice.engine.post(ev.MailboxOpened("", alice.engine.now()))
    assert alice.engine.phone.mailbox
    await attendant.answer(control.VoicemailDelete(message.id))
    assert mailbox.sound(message.id).exists()


def _left(mailbox: Mailbox) -> Message:
    recording = mailbox.begin(Caller("bob@x"), 1_700_000_000.0)
    assert not isinstance(recording, Failure)
    for packet in packets(2.0):
        recording.packet(packet)
    message = recording.finish()
    assert not isinstance(message, Failure)
    return message


@pytest.mark.parametrize(
    ("habits", "told"),
    [
        ({"answers": True}, "callers hear the greeting and may leave a message"),
        ({"answers": True, "answers_dnd": False}, "callers hear busy"),
        ({"answers": False}, "callers hear busy"),
    ],
)
async def test_do_not_disturb_says_what_callers_will_hear(
    attendant: Attendant, alice: WirePhone, habits: dict[str, bool], told: str
) -> None:
    alice.engine.phone = replace(alice.engine.phone, habits=Habits(**habits))
    assert await attendant.answer(control.Dnd(on=True)) == control.Done(told)
    assert await attendant.answer(control.Dnd(on=False)) == control.Done("callers ring the bell")
