"""What Gajim writes, and how a call with it begins, each way."""

from __future__ import annotations

from peers.rtp_end import LegEnd
from peers.told import calls, rings
from peers.xmpp_peer import ICE, RTP, Peer, jingle

from phone.demo.stage import Desk
from phone.media.plan import Codec

OFFERED = """
<payload-type name='OPUS' clockrate='48000' id='96'/>
<payload-type name='SPEEX' clockrate='32000' channels='1' id='104'/>
<payload-type name='G722' clockrate='8000' channels='1' id='9'/>
<payload-type name='PCMA' clockrate='8000' id='8'/>
<payload-type name='PCMU' clockrate='8000' id='0'/>
<payload-type name='telephone-event' clockrate='48000' id='99'><parameter name='events' value='0-15'/></payload-type>
<payload-type name='telephone-event' clockrate='8000' id='101'><parameter name='events' value='0-15'/></payload-type>
"""
ANSWERED = """
<payload-type name='opus' clockrate='48000' channels='2' id='111'/>
<payload-type name='PCMU' clockrate='8000' channels='1' id='0'/>
<payload-type name='PCMA' clockrate='8000' channels='1' id='8'/>
"""
OPUS_96, OPUS_111, EVENTS_99 = (
    Codec("opus", 96, 48_000, 2),
    Codec("opus", 111, 48_000, 2),
    Codec("telephone-event", 99, 48_000),
)


def content(name: str, payloads: str, far: LegEnd) -> str:
    """TCP candidates, some with port 0, of two components; the one that counts comes last."""
    kinds = [
        ("tcp", 56377, 2),
        ("tcp", 0, 2),
        ("udp", 39617, 2),
        ("tcp", 41855, 1),
        ("tcp", 0, 1),
        ("udp", far.port, 1),
    ]
    candidates = "".join(
        f"<candidate port='{port}' network='0' component='{component}' id='c{n}' foundation='1' protocol='{protocol}' "
        f"priority='{2015363328 - component}' ip='127.0.0.1' generation='0' type='host'/>"
        for n, (protocol, port, component) in enumerate(kinds)
    )
    return (
        f"<content name='{name}' senders='both' creator='initiator'>"
        f"<description xmlns='{RTP}' media='audio'>{payloads}</description>"
        f"<transport xmlns='{ICE}' {far.credentials}>{candidates}</transport></content>"
    )


async def gajim_calls(alice: Desk, gajim: Peer, far: LegEnd, sid: str) -> None:
    """A session-initiate, its only mode."""
    initiator = f"initiator='{gajim.own}'"
    await gajim.acked(jingle("session-initiate", sid, content("voice", OFFERED, far), initiator))
    await rings(alice)
    await alice.lift()
    far.meets(await gajim.expect("session-accept"))


async def gajim_is_called(alice: Desk, gajim: Peer, far: LegEnd) -> str:
    await calls(alice, "gajim@localhost")
    return await gajim_answers(gajim, far)


async def gajim_answers(gajim: Peer, far: LegEnd) -> str:
    """The phone has dialled it; it takes Opus by another payload type than it offers itself."""
    offer = await gajim.expect("session-initiate")
    far.meets(offer)
    sid = offer.get("sid", "")
    await gajim.acked(jingle("session-accept", sid, content("audio", ANSWERED, far), f"initiator='{gajim.phone}'"))
    return sid
