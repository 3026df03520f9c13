"""Google's p2p transport between two of ours on real sockets: families, bad networks, servers, relays."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import shutil
import socket
import time
from pathlib import Path
from typing import cast

import msgspec
import pytest
from gice_peer import Peer, knows, phone, says
from legs import PCMU, End, Pair, converse, make_end, share_of
from rig.lossy import LossyRelay, Road
from rig.servers import PrivateCoturn

from phone.media import gice, turn
from phone.media.gicepath import GicePath
from phone.media.plan import Candidate, IceServer, LegCandidate, LegDescribed, LegFailed, LegUp, Remote

needs_coturn = pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed")


def gice_end(*, controlling: bool, **more: object) -> End:
    return make_end(controlling=controlling, transport="gice", security="plain", **more)  # type: ignore[arg-type]


def both(**more: object) -> Pair:
    return Pair(gice_end(controlling=True, **more), gice_end(controlling=False, **more))


def path_of(end: End) -> GicePath:
    generation = end.the_leg._current or end.the_leg._next
    assert isinstance(generation.path, GicePath)
    return generation.path


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_two_of_ours_find_and_hear_each_other(host: str) -> None:
    async with both(addresses=(host,)) as pair:
        await pair.up()
        pair.answer((PCMU,))
        (up,) = pair.caller.told(LegUp)
        assert isinstance(up, LegUp)
        assert (up.encrypted, up.profile) == (False, "")
        assert share_of((await converse(pair.caller, pair.callee, 700, 40))[15_000:], 700) > 0.9


async def test_candidates_carry_a_username_of_16_characters_of_base64_that_nobody_guesses() -> None:
    async with phone() as one, phone() as two:
        names = set()
        for end in (one, two):
            assert end.described is not None
            names |= {end.described.ufrag, *(c.username for c in end.candidates)}
            assert end.described.pwd == ""
        assert len(names) == 2, "an end's candidates share one"
        assert all(re.fullmatch(r"[A-Za-z0-9+/]{16}", name) for name in names)


async def test_each_address_is_a_candidate_the_first_preferred() -> None:
    end = gice_end(controlling=True, addresses=("127.0.0.1", "::1", "127.0.0.2", "192.0.2.77"))
    end.start()
    await end.until(LegDescribed)
    assert [c.ip for c in end.candidates] == ["127.0.0.1", "::1", "127.0.0.2"]
    priorities = [c.priority for c in end.candidates]
    assert priorities == sorted(set(priorities), reverse=True)
    await end.the_leg.close()


async def test_no_address_at_all_fails_with_a_sentence() -> None:
    end = gice_end(controlling=True, addresses=("192.0.2.77",))
    end.start()
    failed = await end.until(LegFailed)
    assert isinstance(failed, LegFailed)
    assert "UDP port" in failed.detail
    await end.the_leg.close()


async def over(relay: LossyRelay, pair: Pair) -> None:
    """Each is told that the other is where the relay is."""
    for end, way in ((pair.caller, relay.for_b), (pair.callee, relay.for_a)):
        described = await end.until(LegDescribed)
        assert isinstance(described, LegDescribed)
        candidates = tuple(msgspec.structs.replace(c, ip=way[0], port=way[1]) for c in described.candidates)
        (pair.callee if end is pair.caller else pair.caller).follow(remote=Remote(candidates=candidates))


async def test_through_a_network_that_loses_a_third_and_turns_the_order_round() -> None:
    road = Road(lost=(True, False, False), delay_ms=(30, 5, 60, 0), doubled=(False, True))
    async with both() as pair:
        addresses = []
        for end in (pair.caller, pair.callee):
            end.on_change = lambda: None
            await end.until(LegDescribed)
            addresses.append((end.candidates[0].ip, end.candidates[0].port))
        async with LossyRelay(road, road, *addresses) as relay:
            await over(relay, pair)
            await pair.up()
            pair.answer((PCMU,))
            assert share_of((await converse(pair.caller, pair.callee, 700, 60))[30_000:], 700) > 0.9
            assert pair.failures() == []


async def test_when_the_far_end_is_gone_nothing_is_sent_there_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEARCHING", "KEEPING"):
        monkeypatch.setattr(gice, name, 0.01)
    monkeypatch.setattr(gice, "FAILURE_SECONDS", 0.1)
    async with both() as pair:
        await pair.up()
        pair.answer((PCMU,))
        assert path_of(pair.caller).send(b"\x80")
        await pair.callee.the_leg.close()
        async with asyncio.timeout(20):
            while path_of(pair.caller).send(b"\x80"):
                await asyncio.sleep(0.01)
        assert pair.failures() == []


async def test_consent_is_heard_though_nobody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gice, "KEEPING", 0.01)
    async with both() as pair:
        await pair.up()
        begin = time.monotonic()
        async with asyncio.timeout(20):
            while path_of(pair.caller).heard_at < begin + 0.1:
                await asyncio.sleep(0.01)


# --- STUN and TURN -------------------------------------------------------


class StunServer(asyncio.DatagramProtocol):
    """Says that whoever asks is seen at 198.51.100.7:4242, after having lost so many requests."""

    def __init__(self, deaf: int = 0) -> None:
        self.deaf = deaf

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.deaf -= 1
        if self.deaf >= 0:
            return
        stun = turn.stun
        reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, stun.parse_message(data).transaction_id)
        reply.attributes["XOR-MAPPED-ADDRESS"] = ("198.51.100.7", 4242)
        self.transport.sendto(bytes(reply), addr)


@pytest.mark.parametrize("deaf", [0, 2])
async def test_a_stun_server_tells_how_we_are_seen_even_where_it_lost_two_requests(deaf: int) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: StunServer(deaf), local_addr=("127.0.0.1", 0))
    server = IceServer("stun", *transport.get_extra_info("sockname"))
    async with both(servers=(server,)) as pair:
        told = await pair.caller.until(LegCandidate)
        assert isinstance(told, LegCandidate)
        seen, host = told.candidate, pair.caller.candidates[0]
        assert (seen.type, seen.ip, seen.port) == ("srflx", "198.51.100.7", 4242)
        assert (seen.username, seen.related_port) == (host.username, host.port)
        await pair.up()
    transport.close()


async def test_a_silent_stun_server_and_one_over_tcp_hold_nobody_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        servers = (
            IceServer("stun", *silent.getsockname()),
            IceServer("stun", *silent.getsockname(), transport="tcp"),
            IceServer("turn", "127.0.0.1", 9, "tcp", "u", "p"),
        )
        async with both(servers=servers) as pair:
            await pair.up()
            assert pair.caller.told(LegCandidate) == []


async def test_what_looks_like_a_server_s_answer_may_be_nonsense() -> None:
    """A datagram with our own transaction id, and broken behind it."""
    with Peer() as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0)
        async with phone(servers=(IceServer("stun", *server.getsockname()),)) as end:
            asked, source = await asyncio.wait_for(asyncio.get_running_loop().sock_recvfrom(server, 2000), 5)
            for broken in (
                asked[:20],
                asked[:2] + b"\xff\xff" + asked[4:20],
                b"\x01\x01\x00\x08" + asked[4:20] + bytes(8),
            ):
                server.sendto(broken, source)
            knows(end, peer.candidate())
            await peer.connects(end)
            await end.until(LegUp)


@pytest.mark.servers
@needs_coturn
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_over_turn_alone(tmp_path: Path, transport: str) -> None:
    async with PrivateCoturn(tmp_path) as coturn:
        user = f"{int(time.time()) + 600}:phone"
        digest = hmac.new(coturn.service.secret.encode(), user.encode(), hashlib.sha1).digest()
        server = IceServer("turn", "127.0.0.1", coturn.port, transport, user, base64.b64encode(digest).decode())  # type: ignore[arg-type]
        async with both(servers=(server,), relay_only=True) as pair:
            await pair.up()
            assert [c.type for c in pair.caller.candidates] == ["relay"]
            assert all(len(c.username) == 16 for c in pair.caller.candidates)
            pair.answer((PCMU,))
            assert share_of((await converse(pair.caller, pair.callee, 700, 40))[20_000:], 700) > 0.9


@pytest.mark.servers
@needs_coturn
async def test_a_relayed_address_that_comes_after_the_end_is_given_back(tmp_path: Path) -> None:
    async with PrivateCoturn(tmp_path) as coturn:
        user = f"{int(time.time()) + 600}:phone"
        digest = hmac.new(coturn.service.secret.encode(), user.encode(), hashlib.sha1).digest()
        server = IceServer("turn", "127.0.0.1", coturn.port, "udp", user, base64.b64encode(digest).decode())
        end = gice_end(controlling=True, servers=(server,))
        end.start()
        await end.until(LegDescribed)
        await end.the_leg.close()
        assert end.told(LegCandidate) == []


# --- what a far end may signal -------------------------------------------


async def test_candidates_that_are_none_are_passed_over() -> None:
    with Peer() as peer:
        async with phone() as end:
            good = peer.candidate()
            bad = [replaced(good, ip="peer.example"), replaced(good, port=0), replaced(good, port=70_000)]
            bad += [replaced(good, component=2, port=9), replaced(good, username="x" * 70_000)]
            bad += [replaced(good, ip="255.255.255.255"), replaced(good, ip="::1")]
            knows(end, *bad)
            knows(end, *bad, good)
            await peer.connects(end)
            await end.until(LegUp)
            says(end)
            await peer.hears()


def replaced(candidate: Candidate, **fields: object) -> Candidate:
    return msgspec.structs.replace(candidate, **fields)


async def test_an_address_is_the_same_however_it_is_written() -> None:
    with Peer("::1") as peer:
        async with phone("::1") as end:
            knows(end, replaced(peer.candidate(), ip="0:0:0:0:0:0:0:1"))
            await peer.connects(end)
            await end.until(LegUp)
