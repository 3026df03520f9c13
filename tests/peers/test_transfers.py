"""XEP-0251 with clients that have it, as Jitsi and Yate play it: the phone as attendant, as caller and as callee."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from xml.etree.ElementTree import Element

import pytest
from peers.jitsi import jitsi_initiates, moved, transferred
from peers.lines import Line
from peers.rtp_end import HZ_HERE, HZ_THIRD, both_hear, ear_of, hears, hears_nothing
from peers.told import connected, rings, shows
from peers.transferring import carried, consults, dials, let_go, talks
from peers.tune import hears_tune
from peers.xmpp_peer import TRANSFER, N, Peer, condition, info, infos_of, jingle, reason, terminate

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

YATE_CALLS = 19.0
"""Seconds that it may take until it acks: it calls the third party first."""


def asks(to: str, more: str = "") -> str:
    """The body of an attendant's request."""
    return f"<transfer xmlns='{TRANSFER}' to='{to}' {more}/>"


def transfer_of(payload: Element) -> dict[str, str]:
    found = payload.find("t:transfer", N)
    assert found is not None
    return dict(found.attrib)


def is_moved(payload: Element) -> bool:
    return reason(payload) == "success" and payload.find("j:reason/t:transferred", N) is not None


# --- attendant --------------------------------------------------------------------------------------------------


async def test_jitsi_is_sent_to_the_boss(alice: Desk, jitsi: Peer, boss: Peer) -> None:
    """Unattended, let go of while the third party rings: it calls by itself, and says so when it ends our leg."""
    async with Line(jitsi, calling=True) as one:
        await talks(alice, one, "sent-1")
        await dials(alice, "boss@localhost")
        await one.is_held()
        ours = (await boss.expect("session-initiate")).get("sid")
        await alice.press("TRANSFER")
        assert (await boss.expect("session-terminate")).get("sid") == ours
        assert transfer_of(await jitsi.informed("transfer")) == {"to": "boss@localhost"}
        await hears_tune(one.ear)
        assert await alice.until(lambda s: s.tone == "dial", 5)
        await jitsi.acked(info("hold", "sent-1"))
        one.sid = ""
        await jitsi.acked(moved("sent-1"))
        await let_go(alice)
        assert (await alice.calls())[0].reason == "transferred"


async def test_jitsi_takes_our_place_with_the_boss(alice: Desk, jitsi: Peer, boss: Peer) -> None:
    """Attended: the boss's leg is ended by the boss, in whose call jitsi's takes its place; then jitsi's own."""
    async with Line(jitsi, calling=True) as one, Line(boss, calling=False, hz=HZ_THIRD) as other:
        await talks(alice, one, "sent-2")
        await dials(alice, other.address)
        await consults(alice, other)
        await alice.hang_up()
        asked = transfer_of(await jitsi.informed("transfer"))
        assert asked == {"from": jitsi.phone, "sid": other.sid, "to": boss.own}
        await hears_nothing(ear_of(alice))
        await boss.acked(moved(other.sid))
        await jitsi.acked(moved("sent-2"))
        one.sid = other.sid = ""
        await let_go(alice)
        assert [c.reason for c in (await alice.calls())[:2]] == ["transferred"] * 2


async def test_yate_acks_late_and_leaves_before_the_answer(alice: Desk, yate: Peer, snikket: Peer) -> None:
    """Meanwhile alice talks with somebody else."""
    yate.delay = lambda payload: YATE_CALLS if "transfer" in infos_of(payload) else 0.0
    async with Line(yate, calling=True) as one, Line(snikket, calling=False, hz=HZ_THIRD) as other:
        await talks(alice, one, "JG20_1")
        await dials(alice, "boss@localhost")
        await alice.press("TRANSFER")
        asked_at = asyncio.get_running_loop().time()
        assert transfer_of(await yate.informed("transfer")) == {"to": "boss@localhost"}
        await alice.call(other.address)
        await other.answers()
        await both_hear(alice, other.ear, HZ_THIRD)
        await asyncio.sleep(asked_at + YATE_CALLS + 0.5 - asyncio.get_running_loop().time())
        assert [c.handover_method for c in (await alice.status()).calls] == ["transfer", ""]
        one.sid = ""
        await yate.acked(moved("JG20_1"))
        assert await alice.until(lambda s: [c.id for c in s.calls] == [other.sid], 5)
        other.forget()
        await both_hear(alice, other.ear, HZ_THIRD)
        await other.hangs_up()


