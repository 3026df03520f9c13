"""Thousands of wrong session stanzas against the living daemon: each answered once, all counted, and calls go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from peers.google_house import House, house
from peers.google_noise import Noise
from peers.google_peer import GooglePeer, reasons, session
from peers.rtp_end import both_hear
from peers.told import connected
from peers.xmpp_peer import condition

from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CONVERSATIONS = 120
KEYS = ("OK", "BACK", "HOLD", "5", "MUTE", "MUTE", "BACK", "DOWN", "BACK", "VOICEMAIL", "TRANSFER", "BACK")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("google")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def alice(at: House) -> AsyncIterator[Desk]:
    async with at.alice() as phone:
        yield phone


class Replies:
    """How often each IQ of a client was answered."""

    def __init__(self, peer: GooglePeer) -> None:
        self.counts: Counter[str] = Counter()
        self._peer = peer

    def __enter__(self) -> Counter[str]:
        self._peer.add_filter("in", self._note)
        return self.counts

    def __exit__(self, *_: object) -> None:
        self._peer.del_filter("in", self._note)

    def _note(self, stanza: object) -> object:
        xml = getattr(stanza, "xml", None)
        if xml is not None and xml.get("type") in {"result", "error"}:
            self.counts[xml.get("id", "")] += 1
        return stanza


def everything(noise: Noise) -> list[list[str]]:
    """Stanzas that follow one another."""
    made = [[*noise.conversation(), noise.session()] for _ in range(CONVERSATIONS)]
    return [*made, *([noise.deep()] for _ in range(4))]


async def ends_all(peer: GooglePeer, noise: Noise) -> None:
    for sid in sorted(noise.sids):
        await peer.tell(session("terminate", sid if sid.isprintable() else "", peer.own))


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_client_that_may_call_writes_nonsense(alice: Desk, at: House, seed: int) -> None:
    """While alice lifts, presses keys and hangs up. Some of it is a call, which rings, is answered and ends."""
    noise, answers, before = Noise(seed), Counter[str](), len(alice.log.read_text())
    with Replies(at.gtalk) as counts:
        for number, conversation in enumerate(everything(noise)):
            for payload in conversation:
                reply = await at.gtalk.tell(payload, iq_id=f"n{sum(answers.values())}")
                answers[condition(reply) if reply.get("type") == "error" else "result"] += 1
            if number % 5 == 0:
                await (alice.hang_up() if (await alice.status()).off_hook else alice.lift())
            await alice.press(KEYS[number % len(KEYS)], 0.05)
        await alice.hang_up()
        await ends_all(at.gtalk, noise)
        assert {id_: n for id_, n in counts.items() if n != 1} == {}, "each is answered once"
    assert set(answers) <= {"result", "bad-request", "not-allowed", "resource-constraint"}, answers
    assert all(answers[each] > 20 for each in ("result", "bad-request")), answers
    log = alice.log.read_text()
    assert "nonsense from gtalk@localhost" in log, "it is counted, and the log tells"
    assert "Traceback" not in log
    assert len(log) - before < 100 * sum(answers.values()), "not a line for each"
    await works(alice, at)


async def works(alice: Desk, at: House) -> None:
    """A call as ever, after all that."""
    assert await alice.until(lambda s: not s.calls and not s.ringer and not s.tone, 10), await alice.status()
    async with at.caller("asterisk") as caller:
        await caller.calls(alice)
        await connected(alice, encrypted=False)
        await both_hear(alice, caller.end.ear)
        await caller.hangs_up()


async def test_of_whom_nothing_is_allowed_nothing_is_understood(alice: Desk, at: House) -> None:
    """Whatever it writes, the answer is the same, and the phone does not move."""
    noise = Noise(3)
    for conversation in everything(noise):
        for payload in conversation:
            assert condition(await at.newcomer.tell(payload)) == "feature-not-implemented", payload
    status = await alice.status()
    assert (status.calls, status.ringer) == ((), False)
    assert at.newcomer.came == []
    await works(alice, at)


async def test_nonsense_in_the_midst_of_a_call(alice: Desk, at: House) -> None:
    """From its own far end, with its own id: speech goes on until one of them says that it is over."""
    noise = Noise(4)
    async with at.caller("libjingle 0.7") as caller:
        await caller.calls(alice)
        await both_hear(alice, caller.end.ear)
        for _ in range(100):
            payload = noise.session()
            if any(f'type="{act}"' in payload for act in ("terminate", "reject", "redirect", "accept")):
                continue
            await caller.peer.tell(
                payload.replace('id="f1"', f'id="{caller.sid}"').replace('id="f4"', f'id="{caller.sid}"')
            )
        caller.end.forget()
        await both_hear(alice, caller.end.ear)
        await ends_all(caller.peer, noise)
        await caller.hangs_up()


async def test_a_flood_of_calls_is_bounded(alice: Desk, at: House) -> None:
    """What the user cannot have is refused as busy, what no phone can have by an error that libjingle heeds."""
    initiates = [session("initiate", f"flood{n}", at.pbx.own, DESCRIBED) for n in range(40)]
    replies = await asyncio.gather(*(at.pbx.tell(payload) for payload in initiates))
    answers = Counter(condition(r) if r.get("type") == "error" else "result" for r in replies)
    assert set(answers) <= {"result", "resource-constraint"}, answers
    status = await alice.status()
    assert 0 < len(status.calls) <= 8, "[calls] most"
    rejected = [await at.pbx.got("reject") for _ in range(answers["result"] - len(status.calls))]
    assert {reasons(each)[0] for each in rejected} <= {"recipient-busy"}
    for n in range(40):
        await at.pbx.tell(session("terminate", f"flood{n}", at.pbx.own))
    at.pbx.forget()
    await works(alice, at)


DESCRIBED = "<description xmlns='http://www.google.com/session/phone'><payload-type id='0' name='PCMU'/></description>"
