"""Calls in Google's own dialect by every kind of old client, against the whole phone: speech, digits, hold, the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from journeys.listening import Ear
from journeys.steps import idle
from peers.google_house import House, house
from peers.google_kinds import KINDS
from peers.google_peer import reasons
from peers.rtp_end import HZ_HERE, HZ_THIRD, both_hear, ear_of, hears, hears_nothing
from peers.told import connected, ended, rings
from peers.tune import hears_tune
from peers.xmpp_peer import condition

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("google")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def alice(at: House) -> AsyncIterator[Desk]:
    async with at.alice() as phone:
        yield phone


@pytest.mark.parametrize("kind", KINDS)
async def test_an_old_client_calls_and_hangs_up(alice: Desk, at: House, kind: str) -> None:
    async with at.caller(kind) as caller:
        await caller.calls(alice)
        assert (await connected(alice, encrypted=False)).codec == ("pcma" if caller.kind.law else "pcmu")
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()
        assert (await ended(alice, "hang-up", "Call ended")).encrypted is False
        assert caller.end.rtcp == caller.end.mistaken == 0
        assert caller.end.refused == []
        assert caller.peer.acts() == [], "who was told the end is not told it"


@pytest.mark.parametrize("kind", KINDS)
async def test_the_phone_hangs_up(alice: Desk, at: House, kind: str) -> None:
    async with at.caller(kind) as caller:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await hears(caller.end.ear, HZ_HERE)
        await alice.hang_up()
        end = await caller.peer.got("terminate")
        caller.echoes(end)
        assert reasons(end) == ["call-ended", "reason/success"], "libjingle reads the first, Asterisk the second"
        assert condition(await caller.peer.tell(caller.writes("terminate", caller.kind.goodbye))) == "bad-request"


DIGITS = [kind for kind, made in KINDS.items() if any("'telephone-event'" in each for each in made.payloads)]


@pytest.mark.parametrize("kind", DIGITS)
async def test_digits_go_both_ways(alice: Desk, at: House, kind: str) -> None:
    """By RFC 4733, in the caller's payload type."""
    async with at.caller(kind) as caller:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        for key in "5#":
            await alice.press(key, 0.15)
        assert await alice.until(lambda _: caller.end.digits == [5, 11], 5), caller.end.digits
        ear = Ear(alice.handset)
        caller.end.press(7)
        assert await alice.until(lambda status: [call.digits for call in status.calls] == [1], 5)
        await ear.digit("7")
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


async def test_who_speaks_no_telephone_event_gets_no_digits(alice: Desk, at: House) -> None:
    async with at.caller("pidgin") as caller:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await alice.press("5", 0.15)
        await both_hear(alice, caller.end.ear)
        assert caller.end.digits == []
        await caller.hangs_up()


@pytest.mark.parametrize("kind", KINDS)
async def test_hold_is_the_tune_and_nothing_is_said_of_it(alice: Desk, at: House, kind: str) -> None:
    async with at.caller(kind) as caller:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        for _ in range(2):
            await alice.press("HOLD")
            await asyncio.gather(hears_tune(caller.end.ear), hears_nothing(ear_of(alice)))
            (call,) = (await alice.status()).calls
            assert (call.held_by_us, call.progress, call.encrypted) == (True, "connected", False)
            await alice.press("HOLD")
            caller.end.forget()
            await both_hear(alice, caller.end.ear)
        assert caller.peer.acts() == []
        await caller.hangs_up()


@pytest.mark.parametrize("kind", ["asterisk", "gabble", "yate"])
async def test_who_is_refused_is_told_reject(alice: Desk, at: House, kind: str) -> None:
    async with at.caller(kind) as caller:
        await caller.initiates()
        await rings(alice)
        await alice.press("BACK")
        end = await caller.peer.got("reject")
        caller.echoes(end)
        assert reasons(end)[0] in {"decline", "recipient-busy"}
        assert await alice.until(idle, 5)
        assert "terminate" not in caller.peer.acts(), "libjingle wants one of them"


@pytest.mark.parametrize("goodbye", ["", "<reason><gone/></reason>", "<call-ended/>", "<whatever xmlns='urn:x'/>"])
@pytest.mark.parametrize("kind", ["asterisk", "libjingle 0.4"])
async def test_who_gives_up_is_missed(alice: Desk, at: House, kind: str, goodbye: str) -> None:
    async with at.caller(kind) as caller:
        await caller.initiates()
        await caller.tells()
        await rings(alice)
        await caller.peer.acked(caller.writes("terminate", goodbye))
        assert await alice.until(lambda s: not s.ringer and not s.calls, 5)
        entry = (await alice.calls())[0]
        assert (entry.kind, entry.reason, entry.seconds) == ("missed", "cancelled", None)
        await caller.tells_the_dead()


async def test_the_initiator_is_echoed_byte_for_byte(alice: Desk, at: House) -> None:
    """chan_gtalk writes small letters for Google's sake, others what the user typed."""
    for initiator in ("PBX@LocalHost/pbx", "pbx@localhost", "pbx@localhost/Elsewhere Ä"):
        async with at.caller("asterisk", initiator) as caller:
            await caller.calls(alice)
            await connected(alice, encrypted=False)
            await alice.hang_up()
            caller.echoes(await caller.peer.got("terminate"))


async def test_nothing_of_the_microphone_leaves_before_the_handset_is_lifted(alice: Desk, at: House) -> None:
    async with at.caller("asterisk") as caller:
        await caller.initiates()
        await caller.tells()
        await rings(alice)
        caller.end.meets(*await caller.peer.finds())
        await alice.until(lambda _: caller.end.asked > 3, 5)
        await hears_nothing(caller.end.ear)
        await alice.lift()
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


async def test_two_old_callers_at_once(alice: Desk, at: House) -> None:
    """The second knocks; HOLD answers it and swaps."""
    async with at.caller("asterisk") as first, at.caller("libjingle 0.4", hz=HZ_THIRD) as second:
        await first.calls(alice)
        await both_hear(alice, first.end.ear)
        await second.initiates()
        await second.tells()
        assert await alice.until(lambda s: len(s.calls) == 2, 5)
        await alice.press("HOLD")
        await second.is_answered()
        await both_hear(alice, second.end.ear, HZ_THIRD)
        await hears_tune(first.end.ear)
        await alice.press("HOLD")
        first.end.forget()
        await both_hear(alice, first.end.ear)
        await hears_tune(second.end.ear)
        await second.hangs_up()
        await first.hangs_up()