@pytest.mark.parametrize("third", ["boss", "yate"])
async def test_a_third_party_that_ends_nothing_itself_is_let_go_of(
    alice: Desk, jitsi: Peer, clients: Mapping[str, Peer], third: str
) -> None:
    """Yate never replaces by sid; our leg to it is ended by us, some seconds after jitsi's."""
    async with Line(jitsi, calling=True) as one, Line(clients[third], calling=False, hz=HZ_THIRD) as other:
        await talks(alice, one, f"left-{third}")
        await dials(alice, other.address)
        await consults(alice, other)
        await alice.press("TRANSFER")
        await jitsi.informed("transfer")
        one.sid = ""
        await jitsi.acked(moved(f"left-{third}"))
        end = await clients[third].expect("session-terminate", within=12)
        assert is_moved(end)
        other.sid = ""
        await let_go(alice)


async def test_yate_has_no_peer_for_the_sid_and_both_calls_are_kept(alice: Desk, yate: Peer, boss: Peer) -> None:
    """Attended, it joins only two legs of its own."""
    yate.error = "<error type='cancel'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    async with Line(yate, calling=True) as one, Line(boss, calling=False, hz=HZ_THIRD) as other:
        yate.refused = lambda payload: not {"transfer", "unhold"}.isdisjoint(infos_of(payload))
        await talks(alice, one, "JG21_1")
        await dials(alice, other.address)
        await one.is_held()
        await consults(alice, other)
        await alice.press("TRANSFER")
        await yate.informed("transfer")
        await one.is_back()
        one.forget()
        await both_hear(alice, one.ear)
        status = await alice.status()
        assert [(c.progress, c.held_by_us) for c in status.calls] == [("connected", False), ("connected", True)]
        await alice.press("HOLD")
        other.forget()
        await both_hear(alice, other.ear, HZ_THIRD)
        await other.hangs_up()
        await one.hangs_up()


async def test_who_says_that_it_cannot_is_bridged(alice: Desk, yate: Peer, snikket: Peer) -> None:
    """Its caps promise XEP-0251, and its answer takes that back."""
    async with Line(yate, calling=True) as one, Line(snikket, calling=False, hz=HZ_THIRD) as other:
        yate.refused = lambda payload: not {"transfer", "unhold"}.isdisjoint(infos_of(payload))
        await talks(alice, one, "JG22_1")
        await dials(alice, other.address)
        await one.is_held()
        await snikket.expect("propose")
        await alice.press("TRANSFER")
        await snikket.expect("retract")
        await yate.informed("transfer")
        await other.answers()
        await one.is_back()
        await carried(alice, one, other)
        await one.hangs_up()
        await snikket.expect("session-terminate")


async def test_a_transfer_that_failed_brings_the_caller_back(alice: Desk, jitsi: Peer) -> None:
    """XEP-0251: it took us off hold again, so it is ours."""
    async with Line(jitsi, calling=True) as one:
        await talks(alice, one, "sent-4")
        await dials(alice, "boss@localhost")
        await alice.hang_up()
        await jitsi.informed("transfer")
        for step in ("hold", "active"):
            await jitsi.acked(info(step, "sent-4"))
        status = await alice.until(lambda s: s.ringer and s.recall == "sent-4", 8)
        assert status is not None, await alice.status()
        await alice.lift()
        one.forget()
        await both_hear(alice, one.ear)
        await one.hangs_up()


# --- caller -----------------------------------------------------------------------------------------------------


async def granted(alice: Desk, asker: Peer, sid: str, request: str) -> None:
    """It asks, and waits for its answer; alice says yes."""
    answer = asyncio.create_task(asker.acked(jingle("session-info", sid, request)))
    await shows(alice, "Connect to?")
    assert not answer.done()
    await alice.press("OK")
    await answer


@pytest.mark.parametrize("attendant", ["jitsi", "yate"])
@pytest.mark.parametrize("attended", [False, True], ids=["unattended", "attended"])
async def test_alice_is_sent_to_somebody_else(
    alice: Desk, clients: Mapping[str, Peer], boss: Peer, attendant: str, attended: bool
) -> None:
    """Jitsi ends its leg as soon as it has its answer, Yate waits for our end of it."""
    asker, sid = clients[attendant], f"asks-{attendant}-{attended}"
    async with Line(asker, calling=True) as one, Line(boss, calling=False, hz=HZ_THIRD) as other:
        await talks(alice, one, sid)
        more = f"from='{asker.own}' sid='theirs'" if attended else ""
        await granted(alice, asker, sid, asks(boss.own, more))
        one.sid = ""
        if attendant == "jitsi":
            await asker.acked(moved(sid))
        else:
            await asker.informed("hold")
        await other.answers()
        replaces = {"sid": "theirs", "to": boss.own} if attended else {}
        assert other.offer is not None
        assert transfer_of(other.offer) == {"from": asker.own, **replaces}
        await both_hear(alice, other.ear, HZ_THIRD)
        if attendant == "yate":
            assert is_moved(await asker.expect("session-terminate"))
        assert await alice.until(lambda s: [c.id for c in s.calls] == [other.sid], 5)
        await other.hangs_up()


