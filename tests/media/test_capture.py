"""Packet capture in the media process: what is kept of a datagram, and how it gets out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
import struct
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs import Pair, make_end
from rig.servers import PrivateCoturn

from phone.media import capture as capture_module
from phone.media.capture import PacketCapture, head_of
from phone.media.captured import Captured
from phone.media.plan import IceServer, LegUp
from phone.media.rtp import kind_of_datagram

A, B = ("192.0.2.1", 5000), ("192.0.2.2", 6000)
SPEECH = bytes(range(64, 124))


def rtp(csrcs: int, payload: bytes) -> bytes:
    return struct.pack(">BBHII", 0x80 | csrcs, 111, 1, 2, 3) + b"CSRC" * csrcs + payload


def rtcp(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack(">BBHI", 0x80 | count, kind, len(body) // 4 + 1, 7) + body


@given(st.integers(0, 15), st.binary(max_size=300))
def test_of_rtp_the_header_alone_is_kept(csrcs: int, payload: bytes) -> None:
    assert head_of(rtp(csrcs, payload)) == rtp(csrcs, b"")


@pytest.mark.parametrize(
    ("datagram", "kept"),
    [
        (b"\x00\x01" + bytes(40), 42),
        (b"\x16\xfe\xfd" + bytes(200), 203),
        (b"\x17\xfe\xfd" + bytes(200), 13),
        (rtcp(200, 1, bytes(20 + 24)) + rtcp(202, 1, b"someone@example.org."), 52),
        (rtcp(201, 0, b"") + rtcp(202, 1, b"someone@example.org."), 8),
        (rtcp(202, 1, b"someone@example.org."), 8),
        (b"\x80\xc8", 2),
        (b"\x45spoken", 0),
        (b"", 0),
    ],
    ids=["STUN", "DTLS handshake", "DTLS data", "SR", "RR", "SDES", "short", "unknown", "empty"],
)
def test_what_is_kept_of_other_datagrams(datagram: bytes, kept: int) -> None:
    assert head_of(datagram) == datagram[:kept]


@given(st.binary(max_size=3000))
def test_any_datagram_has_a_head_that_is_short_and_its_beginning(datagram: bytes) -> None:
    head = head_of(datagram)
    assert datagram.startswith(head)
    assert len(head) <= {"stun": 1500, "dtls": 1500, "rtp": 72, "rtcp": 772, "unknown": 0}[kind_of_datagram(datagram)]


async def test_packets_go_out_in_order_and_bounded_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_module, "ROOM", 100)
    told: list[Captured] = []
    capture = PacketCapture(told.append)
    assert not capture.on
    capture.follow(7)
    assert capture.on
    for n in range(150):
        capture.note(A, B, b"\x00\x01" + n.to_bytes(2, "big") + bytes(1400))
    capture.follow(0)
    assert not capture.on
    packets = [packet for report in told for packet in report.packets]
    assert [int.from_bytes(p.head[2:4], "big") for p in packets] == list(range(100))
    assert len(told) > 1
    assert max(sum(len(p.head) for p in report.packets) for report in told) < 40_000
    assert [report.last for report in told] == [False] * (len(told) - 1) + [True]
    assert {report.token for report in told} == {7}
    assert told[-1].dropped == 50
    assert (packets[0].source, packets[0].target, packets[0].size) == (A, B, 1404)


async def test_it_tells_by_itself_while_it_lasts_and_a_new_one_begins_anew() -> None:
    told: list[Captured] = []
    more = asyncio.Event()

    def tell(report: Captured) -> None:
        told.append(report)
        more.set()

    capture = PacketCapture(tell)
    capture.follow(1)
    capture.note(A, B, rtp(0, SPEECH))
    await asyncio.wait_for(more.wait(), 10)
    assert not told[0].last
    assert [p.head for p in told[0].packets] == [rtp(0, b"")]
    capture.follow(1)  # the same level again
    capture.follow(2)
    capture.close()
    assert [(each.token, each.last) for each in told[-2:]] == [(1, True), (2, True)]
    capture.close()
    assert len(told) == 3


PATHS = {
    "ice": {},
    "raw": {"transport": "raw", "security": "plain"},
    "gice": {"transport": "gice", "security": "plain"},
}


@pytest.mark.parametrize("path", PATHS)
async def test_a_leg_is_seen_both_ways_without_its_speech(path: str) -> None:
    told: list[Captured] = []
    capture = PacketCapture(told.append)
    capture.follow(1)
    caller, callee = make_end(controlling=True, **PATHS[path]), make_end(controlling=False, **PATHS[path])
    caller.around = replace(caller.around, capture=capture)
    async with Pair(caller, callee):
        await caller.until(LegUp)
        await callee.until(LegUp)
        for n in range(3):
            caller.the_leg._send_now(rtp(0, SPEECH))
            callee.the_leg._send_now(rtp(n, SPEECH))
        async with asyncio.timeout(10):
            while len(rtps(told, capture)) < 6:
                await asyncio.sleep(0.02)
        assert caller.the_leg.stats().path == {"ice": "host-host", "raw": "raw", "gice": "p2p-host"}[path]
    capture.close()
    packets = [packet for report in told for packet in report.packets]
    ours = {p.source for p in packets} & {p.target for p in packets}
    assert len(ours) == 2
    assert not any(SPEECH[:8] in p.head for p in packets)
    kinds = {kind_of_datagram(p.head) for p in packets}
    assert kinds == {"ice": {"stun", "dtls", "rtp"}, "raw": {"rtp"}, "gice": {"stun", "rtp"}}[path]
    assert all(p.size == len(p.head) for p in packets if kind_of_datagram(p.head) in ("stun", "dtls"))
    assert {p.size - len(p.head) for p in packets if kind_of_datagram(p.head) == "rtp"} == {len(SPEECH)}


def rtps(told: list[Captured], capture: PacketCapture) -> list[bytes]:
    return [p.head for report in told for p in report.packets if kind_of_datagram(p.head) == "rtp"]


@pytest.mark.servers
@pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed")
async def test_through_a_relay_it_is_seen_as_the_relay_sends_it(tmp_path: Path) -> None:
    told: list[Captured] = []
    capture = PacketCapture(told.append)
    async with PrivateCoturn(tmp_path) as coturn:
        user = f"{int(time.time()) + 600}:phone"
        digest = hmac.new(coturn.service.secret.encode(), user.encode(), hashlib.sha1).digest()
        server = IceServer("turn", "127.0.0.1", coturn.port, "udp", user, base64.b64encode(digest).decode())
        kind = {"servers": (server,), "relay_only": True}
        caller, callee = make_end(controlling=True, **kind), make_end(controlling=False, **kind)  # type: ignore[arg-type]
        caller.around = replace(caller.around, capture=capture)
        capture.follow(1)
        async with Pair(caller, callee) as pair:
            await pair.up()
            caller.the_leg._send_now(rtp(0, SPEECH))
            callee.the_leg._send_now(rtp(1, SPEECH))
            async with asyncio.timeout(10):
                while len(rtps(told, capture)) < 2:
                    await asyncio.sleep(0.02)
            assert caller.the_leg.stats().path.startswith("relay-")
            relayed = (caller.candidates[0].ip, caller.candidates[0].port)
        capture.close()
    packets = [packet for report in told for packet in report.packets]
    assert all(relayed in (p.source, p.target) for p in packets)
    assert {kind_of_datagram(p.head) for p in packets} == {"stun", "dtls", "rtp"}
