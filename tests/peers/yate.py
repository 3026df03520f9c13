"""What Yate writes, and how a call with it begins, each way."""

from __future__ import annotations

from peers.rtp_end import RtpEnd
from peers.told import calls, rings
from peers.xmpp_peer import ICE, RAW, RTP, N, Peer, candidate_of, jingle

from phone.demo.stage import Desk

PAYLOADS = (
    "<payload-type id='0' name='PCMU' clockrate='8000'/><payload-type id='8' name='PCMA' clockrate='8000'/>"
    "<payload-type id='101' name='telephone-event' clockrate='8000'/>"
)
NAME = "jingle/4_content_322752615"
"""Of the content that it offers."""
CREDENTIALS = "pwd='2128982536111680670230' ufrag='8903'"


def says(yate: Peer, action: str, sid: str, inner: str = "", *, calling: bool = True) -> str:
    """Yate names both parties, and the action twice."""
    first, second = (yate.own, yate.phone) if calling else (yate.phone, yate.own)
    return jingle(action, sid, inner, f"type='{action}' initiator='{first}' responder='{second}'")


def content(name: str, transport: str, *, described: bool = True) -> str:
    description = f"<description xmlns='{RTP}' media='audio'>{PAYLOADS}</description>" if described else ""
    return f"<content name='{name}' senders='both' creator='initiator'>{description}{transport}</content>"


def ice(port: int = 0, generation: int = 0) -> str:
    """Component 1 alone, priority 0, no id."""
    candidate = (
        f"<candidate component='1' priority='0' network='0' ip='127.0.0.1' type='host' protocol='udp' "
        f"foundation='jingle/5_candidate_{port}' port='{port}' generation='{generation}'/>"
    )
    return f"<transport xmlns='{ICE}' {CREDENTIALS}>{candidate if port else ''}</transport>"


def raw(port: int) -> str:
    return (
        f"<transport xmlns='{RAW}'><candidate ip='127.0.0.1' component='1' id='jingle/7_candidate' port='{port}' "
        "generation='0'/></transport>"
    )


async def yate_calls(alice: Desk, yate: Peer, rtp: RtpEnd, sid: str) -> None:
    """With ice-udp alone: empty in the initiate, the candidate behind it, and once more."""
    await yate.acked(says(yate, "session-initiate", sid, content(NAME, ice())))
    for _ in range(2):
        await yate.acked(says(yate, "transport-info", sid, content(NAME, ice(rtp.port), described=False)))
    await rings(alice)
    await alice.lift()
    accept = await yate.expect("session-accept")
    assert [c.get("name") for c in accept.findall("j:content", N)] == [NAME]
    assert accept.find(".//d:fingerprint", N) is None
    rtp.target = candidate_of(accept)


async def yate_is_called(alice: Desk, yate: Peer, rtp: RtpEnd) -> str:
    """By its account's address."""
    await calls(alice, "yate@localhost")
    return await yate_answers(yate, rtp)


async def yate_answers(yate: Peer, rtp: RtpEnd) -> str:
    """The candidate before the accept, and in it once more."""
    offer = await yate.expect("session-initiate")
    assert offer.find(".//d:fingerprint", N) is None
    sid = offer.get("sid", "")
    rtp.target = candidate_of(offer)
    early = content("audio", ice(rtp.port), described=False)
    await yate.acked(says(yate, "transport-info", sid, early, calling=False))
    await yate.acked(says(yate, "session-accept", sid, content("audio", ice(rtp.port)), calling=False))
    return sid
