"""The user's manual, the people one calls and those who call: refusing, not being disturbed, and ways to dial."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.listening import KNOCK, Ear, handsets, hears
from journeys.steps import all_idle, connected, does
from slixmpp import ClientXMPP
from slixmpp.stanza import Message

from phone.control import StatusReply
from phone.demo.stage import Desk, Stage, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow]

LONG = 1.1
"""Seconds that count as held down."""
CODE = "4711"
ALICE = f"""
[dial.speed]
2 = "201"

[calls]
lock_code = "{CODE}"
"""
BOB = """
[peers."carol@localhost"]
ring = 3
"""


def edit(config: str) -> str:
    """alice has a code, an emergency number and a speed dial key; carol rings in another way at bob's."""
    if 'jid = "alice@' in config:
        return (
            config.replace('"20x"', '"20x|112"').replace("[dial.short]", '[dial.short]\n"112" = "carol@localhost"')
            + ALICE
        )
    if 'jid = "dave@' in config:
        return config.replace('"20x"', '"20x"\nhotline = "200"\nhotline_seconds = 1.0')
    return config + BOB if 'jid = "bob@' in config else config


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, "alice", "bob", "carol", "dave", edit=edit) as scene:
        yield scene


async def test_who_calls(scene: Stage) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol, _ = scene.desks.values()
    await refused_with_a_text(scene, alice, bob)
    await another_ring_for_another_caller(alice, bob, carol)
    await not_to_be_disturbed(alice, bob)
    await blocked_and_blocked_no_more(bob, carol)


async def test_whom_one_calls(scene: Stage) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol, dave = scene.desks.values()
    await the_keypad_is_locked(alice, bob, carol)
    await a_key_held_down(alice, bob)
    await by_letters(alice, carol)
    await from_the_list_of_calls(alice, bob, carol)
    await once_more(alice, bob)
    await the_hotline(dave, alice)


async def rings(caller: Desk, callee: Desk) -> StatusReply:
    await caller.lift()
    await caller.dial(callee.number)
    return await does(callee, lambda s: s.ringer)


async def choose(desk: Desk, word: str) -> None:
    """Go down to that entry of the menu, and take it."""
    for _ in range(12):
        screen = (await desk.status()).screen
        if any(line.startswith(">") and word in line for line in screen):
            await desk.press("OK")
            return
        await desk.press("DOWN")
    pytest.fail(f"no {word} on {screen}")


# --- who calls --------------------------------------------------------------------------------------------------


class Laptop(ClientXMPP):
    """Another client of somebody's account: it reads."""

    def __init__(self, scene: Stage, owner: Desk) -> None:
        password = owner.config.with_name("password").read_text().strip()
        tls = ssl.create_default_context(cafile=scene.prosody.ca_file)
        super().__init__(f"{owner.name}@{scene.prosody.domain}/laptop", password, ssl_context=tls)
        self.enable_direct_tls = False
        self.texts: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.online = asyncio.Event()
        self.add_event_handler("session_start", self._started)
        self.add_event_handler("message", self._message)
        self._port = scene.prosody.port

    async def signed_in(self) -> None:
        self.connect("127.0.0.1", self._port)
        await asyncio.wait_for(self.online.wait(), 15)

    def _started(self, _event: object) -> None:
        self.send_presence()
        self.online.set()

    def _message(self, message: Message) -> None:
        if message["body"]:
            self.texts.put_nowait((message["from"].bare, message["body"]))


async def refused_with_a_text(scene: Stage, alice: Desk, bob: Desk) -> None:
    laptop = Laptop(scene, alice)
    await laptop.signed_in()
    await rings(alice, bob)
    assert any("refuse + text" in line for line in (await bob.status()).screen)
    busy = Ear(alice.handset)
    await bob.press("2")
    await does(alice, lambda s: s.tone == "busy")
    await busy.tone(KNOCK)
    sender, text = await asyncio.wait_for(laptop.texts.get(), 10)
    assert sender == "bob@localhost"
    assert text.startswith("I am in a meeting.")
    await alice.hang_up()
    await all_idle(alice, bob)
    assert (await bob.calls())[0].kind == "refused"
    laptop.abort()


async def another_ring_for_another_caller(alice: Desk, bob: Desk, carol: Desk) -> None:
    for caller, tune, hertz in ((carol, 3, (880, 698)), (alice, 0, (800, 1000))):
        bell = Ear(bob.ringer)
        assert (await rings(caller, bob)).ring == tune
        for each in hertz:
            await bell.tone(each)
        await caller.hang_up()
        await all_idle(caller, bob)
        shown = " ".join((await bob.status()).screen)
        assert f"missed: {caller.name.capitalize()}" in shown
    assert [each.kind for each in (await bob.calls())[:2]] == ["missed", "missed"]