async def test_sent_to_a_yate_that_takes_it_as_any_call(alice: Desk, jitsi: Peer, yate: Peer) -> None:
    """It never replaces by sid: it rings, and somebody answers."""
    async with Line(jitsi, calling=True) as one, Line(yate, calling=False, hz=HZ_THIRD) as other:
        await talks(alice, one, "asks-yate")
        await granted(alice, jitsi, "asks-yate", asks(yate.own, f"from='{jitsi.own}' sid='theirs'"))
        await other.answers()
        await both_hear(alice, other.ear, HZ_THIRD)
        one.sid = ""
        assert is_moved(await jitsi.expect("session-terminate"))
        await other.hangs_up()


async def test_alice_says_no(alice: Desk, jitsi: Peer) -> None:
    async with Line(jitsi, calling=True) as one:
        await talks(alice, one, "asks-no")
        answer = asyncio.create_task(jitsi.tell(jingle("session-info", "asks-no", asks("boss@localhost"))))
        await shows(alice, "Connect to?")
        await alice.press("BACK")
        assert condition(await answer) == "not-allowed"
        one.forget()
        await both_hear(alice, one.ear)
        await one.hangs_up()


@pytest.mark.parametrize(
    "to", ["", "alice@localhost", "jitsi@localhost", "+1900555@localhost", "900@elsewhere.example"]
)
async def test_where_alice_must_not_be_sent(alice: Desk, jitsi: Peer, to: str) -> None:
    """Nowhere, to herself, in a circle, to what may cost money: refused without a question."""
    async with Line(jitsi, calling=True) as one:
        await one.calls(alice, "asks-wrongly")
        await connected(alice, encrypted=True)
        answer = await jitsi.tell(jingle("session-info", "asks-wrongly", asks(to)))
        assert condition(answer) in {"bad-request", "not-allowed"}
        assert "Connect to?" not in " ".join((await alice.status()).screen)
        await one.hangs_up()


async def test_the_third_party_refuses_and_the_attendant_has_alice_again(alice: Desk, yate: Peer, boss: Peer) -> None:
    async with Line(yate, calling=True) as one:
        await talks(alice, one, "asks-back")
        await granted(alice, yate, "asks-back", asks(boss.own))
        offer = await boss.expect("session-initiate")
        await boss.acked(terminate(offer.get("sid", ""), "busy"))
        await yate.informed("hold")
        await yate.informed("active")
        one.forget()
        await both_hear(alice, one.ear)
        await one.hangs_up()


# --- callee -----------------------------------------------------------------------------------------------------


async def test_another_takes_the_attendants_place(alice: Desk, jitsi: Peer, boss: Peer) -> None:
    """Attended, by both full JIDs and the sid: alice does nothing, and hears that somebody else is there."""
    async with Line(jitsi, calling=True) as one, Line(boss, calling=True, hz=HZ_THIRD) as other:
        await talks(alice, one, "consulted")
        other.sid = "in-its-place"
        await jitsi_initiates(boss, other.softphone, other.sid, transferred(jitsi.own, "consulted", jitsi.phone))
        other.softphone.meets(await boss.expect("session-accept"))
        assert is_moved(await jitsi.expect("session-terminate"))
        one.sid = ""
        await both_hear(alice, other.ear, HZ_THIRD)
        await connected(alice, encrypted=True)
        await other.hangs_up()


@pytest.mark.parametrize(
    ("attendant", "sid"), [("jitsi", "guessed"), ("dino", "asked-for")], ids=["another's sid", "another's name"]
)
async def test_who_does_not_know_all_of_it_waits_like_anyone(
    alice: Desk, clients: Mapping[str, Peer], boss: Peer, attendant: str, sid: str
) -> None:
    async with Line(clients["jitsi"], calling=True) as one, Line(boss, calling=True, hz=HZ_THIRD) as other:
        await talks(alice, one, "asked-for")
        other.sid = "out-of-place"
        mark = transferred(clients[attendant].own, sid, boss.phone)
        await jitsi_initiates(boss, other.softphone, other.sid, mark)
        assert await alice.until(lambda s: [c.progress for c in s.calls] == ["connected", "offered"], 5)
        one.forget()
        await hears(one.ear, HZ_HERE)
        await other.hangs_up()
        await one.hangs_up()


async def test_a_transferred_call_rings_and_says_who_sent_it(alice: Desk, jitsi: Peer, boss: Peer) -> None:
    async with Line(boss, calling=True, hz=HZ_THIRD) as other:
        other.sid = "sent-to-alice"
        await jitsi_initiates(boss, other.softphone, other.sid, transferred(jitsi.own))
        await rings(alice)
        await shows(alice, "via Jitsi")
        await shows(alice, "not verified")
        await alice.lift()
        other.softphone.meets(await boss.expect("session-accept"))
        await both_hear(alice, other.ear, HZ_THIRD)
        await other.hangs_up()
