"""Gajim's calls without encryption against the whole phone, and what becomes of them where nobody has allowed it."""

from __future__ import annotations

import pytest
from peers.gajim import ANSWERED, EVENTS_99, OFFERED, OPUS_96, OPUS_111, content
from peers.rtp_end import LegEnd, both_hear
from peers.told import calls, connected, ended, rings, told
from peers.xmpp_peer import N, Peer, jingle, reason, terminate

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_gajim_calls(alice: Desk, gajim: Peer) -> None:
    async with LegEnd((OPUS_96, EVENTS_99), calling=True) as far:
        gajim.refused = lambda payload: payload.get("action") == "session-info"
        initiator = f"initiator='{gajim.own}'"
        await gajim.acked(jingle("session-initiate", "1b301282", content("voice", OFFERED, far), initiator))
        await rings(alice)
        await alice.lift()
        accept = await gajim.expect("session-accept")
        taken = accept.findall(".//r:payload-type", N)
        assert next((p.get("id"), p.get("name")) for p in taken) == ("96", "OPUS")
        assert [c.get("name") for c in accept.findall("j:content", N)] == ["voice"]
        assert accept.find(".//r:rtcp-mux", N) is None
        far.meets(accept)
        assert (await connected(alice, encrypted=False)).codec == "opus"
        await both_hear(alice, far.ear)
        about = content("voice", "<payload-type name='PCMU' clockrate='8000' channels='1' id='0'/>", far)
        await gajim.acked(jingle("description-info", "1b301282", about, initiator))
        await both_hear(alice, far.ear)
        await gajim.acked(terminate("1b301282", "success"))
        await ended(alice, "hang-up", "Call ended")


async def test_gajim_is_called(alice: Desk, gajim: Peer) -> None:
    async with LegEnd((OPUS_111,), calling=False) as far:
        await calls(alice, "gajim@localhost")
        offer = await gajim.expect("session-initiate")
        assert offer.find(".//d:fingerprint", N) is None
        far.meets(offer)
        more = f"initiator='{gajim.phone}'"
        await gajim.acked(jingle("session-accept", offer.get("sid", ""), content("audio", ANSWERED, far), more))
        assert (await connected(alice, encrypted=False)).codec == "opus"
        await both_hear(alice, far.ear)
        await alice.hang_up()
        assert reason(await gajim.expect("session-terminate")) == "success"


# --- not allowed ------------------------------------------------------------------------------------------------


async def test_a_call_without_encryption_is_refused_and_both_ends_are_told(alice: Desk, newcomer: Peer) -> None:
    async with LegEnd((OPUS_96,), calling=True) as far:
        await newcomer.acked(jingle("session-initiate", "open", content("voice", OFFERED, far)))
        assert reason(await newcomer.expect("session-terminate")) == "security-error"
        status = await alice.until(lambda s: "not encrypted" in " ".join(s.screen), 5)
        assert status is not None, (await alice.status()).screen
        assert not status.ringer
        entry = (await alice.calls())[0]
        assert (entry.peer.partition("/")[0], entry.reason, entry.seconds) == (
            "newcomer@localhost",
            "not encrypted",
            None,
        )


async def test_an_answer_without_encryption_ends_the_call_and_the_screen_says_why(alice: Desk, newcomer: Peer) -> None:
    async with LegEnd((OPUS_111,), calling=False) as far:
        await calls(alice, "newcomer@localhost")
        offer = await newcomer.expect("session-initiate")
        assert offer.find(".//d:fingerprint", N) is not None
        far.meets(offer)
        await told(alice, "proposed")
        await newcomer.acked(jingle("session-accept", offer.get("sid", ""), content("audio", ANSWERED, far)))
        assert reason(await newcomer.expect("session-terminate")) == "security-error"
        await ended(alice, "not encrypted", "refused: not encrypted")
        assert (await alice.status()).tone == "reorder"
        assert not far.heard or not any(far.heard)
