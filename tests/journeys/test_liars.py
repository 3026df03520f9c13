"""Far ends that lie, flood or send nonsense: nobody hears what was not secured, calls go on, the log stays short."""

from __future__ import annotations

import asyncio
import copy
import random
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from journeys.liar import HERTZ, Liar, liar
from journeys.shell import media_pid, resident_kb, unclean
from journeys.steps import connected, idle, put_through, talk_both_ways

from phone.demo.hearing import RATE, loudness, tone_share
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk, registered
from phone.jingle.elements import ICE_UDP, JINGLE
from phone.media import handshake
from phone.media.dtls import DtlsSession
from phone.media.ice import IcePath
from phone.media.plan import LegUp

pytestmark = [pytest.mark.servers, pytest.mark.slow]

USERS = {"alice": "x1y2z3", "bob": "x1y2z3", "mallory": "x1y2z3"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PrivateProsody]:
    async with PrivateProsody(tmp_path / "prosody", USERS) as running:
        yield running


@pytest.fixture
async def alice(tmp_path: Path, server: PrivateProsody) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "alice", "alice", USERS["alice"], server) as one:
        await registered(one)
        yield one
        assert not unclean(one)


@pytest.fixture
async def mallory(server: PrivateProsody, alice: Desk) -> AsyncIterator[Liar]:
    async with liar("mallory", USERS["mallory"], server) as one:
        assert await one.until(lambda: any(r.features for r in one.client.resources("alice@localhost")))
        yield one


