"""What a helper asks of a running phone, on an engine in virtual time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from rig.wire import Wire, WirePhone

from phone import control, inbox
from phone.clock import VirtualClock
from phone.control import ControlError
from phone.control.messages import REPLY_LIMIT, encode
from phone.logring import LONGEST, LogRing
from phone.media import plan
from phone.media.captured import Captured, Packet
from phone.quality import QualityBook, read
from phone.supportclerk import SupportClerk
from phone.xmpp.api import IceServerFact

A, B = ("192.0.2.1", 5000), ("192.0.2.2", 6000)


class Asked:
    """Keeps what is passed on."""

    def __init__(self) -> None:
        self.logged: list[object] = []
        self.cleared = 0

    def clear(self) -> None:
        self.cleared += 1


@pytest.fixture
def alice(wire: Wire, bob: WirePhone) -> WirePhone:
    return wire.add("alice")


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def clerk(alice: WirePhone, tmp_path: Path, asked: Asked) -> Iterator[SupportClerk]:
    with closing(QualityBook(tmp_path / "quality.json", VirtualClock())) as quality:
        clerk = SupportClerk(
            alice.engine, quality, LogRing(["hunter2"]), VirtualClock(), asked.logged.append, asked.clear
        )
        alice.engine.ports.log_call, alice.engine.ports.clear_log = clerk.call_ended, clerk.forget_calls
        yield clerk


def stats(leg: str, **figures: object) -> plan.LegStats:
    known = plan.LegStats(leg, "opus", 20, 30.0, 50, 49, 1, 2.0, 0.5, 20, 4.0, 45.0, 0, "host-relay")
    return msgspec.structs.replace(known, **figures)


def planned(phone: WirePhone) -> int:
    """What the media process was told last."""
    assert phone.media.plan
    return phone.media.plan.capture


def packet(n: int, head: bytes = b"\x80") -> Packet:
    return Packet(float(n), A, B, 172, head)


def bring(phone: WirePhone, token: int, *packets: Packet, **more: object) -> None:
    phone.engine.post(inbox.MediaTold(Captured(token, packets, **more)))


def test_a_capture_from_begin_to_end(clerk: SupportClerk, alice: WirePhone, wire: Wire) -> None:
    begun = clerk.answer(control.CaptureBegin(3.0))
    token = begun.token
    assert planned(alice) == token
    with pytest.raises(ControlError, match="somebody captures packets already"):
        clerk.answer(control.CaptureBegin())
    bring(alice, token, packet(1), packet(2))
    reply = clerk.answer(control.CaptureTake(token))
    assert [(p.source, p.target, p.size, p.head) for p in reply.packets] == [(A, B, 172, b"\x80")] * 2
    assert reply.packets[1].at - reply.packets[0].at == 1.0
    assert not reply.over
    wire.run(4.0)
    assert planned(alice) == 0
    bring(alice, token, packet(3), dropped=7, last=True)
    reply = clerk.answer(control.CaptureTake(token))
    assert (len(reply.packets), reply.dropped, reply.over) == (1, 7, True)


def test_a_capture_that_is_ended_early(clerk: SupportClerk, alice: WirePhone, wire: Wire) -> None:
    first = clerk.answer(control.CaptureBegin(300.0)).token
    assert clerk.answer(control.CaptureEnd(first)) == control.Done("the capture is over")
    assert planned(alice) == 0
    second = clerk.answer(control.CaptureBegin(300.0)).token
    assert second != first
    clerk.answer(control.CaptureEnd(first))  # too late for that
    assert planned(alice) == second
    bring(alice, first, packet(1), last=True)  # late, too
    assert clerk.answer(control.CaptureTake(second)).packets == ()
    with pytest.raises(ControlError, match="there is no such capture any more"):
        clerk.answer(control.CaptureTake(first))


def test_a_capture_that_nobody_comes_for(clerk: SupportClerk, alice: WirePhone, wire: Wire) -> None:
    clerk.answer(control.CaptureBegin(300.0))
    wire.run(9.0)
    assert planned(alice) != 0
    wire.run(2.0)
    assert planned(alice) == 0


def test_a_capture_while_the_sound_process_is_dead(clerk: SupportClerk, wire: Wire) -> None:
    token = clerk.answer(control.CaptureBegin(1.0)).token
    wire.run(2.0)
    assert not clerk.answer(control.CaptureTake(token)).over
    wire.run(2.0)
    assert clerk.answer(control.CaptureTake(token)).over


def test_a_flood_is_bounded_here_and_in_each_reply(clerk: SupportClerk, alice: WirePhone) -> None:
    token = clerk.answer(control.CaptureBegin(30.0)).token
    for _ in range(6000):
        bring(alice, token, packet(1, bytes(1500)))
    taken = 0
    while (reply := clerk.answer(control.CaptureTake(token))).packets:
        assert len(encode(reply)) < REPLY_LIMIT
        taken += len(reply.packets)
    assert 0 < taken < 6000
    assert reply.dropped == 6000 - taken


def test_the_log_without_secrets(clerk: SupportClerk, alice: WirePhone, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = IceServerFact("turn", "relay.example.org", 3478, "udp", "me", "lent-out")
    monkeypatch.setattr(alice, "ice_servers", lambda: (relay,))
    with clerk.ring.listening():
        logging.getLogger("phone.somewhere").warning("hunter2 and lent-out\nand %s", "x" * 2000)
    lines = clerk.answer(control.LogTail()).lines
    assert "phone.somewhere: *** and ***" in lines[0]
    assert all(len(line) <= LONGEST + 3 for line in lines)
    logging.getLogger("phone.somewhere").warning("unheard")
    assert clerk.answer(control.LogTail()).lines == lines


def test_a_long_log_fits_in_a_reply(clerk: SupportClerk) -> None:
    with clerk.ring.listening():
        for n in range(2000):
            logging.getLogger("phone.somewhere").warning("%d %s", n, '"\\' * 240)
    reply = clerk.answer(control.LogTail())
    assert len(encode(reply)) < REPLY_LIMIT
    assert " 1999 " in reply.lines[-1]


def test_a_line_that_cannot_be_made_stops_nobody(clerk: SupportClerk, capsys: pytest.CaptureFixture[str]) -> None:
    with clerk.ring.listening():
        clerk.ring.handle(logging.LogRecord("x", logging.INFO, "", 0, "%d", ("no number",), None))
    assert clerk.ring.lines() == ()


def test_the_quality_of_a_call(
    clerk: SupportClerk, alice: WirePhone, bob: WirePhone, wire: Wire, asked: Asked, tmp_path: Path
) -> None:
    alice.call("202")
    bob.lift()
    wire.run(2.0)
    (call,) = alice.engine.phone.calls
    for loss, trip in ((0.0, None), (5.0, 40.0), (1.0, 20.0)):
        alice.engine.post(inbox.MediaTold(stats(call.id, loss_percent=loss, round_trip_ms=trip)))
    wire.run(1.0)
    alice.hang_up()
    wire.run(2.0)
    (kept,) = clerk.answer(control.Quality()).calls
    assert (kept.codec, kept.path, kept.direction, kept.reason) == ("opus", "host-relay", "out", "hang-up")
    assert (kept.worst_loss_percent, kept.round_trip_ms, kept.worst_round_trip_ms) == (5.0, 30.0, 40.0)
    assert (kept.received, kept.lost, kept.concealed_ms) == (49, 1, 20)
    assert "bob" not in repr(kept)
    assert len(asked.logged) == 1
    alice.engine.ports.clear_log()
    assert clerk.answer(control.Quality()).calls == ()
    assert asked.cleared == 1
    clerk.quality.close()
    assert read(tmp_path / "quality.json") == ()
