"""Plain RTP to peers whose ice-udp is none (PEERS.md, Yate 1 and 3): no checks, a candidate that moves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import aioice.stun
import pytest
from legs import FRAME, PCMU, End, make_end

from phone.media import ice
from phone.media.plan import Candidate, LegDescribed, LegFailed, LegUp, Remote
from phone.media.rtp import RtpSender, kind_of_datagram

RTP = 0x80


@contextmanager
def peer() -> Iterator[socket.socket]:
    """Sends and takes RTP, and answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0)
        yield sock


@asynccontextmanager
async def phone(*, rtcp_mux: bool = True) -> AsyncIterator[End]:
    end = make_end(controlling=True, security="plain", before_ice=True, codecs=(PCMU,), rtcp_mux=rtcp_mux)
    end.start()
    await end.until(LegDescribed)
    yield end
    await end.the_leg.close()


def knows(end: End, *candidates: Candidate) -> None:
    end.follow(remote=Remote("8903", "2128982536111680670230", None, candidates))


def at(sock: socket.socket, generation: int = 0, priority: int = 0) -> Candidate:
    return Candidate(1, "0", *sock.getsockname(), priority, generation=generation)


async def gets_speech(end: End, sock: socket.socket) -> None:
    end.the_leg.speech.speak(None, FRAME)
    async with asyncio.timeout(5):
        while (await asyncio.get_running_loop().sock_recv(sock, 2000))[0] != RTP:
            pass


async def test_after_a_hold_speech_goes_to_the_candidate_of_the_newest_generation() -> None:
    with peer() as before, peer() as after:
        async with phone() as end:
            knows(end, at(before))
            await end.until(LegUp)
            await gets_speech(end, before)
            knows(end, at(after, generation=1))
            await asyncio.sleep(0.05)
            await gets_speech(end, after)
            assert len(end.told(LegUp)) == 1


async def test_of_several_candidates_the_one_of_highest_priority_is_taken() -> None:
    with peer() as low, peer() as high:
        async with phone() as end:
            knows(end, at(low, priority=1), at(high, priority=2))
            await end.until(LegUp)
            await gets_speech(end, high)


async def test_speech_that_comes_without_checks_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "YATE_PATIENCE", 60)
    with peer() as yate, peer() as stranger:
        async with phone() as end:
            knows(end, at(yate))
            await asyncio.sleep(0.05)
            mine, packet = end.candidates[0], bytes(RtpSender(7).pack(b"\xff" * 160, 0))
            stranger.sendto(packet, (mine.ip, mine.port))
            await asyncio.sleep(0.05)
            assert end.told(LegUp) == []
            yate.sendto(packet, (mine.ip, mine.port))
            await end.until(LegUp, seconds=2)
            await gets_speech(end, yate)


async def test_the_call_outlives_the_last_unanswered_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "YATE_PATIENCE", 0.05)
    monkeypatch.setattr(aioice.stun, "RETRY_RTO", 0.01)
    monkeypatch.setattr(aioice.stun, "RETRY_MAX", 2)
    with peer() as yate:
        async with phone() as end:
            knows(end, at(yate))
            await end.until(LegUp)
            await asyncio.sleep(0.5)
            assert end.told(LegFailed) == []
            await gets_speech(end, yate)


@pytest.mark.parametrize("rtcp_mux", [True, False])
async def test_rtcp_comes_to_the_port_of_rtp_only_where_that_was_agreed(rtcp_mux: bool) -> None:
    """RFC 5761 5.1.1: not agreed, not sent; component 2 is nothing that we have."""
    with peer() as far:
        async with phone(rtcp_mux=rtcp_mux) as end:
            knows(end, at(far))
            await end.until(LegUp)
            await gets_speech(end, far)
            end.the_leg.speech.tick(1e6)
        await asyncio.sleep(0.05)
        kinds = []
        with suppress(BlockingIOError):
            while True:
                kinds.append(kind_of_datagram(far.recv(2000)))
        assert kinds.count("rtcp") == (2 if rtcp_mux else 0), "a report and a BYE"
