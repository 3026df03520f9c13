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
import math
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from browser import Event, Peer, SignIn
from ears import Ear, hears_silence, hears_tone, keys_heard

from phone.control.messages import CallStatus, StatusReply
from phone.demo.hearing import RATE, loudness
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

PHONE = "alice@localhost/phone"
# Whole periods in a second, so that seconds join without a click.
ALICE_HZ = 440
BOB_HZ = 1000
_SECOND_OF_TONE = array("h", (int(8000 * math.sin(2 * math.pi * ALICE_HZ * i / RATE)) for i in range(RATE)))


def ear_of(desk: Desk) -> Ear:
    """What the handset's speaker said."""

    async def heard(seconds: float) -> array[int]:
        now = desk.handset.now()
        return desk.heard(now - int(seconds * RATE), now)

    return heard


@asynccontextmanager
async def humming(desk: Desk) -> AsyncIterator[None]:
    """Somebody hums 440 Hz into the handset for as long as the block lasts."""

    async def hum() -> None:
        while True:
            end = desk.handset.say(_SECOND_OF_TONE.tobytes())
            await asyncio.sleep(max(0.0, (end - desk.handset.now()) / RATE - 0.5))

    task = asyncio.create_task(hum())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def told(desk: Desk, progress: str, within: float = 10) -> CallStatus:
    """The phone's one call, once its status says `progress`."""

    def there(status: StatusReply) -> bool:
        return [call.progress for call in status.calls] == [progress]

    status = await desk.until(there, within)
    assert status is not None, f"not {progress} within {within:g} s, but {(await desk.status()).calls}"
    return status.calls[0]


async def until_tone(desk: Desk, tone: str, within: float = 10) -> StatusReply:
    status = await desk.until(lambda status: status.tone == tone, within)
    assert status is not None, f"no {tone} tone within {within:g} s, but {await desk.status()}"
    return status


async def phone_calls_browser(alice: Desk, bob: Peer) -> None:
    """Alice lifts, hears the dial tone and dials 201; Bob answers by himself after some ringing."""
    began = time.time()
    await bob.answer_after(0.3)
    await dial_bob(alice)
    await asyncio.gather(bob.first("pc:connected", since=began), told(alice, "connected"))


async def browser_calls_phone(alice: Desk, bob: Peer) -> None:
    """Bob calls Alice's phone, which rings until she lifts."""
    began = time.time()
    await bob.call(PHONE)
    await bob.first("jingle:ringing", since=began)
    await told(alice, "offered")
    assert (await alice.status()).ringer
    await alice.lift()
    await asyncio.gather(bob.first("pc:connected", since=began), told(alice, "connected"))


async def dial_bob(alice: Desk) -> None:
    await alice.lift()
    # Keys pressed before the hook contact has settled are on-hook dialling.
    await until_tone(alice, "dial")
    await alice.dial("201")


AnyCall = Callable[[Desk, Peer], Awaitable[None]]
BOTH_WAYS = pytest.mark.parametrize("call", [phone_calls_browser, browser_calls_phone], ids=lambda call: call.__name__)


def reason_of(ended: Event) -> object:
    assert isinstance(ended.detail, dict)
    data = ended.detail["data"]
    assert isinstance(data, dict)
    return data["condition"]


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
