"""What Dino writes, and how a call with it begins, each way."""

from __future__ import annotations

from peers.rtp_end import LegEnd
from peers.softphones import PROPOSED, jmi, phone_takes, setup_of, transport
from peers.told import calls, rings
from peers.xmpp_peer import RTP, N, Peer, jingle

from phone.demo.stage import Desk

OFFERED = """
<payload-type id='111' clockrate='48000' channels='2' name='opus'>
<parameter name='useinbandfec' value='1'/></payload-type>
<payload-type id='112' clockrate='32000' name='speex'/><payload-type id='0' clockrate='8000' name='PCMU'/>
<encryption><crypto tag='1' key-params='inline:OlpfXhE1r5nMhFMnIeJnse+NbTpjYXSV12hvnPm2'
crypto-suite='AES_CM_128_HMAC_SHA1_80'/></encryption><rtcp-mux/>
"""
ANSWERED = "<payload-type id='111' clockrate='48000' channels='2' name='opus'/><rtcp-mux/>"
DEVICE = "<device xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' id='696743401'/>"


def content(far: LegEnd, payloads: str, setup: str) -> str:
    return (
        f"<content creator='initiator' senders='both' name='audio'>"
        f"<description xmlns='{RTP}' media='audio'>{payloads}</description>"
        f"{transport(far, setup, components=2)}</content>"
    )


def initiate(dino: Peer, far: LegEnd, sid: str) -> str:
    return jingle("session-initiate", sid, content(far, OFFERED, "actpass"), more=f"initiator='{dino.own}'")


async def dino_calls(alice: Desk, dino: Peer, far: LegEnd, sid: str) -> None:
    """By proposal: once the handset is up, the accept must come at once."""
    dino.message(jmi("propose", sid, PROPOSED), to="alice@localhost")
    await rings(alice)
    await dino.expect("ringing")
    await alice.lift()
    await dino.expect("proceed")
    accept = await phone_takes(dino, initiate(dino, far, sid))
    assert accept.find(".//r:encryption", N) is None
    assert setup_of(accept) == "active"
    far.meets(accept)


async def dino_is_called(alice: Desk, dino: Peer, far: LegEnd) -> str:
    """By its account's address."""
    await calls(alice, "dino@localhost")
    return await dino_answers(dino, far)


async def dino_answers(dino: Peer, far: LegEnd) -> str:
    """It says accept to its own account and proceed to the phone; never ringing."""
    sid = (await dino.expect("propose")).get("id", "")
    dino.message(jmi("accept", sid), to="dino@localhost")
    dino.message(jmi("proceed", sid, DEVICE))
    offer = await dino.expect("session-initiate")
    assert (offer.get("sid"), setup_of(offer)) == (sid, "actpass")
    far.meets(offer)
    await dino.acked(jingle("session-accept", sid, content(far, ANSWERED, "active")))
    return sid
