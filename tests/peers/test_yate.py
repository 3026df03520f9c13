"""Yate's dialect against the whole phone: an "ice-udp" that is none, raw-udp, two contents, a port that moves."""

from __future__ import annotations

import asyncio

import pytest
from peers.rtp_end import HZ_HERE, HZ_STRANGER, HZ_THERE, RtpEnd, both_hear, ear_of, hears, hears_nothing
from peers.told import connected, ended, rings, told
from peers.xmpp_peer import N, Peer, candidate_of, condition, reason, terminate
from peers.yate import content, ice, raw, says, yate_calls, yate_is_called

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_yate_calls_with_an_ice_that_answers_no_checks(alice: Desk, yate: Peer) -> None:
    async with RtpEnd() as rtp:
        await yate_calls(alice, yate, rtp, "JG4_1")
        call = await connected(alice, encrypted=False)
        assert call.codec == "pcmu"
        await both_hear(alice, rtp.ear)
        assert rtp.stun, "no check was even tried"
        await yate.acked(says(yate, "session-terminate", "JG4_1"))
        await ended(alice, "hang-up", "Call ended")


async def test_yate_is_called_and_the_speech_that_it_sends_at_once_is_heard(alice: Desk, yate: Peer) -> None:
    async with RtpEnd(payload_type=8, ms=10) as rtp:
        await yate_is_called(alice, yate, rtp)
        await connected(alice, encrypted=False)
        await both_hear(alice, rtp.ear)
        await alice.press("5", 0.15)
        await asyncio.sleep(0.3)
        assert {event[0] for event in rtp.events} == {5}
        await alice.hang_up()
        assert reason(await yate.expect("session-terminate")) == "success"
        await asyncio.sleep(0.2)
        assert rtp.rtcp == 0


async def test_of_two_contents_one_is_taken_and_the_other_removed(alice: Desk, yate: Peer) -> None:
    async with RtpEnd() as rtp:
        two = content("jingle/10_content_1", raw(rtp.port)) + content("jingle/10_content_2", ice())
        await yate.acked(says(yate, "session-initiate", "JG10_1", two))
        info = content("jingle/10_content_2", ice(rtp.port), described=False)
        await yate.acked(says(yate, "transport-info", "JG10_1", info))
        await rings(alice)
        await alice.lift()
        accept = await yate.expect("session-accept")
        assert [c.get("name") for c in accept.findall("j:content", N)] == ["jingle/10_content_2"]
        removed = await yate.expect("content-remove")
        assert [c.get("name") for c in removed.findall("j:content", N)] == ["jingle/10_content_1"]
        rtp.target = candidate_of(accept)
        await connected(alice, encrypted=False)
        await both_hear(alice, rtp.ear)
        await yate.acked(terminate("JG10_1", "success"))


async def test_raw_udp_alone(alice: Desk, yate: Peer) -> None:
    async with RtpEnd() as rtp:
        await yate.acked(says(yate, "session-initiate", "JG5_1", content("jingle/5_content_1", raw(rtp.port))))
        trying = "<trying xmlns='urn:xmpp:jingle:transports:raw-udp:info:1'/>"
        await yate.acked(says(yate, "session-info", "JG5_1", trying))
        await rings(alice)
        await alice.lift()
        accept = await yate.expect("session-accept")
        assert len(accept.findall(".//u:candidate", N)) == 1
        rtp.target = candidate_of(accept, "u")
        await connected(alice, encrypted=False)
        await both_hear(alice, rtp.ear)
        await alice.hang_up()
        assert reason(await yate.expect("session-terminate")) == "success"


