"""Conversations (and Snikket) against the whole phone: every step said, every IQ acked, DTLS or nothing."""

from __future__ import annotations

import asyncio
import re

import pytest
from peers.rtp_end import HZ_STRANGER, HZ_THERE, RtpEnd, both_hear, ear_of, hears
from peers.snikket import content, snikket_calls, snikket_is_called
from peers.softphones import PROPOSED, jmi, offer_profiles, phone_takes, softphone, transport, why
from peers.told import calls, connected, ended, rings, told
from peers.xmpp_peer import Peer, jingle, reason, terminate

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_conversations_calls_and_hangs_up(alice: Desk, snikket: Peer) -> None:
    async with softphone(calling=True) as far:
        await snikket_calls(alice, snikket, far, "c-1")
        assert (await connected(alice, encrypted=True)).codec == "opus"
        await both_hear(alice, far.ear)
        await snikket.acked(terminate("c-1", "success"))
        snikket.message(jmi("finish", "c-1", why("success")))
        await ended(alice, "hang-up", "Call ended")


async def test_conversations_is_called_and_told_of_the_end_twice(alice: Desk, snikket: Peer) -> None:
    async with softphone(calling=False) as far:
        await snikket_is_called(alice, snikket, far)
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        await alice.press("7", 0.12)
        await asyncio.sleep(0.4)
        assert far.end.digits == ["7"]
        await alice.hang_up()
        assert reason(await snikket.expect("session-terminate")) == "success"
        assert reason(await snikket.expect("finish")) == "success"


def sparing(element: str) -> str:
    """Without all that some client leaves out (PEERS.md 8)."""
    spared = re.sub(r" (network|generation|creator|senders)='[^']*'", "", element)
    return re.sub(r" id='6ee[^']*'", "", spared)


async def test_a_candidate_of_theirs_that_comes_late(alice: Desk, snikket: Peer) -> None:
    """Trickle: nothing but credentials in the offer, the candidate one transport-info later."""
    async with softphone(calling=True) as far:
        snikket.message(jmi("propose", "c-2", PROPOSED), to="alice@localhost")
        await rings(alice)
        await alice.lift()
        await snikket.expect("proceed")
        whole = sparing(content(far, "actpass"))
        begin, end = whole.index("<candidate"), whole.index("</transport>")
        far.meets(await phone_takes(snikket, jingle("session-initiate", "c-2", whole[:begin] + whole[end:])))
        await asyncio.sleep(0.3)
        late = (
            f"<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' {far.credentials}>{whole[begin:end]}</transport>"
        )
        wrong = f"initiator='{snikket.phone}'"
        await snikket.acked(jingle("transport-info", "c-2", f"<content name='0'>{late}</content>", wrong))
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        await snikket.acked(terminate("c-2", "success"))


async def test_replayed_packets_are_refused(alice: Desk, snikket: Peer) -> None:
    async with softphone(calling=False) as far:
        await snikket_is_called(alice, snikket, far)
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        leg = far.end.the_leg
        once = leg._send_now

        def twice(datagram: bytes) -> bool:
            return once(datagram) and once(datagram)

        leg.speech.connect(twice, leg._srtp)
        refused = await alice.until(lambda s: any((c.refused or 0) > 20 for c in s.calls), 5)
        assert refused is not None
        assert refused.calls[0].concealed_ms == (await alice.status()).calls[0].concealed_ms
        await hears(ear_of(alice), HZ_THERE)
        assert "refused a forged or repeated packet" in alice.log.read_text()
        await alice.hang_up()
        await snikket.expect("session-terminate")


async def test_speech_that_is_not_encrypted_is_refused_in_an_encrypted_call(alice: Desk, snikket: Peer) -> None:
    async with softphone(calling=False) as far, RtpEnd(hz=HZ_STRANGER) as stranger:
        await snikket_is_called(alice, snikket, far)
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        stranger.target = (far.end.plan.remote.candidates[0].ip, far.end.plan.remote.candidates[0].port)
        assert await alice.until(lambda s: any((c.refused or 0) > 20 for c in s.calls), 5)
        await hears(ear_of(alice), HZ_THERE, within=1)
        await alice.hang_up()
        await snikket.expect("session-terminate")


