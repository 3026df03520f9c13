"""Google's p2p transport against old ends, driven by hand: Asterisk's checks, Yate's lack of them, and strangers."""

from __future__ import annotations

import asyncio
import struct

import pytest
from gice_peer import NAME, Peer, heard, knows, phone, refused, says
from hypothesis import given
from hypothesis import strategies as st
from legs import End

from phone.media import gicepath
from phone.media.gice_stun import Kind, Stun, encode
from phone.media.plan import LegFailed, LegUp


async def until(count: int, end: End) -> None:
    """So many packets of speech were believed."""
    async with asyncio.timeout(10):
        while heard(end) < count:
            await asyncio.sleep(0.005)


async def test_who_asks_before_it_was_signalled_is_answered_and_not_asked() -> None:
    """Law 1, and law 4 of gingle: no check before we may be known."""
    with Peer() as peer:
        async with phone() as end:
            peer.asks(end)
            assert [m.kind for m in await peer.quiet()] == [Kind.RESPONSE]
            knows(end)
            assert await peer.quiet(0.2) == []
            knows(end, peer.candidate())
            message, _ = await peer.takes()
            assert message.kind is Kind.REQUEST
            assert message.username == (NAME + end.candidates[0].username).encode()


async def test_asterisk_asks_back_for_each_check_and_sends_where_it_was_asked_from() -> None:
    with Peer() as asterisk:
        async with phone() as end:
            knows(end, asterisk.candidate())
            request, source = await asterisk.takes_a(Kind.REQUEST)
            asterisk.answers(request, source)
            assert end.told(LegUp) == [], "answered, but not asked"
            assert request.username is not None
            asterisk.asks(end, (request.username[16:] + request.username[:16]).decode())
            response, _ = await asterisk.takes_a(Kind.RESPONSE)
            assert response.mapped == asterisk.sock.getsockname()
            await end.until(LegUp)
            asterisk.speaks(end)
            await until(1, end)
            says(end)
            await asterisk.hears()


async def test_newer_libjingle_s_header_with_the_cookie_is_taken() -> None:
    with Peer() as peer:
        async with phone() as end:
            knows(end, peer.candidate())
            mine = end.candidates[0]
            transaction = bytes.fromhex("2112a442") + b"twelve bytes"
            request = Stun(Kind.REQUEST, transaction, (mine.username + NAME).encode())
            peer.sock.sendto(encode(request), (mine.ip, mine.port))
            response, _ = await peer.takes_a(Kind.RESPONSE)
            assert response.transaction == transaction


async def test_who_does_not_know_our_name_is_told_and_never_asked() -> None:
    with Peer() as stranger, Peer() as peer:
        async with phone() as end:
            knows(end, peer.candidate())
            await peer.connects(end)
            stranger.asks(end, NAME * 2)
            stranger.speaks(end)
            assert [(m.kind, m.error) for m in await stranger.quiet()] == [(Kind.ERROR, 401)]
            assert (refused(end), heard(end)) == (1, 0)


async def test_speech_is_believed_from_any_address_that_passed_a_check_and_from_no_other() -> None:
    with Peer() as first, Peer() as second, Peer() as never:
        async with phone() as end:
            knows(end, first.candidate(900), second.candidate(800), never.candidate(700))
            await first.connects(end)
            await end.until(LegUp)
            never.speaks(end)
            await asyncio.sleep(0.05)
            assert (refused(end), heard(end)) == (1, 0), "signalled is not checked"
            second.asks(end)
            await second.takes_a(Kind.RESPONSE)
            second.speaks(end)
            await until(1, end)
            says(end)
            await first.hears()


async def test_speech_follows_to_a_better_address_and_to_a_newer_generation() -> None:
    with Peer() as worse, Peer() as better, Peer() as after:
        async with phone() as end:
            knows(end, worse.candidate(780))
            await worse.connects(end)
            await end.until(LegUp)
            knows(end, worse.candidate(780), better.candidate(990))
            await better.connects(end)
            says(end)
            await better.hears()
            knows(end, worse.candidate(780), better.candidate(990), after.candidate(780, generation=1))
            await after.connects(end)
            says(end)
            await after.hears()
            assert len(end.told(LegUp)) == 1


