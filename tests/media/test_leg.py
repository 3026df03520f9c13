"""Legs over real sockets: what is up, what is heard, what is refused, and what never leaves the phone."""

from __future__ import annotations

import asyncio
import socket
from array import array

import pytest
from legs import EVENTS, FRAME, OPUS, PCMU, Pair, converse, make_end, share_of

from phone.media import leg as leg_module
from phone.media.plan import Candidate, Fingerprint, LegDescribed, LegFailed, LegUp, Remote
from phone.media.rtp import RtpSender

SECOND = slice(24_000, 48_000)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_speech_flows_both_ways_over_ice_and_dtls(address: str) -> None:
    async with Pair(
        make_end(controlling=True, addresses=(address,)), make_end(controlling=False, addresses=(address,))
    ) as pair:
        await pair.up()
        report = pair.caller.told(LegUp)[0]
        assert isinstance(report, LegUp)
        assert (report.encrypted, report.profile) == (True, "SRTP_AEAD_AES_128_GCM")
        pair.answer()
        heard = await converse(pair.caller, pair.callee, 1000)
        assert share_of(heard[SECOND], 1000) > 0.9
        heard = await converse(pair.callee, pair.caller, 600)
        assert share_of(heard[SECOND], 600) > 0.9


async def test_pcmu_and_other_packet_times() -> None:
    async with Pair(make_end(controlling=True, ptime=10), make_end(controlling=False, ptime=60)) as pair:
        await pair.up()
        pair.answer((PCMU,))
        assert share_of((await converse(pair.caller, pair.callee, 1000))[SECOND], 1000) > 0.9
        assert share_of((await converse(pair.callee, pair.caller, 1000))[SECOND], 1000) > 0.9
        assert pair.caller.the_leg.speech.stats().sent > 3 * pair.callee.the_leg.speech.stats().sent


async def test_nothing_is_sent_before_the_answer_and_silence_when_held() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        await converse(pair.caller, pair.callee, 1000, frames=10)
        assert pair.callee.the_leg.speech.stats().received == 0
        pair.answer()
        heard = await converse(pair.caller, pair.callee, None, frames=30)
        assert pair.callee.the_leg.speech.stats().received >= 25
        assert max(map(abs, heard)) < 10


async def test_speech_from_before_listening_is_not_heard_late() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer()
        for frame in range(50):  # nobody calls hear(): the handset is still on its cradle
            pair.caller.the_leg.speech.speak(array("h", [9000 * (-1) ** (frame % 2)] * FRAME), FRAME)
            await asyncio.sleep(0.02)
        heard = await converse(pair.caller, pair.callee, 1000)
        assert share_of(heard[4 * FRAME : 8 * FRAME], 1000) > 0.8


async def test_wrong_fingerprint_ends_the_leg_and_nothing_was_played() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False), tell=False) as pair:
        for end in (pair.caller, pair.callee):
            await end.until(LegDescribed)
        pair.callee.follow(remote=pair.caller.as_remote(), codecs=(OPUS,))
        told = pair.callee.as_remote()
        pair.caller.follow(
            remote=Remote(told.ufrag, told.pwd, Fingerprint("sha-256", ":".join(["00"] * 32)), told.candidates),
            codecs=(OPUS,),
        )
        failed = await pair.caller.until(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.fault == "fingerprint"
        heard = await converse(pair.callee, pair.caller, 1000, frames=20)
        assert not any(heard)
        stats = pair.caller.the_leg.speech.stats()
        assert (stats.sent, stats.received, pair.caller.told(LegUp)) == (0, 0, [])


async def test_dtls_finishes_before_the_fingerprint_is_known_but_counts_only_after() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False), tell=False) as pair:
        for end in (pair.caller, pair.callee):
            await end.until(LegDescribed)
        pair.callee.follow(remote=pair.caller.as_remote(), codecs=(OPUS,))
        told = pair.callee.as_remote()
        pair.caller.follow(remote=Remote(told.ufrag, told.pwd, None, told.candidates), codecs=(OPUS,))
        await pair.callee.until(LegUp)
        heard = await converse(pair.callee, pair.caller, 1000, frames=20)
        assert not any(heard)
        assert pair.caller.told(LegUp) == []
        pair.caller.follow(remote=told)
        await pair.caller.until(LegUp)
        assert share_of((await converse(pair.callee, pair.caller, 1000))[SECOND], 1000) > 0.9


