"""What Jitsi's desktop client writes (XEP-0251's only complete implementation, in all roles), and how a call begins."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from peers.rtp_end import LegEnd
from peers.softphones import setup_of, transport
from peers.told import calls, rings
from peers.xmpp_peer import RTP, RTP_INFO, TRANSFER, Peer, info, jingle

from phone.demo.stage import Desk

PAYLOADS = (
    "<payload-type id='111' clockrate='48000' channels='2' name='opus'/>"
    "<payload-type id='0' clockrate='8000' name='PCMU'/>"
    "<payload-type id='101' clockrate='8000' name='telephone-event'/>"
    "<rtcp-mux/>"
)


def content(far: LegEnd, setup: str) -> str:
    return (
        f"<content creator='initiator' senders='both' name='audio'>"
        f"<description xmlns='{RTP}' media='audio'>{PAYLOADS}</description>{transport(far, setup)}</content>"
    )


def transferred(attendant: str, sid: str = "", to: str = "") -> str:
    """The mark of a call that somebody else asked for; attended with `sid` and `to`."""
    replaces = f" sid='{sid}' to='{to}'" if sid else ""
    return f"<transfer xmlns='{TRANSFER}' from='{attendant}'{replaces}/>"


def moved(sid: str) -> str:
    """The end of a leg whose far end talks to somebody else now."""
    return jingle("session-terminate", sid, f"<reason><success/><transferred xmlns='{TRANSFER}'/></reason>")


async def jitsi_initiates(jitsi: Peer, far: LegEnd, sid: str, mark: str = "") -> None:
    """It knows nothing of XEP-0353."""
    offer = content(far, "actpass") + mark
    await jitsi.acked(jingle("session-initiate", sid, offer, f"initiator='{jitsi.own}'"))


async def jitsi_calls(alice: Desk, jitsi: Peer, far: LegEnd, sid: str, mark: str = "") -> None:
    """Alice lifts."""
    await jitsi_initiates(jitsi, far, sid, mark)
    await rings(alice)
    await alice.lift()
    far.meets(await jitsi.expect("session-accept"))


async def jitsi_is_called(alice: Desk, jitsi: Peer, far: LegEnd) -> str:
    await calls(alice, f"{jitsi.boundjid.bare}")
    return (await jitsi_answers(jitsi, far)).get("sid", "")


async def jitsi_answers(jitsi: Peer, far: LegEnd) -> Element:
    """Rings, and its user lifts; what came."""
    offer = await jitsi.expect("session-initiate")
    sid = offer.get("sid", "")
    assert setup_of(offer) == "actpass"
    far.meets(offer)
    await jitsi.acked(info("ringing", sid, RTP_INFO))
    await jitsi.acked(jingle("session-accept", sid, content(far, "active"), f"responder='{jitsi.own}'"))
    return offer
