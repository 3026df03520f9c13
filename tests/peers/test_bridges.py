"""TRANSFER with clients that know nothing of XEP-0251: the phone carries the speech, whatever the two ends speak."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from peers.lines import Line
from peers.rtp_end import HZ_THIRD, both_hear, ear_of, hears_nothing, share, until
from peers.softphones import jmi
from peers.told import shows
from peers.transferring import carried, consults, dials, let_go, talks
from peers.tune import hears_tune
from peers.xmpp_peer import Peer, reason

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

HZ_NEXT = 2100
RINGBACK = 425
"""Germany's."""
PAIRS = {
    ("snikket", "dino"): ("opus", "opus"),
    ("pbx", "yate"): ("pcmu", "pcmu"),
    ("gajim", "snikket"): ("opus", "opus"),
    ("snikket", "pbx"): ("opus", "pcmu"),
    ("pbx", "gajim"): ("pcmu", "opus"),
    ("dino", "jitsi"): ("opus", "opus"),
}
"""Who called alice, and whom she connects it with: with the same codec and without, DTLS, plain RTP, and both."""


@pytest.mark.parametrize(("first", "third"), PAIRS)
async def test_attended_by_the_transfer_key(alice: Desk, clients: Mapping[str, Peer], first: str, third: str) -> None:
    async with Line(clients[first], calling=True) as one, Line(clients[third], calling=False, hz=HZ_THIRD) as other:
        await talks(alice, one, f"bridge-{first}-{third}")
        await dials(alice, other.address)
        await one.is_held()
        await hears_tune(one.ear)
        await consults(alice, other)
        await alice.press("TRANSFER")
        await one.is_back()
        await carried(alice, one, other)

        status = await alice.until(lambda s: all(c.codec for c in s.calls), 10)
        assert status is not None, (await alice.status()).calls
        assert tuple(c.codec for c in status.calls) == PAIRS[first, third]
        assert [c.encrypted for c in status.calls] == [one.encrypted, other.encrypted]
        assert status.tone == "dial"
        assert not any(c.held_by_us or c.held for c in status.calls)

        await other.hangs_up()
        assert reason(await one.client.expect("session-terminate")) == "success"
        one.sid = ""
        await let_go(alice)


@pytest.mark.parametrize(("first", "third"), [("snikket", "dino"), ("pbx", "snikket"), ("gajim", "yate")])
async def test_unattended_by_hanging_up(alice: Desk, clients: Mapping[str, Peer], first: str, third: str) -> None:
    """It hears the third party's phone ring, as by any exchange; alice's handset is back on its cradle."""
    async with Line(clients[first], calling=True) as one, Line(clients[third], calling=False, hz=HZ_THIRD) as other:
        await talks(alice, one, f"blind-{first}-{third}")
        await dials(alice, other.address)
        await one.is_held()
        await alice.hang_up()
        one.forget()
        await until(one.ear, lambda heard, rate: share(heard, RINGBACK, rate) > 0.8, "no ringback", 10)
        await other.answers()
        await one.is_back()
        await carried(alice, one, other)
        await shows(alice, "through this phone")
        await one.hangs_up()
        assert reason(await other.client.expect("session-terminate")) == "success"
        other.sid = ""
        await let_go(alice)


async def test_the_handset_is_free_for_other_calls(alice: Desk, clients: Mapping[str, Peer]) -> None:
    async with (
        Line(clients["snikket"], calling=True) as one,
        Line(clients["pbx"], calling=False, hz=HZ_THIRD) as other,
        Line(clients["jitsi"], calling=False, hz=HZ_NEXT) as third,
    ):
        await talks(alice, one, "busy-bridge")
        await dials(alice, other.address)
        await consults(alice, other)
        await alice.hang_up()
        await carried(alice, one, other)
        await alice.lift()
        await alice.call(third.address)
        await third.answers()
        await both_hear(alice, third.ear, HZ_NEXT)
        await carried(alice, one, other)
        await third.hangs_up()
        await alice.hang_up()
        await carried(alice, one, other)
        await hears_nothing(ear_of(alice))
        await one.hangs_up()
        await other.client.expect("session-terminate")


async def test_nobody_answers_and_the_caller_is_back(alice: Desk, clients: Mapping[str, Peer]) -> None:
    """The third party refuses: alice's bell rings, and the handset brings the caller back."""
    async with Line(clients["snikket"], calling=True) as one:
        await talks(alice, one, "refused-bridge")
        await dials(alice, "dino@localhost")
        await alice.hang_up()
        await one.is_held()
        sid = (await clients["dino"].expect("propose")).get("id", "")
        clients["dino"].message(jmi("reject", sid))
        status = await alice.until(lambda s: s.ringer and bool(s.recall), 8)
        assert status is not None, await alice.status()
        await shows(alice, "Is back")
        await alice.lift()
        await one.is_back()
        one.forget()
        await both_hear(alice, one.ear)
        await one.hangs_up()