async def test_candidates_trickle_before_and_after_the_credentials() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False), tell=False) as pair:
        for end in (pair.caller, pair.callee):
            await end.until(LegDescribed)
        caller, callee = pair.caller.as_remote(), pair.callee.as_remote()
        nonsense = (
            Candidate(1, "1", "192.0.2.1", 0, 1),
            Candidate(2, "1", "127.0.0.1", 9, 1),
            Candidate(1, "x", "no address", 5, 1),
        )
        pair.caller.follow(remote=Remote(None, None, None, nonsense + callee.candidates))
        pair.callee.follow(remote=Remote(caller.ufrag, caller.pwd, caller.fingerprint, ()))
        await asyncio.sleep(0.1)
        pair.caller.follow(remote=callee)
        await asyncio.sleep(0.1)
        pair.callee.follow(remote=caller)
        await pair.up()


async def test_a_repeated_or_forged_packet_is_refused_and_counted() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        caller, callee = pair.caller.the_leg, pair.callee.the_leg
        seen: list[bytes] = []
        transmit = caller._send_now
        caller.speech.connect(lambda packet: seen.append(packet) or transmit(packet), caller._srtp)
        pair.answer()
        await converse(pair.caller, pair.callee, 1000, frames=5)
        before = callee.speech.stats()
        callee.datagram(seen[0], ("127.0.0.1", 9), known=True)
        callee.datagram(seen[1][:-1] + bytes([seen[1][-1] ^ 1]), ("127.0.0.1", 9), known=True)
        callee.datagram(b"\x80\x60junk", ("127.0.0.1", 9), known=True)
        callee.datagram(b"\x80\xc8junk", ("127.0.0.1", 9), known=True)
        callee.datagram(b"\xffjunk", ("127.0.0.1", 9), known=True)
        after = callee.speech.stats()
        assert (after.rejected - before.rejected, after.received) == (5, before.received)


async def test_ice_restart_moves_the_call_under_the_same_keys() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer()
        first = pair.caller.the_leg._current
        for end in (pair.caller, pair.callee):
            end.follow(restart=1)
        for end in (pair.caller, pair.callee):
            described = await end.until(LegDescribed, 2)
            assert isinstance(described, LegDescribed)
            assert described.restart == 1
        async with asyncio.timeout(20):
            while pair.caller.the_leg._current is first or pair.callee.the_leg._current is None:
                await asyncio.sleep(0.02)
        assert share_of((await converse(pair.caller, pair.callee, 1000))[SECOND], 1000) > 0.9
        assert len(pair.caller.told(LegUp)) == 1
        assert pair.failures() == []


async def test_digits_are_sent_and_heard_once() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer()
        for digit in "1#":
            pair.caller.the_leg.speech.digit(digit, 100)
        await converse(pair.caller, pair.callee, 1000, frames=30)
        assert pair.callee.digits == ["1", "#"]


async def test_a_digit_without_agreed_events_is_not_sent() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer((OPUS,))
        pair.caller.the_leg.speech.digit("1", 100)
        await converse(pair.caller, pair.callee, None, frames=10)
        assert pair.callee.digits == []


@pytest.mark.parametrize(
    ("pattern", "least"),
    [([False] * 9 + [True], 0.8), ([False] * 8 + [True, True], 0.7), ([False] * 40 + [True] * 10, 0.5)],
    ids=["1 in 10", "2 in 10", "10 in a row"],
)
async def test_speech_survives_loss(pattern: list[bool], least: float) -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        caller = pair.caller.the_leg
        transmit, count = caller._send_now, iter(range(10**6))
        caller.speech.connect(
            lambda packet: True if pattern[next(count) % len(pattern)] else transmit(packet), caller._srtp
        )
        pair.answer()
        heard = await converse(pair.caller, pair.callee, 1000, frames=100)
        assert share_of(heard[48_000:], 1000) > least
        assert pair.callee.the_leg.speech.stats().lost > 0