@pytest.mark.parametrize("transport", ["ice", "raw"])
async def test_after_a_hold_yate_speaks_from_a_new_port(alice: Desk, yate: Peer, transport: str) -> None:
    """PEERS.md, Yate 3: hold, active, then a transport-info of generation 1."""
    sid = f"JG8_{transport}"
    async with RtpEnd() as before, RtpEnd() as after:
        if transport == "ice":
            await yate_calls(alice, yate, before, sid)
            name, moved = "jingle/4_content_322752615", ice(after.port, generation=1)
        else:
            name = "jingle/8_content_1"
            await yate.acked(says(yate, "session-initiate", sid, content(name, raw(before.port))))
            await rings(alice)
            await alice.lift()
            before.target = candidate_of(await yate.expect("session-accept"), "u")
            moved = raw(after.port).replace("generation='0'", "generation='1'")
        await connected(alice, encrypted=False)
        await both_hear(alice, before.ear)

        await yate.acked(says(yate, "session-info", sid, "<hold xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"))
        assert await alice.until(lambda s: any(c.held for c in s.calls), 5)
        after.target, before.target = before.target, None
        await hears_nothing(ear_of(alice))
        await yate.acked(says(yate, "session-info", sid, "<active xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"))
        await yate.acked(says(yate, "transport-info", sid, content(name, moved, described=False)))
        assert await alice.until(lambda s: not any(c.held for c in s.calls), 5)
        await both_hear(alice, after.ear)
        count = len(before.heard)
        await asyncio.sleep(0.3)
        assert len(before.heard) == count, "the old port still gets speech"
        await yate.acked(terminate(sid, "success"))


async def test_digits_by_jingle_are_taken_and_nonsense_is_not(alice: Desk, yate: Peer) -> None:
    async with RtpEnd() as rtp:
        await yate_calls(alice, yate, rtp, "JG11_1")
        await connected(alice, encrypted=False)
        dtmf = "<dtmf xmlns='urn:xmpp:jingle:dtmf:0' code='{}'/>"
        await yate.acked(says(yate, "session-info", "JG11_1", dtmf.format(5)))
        assert condition(await yate.tell(says(yate, "session-info", "JG11_1", dtmf.format(55)))) == "bad-request"
        unknown = await yate.tell(says(yate, "session-info", "JG11_1", "<pause xmlns='urn:example:tape'/>"))
        assert condition(unknown) == "feature-not-implemented"
        await hears(rtp.ear, HZ_HERE)
        await alice.hang_up()
        await yate.expect("session-terminate")


async def test_yate_gives_up_without_a_reason(alice: Desk, yate: Peer) -> None:
    initiate = says(yate, "session-initiate", "JG12_1", content("jingle/1_content_1", raw(9)))
    await yate.acked(initiate)
    await rings(alice)
    await yate.acked(says(yate, "session-terminate", "JG12_1"))
    assert await alice.until(lambda s: not s.ringer, 5)
    entry = (await alice.calls())[0]
    assert (entry.reason, entry.seconds) == ("cancelled", None)


async def test_raw_udp_of_a_peer_that_may_not_is_refused(alice: Desk, newcomer: Peer) -> None:
    two = content("jingle/1_content_1", raw(9)) + content("jingle/1_content_2", ice(9))
    await newcomer.acked(says(newcomer, "session-initiate", "JG14_1", two))
    assert reason(await newcomer.expect("session-terminate")) == "security-error"
    status = await alice.until(lambda s: "Newcomer: not encrypted" in " ".join(s.screen), 5)
    assert status is not None, (await alice.status()).screen
    assert not status.ringer


async def test_speech_of_strangers_is_refused(alice: Desk, yate: Peer) -> None:
    """RTP to our candidate from an address that nobody signalled is not heard, and counted."""
    async with RtpEnd() as rtp, RtpEnd(hz=HZ_STRANGER) as stranger:
        await yate_calls(alice, yate, rtp, "JG13_1")
        await connected(alice, encrypted=False)
        await both_hear(alice, rtp.ear)
        stranger.target = rtp.target
        await asyncio.sleep(0.7)
        await hears(ear_of(alice), HZ_THERE, within=0.5)
        assert f"refused a packet from the stranger ('127.0.0.1', {stranger.port})" in alice.log.read_text()
        refused = await alice.until(lambda s: any((c.refused or 0) > 10 for c in s.calls), 3)
        assert refused, await told(alice, "connected")
        await alice.hang_up()
        await yate.expect("session-terminate")
