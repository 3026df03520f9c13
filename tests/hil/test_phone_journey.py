"""A telephone out of its package, at a desk: what its user does from power-on to hang-up, all by electric levels."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest
import pytest_asyncio
from hil import debs, figures
from hil.outside import HubProsody, config_of, neighbour
from hil.pi import VirtualPi
from hil.seat import PROFILE, Seat, prepared, profile, reference
from journeys.listening import KNOCK, Ear, handsets, hears, music
from journeys.passing_on import talks_with
from journeys.steps import all_idle, connected, does
from PIL import Image

from phone.calls.model import Call, CallId, IdSource, Phone, Progress, Service
from phone.demo.stage import NUMBERS, Desk
from phone.ui.book import Book, Person
from phone.ui.draw import draw
from phone.ui.menu import Menu, refresh
from phone.ui.screens import View, Wall, screen
from phone.ui.texts import load_texts

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
LIFTS = 20
_QUICK = """
mkdir -p /run/systemd/system/phone.service.d
printf '[Service]\\nWatchdogSec=4\\nTimeoutAbortSec=1\\n' >/run/systemd/system/phone.service.d/quick.conf
systemctl daemon-reload
systemctl restart phone
"""
_STOPPED = """
pid=$(systemctl show phone -p MainPID --value)
kill -STOP $pid
until [ "$(systemctl show phone -p NRestarts --value)" -gt 0 ] && systemctl is-active -q phone; do sleep 0.2; done
[ ! -e /proc/$pid ]
journalctl -b -u phone --no-pager | grep -i watchdog
"""
GOLDEN = Path(__file__).parents[1] / "ui" / "golden" / "en"
BOOK = Book(
    tuple(
        Person(name, f"{name.lower()}@localhost", NUMBERS[name.lower()]) for name in ("alice", "Bob", "Carol", "dave")
    )
)
"""Bob and Carol are contacts; all have short numbers."""


@dataclass(frozen=True, slots=True)
class World:
    """All of it; alice's is the phone on the virtual Pi."""

    pi: VirtualPi
    alice: Seat
    bob: Desk
    carol: Desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("world")
    users = {name: os.urandom(12).hex() for name in ("alice", "bob", "carol")}
    pi = VirtualPi(packages=[await asyncio.to_thread(debs.deb)], powered=False)
    async with AsyncExitStack() as stack:
        stack.enter_context(pi)
        server = await stack.enter_async_context(HubProsody(folder / "prosody", users))
        pi.prepare(prepared({**config_of("alice", users["alice"], server), PROFILE: reference()}))
        booted = asyncio.create_task(asyncio.to_thread(pi.boot))
        bob, carol = [
            await stack.enter_async_context(neighbour(folder / name, name, users[name], server))
            for name in ("bob", "carol")
        ]
        await booted
        alice = Seat(pi, "alice", profile(folder))
        stack.callback(alice.close)
        yield World(pi, alice, bob, carol)
        print(pi.run("journalctl -b -o short-monotonic --no-pager -u phone; cat /run/ear.log").out)


def picture(**facts: object) -> Image.Image:
    """What phone.ui draws for a phone in that state, at this minute."""
    usual = {"ids": IdSource(b"any"), "service": Service.ONLINE}
    now = datetime.now(UTC)
    view = View(
        Phone(**usual | facts),
        refresh(Menu(), BOOK),
        BOOK,
        Wall(now),
        0.0,
        load_texts("en"),
        "alice",
        (),
        "alice@localhost",
    )
    return draw(screen(view))


def golden(name: str) -> Image.Image:
    with Image.open(GOLDEN / f"{name}.png") as file:
        return file.convert("1")


async def test_it_comes_up_by_itself(world: World) -> None:
    """Power-on to READY, to the idle clock on the glass, to being reached."""
    print(f"power-on to dial tone: {figures.power_on_to_ready(world.pi):.2f} s")
    world.pi.run("until systemctl is-active -q ssh; do sleep 0.1; done", timeout=120).check()
    world.alice.connect()
    world.alice.listen()
    status = await does(world.alice, lambda s: s.registered, 60)
    assert status.desk_troubles == ()
    assert status.audio_troubles == ()
    await world.alice.sees(picture)


async def test_lifted_it_gives_a_dial_tone(world: World) -> None:
    ear = Ear(world.alice.handset)
    await world.alice.lift()
    await ear.tone(KNOCK)
    await world.alice.sees(lambda: golden("dial-tone"))