async def test_raw_udp_listens_to_the_signalled_address_alone() -> None:
    kind = {"transport": "raw", "security": "plain"}
    async with Pair(make_end(controlling=True, **kind), make_end(controlling=False, **kind)) as pair:
        await pair.up()
        up = pair.caller.told(LegUp)[0]
        assert isinstance(up, LegUp)
        assert (up.encrypted, up.profile) == (False, "")
        pair.answer()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            mine = pair.callee.candidates[0]
            for _ in range(3):
                stranger.sendto(bytes(RtpSender(7).pack(b"\xff" * 160, 0)), (mine.ip, mine.port))
            assert share_of((await converse(pair.caller, pair.callee, 1000))[SECOND], 1000) > 0.9
        assert pair.callee.the_leg.speech.stats().rejected == 3


async def test_raw_udp_follows_the_newest_generation_and_ignores_names() -> None:
    end = make_end(controlling=True, transport="raw", security="plain", codecs=(PCMU,))
    end.start()
    await end.until(LegDescribed)
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as before,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as after,
    ):
        for each in (before, after):
            each.bind(("127.0.0.1", 0))
            each.settimeout(0)
        end.follow(remote=Remote(candidates=(Candidate(1, "1", "localhost", 9, 0),)))
        assert end.told(LegUp) == []
        first = Candidate(1, "1", *before.getsockname(), 0)
        end.follow(remote=Remote(candidates=(first,)))
        await end.until(LegUp)
        end.the_leg.speech.speak(None, FRAME)
        assert len(await asyncio.wait_for(loop.sock_recv(before, 2000), 5)) == 172
        moved = Candidate(1, "1", *after.getsockname(), 0, generation=1)
        end.follow(remote=Remote(candidates=(moved, first)))
        end.the_leg.speech.speak(None, FRAME)
        assert len(await asyncio.wait_for(loop.sock_recv(after, 2000), 5)) == 172
    await end.the_leg.close()


async def test_plain_rtp_goes_to_a_peer_that_answers_no_checks() -> None:
    """Yate (PEERS.md): it names ice-udp, never answers checks, sends RTP straight to our candidate."""
    end = make_end(controlling=True, security="plain", before_ice=True, codecs=(PCMU,))
    end.start()
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as yate:
        yate.bind(("127.0.0.1", 0))
        yate.settimeout(0)
        await end.until(LegDescribed)
        candidate = Candidate(1, "0", *yate.getsockname(), 0)
        end.follow(remote=Remote("yate", "yateyateyateyateyateya", None, (candidate,)))
        await asyncio.sleep(0.1)
        sender, mine = RtpSender(7), end.candidates[0]
        yate.sendto(bytes(sender.pack(b"\xff" * 160, 0)), (mine.ip, mine.port))
        await asyncio.sleep(0.1)
        assert end.the_leg.speech.stats().received == 1
        await end.until(LegUp)
        end.the_leg.speech.speak(None, FRAME)
        async with asyncio.timeout(5):
            while (await loop.sock_recv(yate, 2000))[0] != 0x80:
                pass
    await end.the_leg.close()


async def test_plain_ice_refuses_strangers() -> None:
    kind = {"security": "plain"}
    async with Pair(make_end(controlling=True, **kind), make_end(controlling=False, **kind)) as pair:
        await pair.up()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            mine = pair.callee.candidates[0]
            stranger.sendto(bytes(RtpSender(7).pack(b"\xff" * 160, 0)), (mine.ip, mine.port))
            await asyncio.sleep(0.1)
        stats = pair.callee.the_leg.speech.stats()
        assert (stats.rejected, stats.received) == (1, 0)


async def test_an_answer_without_a_speech_codec_fails_the_leg() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.caller.follow(codecs=(EVENTS,))
        assert pair.failures() == ["codec"]


async def test_silence_from_the_far_end_ends_the_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg_module, "SILENT_TOO_LONG", 0.05)
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.caller.the_leg.tick()
        assert pair.failures() == [], "before the answer nobody has to speak"
        pair.answer()
        await asyncio.sleep(0.2)
        pair.caller.the_leg.tick()
        assert pair.failures() == ["no-rtp"]
        assert not pair.caller.the_leg.up