async def not_to_be_disturbed(alice: Desk, bob: Desk) -> None:
    await bob.press("OK")
    await choose(bob, "Do not disturb")
    await does(bob, lambda s: s.dnd and "dnd" in s.lamps)
    await bob.press("BACK")
    bell, before = Ear(bob.ringer), len(await bob.calls())
    await alice.lift()
    await alice.dial(bob.number)
    await does(alice, connected)
    await does(bob, lambda s: "Greeting plays" in s.screen[0])
    await alice.hang_up()
    await all_idle(alice, bob)
    assert not any(bell.heard())
    assert (await bob.calls())[0].kind == "missed"
    assert len(await bob.calls()) == before + 1
    await bob.press("OK")
    await choose(bob, "Do not disturb")
    await does(bob, lambda s: not s.dnd)
    await bob.press("BACK")
    await rings(alice, bob)
    await alice.hang_up()
    await all_idle(alice, bob)


async def blocked_and_blocked_no_more(bob: Desk, carol: Desk) -> None:
    await bob.press("UP")
    await choose(bob, "Carol")
    await choose(bob, "Block")
    await does(bob, lambda s: any("Unblock" in line for line in s.screen))
    for _ in range(2):
        await bob.press("BACK")
    bell, before = Ear(bob.ringer), len(await bob.calls())
    await carol.lift()
    await carol.dial(bob.number)
    await does(carol, lambda s: s.tone in ("busy", "reorder", "ringback"), 20)  # Prosody 13 tells her nothing at all
    await asyncio.sleep(1)
    await carol.hang_up()
    assert not any(bell.heard())
    assert len(await bob.calls()) == before
    await bob.press("OK")
    await choose(bob, "Block list")
    await choose(bob, "carol@localhost")
    await choose(bob, "Unblock")
    await does(bob, lambda s: any("nobody is blocked" in line for line in s.screen))
    await rings(carol, bob)
    await carol.hang_up()
    await all_idle(bob, carol)


# --- whom one calls ---------------------------------------------------------------------------------------------


async def talk(caller: Desk, callee: Desk) -> None:
    """It rings there: answer, hear each other, hang up."""
    await does(callee, lambda s: s.ringer)
    await callee.lift()
    await does(caller, connected)
    await hears(f"{caller.name}>{callee.name} {callee.name}>{caller.name}", handsets(caller, callee))
    await caller.hang_up()
    await callee.hang_up()
    await all_idle(caller, callee)


async def the_keypad_is_locked(alice: Desk, bob: Desk, carol: Desk) -> None:
    await alice.press("OK")
    await choose(alice, "Lock")
    await does(alice, lambda s: s.locked)
    await alice.lift()
    await alice.dial(bob.number)
    await does(alice, lambda s: s.tone == "reorder")
    assert not (await alice.status()).calls
    await alice.hang_up()
    await rings(bob, alice)  # it is answered as ever
    await alice.lift()
    await does(alice, connected)
    await bob.hang_up()
    await alice.hang_up()
    await alice.lift()
    await alice.dial("112")
    await talk(alice, carol)
    await alice.dial("4712#")
    assert (await alice.status()).locked
    await alice.dial(f"{CODE}#")
    await does(alice, lambda s: not s.locked)
    assert not any(CODE in line for line in alice.log.read_text().splitlines())


async def a_key_held_down(alice: Desk, bob: Desk) -> None:
    await alice.lift()
    await alice.press("2", LONG)
    await talk(alice, bob)


async def by_letters(alice: Desk, carol: Desk) -> None:
    await alice.dial("227")
    await does(alice, lambda s: any("Carol" in line for line in s.screen))
    await alice.press("DOWN")
    await does(alice, lambda s: s.screen[1] == "Carol")
    await alice.lift()
    await talk(alice, carol)


async def from_the_list_of_calls(alice: Desk, bob: Desk, carol: Desk) -> None:
    """The newest stands first. Called hands-free, and lifted then."""
    await alice.press("UP")
    status = await does(alice, lambda s: any(line.startswith(">") and "Carol" in line for line in s.screen))
    assert any("Bob" in line for line in status.screen)
    await alice.press("DOWN")
    await does(alice, lambda s: any(line.startswith(">") and "Bob" in line for line in s.screen))
    await alice.press("OK")
    await choose(alice, "Call")
    await does(alice, lambda s: s.speaker)
    await alice.lift()
    await talk(alice, bob)


async def once_more(alice: Desk, bob: Desk) -> None:
    await alice.lift()
    await alice.press("REDIAL")
    await talk(alice, bob)


async def the_hotline(dave: Desk, alice: Desk) -> None:
    await dave.lift()
    await talk(dave, alice)
