"""Asterisk's chan_motif against the whole phone: late candidates, wrong creator, one sid in three dialects."""

from __future__ import annotations

import asyncio

import pytest
from peers.asterisk import (
    ADDRESS,
    EVENTS,
    EVENTS_ALONE,
    GOOGLE,
    PCMA,
    PCMU,
    asterisk_calls,
    asterisk_is_called,
    candidates,
    content,
    initiate,
)
from peers.rtp_end import HZ_HERE, HZ_THERE, LegEnd, both_hear, ear_of, hears, hears_nothing
from peers.told import calls, connected, ended, rings
from peers.xmpp_peer import Peer, condition, info, jingle, reason, terminate

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_asterisk_calls(alice: Desk, pbx: Peer) -> None:
    async with LegEnd((PCMU, EVENTS), calling=True) as far:
        await asterisk_calls(alice, pbx, far, "0226faf260a04e4d")
        assert (await connected(alice, encrypted=False)).codec == "pcmu"
        await both_hear(alice, far.ear)

        await pbx.acked(info("hold", "0226faf260a04e4d"), iq_id="aaaae")
        assert await alice.until(lambda s: any(c.held for c in s.calls), 5)
        await pbx.acked(info("unhold", "0226faf260a04e4d"), iq_id="aaaae")
        assert await alice.until(lambda s: not any(c.held for c in s.calls), 5)
        await both_hear(alice, far.ear)

        await pbx.acked(terminate("0226faf260a04e4d", "gone"))
        entry = await ended(alice, "hang-up", "Call ended")
        assert entry.seconds is not None
        assert (await alice.status()).tone == "busy"


async def test_asterisk_is_called(alice: Desk, pbx: Peer) -> None:
    async with LegEnd((PCMA, PCMU, EVENTS), calling=False) as far:
        await asterisk_is_called(alice, pbx, far)
        await connected(alice, encrypted=False)
        await both_hear(alice, far.ear)
        for key in "1#":
            await alice.press(key, 0.12)
            await asyncio.sleep(0.15)
        await asyncio.sleep(0.3)
        assert far.end.digits == ["1", "#"]
        await alice.hang_up()
        assert reason(await pbx.expect("session-terminate")) == "success"


async def test_an_accept_with_telephone_event_alone_falls_back_to_g711(alice: Desk, pbx: Peer) -> None:
    async with LegEnd((PCMU, EVENTS), calling=False) as far:
        await asterisk_is_called(alice, pbx, far, EVENTS_ALONE)
        await connected(alice, encrypted=False)
        await both_hear(alice, far.ear)
        await alice.hang_up()
        assert reason(await pbx.expect("session-terminate")) == "success"


async def test_a_sid_refused_in_one_dialect_may_come_again_in_another(alice: Desk, pbx: Peer) -> None:
    sid = "212545891bc4b262"
    refused = await pbx.tell(initiate(pbx, sid, GOOGLE), iq_id="aaaav")
    assert condition(refused) == "feature-not-implemented"
    assert not (await alice.status()).calls
    async with LegEnd((PCMU,), calling=True) as far:
        await asterisk_calls(alice, pbx, far, sid)
        await both_hear(alice, far.ear)
        await alice.hang_up()
        assert reason(await pbx.expect("session-terminate")) == "success"


async def test_the_same_iq_id_from_two_accounts(alice: Desk, pbx: Peer, gajim: Peer) -> None:
    """Answers go by address and id together: Asterisk counts its ids alike in every account."""
    for _ in range(2):
        both = await asyncio.gather(*(each.tell(info("hold", "none"), iq_id="aaaab") for each in (pbx, gajim)))
        assert [condition(reply) for reply in both] == ["item-not-found"] * 2


@pytest.mark.parametrize(
    ("why", "tone", "logged", "screen"),
    [("cancel", "busy", "declined", "refused the call"), ("busy", "busy", "busy", "busy")],
)
async def test_asterisk_refuses(alice: Desk, pbx: Peer, why: str, tone: str, logged: str, screen: str) -> None:
    await calls(alice, ADDRESS)
    offer = await pbx.expect("session-initiate")
    await pbx.acked(terminate(offer.get("sid", ""), why))
    await ended(alice, logged, screen)
    assert (await alice.status()).tone == tone


async def test_candidates_after_the_end_are_harmless(alice: Desk, pbx: Peer) -> None:
    async with LegEnd((PCMU,), calling=True) as far:
        await pbx.acked(initiate(pbx, "late"))
        await rings(alice)
        await pbx.acked(terminate("late", "gone"))
        late = await pbx.tell(jingle("transport-info", "late", content("initiator", candidates(far))))
        assert condition(late) == "item-not-found"
        assert await alice.until(lambda s: not s.ringer, 5)
        assert (await alice.calls())[0].reason == "cancelled"


async def test_nothing_of_the_microphone_leaves_before_the_handset_is_lifted(alice: Desk, pbx: Peer) -> None:
    async with LegEnd((PCMU,), calling=True) as far:
        await pbx.acked(initiate(pbx, "quiet"))
        await pbx.acked(jingle("transport-info", "quiet", content("initiator", candidates(far))))
        await rings(alice)
        await hears_nothing(far.ear)
        await alice.lift()
        far.meets(await pbx.expect("session-accept"))
        await hears(far.ear, HZ_HERE)
        await hears(ear_of(alice), HZ_THERE)
        await pbx.acked(terminate("quiet", "gone"))
