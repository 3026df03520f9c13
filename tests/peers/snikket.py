"""What Conversations (and Snikket) writes, and how a call with it begins, each way."""

from __future__ import annotations

from peers.rtp_end import LegEnd
from peers.softphones import PROPOSED, jmi, phone_takes, setup_of, transport
from peers.told import calls, rings, told
from peers.xmpp_peer import RTP, N, Peer, jingle

from phone.demo.stage import Desk

GROUP = "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/></group>"
PAYLOADS = """
<payload-type id='111' clockrate='48000' channels='2' name='opus'><parameter name='minptime' value='10'/>
<parameter name='useinbandfec' value='1'/><rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='transport-cc'/>
</payload-type><payload-type id='63' clockrate='48000' channels='2' name='red'/>
<payload-type id='101' clockrate='8000' name='telephone-event'/>
<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='4' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/>
<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='2627443009'><parameter name='cname' value='GgolsNpCq5xcG6Sw'/>
</source>
"""


def content(far: LegEnd, setup: str, name: str = "0", *, print_: str = "") -> str:
    """The mid is the name; the group alone says that RTCP is multiplexed."""
    return (
        f"<content creator='initiator' name='{name}'><description xmlns='{RTP}' media='audio'>{PAYLOADS}</description>"
        f"{transport(far, setup, print_=print_)}</content>{GROUP.replace('0', name) if name != '0' else GROUP}"
    )


async def snikket_calls(alice: Desk, snikket: Peer, far: LegEnd, sid: str) -> None:
    snikket.message(jmi("propose", sid, PROPOSED), to="alice@localhost")
    await snikket.expect("ringing")
    await rings(alice)
    await alice.lift()
    await snikket.expect("proceed")
    accept = await phone_takes(snikket, jingle("session-initiate", sid, content(far, "actpass")))
    assert setup_of(accept) == "active"
    assert accept.find(".//r:rtcp-mux", N) is not None
    far.meets(accept)


async def snikket_is_called(alice: Desk, snikket: Peer, far: LegEnd, print_: str = "") -> str:
    await calls(alice, "snikket@localhost")
    sid = (await snikket.expect("propose")).get("id", "")
    snikket.message(jmi("ringing", sid))
    await told(alice, "alerting")
    assert (await alice.status()).tone == "ringback"
    return await snikket_proceeds(snikket, far, sid, print_)


async def snikket_answers(snikket: Peer, far: LegEnd) -> str:
    """It is called already."""
    sid = (await snikket.expect("propose")).get("id", "")
    snikket.message(jmi("ringing", sid))
    return await snikket_proceeds(snikket, far, sid)


async def snikket_proceeds(snikket: Peer, far: LegEnd, sid: str, print_: str = "") -> str:
    """Its user lifts."""
    snikket.message(jmi("proceed", sid))
    offer = await snikket.expect("session-initiate")
    assert setup_of(offer) == "actpass"
    far.meets(offer)
    await snikket.acked(jingle("session-accept", sid, content(far, "active", "audio", print_=print_)))
    return sid
