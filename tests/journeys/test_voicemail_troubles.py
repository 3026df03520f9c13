"""Messages on bad days: a card that is full, an index that another process holds, processes and power that die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from journeys.leaving import assert_words, dark, lamp, says
from journeys.mailing import (
    answering,
    at_shell,
    heard,
    leaves,
    letters,
    mailbox_holds,
    mailbox_states,
    opens_mailbox,
    reaches_machine,
    records,
    shows,
)
from journeys.shell import ended, media_pid
from journeys.steps import all_idle, does, idle
from rig.words import decoded, spoken

from phone.demo.hearing import RATE
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, Stage, desk, registered, stage

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "The red lighthouse is painted anew every second spring."
_CARD, _ROOM = 40 << 20, 8 << 20
"""Bytes of the small card, and of it what a full one has left: less than a recording must leave free."""


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, "alice", "bob", edit=answering()) as scene:
        yield scene


# --- processes and power --------------------------------------------------------------------------------------------


async def test_the_power_fails_while_a_message_is_recorded(alice: Desk, bob: Desk, tmp_path: Path) -> None:
    """What was said until then is there when it is back."""
    await says_words_to_machine(alice, bob)
    await recorded_for(bob, seconds=3)
    bob.process.kill()
    await bob.process.wait()
    await bob.start_again()
    await registered(bob)
    await does(bob, lamp)
    (cut,) = await letters(bob)
    assert (cut["state"], cut["interrupted"], cut["name"]) == ("new", True, "Alice"), cut
    assert_words(WORDS, await copy(bob, cut, tmp_path))
    await alice.hang_up()
    await hears_it(bob)


async def test_the_media_process_dies_while_a_message_is_recorded(alice: Desk, bob: Desk, tmp_path: Path) -> None:
    """The call is over, what was said until then is a message, and the next one is taken as ever."""
    await says_words_to_machine(alice, bob)
    await recorded_for(bob, seconds=3)
    died = media_pid(bob)
    os.kill(died, signal.SIGKILL)
    await does(bob, lambda s: not s.calls, 30)
    assert ended(died)
    (cut,) = await mailbox_holds(bob, lambda them: len(them) == 1)
    assert_words(WORDS, await copy(bob, cut, tmp_path))
    await alice.hang_up()
    await all_idle(alice, bob)
    await leaves(alice, bob, WORDS)
    await mailbox_states(bob, "new", "kept")
    await hears_it(bob)


# --- the index ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(index: Path) -> Iterator[None]:
    """Another process has it for itself."""
    with contextlib.closing(sqlite3.connect(index, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


async def test_another_process_holds_the_index(alice: Desk, bob: Desk, tmp_path: Path) -> None:
    """Until it lets go the message waits on the card, and is listed then."""
    await leaves(alice, bob, WORDS)
    await at_shell(bob, "delete", "all")
    await does(bob, dark)
    with locked(bob.config.parent / "state" / "voicemail" / "index.sqlite"):
        await says_words_to_machine(alice, bob)
        await alice.hang_up()
        await does(alice, idle)
        await does(bob, idle, 30)
        await shows(bob, "Alice: message not", "recorded")
    await does(bob, lambda s: s.new_messages == 1, 60)
    (letter,) = await letters(bob)
    assert letter["name"] == "Alice"
    assert_words(WORDS, await copy(bob, letter, tmp_path))
    await hears_it(bob)


# --- the card -------------------------------------------------------------------------------------------------------


def no_mounts() -> str:
    """Why nothing can be mounted here; "" where it can."""
    tried = subprocess.run(("unshare", "--mount", "true"), capture_output=True, check=False)
    return "" if os.geteuid() == 0 and tried.returncode == 0 else "a card of one's own needs root and mount namespaces"


@pytest.mark.skipif(bool(no_mounts()), reason=no_mounts())
async def test_the_card_is_full(tmp_path: Path) -> None:
    """The display says so; what was recorded until then is kept; with room again, all is as before."""
    state = tmp_path / "bob" / "state"
    state.mkdir(parents=True)
    mount = f'mount -t tmpfs -o size={_CARD} tmpfs "$0" && exec "$@"'
    launcher = ("unshare", "--mount", "sh", "-c", mount, str(state))
    users = {"alice": "x1y2z3", "bob": "x1y2z3"}
    async with (
        PrivateProsody(tmp_path / "prosody", users) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server) as alice,
        desk(tmp_path / "bob", "bob", "x1y2z3", server, answering(), launcher=launcher) as bob,
    ):
        await asyncio.gather(registered(alice), registered(bob))
        card = Path(f"/proc/{bob.process.pid}/root{state}")
        await full_from_the_first(alice, bob, card)
        await full_in_the_middle(alice, bob, card)
        await leaves(alice, bob, WORDS)
        await mailbox_states(bob, "new", "new")


def fill(card: Path) -> None:
    """Somebody else's data has nearly all of it."""
    left = os.statvfs(card)
    (card / "filler").write_bytes(bytes(left.f_bavail * left.f_frsize - _ROOM))


async def full_from_the_first(alice: Desk, bob: Desk, card: Path) -> None:
    fill(card)
    await reaches_machine(alice, bob)
    await does(alice, lambda s: s.tone == "busy")
    await alice.hang_up()
    await all_idle(alice, bob)
    await shows(bob, "Alice: message not", "recorded")
    assert await letters(bob) == []
    (card / "filler").unlink()


async def full_in_the_middle(alice: Desk, bob: Desk, card: Path) -> None:
    """The caller is not left to speak to nobody."""
    await says_words_to_machine(alice, bob)
    await records(bob)
    fill(card)
    alice.say(spoken(WORDS * 4))
    await does(alice, lambda s: s.tone == "busy", 30)
    await alice.hang_up()
    await all_idle(alice, bob)
    (letter,) = await mailbox_holds(bob, lambda them: len(them) == 1)
    assert_words(WORDS, decoded(card / "voicemail" / f"{letter['id']}.opus", "opus"))
    (card / "filler").unlink()


# --- steps ----------------------------------------------------------------------------------------------------------


async def says_words_to_machine(alice: Desk, bob: Desk) -> None:
    """And stays on the line."""
    await reaches_machine(alice, bob)
    await records(bob)
    await says(alice, WORDS)


async def recorded_for(bob: Desk, seconds: float) -> None:
    """So much of it is on the card."""
    folder = bob.config.parent / "state" / "voicemail"
    least = int(seconds * 1000)  # bytes: speech takes twice as many
    async with asyncio.timeout(15):
        while not any(part.stat().st_size > least for part in folder.glob("*.part")):
            await asyncio.sleep(0.1)
    await asyncio.sleep(len(spoken(WORDS)) / RATE * 0.1)


async def copy(desk: Desk, letter: dict[str, Any], folder: Path) -> Any:
    target = folder / "copy.opus"
    await at_shell(desk, "save", letter["id"], str(target))
    return decoded(target, "opus")


async def hears_it(bob: Desk) -> None:
    ear = await opens_mailbox(bob)
    await does(bob, lambda s: s.mailbox)
    await bob.press("1")
    await heard(ear, spoken(WORDS))
    await bob.hang_up()
    await does(bob, idle)
