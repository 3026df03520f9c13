"""What Asterisk writes, and how a call with it begins, each way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from peers.rtp_end import LegEnd
from peers.told import calls, rings, told
from peers.xmpp_peer import ICE, RTP, N, Peer, info, jingle

from phone.demo.stage import Desk
from phone.media.plan import Codec

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
    """By its address as it stands."""
    await calls(alice, ADDRESS)
    return await asterisk_answers(pbx, far, payloads, rung=partial(told, alice, "alerting"))


async def asterisk_answers(
    pbx: Peer, far: LegEnd, payloads: str = SPOKEN + EVENTS_ALONE, rung: Callable[[], Awaitable[object]] | None = None
) -> str:
    """Candidates before the accept, whose transport is empty. `rung` is awaited while it rings."""
    offer = await pbx.expect("session-initiate")
    sid = offer.get("sid", "")
    far.meets(offer)
    await pbx.acked(info("ringing", sid), iq_id="aaaap")
    if rung is not None:
        await rung()
    await pbx.acked(jingle("transport-info", sid, content("responder", candidates(far))), iq_id="aaaaq")
    await pbx.acked(jingle("session-accept", sid, content("responder", EMPTY, payloads)), iq_id="aaaaq")
    return sid
