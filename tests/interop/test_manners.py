"""Hold, waiting, conference and transfer with browsers, which know none of it: the phone does it all for them.

What stanza 12 in Chromium really did here: `hold` and `unhold` are acked, `hold` is told to its application, the media
never changes; a transfer is never asked of it, since its disco names none: the phone carries the speech itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from browser import Peer
from ears import hears_both, hears_silence, hears_tone, hears_tune
from hands import (
    ALICE_HZ,
    BOB_HZ,
    PHONE,
    browser_calls_phone,
    ear_of,
    humming,
    phone_calls_browser,
    reason_of,
    until_tone,
)

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

CAROL_HZ = 1600
DAVE_HZ = 700
CAROL, DAVE = "202", "203"


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def _tones(alice: Desk, dave: Desk, bob: Peer, carol: Peer) -> AsyncIterator[None]:
    """Everybody has a tone of his own."""
    await asyncio.gather(bob.tone(BOB_HZ), carol.tone(CAROL_HZ))
    async with humming(alice), humming(dave, DAVE_HZ):
        yield


async def dials_third(alice: Desk, number: str) -> None:
    """TRANSFER, dial tone, and the number rings."""
    await alice.press("TRANSFER")
    await until_tone(alice, "dial")
    await alice.dial(number)
    ringing = await alice.until(lambda s: any(c.progress == "alerting" for c in s.calls), 10)
    assert ringing is not None, (await alice.status()).calls


async def is_free(desk: Desk) -> None:
    """Nothing of a call is left on it."""
    status = await desk.until(lambda s: not s.calls and not s.ringer, 10)
    assert status is not None, await desk.status()


async def by_hanging_up(alice: Desk) -> None:
    await alice.hang_up()


async def by_the_transfer_key(alice: Desk) -> None:
    await alice.press("TRANSFER")
    await until_tone(alice, "dial")


LetGo = Callable[[Desk], Awaitable[None]]
EACH_WAY = pytest.mark.parametrize("let_go", [by_hanging_up, by_the_transfer_key], ids=lambda way: way.__name__)
ATTENDED = pytest.mark.parametrize("attended", [False, True], ids=["unattended", "attended"])


async def ends_for(peer: Peer, since: float, within: float = 15) -> None:
    """Its call is over, in good order."""
    assert reason_of(await peer.first("jingle:terminated", since=since, within=within)) == "success"


@pytest.mark.parametrize("call", [phone_calls_browser, browser_calls_phone], ids=lambda call: call.__name__)
async def test_a_held_browser_hears_the_tune_and_both_are_back(
    alice: Desk, bob: Peer, call: Callable[[Desk, Peer], Awaitable[None]]
) -> None:
    await call(alice, bob)
    await asyncio.gather(hears_tone(bob.heard, ALICE_HZ), hears_tone(ear_of(alice), BOB_HZ))
    for _ in range(2):
        await alice.press("HOLD")
        await asyncio.gather(hears_tune(bob.heard), hears_silence(ear_of(alice)))
        await alice.press("HOLD")
        await asyncio.gather(hears_tone(bob.heard, ALICE_HZ), hears_tone(ear_of(alice), BOB_HZ))
    assert len(await bob.events("jingle:hold")) == 2


async def knocked_and_answered(alice: Desk, bob: Peer, carol: Peer) -> None:
    """Bob is talked with, Carol knocks, HOLD answers her."""
    await browser_calls_phone(alice, bob)
    await hears_tone(ear_of(alice), BOB_HZ)
    began = time.time()
    await carol.call(PHONE)
    await until_tone(alice, "call-waiting")
    await alice.press("HOLD")
    await carol.first("pc:connected", since=began)
    await asyncio.gather(hears_tone(ear_of(alice), CAROL_HZ), hears_tone(carol.heard, ALICE_HZ))


async def test_a_second_browser_knocks_and_hold_swaps(alice: Desk, bob: Peer, carol: Peer) -> None:
    await knocked_and_answered(alice, bob, carol)
    await hears_tune(bob.heard)
    await alice.press("HOLD")
    await asyncio.gather(hears_tone(ear_of(alice), BOB_HZ), hears_tone(bob.heard, ALICE_HZ), hears_tune(carol.heard))
    await carol.hang_up()
    assert await alice.until(lambda s: [c.held_by_us for c in s.calls] == [False], 5)
    await asyncio.gather(hears_tone(ear_of(alice), BOB_HZ), hears_tone(bob.heard, ALICE_HZ))


async def test_a_conference_that_alice_leaves_to_the_others(alice: Desk, bob: Peer, carol: Peer) -> None:
    await knocked_and_answered(alice, bob, carol)
    await alice.press("HOLD", 1.2)
    assert await alice.until(lambda s: [c.conference for c in s.calls] == [True, True], 5)
    await asyncio.gather(
        hears_both(ear_of(alice), BOB_HZ, CAROL_HZ),
        hears_both(bob.heard, ALICE_HZ, CAROL_HZ),
        hears_both(carol.heard, ALICE_HZ, BOB_HZ),
    )
    began = time.time()
    await alice.hang_up()
    await asyncio.gather(hears_tone(bob.heard, CAROL_HZ), hears_tone(carol.heard, BOB_HZ))
    await bob.hang_up()
    await ends_for(carol, began)
    await is_free(alice)


async def test_a_conference_that_a_browser_leaves(alice: Desk, bob: Peer, carol: Peer) -> None:
    await knocked_and_answered(alice, bob, carol)
    await alice.press("HOLD", 1.2)
    await hears_both(ear_of(alice), BOB_HZ, CAROL_HZ)
    await carol.hang_up()
    await asyncio.gather(hears_tone(ear_of(alice), BOB_HZ), hears_tone(bob.heard, ALICE_HZ))


@ATTENDED
@EACH_WAY
async def test_a_browser_is_connected_with_another(
    alice: Desk, bob: Peer, carol: Peer, let_go: LetGo, attended: bool
) -> None:
    await browser_calls_phone(alice, bob)
    began = time.time()
    await dials_third(alice, CAROL)
    await hears_tune(bob.heard)
    if attended:
        await carol.answer()
        await asyncio.gather(hears_tone(carol.heard, ALICE_HZ), hears_tone(ear_of(alice), CAROL_HZ))
        await let_go(alice)
    else:
        await let_go(alice)
        await carol.answer()
    await asyncio.gather(hears_tone(bob.heard, CAROL_HZ), hears_tone(carol.heard, BOB_HZ))
    assert all(c.bridged_to for c in (await alice.status()).calls)

    first, second = (bob, carol) if attended else (carol, bob)
    await first.hang_up()
    await ends_for(second, began)
    await is_free(alice)


@ATTENDED
async def test_a_browser_is_connected_with_a_phone(alice: Desk, dave: Desk, bob: Peer, attended: bool) -> None:
    await browser_calls_phone(alice, bob)
    await dials_third(alice, DAVE)
    if attended:
        await dave.lift()
        await hears_tone(ear_of(alice), DAVE_HZ)
        await alice.hang_up()
    else:
        await alice.hang_up()
        await dave.lift()
    await asyncio.gather(hears_tone(bob.heard, DAVE_HZ), hears_tone(ear_of(dave), BOB_HZ))
    await bob.hang_up()
    await until_tone(dave, "busy")
    await is_free(alice)


async def phone_calls_phone(dave: Desk, alice: Desk) -> None:
    """Dave calls Alice, and is heard."""
    await dave.lift()
    await until_tone(dave, "dial")
    await dave.dial("200")
    assert await alice.until(lambda s: s.ringer, 10)
    await alice.lift()
    await asyncio.gather(hears_tone(ear_of(alice), DAVE_HZ), hears_tone(ear_of(dave), ALICE_HZ))


async def test_a_phone_is_sent_to_a_browser_and_calls_it_itself(alice: Desk, dave: Desk, carol: Peer) -> None:
    """Unattended: Dave's phone does XEP-0251, so nothing goes through Alice's, and Carol sees who calls."""
    await phone_calls_phone(dave, alice)
    await dials_third(alice, CAROL)
    began = time.time()
    await alice.hang_up()
    assert await dave.until(lambda s: "Connect to?" in " ".join(s.screen), 10), (await dave.status()).screen
    await dave.press("OK")
    await carol.first("jingle:incoming", since=began)
    await carol.answer()
    await asyncio.gather(hears_tone(ear_of(dave), CAROL_HZ), hears_tone(carol.heard, DAVE_HZ))
    await is_free(alice)
    assert (await carol.facts()).peer == "dave@localhost/phone"
    # her first call was Alice's, taken back when the phone let go
    ended = time.time()
    await dave.hang_up()
    await ends_for(carol, ended)


async def test_a_phone_is_connected_with_a_browser_that_was_asked_before(alice: Desk, dave: Desk, carol: Peer) -> None:
    """Attended: the browser could not put another call in the place of ours."""
    await phone_calls_phone(dave, alice)
    await dials_third(alice, CAROL)
    await carol.answer()
    await hears_tone(ear_of(alice), CAROL_HZ)
    await alice.press("TRANSFER")
    await asyncio.gather(hears_tone(ear_of(dave), CAROL_HZ), hears_tone(carol.heard, DAVE_HZ))
    assert all(c.bridged_to for c in (await alice.status()).calls)
    await carol.hang_up()
    await until_tone(dave, "busy")


async def test_a_closed_tab_ends_the_connection_for_the_other(alice: Desk, bob: Peer, carol: Peer) -> None:
    """It says nothing at all: silence tells."""
    await browser_calls_phone(alice, bob)
    began = time.time()
    await dials_third(alice, CAROL)
    await alice.hang_up()
    await carol.answer()
    await hears_tone(bob.heard, CAROL_HZ)
    await carol.close()
    await ends_for(bob, began, within=30)
    await is_free(alice)