async def test_a_certificate_that_is_not_the_announced_one_ends_the_call(alice: Desk, snikket: Peer) -> None:
    async with softphone(calling=False) as far:
        await snikket_is_called(alice, snikket, far, print_=":".join(["AB"] * 32))
        assert reason(await snikket.expect("session-terminate")) == "security-error"
        await ended(alice, "not encrypted", "refused: not encrypted")
        assert not any(far.heard), "our microphone was heard"


async def test_a_handshake_without_an_srtp_profile_ends_the_call(
    alice: Desk, snikket: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_profiles(monkeypatch)
    async with softphone(calling=False) as far:
        await snikket_is_called(alice, snikket, far)
        assert reason(await snikket.expect("session-terminate")) == "security-error"
        await ended(alice, "not encrypted", "refused: not encrypted")


async def test_an_answer_without_a_fingerprint_ends_the_call(alice: Desk, snikket: Peer) -> None:
    async with softphone(calling=False) as far:
        await calls(alice, "snikket@localhost")
        sid = (await snikket.expect("propose")).get("id", "")
        snikket.message(jmi("proceed", sid))
        far.meets(await snikket.expect("session-initiate"))
        whole = content(far, "active", "audio")
        begin, end = whole.index("<fingerprint"), whole.index("</fingerprint>") + len("</fingerprint>")
        await snikket.acked(jingle("session-accept", sid, whole[:begin] + whole[end:]))
        assert reason(await snikket.expect("session-terminate")) == "security-error"
        assert reason(await snikket.expect("finish")) == "security-error"
        await ended(alice, "not encrypted", "refused: not encrypted")


async def test_an_ice_restart_of_theirs_moves_the_speech(alice: Desk, snikket: Peer) -> None:
    """They change from one network to another: new credentials in a transport-info, the keys stay."""
    async with softphone(calling=True) as far:
        await snikket_calls(alice, snikket, far, "c-3")
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        snikket.forget()
        before = far.port
        await far.restarts()
        assert far.port != before
        moved = re.sub("<fingerprint.*</fingerprint>", "", transport(far, ""))
        content_ = f"<content creator='initiator' name='0'>{moved}</content>"
        await snikket.acked(jingle("transport-info", "c-3", content_))
        far.meets(await snikket.expect("transport-info"))
        async with asyncio.timeout(10):
            while f"127.0.0.1:{far.port}" not in alice.log.read_text():
                await asyncio.sleep(0.1)
        far.heard = far.heard[:0]
        await both_hear(alice, far.ear)
        await told(alice, "connected")
        await snikket.acked(terminate("c-3", "success"))


async def test_speech_goes_on_when_their_client_goes_offline(alice: Desk, snikket: Peer) -> None:
    async with softphone(calling=True) as far:
        await snikket_calls(alice, snikket, far, "c-4")
        await connected(alice, encrypted=True)
        snikket.send_presence(ptype="unavailable")
        try:
            await asyncio.sleep(0.5)
            far.heard = far.heard[:0]
            await both_hear(alice, far.ear)
            await alice.hang_up()
            assert reason(await snikket.expect("session-terminate")) == "success"
        finally:
            snikket.send_presence()


async def test_a_stranger_may_call_and_does_not_learn_that_it_rings(alice: Desk, stranger: Peer) -> None:
    """XEP-0353, security considerations: presence and `ringing` are for contacts."""
    stranger.send_raw("<presence type='unsubscribe' to='alice@localhost'/>")
    await asyncio.sleep(0.5)
    async with softphone(calling=True) as far:
        stranger.message(jmi("propose", "s-1", PROPOSED), to="alice@localhost")
        await rings(alice)
        await asyncio.sleep(0.3)
        assert stranger.came == []
        await alice.lift()
        await stranger.expect("proceed")
        far.meets(await phone_takes(stranger, jingle("session-initiate", "s-1", content(far, "actpass"))))
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        await alice.hang_up()
        assert reason(await stranger.expect("session-terminate")) == "success"
