"""What else old clients do: descriptions that say little, checks that never come, wrong names, garbage, moved ports."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from peers.google_end import Checks, GiceEnd
from peers.google_house import House, house
from peers.google_kinds import PCMU, Caller
from peers.google_peer import PHONE, VIDEO, candidate, payload_type, reasons, wrapped
from peers.rtp_end import HZ_HERE, HZ_STRANGER, HZ_THERE, both_hear, ear_of, hears, hears_nothing
from peers.told import connected, ended, rings, told
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


# --- descriptions -----------------------------------------------------------------------------------------------

DESCRIPTIONS = {
    "the first Google Talk's: empty": f"<description xmlns='{PHONE}'/>",
    "without names": f"<description xmlns='{PHONE}'><payload-type id='0'/><payload-type id='8'/></description>",
    "a video call's": (
        f"<description xmlns='{VIDEO}'><payload-type id='99' name='H264' width='640' height='400' framerate='30'/>"
        f"<payload-type xmlns='{PHONE}' id='103' name='ISAC' clockrate='16000'/>"
        f"<payload-type xmlns='{PHONE}' id='0' name='PCMU' clockrate='8000'/></description>"
    ),
    "with keys that need not be used": (
        f"<description xmlns='{PHONE}'>{PCMU}<encryption xmlns='urn:xmpp:jingle:apps:rtp:1'>"
        f"<crypto tag='1' crypto-suite='AES_CM_128_HMAC_SHA1_80' key-params='inline:{'QUJD' * 10}'/>"
        f"<usage xmlns='{PHONE}'/></encryption></description>"
    ),
    "with a source and nonsense": (
        f"<description xmlns='{PHONE}'><payload-type/><payload-type id='-1' name='x'/><payload-type id='300'/>"
        f"{PCMU}<src-id>271828</src-id><x xmlns='urn:x'/></description>"
    ),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
async def test_descriptions_that_say_little_or_too_much(alice: Desk, at: House, name: str) -> None:
    async with at.caller("libjingle 0.7") as caller:
        await caller.peer.acked(caller.writes("initiate", DESCRIPTIONS[name]))
        await caller.tells()
        await rings(alice)
        await alice.lift()
        await caller.is_answered()
        assert (await connected(alice, encrypted=False)).codec == "pcmu"
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


REFUSED = {
    "no codec of ours": (
        f"<description xmlns='{PHONE}'>{payload_type(103, 'ISAC', 16000)}{payload_type(4, 'G723')}</description>"
    ),
    "keys that must be used": DESCRIPTIONS["with keys that need not be used"].replace(
        "rtp:1'>", "rtp:1' required='true'>"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_spoken_is_rejected_without_a_ring(alice: Desk, at: House, name: str) -> None:
    async with at.caller("talk for windows") as caller:
        await caller.peer.acked(caller.writes("initiate", REFUSED[name]))
        end = await caller.peer.got("reject")
        caller.echoes(end)
        assert reasons(end)[0] in {"incompatible-parameters", "general-error"}
        status = await alice.status()
        assert (status.calls, status.ringer) == ((), False)


# --- checks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checks", [Checks.NONE, Checks.ANSWERS])
async def test_who_never_asks_is_heard_all_the_same(alice: Desk, at: House, checks: Checks) -> None:
    async with at.caller("talk for windows") as caller:
        caller.end.checks = checks
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        await alice.press("HOLD")
        await asyncio.gather(hears_tune(caller.end.ear), hears_nothing(ear_of(alice)))
        await alice.press("HOLD")
        caller.end.forget()
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


async def test_candidates_that_lead_nowhere_do_no_harm(alice: Desk, at: House) -> None:
    """TCP, video, an address of nobody's, a port that is none, a name of 99 characters; the good one is the last."""
    odd = (
        candidate(9, "a" * 16, protocol="tcp"),
        candidate(443, "a" * 16, protocol="ssltcp", type="relay"),
        candidate(9, "a" * 16, name="video_rtp"),
        candidate(9, "a" * 16, address="no.such.host.example"),
        candidate(9, "a" * 16, address="::ffff:0:1"),
        candidate(65536, "a" * 16),
        candidate(0, "a" * 16),
        candidate(9, "a" * 99),
        candidate(9, "a b"),
        candidate(9, "a" * 16, preference="nan", generation="-4", network="x"),
        "<candidate/>",
        "<candidate xmlns='urn:x' name='rtp'/>",
    )
    async with at.caller("asterisk") as caller:
        await caller.initiates()
        for each in odd:
            await caller.peer.acked(caller.writes("candidates", each))
            await caller.peer.acked(caller.writes("transport-info", wrapped(each)))
        await caller.tells()
        await rings(alice)
        await alice.lift()
        await caller.is_answered()
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


async def test_who_asks_by_a_wrong_name_is_told_so_and_not_heard(alice: Desk, at: House) -> None:
    """A stranger at the media port, who knows the address alone: 401, and no word of his is heard."""
    async with at.caller("asterisk") as caller, GiceEnd(hz=HZ_STRANGER) as stranger:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        (phone,) = caller.end.theirs
        stranger.checks, stranger.target = Checks.ANSWERS, phone
        for name in ("", "x" * 16, "x" * 32, caller.end.name * 2, caller.end.theirs[phone][:15] + "é"):
            stranger.ask(phone, name)
        assert await alice.until(lambda _: len(stranger.refused) >= 5, 5), stranger.refused
        assert set(stranger.refused) <= {400, 401}
        refused = await alice.until(lambda s: any((c.refused or 0) > 10 for c in s.calls), 5)
        assert refused, await told(alice, "connected")
        await hears(ear_of(alice), HZ_THERE)
        assert stranger.heard == []
        assert stranger.asked == stranger.mistaken == 0, "a stranger is not asked in turn"
        await caller.hangs_up()


