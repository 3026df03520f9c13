"""ICE as a phone needs it: candidates at once, servers that are silent, relays alone, addresses named."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
import socket
import time
from pathlib import Path

import pytest
from legs import Pair, converse, make_end, share_of
from rig.servers import PrivateCoturn

from phone.media import ice, lean, turn
from phone.media.plan import Candidate, IceServer, LegCandidate, LegDescribed, LegFailed, LegUp, Remote
from phone.media.sockets import PortsExhaustedError, bind_udp, local_addresses

needs_coturn = pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed")


async def test_host_candidates_are_told_at_once_though_the_stun_server_is_silent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = IceServer("stun", *silent.getsockname())
        async with Pair(make_end(controlling=True, servers=(server,)), make_end(controlling=False)) as pair:
            described = await pair.caller.until(LegDescribed)
            assert isinstance(described, LegDescribed)
            assert [(c.ip, c.type, c.component) for c in described.candidates] == [("127.0.0.1", "host", 1)]
            await pair.up()
            assert pair.caller.told(LegCandidate) == []


async def test_one_candidate_for_each_address_the_first_preferred() -> None:
    end = make_end(controlling=True, addresses=("127.0.0.1", "::1", "127.0.0.2", "192.0.2.77"))
    end.start()
    described = await end.until(LegDescribed)
    assert isinstance(described, LegDescribed)
    assert [c.ip for c in described.candidates] == ["127.0.0.1", "::1", "127.0.0.2"]
    priorities = [c.priority for c in described.candidates]
    assert priorities == sorted(set(priorities), reverse=True)
    await end.the_leg.close()


async def test_no_address_at_all_fails_with_a_sentence() -> None:
    for transport in ("ice", "raw"):
        end = make_end(controlling=True, addresses=("192.0.2.77",), transport=transport)
        end.start()
        failed = await end.until(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.fault == "ice"
        assert "UDP port" in failed.detail
        await end.the_leg.close()


async def test_no_answer_is_given_up_by_our_own_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "PATIENCE", 0.2)
    end = make_end(controlling=True)
    end.start()
    await end.until(LegDescribed)
    end.follow(remote=Remote("ufrag", "pwd" * 8, None, (Candidate(1, "1", "127.0.0.1", 9, 1),)))
    failed = await end.until(LegFailed)
    assert isinstance(failed, LegFailed)
    assert failed.fault == "ice"
    await end.the_leg.close()


@pytest.mark.servers
@needs_coturn
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_over_turn_alone(tmp_path: Path, transport: str) -> None:
    async with PrivateCoturn(tmp_path) as coturn:
        user = f"{int(time.time()) + 600}:phone"
        digest = hmac.new(coturn.service.secret.encode(), user.encode(), hashlib.sha1).digest()
        server = IceServer("turn", "127.0.0.1", coturn.port, transport, user, base64.b64encode(digest).decode())  # type: ignore[arg-type]
        kind = {"servers": (server,), "relay_only": True}
        async with Pair(make_end(controlling=True, **kind), make_end(controlling=False, **kind)) as pair:  # type: ignore[arg-type]
            described = await pair.caller.until(LegDescribed)
            assert isinstance(described, LegDescribed)
            assert described.candidates == ()
            await pair.up()
            candidate = pair.caller.candidates[0]
            assert (candidate.type, candidate.related_ip) == ("relay", "0.0.0.0")  # noqa: S104
            pair.answer()
            heard = await converse(pair.caller, pair.callee, 1000)
            assert share_of(heard[24_000:], 1000) > 0.9
            heard = await converse(pair.callee, pair.caller, 1000)
            assert share_of(heard[24_000:], 1000) > 0.9


@pytest.mark.servers
@needs_coturn
async def test_stun_without_nat_tells_nothing_new_and_wrong_turn_credentials_do_no_harm(tmp_path: Path) -> None:
    async with PrivateCoturn(tmp_path) as coturn:
        servers = (
            IceServer("stun", "127.0.0.1", coturn.port),
            IceServer("turn", "127.0.0.1", coturn.port, "udp", "nobody", "wrong"),
            IceServer("turn", "127.0.0.1", 9, "tcp", "nobody", "wrong"),
            IceServer("stun", "no-such-host.invalid", 3478),
        )
        async with Pair(make_end(controlling=True, servers=servers), make_end(controlling=False)) as pair:
            await pair.up()
            await asyncio.sleep(0.5)
            assert pair.caller.told(LegCandidate) == []


async def test_stun_behind_nat_gives_a_candidate() -> None:
    """A server that sees us elsewhere: RFC 8489 by hand."""

    class Nat(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            request = turn.stun.parse_message(data)
            answer = turn.stun.Message(request.message_method, turn.stun.Class.RESPONSE, request.transaction_id)
            answer.attributes["XOR-MAPPED-ADDRESS"] = ("198.51.100.7", 40_000)
            self.transport.sendto(bytes(answer), addr)  # type: ignore[attr-defined]

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Nat, local_addr=("127.0.0.1", 0))
    server = IceServer("stun", *transport.get_extra_info("sockname"))
    end = make_end(controlling=True, servers=(server,))
    end.start()
    told = await end.until(LegCandidate)
    assert isinstance(told, LegCandidate)
    candidate = told.candidate
    assert (candidate.type, candidate.ip, candidate.port) == ("srflx", "198.51.100.7", 40_000)
    assert (candidate.related_ip, candidate.related_port) == ("127.0.0.1", end.candidates[0].port)
    await end.the_leg.close()
    transport.close()


async def test_role_conflict_is_settled() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=True, dtls_role="client")) as pair:
        await pair.up()
        assert len(pair.caller.told(LegUp)) == 1


def test_ports_stay_within_their_range_and_run_out_with_a_sentence() -> None:
    with bind_udp("127.0.0.1") as free:
        port = free.getsockname()[1]
        with pytest.raises(PortsExhaustedError, match=str(port)):
            bind_udp("127.0.0.1", (port, port))
    with bind_udp("127.0.0.1", (port, port)) as again:
        assert again.getsockname()[1] == port
        assert again.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 0xB8
    with bind_udp("::1") as six:
        assert six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS) == 0xB8


def test_own_addresses_are_no_loopback() -> None:
    assert not {"127.0.0.1", "::1"} & set(local_addresses())


@pytest.mark.parametrize(
    ("host", "hidden"),
    [("4b9a2a0e-1111-4222-8333-444455556666.local", True), ("192.0.2.1", False), ("a.b.local", False)],
)
def test_mdns_names_are_recognised(host: str, *, hidden: bool) -> None:
    assert lean.is_mdns_name(host) is hidden