async def test_over_ice_consent_tells_whether_who_is_silent_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held by us or by them, it may say nothing; its consent answers end when it has crashed."""
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer()
        leg = pair.caller.the_leg
        path = leg._current.path  # type: ignore[union-attr]
        pair.caller.follow(feed="music", held=True)
        before = path.heard_at
        async with asyncio.timeout(20):
            while path.heard_at == before:  # nobody speaks: this is consent
                await asyncio.sleep(0.05)
        leg.tick()
        assert pair.failures() == []
        monkeypatch.setattr(leg_module, "SILENT_TOO_LONG", -1.0)
        leg.tick()
        assert pair.failures() == ["no-rtp"]


@pytest.mark.parametrize("held", [{"feed": "music"}, {"feed": "silence"}, {"held": True}], ids=str)
async def test_without_ice_a_silent_peer_on_hold_is_judged_by_its_rtcp_if_it_sends_any(
    held: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leg_module, "SILENT_TOO_LONG_RAW", -1.0)
    kind = {"transport": "raw", "security": "plain"}
    async with Pair(make_end(controlling=True, **kind), make_end(controlling=False, **kind)) as pair:
        await pair.up()
        pair.caller.follow(codecs=(OPUS,), **held)
        pair.caller.the_leg.tick()
        assert pair.failures() == [], "it has nothing that could tell of it"
        pair.caller.the_leg.speech.control_heard = True
        pair.caller.the_leg.tick()
        assert pair.failures() == ["no-rtp"]


async def test_a_google_peer_that_answers_checks_is_missed_as_soon_as_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """On hold as well, though it sends no RTCP: its answers come all the time."""
    monkeypatch.setattr(leg_module, "SILENT_TOO_LONG", -1.0)
    kind = {"transport": "gice", "security": "plain", "before_ice": True}
    async with Pair(make_end(controlling=True, **kind), make_end(controlling=False, **kind)) as pair:
        await pair.up()
        pair.caller.follow(codecs=(OPUS,), feed="music")
        async with asyncio.timeout(20):
            while not pair.failures():  # both have opened the path by now; one may wait for its check's answer yet
                pair.caller.the_leg.tick()
                await asyncio.sleep(0.05)
        assert pair.failures() == ["no-rtp"]


async def test_without_ice_silence_in_a_call_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg_module, "SILENT_TOO_LONG_RAW", -1.0)
    kind = {"transport": "raw", "security": "plain"}
    async with Pair(make_end(controlling=True, **kind), make_end(controlling=False, **kind)) as pair:
        await pair.up()
        pair.caller.follow(codecs=(OPUS,), feed="music")
        pair.caller.follow(feed="microphone")
        pair.caller.the_leg.tick()
        assert pair.failures() == ["no-rtp"]


async def test_close_notify_ends_the_leg_only_when_speech_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer()
        handshake = pair.callee.the_leg._handshake
        assert handshake is not None
        handshake.close()
        await converse(pair.callee, pair.caller, 1000, frames=10)
        pair.caller.the_leg.tick()
        assert pair.failures() == []
        monkeypatch.setattr(leg_module, "_AFTER_CLOSE_NOTIFY", 0.05)
        await asyncio.sleep(0.2)
        pair.caller.the_leg.tick()
        assert pair.failures() == ["no-rtp"]


async def test_statistics_tell_loss_and_round_trip() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer((OPUS, EVENTS))
        await converse(pair.caller, pair.callee, 1000, frames=20)
        for now in (1e6, 2e6):
            for end in (pair.caller, pair.callee):
                end.the_leg.speech.tick(now)
            await asyncio.sleep(0.05)
        stats = pair.caller.the_leg.speech.stats()
        assert (stats.codec, stats.ptime, stats.lost, stats.far_loss_percent) == ("opus", 20, 0, 0.0)


async def test_an_offer_of_encryption_that_is_answered_in_the_clear_goes_on_where_that_is_allowed() -> None:
    """The Jingle room allows it by policy alone; the far end keeps to its word from the first packet."""
    async with Pair(make_end(controlling=True), make_end(controlling=False, security="plain")) as pair:
        pair.caller.follow(security="plain")
        await pair.up()
        (report,) = pair.caller.told(LegUp)
        assert isinstance(report, LegUp)
        assert not report.encrypted
        pair.answer()
        assert share_of((await converse(pair.callee, pair.caller, 1000))[SECOND], 1000) > 0.9


async def test_what_is_encrypted_stays_so() -> None:
    async with Pair(make_end(controlling=True), make_end(controlling=False)) as pair:
        await pair.up()
        pair.answer()
        pair.caller.follow(security="plain")
        assert share_of((await converse(pair.caller, pair.callee, 1000))[SECOND], 1000) > 0.9
        assert share_of((await converse(pair.callee, pair.caller, 1000))[SECOND], 1000) > 0.9
