"""Dino against the whole phone: both kinds of encryption offered, a certificate of tomorrow, no word too many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import media.legs
import pytest
from cryptography.x509 import load_der_x509_certificate
from peers.dino import dino_calls, dino_is_called, initiate
from peers.rtp_end import both_hear
from peers.softphones import (
    PROPOSED,
    FromTomorrow,
    jmi,
    offer_profiles,
    softphone,
    why,
)
from peers.told import calls, connected, ended, rings, told
from peers.xmpp_peer import RTP_INFO, Peer, info, reason, terminate

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(autouse=True)
def _as_dino_is(monkeypatch: pytest.MonkeyPatch, dino: Peer) -> Iterator[None]:
    monkeypatch.setattr(media.legs, "Certificate", FromTomorrow)
    offer_profiles(monkeypatch, "SRTP_AES128_CM_SHA1_80")
    # what it does not know it does not answer
    dino.silent_on = lambda payload: payload.get("action") == "session-info"
    return iter((None,))


async def test_dino_calls(alice: Desk, dino: Peer) -> None:
    async with softphone(calling=True) as far:
        certificate = load_der_x509_certificate(far.end.the_leg.certificate.der)
        assert certificate.not_valid_before_utc > datetime.now(UTC)
        await dino_calls(alice, dino, far, "a04db14e")
        assert (await connected(alice, encrypted=True)).codec == "opus"
        assert (await far.up()).profile == "SRTP_AES128_CM_SHA1_80"
        await both_hear(alice, far.ear)
        for name in ("mute", "unmute"):
            told_so = info(name, "a04db14e", RTP_INFO, "name='audio' creator='initiator'")
            await dino.acked(told_so.replace("session-info'", f"session-info' initiator='{dino.own}'"))
        await both_hear(alice, far.ear)
        await dino.acked(terminate("a04db14e", "success"))
        await ended(alice, "hang-up", "Call ended")


async def test_dino_is_called(alice: Desk, dino: Peer) -> None:
    async with softphone(calling=False) as far:
        await dino_is_called(alice, dino, far)
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        await alice.hang_up()
        assert reason(await dino.expect("session-terminate")) == "success"


async def test_dino_calls_without_a_proposal_and_leaves_ringing_unanswered(alice: Desk, dino: Peer) -> None:
    async with softphone(calling=True) as far:
        await dino.acked(initiate(dino, far, "bare-1"))
        await dino.expect("session-info")
        await rings(alice)
        await alice.lift()
        far.meets(await dino.expect("session-accept"))
        await connected(alice, encrypted=True)
        await both_hear(alice, far.ear)
        await alice.hang_up()
        assert reason(await dino.expect("session-terminate")) == "success"


async def test_reasons_with_underscores_are_understood(alice: Desk, dino: Peer) -> None:
    async with softphone(calling=False) as far:
        sid = await dino_is_called(alice, dino, far)
        await told(alice, "connected")
        await dino.acked(terminate(sid, "failed_application"))
        await ended(alice, "no common codec", "no common codec")


async def test_dino_refuses(alice: Desk, dino: Peer) -> None:
    await calls(alice, "dino@localhost")
    sid = (await dino.expect("propose")).get("id", "")
    dino.message(jmi("reject", sid))
    await ended(alice, "declined", "refused the call")
    assert (await alice.status()).tone == "busy"


async def test_dino_takes_its_proposal_back(alice: Desk, dino: Peer) -> None:
    dino.message(jmi("propose", "back", PROPOSED), to="alice@localhost")
    await rings(alice)
    dino.message(jmi("retract", "back", why("cancel")), to="alice@localhost")
    status = await alice.until(lambda s: not s.ringer, 5)
    assert status is not None
    assert "missed: Dino" in " ".join(status.screen)
