"""Asterisk's chan_motif against the whole phone: late candidates, wrong creator, one sid in three dialects."""

from __future__ import annotations

import asyncio

import pytest
from peers.rtp_end import HZ_HERE, HZ_THERE, LegEnd, both_hear, ear_of, hears, hears_nothing
from peers.told import calls, connected, ended, rings, told
from peers.xmpp_peer import ICE, RTP, N, Peer, condition, info, jingle, reason, terminate

from phone.demo.stage import Desk
from phone.media.plan import Codec

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PCMU, PCMA, EVENTS = Codec("pcmu", 0, 8000), Codec("pcma", 8, 8000), Codec("telephone-event", 101, 8000)
EVENTS_ALONE = "<payload-type name='telephone-event' id='101' clockrate='8000' channels='1'/>"
SPOKEN = (
    "<payload-type name='PCMU' id='0' clockrate='8000' channels='1'/>"
    "<payload-type name='PCMA' id='8' clockrate='8000' channels='1'/>"
)
G722 = "<payload-type name='G722' id='9' clockrate='8000' channels='1'/>"
EMPTY = f"<transport xmlns='{ICE}'/>"
GOOGLE = "<transport xmlns='http://www.google.com/transport/p2p'/>"
NINE = {"component", "foundation", "generation", "id", "ip", "port", "priority", "protocol", "type"}
ADDRESS = "pbx@localhost/pbx"


def content(creator: str, transport: str, payloads: str = "") -> str:
    description = f"<description xmlns='{RTP}' media='audio'>{payloads}</description>" if payloads else ""
    return f"<content name='audio' creator='{creator}'>{description}{transport}</content>"


def candidates(far: LegEnd) -> str:
    """Both components in one transport, as Asterisk tells them."""
    each = "".join(
        f"<candidate component='{n}' priority='{2130706432 - n}' network='0' ip='127.0.0.1' type='host' "
        f"foundation='486929821' protocol='udp' id='8e1{n}' port='{far.port + n - 1}' generation='0'/>"
        for n in (1, 2)
    )
    return f"<transport xmlns='{ICE}' {far.credentials}>{each}</transport>"


def initiate(pbx: Peer, sid: str, transport: str = EMPTY) -> str:
    payloads = SPOKEN + G722 + EVENTS_ALONE
    return jingle("session-initiate", sid, content("initiator", transport, payloads), more=f"initiator='{pbx.own}'")


async def asterisk_calls(alice: Desk, pbx: Peer, far: LegEnd, sid: str) -> None:
    """The candidates right behind the initiate, which is not answered yet; alice lifts."""
    info_ = jingle("transport-info", sid, content("initiator", candidates(far)))
    await asyncio.gather(pbx.acked(initiate(pbx, sid), iq_id="aaaae"), pbx.acked(info_, iq_id="aaaaf"))
    await pbx.expect("session-info")
    await rings(alice)
    await alice.lift()
    accept = await pbx.expect("session-accept")
    for candidate in accept.findall(".//i:candidate", N):
        assert set(candidate.keys()) >= NINE
    assert accept.find(".//r:rtcp-mux", N) is None
    assert [p.get("id") for p in accept.findall(".//r:payload-type", N)] == ["0", "8", "101"]
    far.meets(accept)


async def asterisk_is_called(alice: Desk, pbx: Peer, far: LegEnd, payloads: str = SPOKEN + EVENTS_ALONE) -> str:
    """By its address as it stands; candidates before the accept, whose transport is empty."""
    await calls(alice, ADDRESS)
    offer = await pbx.expect("session-initiate")
    sid = offer.get("sid", "")
    far.meets(offer)
    await pbx.acked(info("ringing", sid), iq_id="aaaap")
    await told(alice, "alerting")
    await pbx.acked(jingle("transport-info", sid, content("responder", candidates(far))), iq_id="aaaaq")
    await pbx.acked(jingle("session-accept", sid, content("responder", EMPTY, payloads)), iq_id="aaaaq")
    return sid


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
    session = f"<session xmlns='http://www.google.com/session' id='{sid}' type='initiate' initiator='{pbx.own}'/>"
    assert condition(await pbx.tell(session, iq_id="aaaav")) in {"feature-not-implemented", "service-unavailable"}
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