async def test_who_told_a_wrong_name_of_its_own_hears_us_all_the_same(alice: Desk, at: House) -> None:
    """Its candidates name another user than its checks take: it takes none of ours, so it does not speak."""
    async with at.caller("asterisk") as caller:
        await caller.initiates()
        await caller.tells(name="0123456789abcdef")
        await rings(alice)
        await alice.lift()
        await caller.is_answered()
        await told(alice, "connected")
        await asyncio.gather(hears(caller.end.ear, HZ_HERE), hears_nothing(ear_of(alice)))
        assert caller.end.mistaken
        assert caller.end.asked == 0
        await caller.hangs_up()


async def test_garbage_on_the_media_port(alice: Desk, at: House) -> None:
    """From the caller's own socket and from a stranger's, 2 000 datagrams: the call goes on, and all is counted."""
    draw = random.Random(4)
    async with at.caller("libjingle 0.7") as caller, GiceEnd() as stranger:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        (phone,) = caller.end.theirs
        for number in range(1000):
            for end in (caller.end, stranger):
                end.throw(garbage(draw), phone)
            if number % 50 == 49:
                await asyncio.sleep(0.02)
        refused = await alice.until(lambda s: any((c.refused or 0) > 100 for c in s.calls), 5)
        assert refused, await told(alice, "connected")
        caller.end.forget()
        await both_hear(alice, caller.end.ear)
        assert stranger.heard == []
        await caller.hangs_up()
        await ended(alice, "hang-up", "Call ended")


def garbage(draw: random.Random) -> bytes:
    """STUN that is cut or lies of its length, RTP headers with nothing behind, and noise; never a whole RTP packet of
    the call, which would be a word of the caller's.
    """
    noise = draw.randbytes(draw.choice([1, 2, 3, 11, 19, 20, 28, 100, 1400]))
    match draw.randrange(5):
        case 0:
            return b"\x00\x01" + noise
        case 1:
            return b"\x01\x01\x00\x08" + os.urandom(16) + noise
        case 2:
            return b"\x00\x01\x00\x08" + os.urandom(16) + b"\x00\x06\xff\xff" + noise
        case 3:
            return b"\x80\x00" + noise[:9]
        case _:
            return bytes([0x40 | noise[0] & 0x3F]) + noise


# --- Yate -------------------------------------------------------------------------------------------------------


async def moves(caller: Caller, to: GiceEnd, generation: int) -> None:
    """It tells its new port as it tells the first: in both forms."""
    to.name, to.theirs = caller.end.name, dict(caller.end.theirs)
    old, caller.end = caller.end, to
    await caller.tells(generation=generation)
    to.target, old.target = old.target, None


async def test_yate_speaks_from_a_new_port_after_each_hold(alice: Desk, at: House) -> None:
    async with at.caller("yate") as caller, GiceEnd(Checks.NONE) as second, GiceEnd(Checks.NONE) as third:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        for generation, after in ((1, second), (2, third)):
            before = caller.end
            await alice.press("HOLD")
            await hears_tune(before.ear)
            await moves(caller, after, generation)
            await hears_tune(after.ear)
            await alice.press("HOLD")
            await both_hear(alice, after.ear)
            before.forget()
            await asyncio.sleep(0.3)
            assert before.heard == [], "the old port still gets speech"
        await caller.hangs_up()


async def test_who_checks_moves_as_well(alice: Desk, at: House) -> None:
    """libjingle: the new port is checked first, and speech goes where it was asked from."""
    async with at.caller("libjingle 0.4") as caller, GiceEnd(Checks.LIBJINGLE, events=106) as after:
        await caller.calls(alice)
        await both_hear(alice, caller.end.ear)
        before = caller.end
        after.name = "fedcba9876543210"
        after.theirs, caller.end = dict(before.theirs), after
        await caller.tells(generation=1)
        await both_hear(alice, after.ear)
        before.target = None
        before.forget()
        await asyncio.sleep(0.3)
        assert before.heard == [], "the old port still gets speech"
        await caller.hangs_up()


async def test_yate_s_digits_come_by_stanza_and_are_heard(alice: Desk, at: House) -> None:
    """Once for each key, on its way up; nonsense is refused."""
    dtmf = "<dtmf xmlns='http://jabber.org/protocol/jingle/info/dtmf' action='{}' code='{}'/>"
    async with at.caller("yate", hz=0.0) as caller:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await hears_nothing(ear_of(alice))
        start = alice.handset.now()
        for action in ("button-down", "button-up"):
            await caller.peer.acked(caller.writes("content-info", dtmf.format(action, "5")))
        assert await alice.until(lambda _: heard_dtmf(alice, start), 5), "770 and 1336 Hz"
        bad = await caller.peer.tell(caller.writes("content-info", dtmf.format("button-up", "55")))
        assert condition(bad) == "bad-request"
        await caller.hangs_up()


def heard_dtmf(alice: Desk, start: int) -> bool:
    """A fiftieth of a second of key 5 somewhere since then."""
    heard = np.array(alice.heard(start, alice.handset.now()), np.float64)
    size = 960
    blocks = heard[: len(heard) // size * size].reshape(-1, size)
    energy = (blocks**2).sum(axis=1) + 1.0
    turned = [
        np.abs(blocks @ np.exp(-2j * np.pi * hz * np.arange(size) / 48_000)) ** 2 * 2 / size for hz in (770, 1336)
    ]
    shares = sum(turned) / energy
    return bool(np.any((shares > 0.8) & (energy > size * 100**2)))
