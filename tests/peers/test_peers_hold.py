"""HOLD with every kind of client, whatever it makes of it: it hears the tune, alice hears nothing, and all is back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from peers.lines import ALL, Line
from peers.rtp_end import both_hear, ear_of, hears_nothing
from peers.told import connected, shows
from peers.tune import hears_tune
from peers.xmpp_peer import Peer, info, jingle

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("kind", ALL)
async def test_hold_and_resume_as_often_as_one_likes(alice: Desk, clients: Mapping[str, Peer], kind: str) -> None:
    """Conversations, Dino, Gajim and Asterisk speak on while they are held; Yate stops, and comes back elsewhere."""
    async with Line(clients[kind], calling=True) as line:
        await line.calls(alice, f"held-by-alice-{kind}")
        await connected(alice, encrypted=line.encrypted)
        await both_hear(alice, line.ear)
        for generation in (1, 2):
            await alice.press("HOLD")
            await line.is_held()
            await asyncio.gather(hears_tune(line.ear), hears_nothing(ear_of(alice)))
            (call,) = (await alice.status()).calls
            assert (call.held_by_us, call.progress) == (True, "connected")

            await alice.press("HOLD")
            await line.is_back(generation=generation)
            line.forget()
            await both_hear(alice, line.ear)
            (call,) = (await alice.status()).calls
            assert not call.held_by_us
        await line.hangs_up()


async def test_asterisk_and_softphones_are_told_unhold_alone(alice: Desk, clients: Mapping[str, Peer]) -> None:
    """Asterisk acks what it does not know, so active would tell it nothing; where unhold is acked no more is said."""
    async with Line(clients["pbx"], calling=True) as line:
        await line.calls(alice, "unhold-alone")
        await connected(alice, encrypted=False)
        for _ in range(2):
            await alice.press("HOLD")
        await line.is_held()
        await line.is_back()
        await asyncio.sleep(0.5)
        assert [p for p in line.client.came if p.get("action") == "session-info"] == []
        await line.hangs_up()


async def test_held_on_the_cradle_and_taken_back(alice: Desk, clients: Mapping[str, Peer]) -> None:
    """The handset goes back: the tune plays on; lifted, HOLD resumes."""
    async with Line(clients["snikket"], calling=True) as line:
        await line.calls(alice, "on-the-cradle")
        await connected(alice, encrypted=True)
        await alice.press("HOLD")
        await alice.hang_up()
        await line.is_held()
        await asyncio.sleep(0.5)
        line.forget()
        await hears_tune(line.ear)
        await alice.lift()
        await alice.press("HOLD")
        await line.is_back()
        line.forget()
        await both_hear(alice, line.ear)
        await line.hangs_up()


# --- held by them ---------------------------------------------------------------------------------------------


def senders(who: str) -> str:
    return f"<content creator='initiator' name='audio' senders='{who}'/>"


HOLDS = {
    "jitsi active": (lambda sid: info("hold", sid), lambda sid: info("active", sid)),
    "pbx unhold": (lambda sid: info("hold", sid), lambda sid: info("unhold", sid)),
    "dino active": (lambda sid: info("hold", sid), lambda sid: info("active", sid)),
    "jitsi senders": (
        lambda sid: jingle("content-modify", sid, senders("initiator")),
        lambda sid: jingle("content-modify", sid, senders("both")),
    ),
}


@pytest.mark.parametrize("name", HOLDS)
async def test_who_holds_us_is_shown_and_heard_again(alice: Desk, clients: Mapping[str, Peer], name: str) -> None:
    kind, _, _ = name.partition(" ")
    hold, resume = HOLDS[name]
    async with Line(clients[kind], calling=True) as line:
        await line.calls(alice, f"holds-alice-{name}")
        await connected(alice, encrypted=line.encrypted)
        await both_hear(alice, line.ear)
        for _ in range(2):
            await line.client.acked(hold(line.sid))
            assert await alice.until(lambda s: all(c.held for c in s.calls), 5)
            await shows(alice, "you are on hold")
            await line.client.acked(resume(line.sid))
            assert await alice.until(lambda s: not any(c.held for c in s.calls), 5)
            assert "you are on hold" not in " ".join((await alice.status()).screen)
            line.forget()
            await both_hear(alice, line.ear)
        await line.hangs_up()


async def test_both_hold_and_either_comes_back_first(alice: Desk, clients: Mapping[str, Peer]) -> None:
    async with Line(clients["jitsi"], calling=True) as line:
        await line.calls(alice, "both-hold")
        await connected(alice, encrypted=True)
        await alice.press("HOLD")
        await line.is_held()
        await line.client.acked(info("hold", "both-hold"))
        assert await alice.until(lambda s: all(c.held and c.held_by_us for c in s.calls), 5)
        await line.client.acked(info("active", "both-hold"))
        await asyncio.gather(hears_tune(line.ear), hears_nothing(ear_of(alice)))
        await alice.press("HOLD")
        await line.is_back()
        line.forget()
        await both_hear(alice, line.ear)
        await line.hangs_up()
