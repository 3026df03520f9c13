"""The phone and a browser call each other through Prosody: stanza 12 in Chromium, which shares no code with the phone.

What the browser really did here (beside what test_browser_pair.py says):
* called by the phone it gets a bare session-initiate, since its caps name no jingle-message; it rings by session-info,
  accepts with setup active, and of the SRTP profiles ends up with SRTP_AEAD_AES_128_GCM;
* as the caller it is the DTLS server and picks SRTP_AES128_CM_HMAC_SHA1_80;
* its candidates for every address of the machine come one by one; the pair in use moves once or twice in the first
  second, so RTP may come from another of its ports than the first did;
* hanging up it sends the terminate and a DTLS close-notify, whichever comes first;
* it plays an RFC 4733 event of 100 ms as 100 ms of two tones, dents of a few ms included;
* a tab closed in a call leaves no sign but silence: the phone's own no-RTP timer has to find it.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable

import pytest
from browser import Peer, SignIn
from ears import hears_silence, hears_tone, keys_heard
from hands import (
    ALICE_HZ,
    BOB_HZ,
    PHONE,
    browser_calls_phone,
    dial_bob,
    ear_of,
    humming,
    phone_calls_browser,
    reason_of,
    told,
    until_tone,
)

from phone.demo.hearing import loudness
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

AnyCall = Callable[[Desk, Peer], Awaitable[None]]
BOTH_WAYS = pytest.mark.parametrize("call", [phone_calls_browser, browser_calls_phone], ids=lambda call: call.__name__)


@BOTH_WAYS
async def test_each_ear_hears_the_far_mouth_encrypted(alice: Desk, bob: Peer, call: AnyCall) -> None:
    await bob.tone(BOB_HZ)
    async with humming(alice):
        await call(alice, bob)
        await asyncio.gather(hears_tone(bob.heard, ALICE_HZ), hears_tone(ear_of(alice), BOB_HZ))

        measured = await alice.until(lambda status: any(call.codec for call in status.calls), 5)
        assert measured is not None
        (status,) = measured.calls
        facts = await bob.facts()
        assert (status.encrypted, status.codec, status.packet_ms) == (True, "opus", 20)
        assert status.peer.partition("/")[0] == "bob@localhost"
        assert any("[encrypted]" in line for line in measured.screen)
        assert (facts.peer, facts.dtls, facts.codec) == (PHONE, "connected", "audio/opus")
        assert "AES" in facts.srtp_cipher
        assert status.id == facts.sid
        # RFC 5763 5: the offerer leaves the roles open, the answerer starts the handshake.
        assert facts.dtls_role == ("client" if status.direction == "out" else "server")

        await bob.tone(0)
        await hears_silence(ear_of(alice))


@BOTH_WAYS
async def test_hanging_up_the_handset_ends_the_browsers_call(alice: Desk, bob: Peer, call: AnyCall) -> None:
    await call(alice, bob)
    await alice.hang_up()
    assert reason_of(await bob.first("jingle:terminated")) == "success"
    status = await alice.until(lambda status: not status.calls, 5)
    assert status is not None
    assert not status.off_hook


@BOTH_WAYS
async def test_the_browser_hanging_up_is_heard_as_busy_tone(alice: Desk, bob: Peer, call: AnyCall) -> None:
    await call(alice, bob)
    await bob.hang_up()
    await until_tone(alice, "busy")
    assert (await told(alice, "ended")).encrypted
    await alice.hang_up()
    entry = (await alice.calls())[0]
    assert entry.reason == "hang-up"
    assert entry.seconds is not None


@BOTH_WAYS
async def test_keys_are_heard_at_the_far_end(alice: Desk, bob: Peer, call: AnyCall) -> None:
    """RFC 4733 from the phone's keypad, played by Chromium as the tones of Q.23."""
    async with humming(alice):
        await call(alice, bob)
        await hears_tone(bob.heard, ALICE_HZ)
    await hears_silence(bob.heard)
    for key in "159#0":
        await alice.press(key, 0.2)
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    assert keys_heard(await bob.heard(4)) == "159#0"


async def test_a_tab_closed_in_the_call_is_noticed_by_its_silence(alice: Desk, bob: Peer) -> None:
    await phone_calls_browser(alice, bob)
    await bob.close()
    # The far end may be back within seconds (a change of network), so the phone is patient, not instant.
    await until_tone(alice, "reorder", within=30)
    assert any("connection lost" in line for line in (await alice.status()).screen)


async def test_muting_sends_silence(alice: Desk, bob: Peer) -> None:
    async with humming(alice):
        await phone_calls_browser(alice, bob)
        await hears_tone(bob.heard, ALICE_HZ)
        await alice.press("MUTE")
        await hears_silence(bob.heard)
        await alice.press("MUTE")
        await hears_tone(bob.heard, ALICE_HZ)


async def test_the_microphone_leaves_the_phone_only_once_it_is_lifted(alice: Desk, bob: Peer) -> None:
    async with humming(alice):
        await bob.call(PHONE)
        await told(alice, "offered")
        await asyncio.sleep(1.5)
        assert loudness(await bob.heard(1.5)) == 0
        await alice.lift()
        await hears_tone(bob.heard, ALICE_HZ)


async def test_the_bell_rings_until_the_browser_gives_up(alice: Desk, bob: Peer) -> None:
    began = alice.ringer.now()
    await bob.call(PHONE)
    await told(alice, "offered")
    await asyncio.sleep(0.7)
    assert loudness(array("h", alice.ringer.hear(began, alice.ringer.now()))) > 0
    await bob.hang_up()
    silent = await alice.until(lambda status: not status.ringer, 5)
    assert silent is not None
    entry = (await alice.calls())[0]
    assert (entry.direction, entry.reason, entry.seconds) == ("in", "cancelled", None)


async def test_the_browser_refusing_is_told_as_declined(alice: Desk, bob: Peer) -> None:
    await dial_bob(alice)
    await bob.first("jingle:incoming")
    await told(alice, "alerting")
    await bob.decline()
    await until_tone(alice, "busy")
    assert (await alice.calls())[0].reason == "declined"


async def test_hanging_up_while_it_rings_takes_the_call_back(alice: Desk, bob: Peer) -> None:
    await dial_bob(alice)
    await told(alice, "alerting")
    await alice.hang_up()
    assert reason_of(await bob.first("jingle:terminated")) == "cancel"
    assert (await alice.calls())[0].reason == "cancelled"


async def test_a_client_without_caps_is_called_all_the_same(alice: Desk, sign_in: SignIn) -> None:
    """An application on stanza that never calls updateCaps() sends presence without XEP-0115."""
    bob = await sign_in("bob", caps=False)
    await phone_calls_browser(alice, bob)
    await bob.tone(BOB_HZ)
    await hears_tone(ear_of(alice), BOB_HZ)


async def test_the_browser_calls_again_after_the_first_call(alice: Desk, bob: Peer) -> None:
    await bob.tone(BOB_HZ)
    for _ in range(2):
        await browser_calls_phone(alice, bob)
        await hears_tone(ear_of(alice), BOB_HZ)
        await alice.hang_up()
        assert await alice.until(lambda status: not status.calls, 5)
    await phone_calls_browser(alice, bob)
    await hears_tone(ear_of(alice), BOB_HZ)