async def test_who_is_behind_a_nat_is_spoken_to_where_it_asks_from() -> None:
    with Peer() as told, Peer() as seen:
        async with phone() as end:
            knows(end, told.candidate())
            seen.asks(end)
            request, source = await seen.takes_a(Kind.REQUEST)
            seen.answers(request, source)
            await end.until(LegUp)
            says(end)
            await seen.hears()


async def test_no_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gicepath, "PATIENCE", 0.2)
    with Peer() as deaf:
        async with phone() as end:
            knows(end, deaf.candidate())
            failed = await end.until(LegFailed)
            assert isinstance(failed, LegFailed)
            assert (failed.fault, "no way" in failed.detail) == ("ice", True)


# --- Yate: no checks at all ----------------------------------------------


async def test_without_checks_speech_goes_to_the_best_address_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gicepath, "UNCHECKED_PATIENCE", 0.1)
    monkeypatch.setattr(gicepath, "PATIENCE", 0.3)
    with Peer() as worse, Peer() as yate, Peer() as after:
        async with phone(before_ice=True) as end:
            knows(end, worse.candidate(1), yate.candidate(2))
            await end.until(LegUp)
            says(end)
            await yate.hears()
            knows(end, worse.candidate(1), yate.candidate(2), after.candidate(generation=1))
            says(end)
            await after.hears()
            await asyncio.sleep(0.4)
            assert end.told(LegFailed) == []


async def test_without_checks_speech_that_comes_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gicepath, "UNCHECKED_PATIENCE", 60)
    with Peer() as yate, Peer() as stranger:
        async with phone(before_ice=True) as end:
            knows(end, yate.candidate())
            stranger.speaks(end)
            await asyncio.sleep(0.05)
            assert end.told(LegUp) == []
            yate.speaks(end)
            await end.until(LegUp)
            assert (refused(end), heard(end)) == (1, 1)
            says(end)
            await yate.hears()


async def test_where_the_plan_forbids_it_speech_without_checks_is_nobody_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gicepath, "UNCHECKED_PATIENCE", 0.05)
    with Peer() as yate:
        async with phone() as end:
            knows(end, yate.candidate())
            yate.speaks(end)
            await asyncio.sleep(0.2)
            assert end.told(LegUp) == []
            assert refused(end) == 1


async def test_who_checks_after_all_is_followed_and_then_must_go_on_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gicepath, "UNCHECKED_PATIENCE", 0.05)
    with Peer() as guessed, Peer() as checked:
        async with phone(before_ice=True) as end:
            knows(end, guessed.candidate(900), checked.candidate(100))
            await end.until(LegUp)
            guessed.speaks(end)
            await until(1, end)
            await checked.connects(end)
            says(end)
            await checked.hears()
            guessed.speaks(end)
            async with asyncio.timeout(5):
                while refused(end) == 0:
                    await asyncio.sleep(0.005)
            assert heard(end) == 1


# --- nonsense ------------------------------------------------------------

HEADER = st.sampled_from([b"", b"\x00\x01\x00\x00", b"\x01\x01\x00\x08", b"\x01\x11\x00\x04", b"\x80\x00", b"\x40\x00"])


@given(st.lists(st.tuples(HEADER, st.binary(max_size=80)), min_size=1, max_size=20))
def test_whatever_arrives_the_leg_lives(datagrams: list[tuple[bytes, bytes]]) -> None:
    async def trial() -> None:
        with Peer() as peer:
            async with phone() as end:
                knows(end, peer.candidate())
                mine = end.candidates[0]
                for head, tail in datagrams:
                    peer.sock.sendto(head + tail, (mine.ip, mine.port))
                request, source = await peer.takes_a(Kind.REQUEST)
                peer.answers(request, source)
                peer.asks(end)
                await end.until(LegUp)
                for head, tail in datagrams:
                    peer.sock.sendto(head + tail, (mine.ip, mine.port))
                says(end)
                await peer.hears()
                assert end.told(LegFailed) == []

    asyncio.run(trial())


async def test_a_name_of_any_length_and_any_text_is_no_reason_to_fall() -> None:
    with Peer() as peer:
        async with phone() as end:
            mine = end.candidates[0]
            for name in (b"", b"\xff" * 1200, mine.username.encode() + b"\xff\x00" * 500):
                head = struct.pack("!HH16sHH", 1, len(name) + 4, bytes(16), 6, len(name))
                peer.sock.sendto(head + name, (mine.ip, mine.port))
            knows(end, peer.candidate())
            await peer.connects(end)
            await end.until(LegUp)
