"""While the phone was off, and from afar: what it tells of calls that it did not hear, and the commands of a shell."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
from journeys.listening import Ear, handsets, hears
from journeys.shell import phone
from journeys.steps import all_idle, connected, does

from phone.control import StatusReply
from phone.demo.stage import Desk, Stage, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
async def others(scene: Stage, bob: Desk) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two more phones of bob's: callers who see several phones ask all of them (XEP-0353), and the server remembers."""
    password = bob.config.with_name("password").read_text().strip()
    async with contextlib.AsyncExitStack() as stack:
        kitchen, cellar = [
            await stack.enter_async_context(
                desk(scene.folder / place, "bob", password, scene.prosody, partial(_at, place))
            )
            for place in ("kitchen", "cellar")
        ]
        await asyncio.gather(registered(kitchen), registered(cellar))
        yield kitchen, cellar


def _at(place: str, config: str) -> str:
    return config.replace("[account]\n", f'[account]\nresource = "{place}"\n')


async def test_called_while_the_phone_was_off(alice: Desk, bob: Desk, others: tuple[Desk, Desk]) -> None:
    kitchen, cellar = others
    await switch_off(bob)
    await answered_in_the_kitchen(alice, kitchen, cellar)
    await asyncio.sleep(1.1)  # the archive counts whole seconds: calls within one have no order
    await nobody_lifts(alice, kitchen, cellar)
    await told_once(bob)
    await switch_off(bob, kitchen, cellar)
    await nobody_there(alice)
    await told_no_more(bob)
    await called_back(bob, alice)


async def switch_off(*desks: Desk) -> None:
    for each in desks:
        each.process.terminate()
        await asyncio.wait_for(each.process.wait(), 20)


async def answered_in_the_kitchen(alice: Desk, kitchen: Desk, cellar: Desk) -> None:
    await alice.lift()
    await alice.dial(kitchen.number)
    for each in (kitchen, cellar):
        await does(each, lambda s: s.ringer)
    await kitchen.lift()
    await does(alice, connected)
    await all_idle(cellar)
    await alice.hang_up()
    await kitchen.hang_up()
    await all_idle(alice, kitchen)


async def nobody_lifts(alice: Desk, *others: Desk) -> None:
    await alice.lift()
    await alice.dial(others[0].number)
    for each in others:
        await does(each, lambda s: s.ringer)
    await alice.hang_up()
    await all_idle(alice, *others)


async def nobody_there(alice: Desk) -> None:
    """No phone of bob's is on; the server keeps what alice's phone says."""
    await alice.lift()
    await alice.dial("201")
    await does(alice, lambda s: s.tone == "ringback")
    await alice.hang_up()
    await all_idle(alice)


async def told_once(bob: Desk) -> None:
    bell = Ear(bob.ringer)
    await bob.start_again()
    await registered(bob)
    await does(bob, lambda s: any("while away: Alice" in line for line in s.screen), 20)
    assert [(e.kind, e.name, e.direction) for e in await bob.calls()] == [
        ("missed", "Alice", "in"),
        ("answered elsewhere", "Alice", "in"),
    ]
    told = await phone("log", "--missed", "--config", bob.config)
    assert told.code == 0, told
    assert len(told.out.splitlines()) == 1, told.out
    assert "from  Alice" in told.out
    assert not any(bell.heard())


async def told_no_more(bob: Desk) -> None:
    """What is in the log is not told again; the new one is."""
    bell = Ear(bob.ringer)
    await bob.start_again()
    await registered(bob)
    await does(bob, lambda s: any("Alice" in line for line in s.screen), 20)
    await asyncio.sleep(2)
    assert [e.kind for e in await bob.calls()] == ["missed", "missed", "answered elsewhere"]
    assert not (await bob.status()).calls
    assert not any(bell.heard()), "it rang for somebody who had given up"


async def called_back(bob: Desk, alice: Desk) -> None:
    """From the list; whoever has seen it need not be told any more."""
    await bob.press("UP")
    assert any(line.startswith(">") and "Alice" in line for line in (await bob.status()).screen)
    await bob.press("BACK")
    assert not any("missed" in line for line in (await bob.status()).screen)
    await bob.press("UP")
    await bob.lift()
    await does(alice, lambda s: s.ringer)
    await alice.lift()
    await hears("alice>bob bob>alice", handsets(alice, bob))


async def test_from_a_shell(alice: Desk, bob: Desk) -> None:
    """The same as the keys do, over ssh."""

    async def on_bobs(*arguments: str) -> str:
        outcome = await phone(*arguments, "--config", bob.config)
        assert outcome.code == 0, outcome
        assert outcome.plain
        return outcome.out

    async def not_rung(hears: Callable[[StatusReply], bool]) -> None:
        bell = Ear(bob.ringer)
        await alice.lift()
        await alice.dial(bob.number)
        await does(alice, hears, 20)
        await asyncio.sleep(1)
        await alice.hang_up()
        assert not any(bell.heard())

    await on_bobs("dnd", "on")
    await not_rung(connected)  # and greeted
    await on_bobs("dnd", "off")
    assert "Alice" in await on_bobs("contacts", "ali")
    await on_bobs("block", "alice@localhost")
    assert await until_blocked(bob, blocked=True)
    # Prosody 13 tells a blocked caller nothing at all
    await not_rung(lambda s: s.tone in ("busy", "reorder", "ringback"))
    await on_bobs("unblock", "alice@localhost")
    assert await until_blocked(bob, blocked=False)
    await on_bobs("call", alice.number)
    await bob.lift()
    await does(alice, lambda s: s.ringer)
    await alice.lift()
    await hears("alice>bob bob>alice", handsets(alice, bob))
    await on_bobs("hang-up")
    await does(alice, lambda s: s.tone == "busy")
    await alice.hang_up()
    entries = json.loads(await on_bobs("log", "--json"))["entries"]
    assert [(e["direction"], e["kind"]) for e in entries] == [("out", "placed"), ("in", "missed")]
    assert "missed" in await on_bobs("log", "--missed")


async def until_blocked(bob: Desk, *, blocked: bool) -> bool:
    """The server has the last word on its list."""
    for _ in range(50):
        outcome = await phone("contacts", "alice", "--json", "--config", bob.config)
        if json.loads(outcome.out)["entries"][0]["blocked"] is blocked:
            return True
        await asyncio.sleep(0.2)
    return False