async def test_a_number_by_the_matrix_reaches_bob(world: World) -> None:
    alice, bob = world.alice, world.bob
    await alice.dial("20")
    await alice.sees(lambda: picture(off_hook=True, dialled="20"))
    await alice.dial("1")
    assert await bob.until(lambda s: s.ringer, 20), await alice.status()
    await alice.sees(lambda: picture(**calling(Progress.ALERTING)))
    await bob.lift()
    await does(alice, connected)
    await hears("alice>bob bob>alice", handsets(alice, bob), torn=True)


def calling(progress: Progress) -> dict[str, object]:
    """Bob is called."""
    call = Call(
        CallId("a"), peer="bob@localhost", name="Bob", outgoing=True, progress=progress, since=0.0, answered_at=None
    )
    return {"off_hook": True, "calls": (call,), "focus": call.id}


async def test_hold_gives_bob_music(world: World) -> None:
    alice, bob = world.alice, world.bob
    await alice.makes("HOLD", lambda s: any(c.held_by_us for c in s.calls))
    await does(bob, lambda s: s.calls[0].held)
    await music(bob.handset)
    await hears("", handsets(alice, bob), torn=True)
    await alice.makes("HOLD", lambda s: not any(c.held_by_us for c in s.calls))
    await does(bob, lambda s: not s.calls[0].held)
    await hears("alice>bob bob>alice", handsets(alice, bob), torn=True)


async def test_transfer_connects_bob_with_carol(world: World) -> None:
    alice, bob, carol = world.alice, world.bob, world.carol
    await alice.makes("TRANSFER", lambda s: s.tone == "dial")
    await alice.dial(carol.number)
    assert await carol.until(lambda s: s.ringer, 20)
    await carol.lift()
    await hears("alice>carol carol>alice", handsets(alice, bob, carol), torn=True)
    await alice.makes("TRANSFER", lambda s: not s.calls or any(c.handover or c.bridged_to for c in s.calls))
    await does(carol, talks_with("bob"), 20)
    await hears("bob>carol carol>bob", handsets(alice, bob, carol), torn=True)
    await bob.hang_up()
    await carol.hang_up()
    await alice.hang_up()
    await all_idle(alice, bob, carol)


async def test_the_cradle_ends_the_call(world: World) -> None:
    alice, bob = world.alice, world.bob
    await bob.lift()
    await bob.dial(alice.number)
    assert await alice.until(lambda s: s.ringer, 20)
    await alice.lift()
    await does(bob, connected)
    await hears("alice>bob bob>alice", handsets(alice, bob), torn=True)
    await alice.hang_up()
    await does(bob, lambda s: s.tone == "busy")
    await bob.hang_up()
    await all_idle(alice, bob)


async def test_voicemail_opens_the_mailbox(world: World) -> None:
    alice = world.alice
    await alice.makes("VOICEMAIL", lambda s: not s.screen[0].startswith("alice"))
    await alice.sees(lambda: golden("mail-lift-none"))
    await alice.lift()
    await alice.sees(lambda: golden("mail-none"))
    await alice.hang_up()
    await all_idle(alice)


async def test_the_unit_is_shut_and_nothing_was_refused(world: World) -> None:
    told = world.pi.run("systemd-analyze security --no-pager phone.service").check()
    exposure = float(told.strip().splitlines()[-1].split(":")[1].split()[0])
    print(f"exposure {exposure}")
    assert exposure <= 2.0
    journal = world.pi.run("journalctl -b --no-pager").check()
    refused = [line for line in journal.splitlines() if "denied" in line.lower() or "not permitted" in line.lower()]
    assert not [line for line in refused if "phone" in line], refused
    assert "Traceback" not in journal


async def test_what_it_takes_and_costs(world: World) -> None:
    taken = await asyncio.to_thread(figures.lifts, world.alice, LIFTS)
    print(f"hook to dial tone, ms: {sorted(round(each) for each in taken)}, median {median(taken):.0f}")
    assert len(taken) > LIFTS / 2, "a dial tone is not there half a second after the handset is up"
    await all_idle(world.alice)
    rest = await asyncio.to_thread(figures.cost, world.pi, 10.0)
    print(rest)
    assert rest.resident_mb <= 110


async def test_a_daemon_that_stands_still_is_started_anew(world: World) -> None:
    """By systemd's watchdog, which is told to be quicker here."""
    world.pi.run(_QUICK).check()
    before = await does(world.alice, lambda s: s.registered, 60)
    told = world.pi.run(_STOPPED, timeout=120).check()
    assert "Watchdog timeout" in told, told
    after = await does(world.alice, lambda s: s.registered and s.uptime_seconds < before.uptime_seconds + 60, 60)
    assert after.desk_troubles + after.audio_troubles == ()