def liars_voice(phone: Desk, start: int) -> float:
    """The largest share that the liar's tone has in any tenth of a second since card time `start`."""
    heard = phone.heard(start, phone.handset.now())
    pieces = [heard[at : at + RATE // 10] for at in range(0, len(heard) - RATE // 10, RATE // 10)]
    return max((tone_share(piece, HERTZ) for piece in pieces if loudness(piece) > 10), default=0.0)


async def call_the_liar(phone: Desk, far: Liar) -> int:
    """Lift and call it; the card time of the lifting."""
    since = phone.handset.now()
    await phone.lift()
    await phone.call(far.jid)
    return since


async def refused(phone: Desk, words: str) -> None:
    """The call has ended, with a tone, and the display says why."""
    status = await phone.until(lambda s: s.tone in {"busy", "reorder"}, 15)
    assert status, await phone.status()
    assert words in " ".join(status.screen), status.screen
    assert not connected(status)


# --- what must never be heard ---------------------------------------------------------------------------------


async def test_an_honest_far_end_is_heard(alice: Desk, mallory: Liar) -> None:
    """So that silence means something in the tests below."""
    since = await call_the_liar(alice, mallory)
    assert await alice.until(connected, 10)
    await asyncio.sleep(0.6)
    assert liars_voice(alice, since) > 0.5
    await alice.hang_up()
    assert await mallory.until(lambda: not mallory.legs)


def other_fingerprint(payload: Element) -> Element:
    """Of a certificate that nobody has."""
    payload = copy.deepcopy(payload)
    for each in payload.iter("{urn:xmpp:jingle:apps:dtls:0}fingerprint"):
        each.text = ":".join(["AB"] * 32)
    return payload


@pytest.mark.parametrize("caller", ["alice", "mallory"])
async def test_a_certificate_that_was_not_announced(alice: Desk, mallory: Liar, caller: str) -> None:
    mallory.alter = other_fingerprint
    if caller == "alice":
        since = await call_the_liar(alice, mallory)
    else:
        since = alice.handset.now()
        mallory.call("alice@localhost")
        # keys are agreed on while it rings, so that may be over before anybody looks
        if await alice.until(lambda s: s.ringer, 1):
            await alice.lift()
    assert await mallory.until(lambda: mallory.endings() == ["security-error"]), mallory.endings()
    await asyncio.sleep(0.6)
    assert mallory.told(LegUp), "its own handshake was fine: it did send sound"
    assert liars_voice(alice, since) < 0.1
    if caller == "alice":
        await refused(alice, "not encrypted")
    assert not connected(await alice.status())
    assert [e.reason for e in await alice.calls()] == ["not encrypted"]


async def test_a_handshake_without_an_srtp_profile(alice: Desk, mallory: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "DtlsSession", partial(DtlsSession, profiles=()))
    since = await call_the_liar(alice, mallory)
    await refused(alice, "not encrypted")
    assert liars_voice(alice, since) < 0.1


def without(tag: str) -> Callable[[Element], Element]:
    """A lie of leaving out."""

    def leave_out(payload: Element) -> Element:
        payload = copy.deepcopy(payload)
        for parent in list(payload.iter()):
            for child in list(parent):
                if child.tag.endswith(tag):
                    parent.remove(child)
        return payload

    return leave_out


def speex_alone(payload: Element) -> Element:
    payload = copy.deepcopy(payload)
    for each in payload.iter("{urn:xmpp:jingle:apps:rtp:1}payload-type"):
        each.set("name", "speex")
        each.set("id", "97")
    return payload


LIES = {
    "no fingerprint": (without("fingerprint"), "not encrypted", "not encrypted"),
    "no codec of ours": (speex_alone, "no common codec", "no common codec"),
    "no codec at all": (without("payload-type"), "no common codec", "no common codec"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_answers_and_offers_that_cannot_be_taken(alice: Desk, mallory: Liar, lie: str) -> None:
    mallory.alter, words, reason = LIES[lie]
    since = await call_the_liar(alice, mallory)
    await refused(alice, words)
    assert liars_voice(alice, since) < 0.1
    await alice.hang_up()
    assert await alice.until(idle, 5)
    mallory.call("alice@localhost")
    assert await mallory.until(lambda: len(mallory.endings()) == 2), mallory.stanzas
    shown = await alice.until(lambda s: not s.calls, 5)
    assert shown
    assert f"Mallory: {words}" in " ".join(shown.screen), shown.screen
    assert [e.reason for e in await alice.calls()] == [reason, reason]


# --- nonsense and floods while others talk -------------------------------------------------------------------------


def mutants(seeds: list[Element], count: int) -> list[Element]:
    """Stanzas with parts left out, doubled, renamed, blown up or moved; the same every time."""
    dice = random.Random(20261121)
    made = []
    for number in range(count):
        one = copy.deepcopy(seeds[number % len(seeds)])
        for _ in range(dice.randint(1, 4)):
            mutate(one, dice)
        made.append(one)
    return made


def mutate(stanza: Element, dice: random.Random) -> None:
    parent = dice.choice(list(stanza.iter()))
    values = ("", "-1", "0", "65536", "99999999999999999999", "\N{SNOWMAN}" * 50, "x" * 5000, "a@b/c", "session-accept")
    match dice.randrange(6):
        case 0 if len(parent):
            parent.remove(dice.choice(list(parent)))
        case 1 if len(parent):
            parent.append(copy.deepcopy(dice.choice(list(parent))))
        case 2 if parent.attrib:
            parent.set(dice.choice(list(parent.attrib)), dice.choice(values))
        case 3 if parent.attrib:
            del parent.attrib[dice.choice(list(parent.attrib))]
        case 4 if parent is not stanza:
            parent.tag = f"{{{JINGLE}}}{dice.choice(('reason', 'content', 'transport', 'jingle', 'x'))}"
        case _:
            parent.text = dice.choice(values)


def proposals() -> list[Element]:
    made = []
    for verb in ("propose", "ringing", "proceed", "reject", "retract", "finish"):
        one = Element(f"{{urn:xmpp:jingle-message:0}}{verb}", {"id": "a-fixed-id"})
        SubElement(one, "{urn:xmpp:jingle:apps:rtp:1}description", {"media": "audio"})
        made.append(one)
    return made


async def test_hundreds_of_mutated_stanzas_during_a_call(
    tmp_path: Path, server: PrivateProsody, alice: Desk, mallory: Liar
) -> None:
    seeds: list[Element] = []
    mallory.alter = lambda payload: seeds.append(copy.deepcopy(payload)) or payload
    await call_the_liar(alice, mallory)
    assert await alice.until(connected, 10)
    await alice.hang_up()
    assert await mallory.until(lambda: not mallory.legs)
    seeds.extend(copy.deepcopy(mallory.stanzas))
    async with desk(tmp_path / "bob", "bob", USERS["bob"], server) as bob:
        await registered(bob)
        await put_through(bob, alice)
        call = (await alice.status()).calls[0].id
        for seed in seeds[::2]:
            seed.set("sid", call)
        lines, memory = len(alice.log.read_text().splitlines()), resident_kb(alice.process.pid)
        full = next(r.jid for r in mallory.client.resources("alice@localhost"))
        asked = [mallory.send_iq(full, each) for each in mutants(seeds, 400)]
        for each in mutants(proposals(), 200):
            mallory.client.send_message(full, each)
        assert await mallory.until(lambda: all(mallory.client.answers[one] for one in asked), 30), "requests unanswered"
        await asyncio.sleep(0.5)
        assert {mallory.client.answers[one] for one in asked} == {1}, "answered twice"
        await talk_both_ways(alice, bob)
        still = [c for c in (await alice.status()).calls if c.progress != "ended"]
        assert [c.id for c in still if c.peer.startswith("bob@")] == [call]
        assert {c.progress for c in still if c.id != call} <= {"offered"}, "more than knocking is not theirs to do"
        assert resident_kb(alice.process.pid) - memory < 15_000
        assert len(alice.log.read_text().splitlines()) - lines < 300


async def test_the_far_end_of_the_call_goes_mad(
    tmp_path: Path, server: PrivateProsody, alice: Desk, mallory: Liar
) -> None:
    """It may end its own call by that, and nothing else."""
    seeds: list[Element] = []
    mallory.alter = lambda payload: seeds.append(copy.deepcopy(payload)) or payload
    await call_the_liar(alice, mallory)
    assert await alice.until(connected, 10)
    seeds.extend(copy.deepcopy(each) for each in mallory.stanzas)
    for each in [each for each in seeds if each.get("action") == "session-accept"]:
        seeds.append(copy.deepcopy(each))
        seeds[-1].set("action", "transport-info")
    transports = [each for each in mutants(seeds, 600) if each.get("action") != "session-terminate"]
    for number, each in enumerate(transports):
        for transport in each.iter(f"{{{ICE_UDP}}}transport"):
            if number % 3 == 0:
                transport.set("ufrag", f"restart{number}")  # asks for a new ICE path each time
    lines, memory = len(alice.log.read_text().splitlines()), resident_kb(media_pid(alice))
    full = next(r.jid for r in mallory.client.resources("alice@localhost"))
    asked = [mallory.send_iq(full, each) for each in transports]
    assert await mallory.until(lambda: all(mallory.client.answers[one] for one in asked), 30), "requests unanswered"
    await asyncio.sleep(1.0)
    assert {mallory.client.answers[one] for one in asked} == {1}, "answered twice"
    restarted = {part.get("ufrag") for each in mallory.stanzas for part in each.iter(f"{{{ICE_UDP}}}transport")}
    assert len(restarted - {None}) > 5, "no ICE restart was answered: the test is blunt"
    await alice.hang_up()
    assert await alice.until(idle, 10)
    assert resident_kb(media_pid(alice)) - memory < 15_000
    assert len(alice.log.read_text().splitlines()) - lines < 300
    async with desk(tmp_path / "bob", "bob", USERS["bob"], server) as bob:
        await registered(bob)
        await put_through(alice, bob)
        await talk_both_ways(alice, bob)


async def test_a_flood_of_calls(tmp_path: Path, server: PrivateProsody, alice: Desk, mallory: Liar) -> None:
    offer = Element("{urn:xmpp:jingle-message:0}propose")
    SubElement(offer, "{urn:xmpp:jingle:apps:rtp:1}description", {"media": "audio"})
    memory = resident_kb(alice.process.pid)
    for number in range(300):
        offer.set("id", f"flood-{number}")
        mallory.client.send_message("alice@localhost", offer)
    assert await alice.until(lambda s: s.ringer, 10)
    offer.tag = "{urn:xmpp:jingle-message:0}retract"
    for number in range(300):
        offer.set("id", f"flood-{number}")
        mallory.client.send_message("alice@localhost", offer)
    assert await alice.until(idle, 20), await alice.status()
    assert resident_kb(alice.process.pid) - memory < 15_000
    assert len(alice.log.read_text().splitlines()) < 60
    async with desk(tmp_path / "bob", "bob", USERS["bob"], server) as bob:
        await registered(bob)
        await put_through(bob, alice)
        await talk_both_ways(alice, bob)


# --- the media port -------------------------------------------------------------------------------------------------


async def test_garbage_and_replays_at_the_media_port(
    alice: Desk, mallory: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    send = IcePath.send

    def recorded(path: IcePath, datagram: bytes) -> bool:
        sent.append(datagram)
        return send(path, datagram)

    monkeypatch.setattr(IcePath, "send", recorded)
    await call_the_liar(alice, mallory)
    assert await alice.until(connected, 10)
    await asyncio.sleep(0.5)
    (leg,) = mallory.legs.values()
    path = leg._current.path
    _, port = path._target
    lines = len(alice.log.read_text().splitlines())
    memory = resident_kb(media_pid(alice))
    captured = sent[:]
    await throw(port, captured, stun_check(path))
    for datagram in captured * 3:
        send(path, datagram)
    await asyncio.sleep(1.2)
    since = alice.handset.now()
    await asyncio.sleep(1.0)
    status = await alice.status()
    assert connected(status)
    assert status.calls[0].refused is not None
    assert status.calls[0].refused > 100, status.calls[0]
    heard = alice.heard(since, alice.handset.now())
    assert tone_share(heard, HERTZ) > 0.5, "speech must go on"
    assert resident_kb(media_pid(alice)) - memory < 8_000
    assert len(alice.log.read_text().splitlines()) - lines < 60


def stun_check(path: IcePath) -> bytes:
    """A binding request with the right user name, wrongly signed."""
    name = f"{path._agent.remote_username}:{path.ufrag}".encode()
    padded = name + bytes(-len(name) % 4)
    body = b"\x00\x06" + len(name).to_bytes(2, "big") + padded + b"\x00\x08\x00\x14" + bytes(20)
    return b"\x00\x01" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(range(12)) + body


async def throw(port: tuple[str, int], captured: list[bytes], check: bytes) -> None:
    """1500 datagrams from a stranger's address: noise, and real ones with some bits turned."""
    dice = random.Random(20261121)
    noise = [bytes([first]) + dice.randbytes(dice.randint(0, 200)) for first in range(256)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(1500):
            base = bytearray(dice.choice((dice.choice(noise), dice.choice(captured), check)))
            for _ in range(dice.randint(0, 3)):
                base[dice.randrange(len(base))] ^= 1 << dice.randrange(8)
            stranger.sendto(bytes(base), port)
            if number % 50 == 0:
                await asyncio.sleep(0.01)
