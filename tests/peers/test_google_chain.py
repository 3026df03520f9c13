"""Asterisk's way down from ICE-UDP over "Google Jingle" to google-v1 with one session id, and who is not let in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from peers.asterisk import GOOGLE, initiate
from peers.google_house import House, house
from peers.google_kinds import KINDS, Caller
from peers.google_peer import VOICE, GooglePeer, candidate, description, session, wrapped
from peers.rtp_end import both_hear
from peers.told import connected, ended, rings
from peers.xmpp_peer import condition, jingle, reason, terminate

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

UNKNOWN = "feature-not-implemented"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("google")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def alice(at: House) -> AsyncIterator[Desk]:
    async with at.alice() as phone:
        yield phone


async def dials(caller: Caller, transports: tuple[str, ...]) -> list[str]:
    """As chan_motif does: on to the next dialect for that error alone. The answers; "" for a result."""
    pbx, answers = caller.peer, []
    for transport in transports:
        ours = initiate(pbx, caller.sid, transport) if transport else caller.writes("initiate", DESCRIBED)
        reply = await pbx.tell(ours, iq_id="aaaav")
        answers.append(condition(reply) if reply.get("type") == "error" else "")
        if answers[-1] != UNKNOWN:
            break
    return answers


ICE = "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/>"
DESCRIBED = description(*KINDS["asterisk"].payloads)
CHAIN = (ICE, GOOGLE, "")


@pytest.mark.parametrize("begins", [1, 2])
async def test_asterisk_comes_down_to_google_v1_with_one_sid(alice: Desk, at: House, begins: int) -> None:
    """From wherever its config begins. Each step is the same IQ id and the same session id again."""
    async with at.caller("asterisk") as caller:
        answers = await dials(caller, CHAIN[begins:])
        assert answers == [*[UNKNOWN] * (2 - begins), ""]
        await caller.tells()
        await rings(alice)
        assert len((await alice.status()).calls) == 1
        await alice.lift()
        await caller.is_answered()
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()
        await ended(alice, "hang-up", "Call ended")


async def test_where_ice_is_spoken_asterisk_stays_with_it(alice: Desk, at: House) -> None:
    async with at.caller("asterisk") as caller:
        assert await dials(caller, CHAIN) == [""]
        await rings(alice)
        await caller.peer.acked(terminate(caller.sid, "gone"))
        assert await alice.until(lambda s: not s.ringer, 5)


async def test_the_same_sid_again_after_each_end(alice: Desk, at: House) -> None:
    """Refused, given up, hung up: the id is free for the next call, in this dialect and in Jingle's."""
    async with at.caller("asterisk") as caller:
        await caller.peer.acked(initiate(caller.peer, caller.sid, ICE))
        await rings(alice)
        await caller.peer.acked(terminate(caller.sid, "gone"))
        assert await alice.until(lambda s: not s.calls and not s.ringer, 5)
        for _ in range(3):
            assert await dials(caller, CHAIN[1:]) == [UNKNOWN, ""]
            await rings(alice)
            await caller.hangs_up()
            assert await alice.until(lambda s: not s.calls and not s.ringer, 5)
        await caller.calls(alice)
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


async def test_to_whom_nothing_is_allowed_the_dialect_is_unknown(alice: Desk, at: House) -> None:
    """All acts alike, well formed or not, so that Asterisk goes on; nothing rings, nothing is logged as a call."""
    before = len(await alice.calls())
    who = at.newcomer
    every = [
        *(session(act, "s1", who.own, DESCRIBED) for act in ("initiate", "accept", "terminate", "update", "modify")),
        session("initiate", "s1", who.own, DESCRIBED + wrapped()),
        session("candidates", "s1", who.own, candidate(9, "x" * 16)),
        session("initiate", "", "", ""),
        "<session xmlns='http://www.google.com/session'/>",
    ]
    for payload in every:
        assert condition(await who.tell(payload)) == UNKNOWN, payload
    assert condition(await who.tell(initiate(who, "s1", GOOGLE))) == UNKNOWN
    status = await alice.status()
    assert (status.calls, status.ringer, len(await alice.calls())) == ((), False, before)
    assert who.came == []


async def test_a_way_down_that_nobody_allowed_ends_with_the_first_that_is_understood(alice: Desk, at: House) -> None:
    """ICE-UDP without encryption is acked and ended, which is an answer: Asterisk tries no further."""
    who = at.newcomer
    await who.acked(initiate(who, "s2", ICE))
    assert reason(await who.expect("session-terminate")) == "security-error"
    assert condition(await who.tell(session("initiate", "s2", who.own, DESCRIBED))) == UNKNOWN


async def test_a_stranger_to_a_session_does_not_end_it(alice: Desk, at: House) -> None:
    """The key is the sender's full address and the id: not the initiator that is written."""
    async with at.caller("asterisk") as caller:
        await caller.calls(alice)
        await both_hear(alice, caller.end.ear)
        for forged in (at.gtalk, at.newcomer):
            reply = condition(await forged.tell(caller.writes("terminate")))
            assert reply == ("bad-request" if forged is at.gtalk else UNKNOWN)
            reply = condition(await forged.tell(caller.writes("candidates", candidate(9, "y" * 16))))
            assert reply == ("bad-request" if forged is at.gtalk else UNKNOWN)
        caller.end.forget()
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


async def test_the_phone_says_that_it_can_be_called_so(at: House) -> None:
    """As libjingle and chan_motif look for it: in disco#info."""
    info = await features_of(at.pbx)
    assert VOICE in info
    assert "urn:xmpp:jingle:1" in info, "which chan_motif takes first"


async def features_of(peer: GooglePeer) -> set[str]:
    found = await peer.plugin["xep_0030"].get_info(jid=peer.phone, timeout=5)
    return set(found["disco_info"]["features"])


async def test_google_jingle_s_candidates_find_no_session(alice: Desk, at: House) -> None:
    """What Asterisk sent behind an initiate that was refused meanwhile."""
    assert condition(await at.pbx.tell(initiate(at.pbx, "gone", GOOGLE))) == UNKNOWN
    late = jingle("transport-info", "gone", f"<content name='audio' creator='initiator'>{GOOGLE}</content>")
    assert condition(await at.pbx.tell(late)) == "item-not-found"
    assert (await alice.status()).calls == ()
