"""The maintainer's manual, `phone selftest`: with a person who follows the display, and with nobody."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from journeys.listening import Ear
from journeys.shell import phone
from journeys.steps import does
from PIL import Image
from rig.acoustic import Loop
from rig.servers import PrivateCoturn

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, Stage, desk, registered
from phone.selftester import LOOK_SECONDS

pytestmark = [pytest.mark.servers, pytest.mark.slow]


async def begin(alice: Desk, *arguments: str, errors: int = asyncio.subprocess.STDOUT) -> asyncio.subprocess.Process:
    """`phone selftest` at a terminal."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "phone", "selftest", "--config", str(alice.config), *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
    )


async def typed(terminal: asyncio.subprocess.Process, word: str) -> None:
    assert terminal.stdin is not None
    terminal.stdin.write(f"{word}\n".encode())
    await terminal.stdin.drain()


class Person:
    """Reads the display and does what it says; the key 5 is dead, and so is the lamp of do-not-disturb."""

    def __init__(self, alice: Desk, terminal: asyncio.subprocess.Process) -> None:
        self.alice, self.terminal = alice, terminal
        self.ear, self.bell = Ear(alice.handset), Ear(alice.ringer)
        self.acts: dict[str, Callable[[str], Awaitable[object]]] = {
            "press this key": self.press,
            "is the lamp lit?": self.lamp,
            "(checkerboard)": lambda _: self.picture(lambda x, y: (x // 8 + y // 8) % 2 == 1),
            "(frame)": lambda _: self.picture(lambda x, y: x in (0, 127) or y in (0, 63)),
            "(all on)": lambda _: self.picture(lambda x, y: True),
            "on its cradle?": lambda _: self.yes(),
            "lift it now": lambda _: self.alice._sim("lift"),
            "put it back": lambda _: self.alice._sim("hang-up"),
            "is there a tone?": lambda _: self.hears(self.ear, 425),
            "on the table?": lambda _: self.yes(),
            "does it ring?": lambda _: self.hears(self.bell, 800),
        }
        self.done: list[str] = []

    async def follow(self) -> None:
        before: tuple[str, ...] = ()
        while self.terminal.returncode is None:
            screen = (await self.alice.status()).screen
            title, *words = (screen[0].partition(" [")[0], *screen[1:])
            act = next((self.acts[word] for word in words if word in self.acts), None)
            if title.startswith("Test") and screen != before and act is not None:
                before = screen
                self.done.append(words[0])
                await act(words[0])
            await asyncio.sleep(0.02)

    async def yes(self) -> None:
        await self.alice.press("#", 0.05)

    async def press(self, key: str) -> None:
        await (typed(self.terminal, "n") if key == "5" else self.alice.press(key, 0.05))

    async def lamp(self, name: str) -> None:
        lit = (await self.alice.status()).lamps
        assert len(lit) == 1, f"{name}: {lit}"
        await (self.alice.press("*", 0.05) if lit == ("dnd",) else self.yes())

    async def picture(self, lit: Callable[[int, int], bool]) -> None:
        with Image.open(io.BytesIO(base64.b64decode(await self.alice.screen_png()))) as image:
            assert all(bool(image.getpixel((x, y))) is lit(x, y) for x in range(128) for y in range(64))
        await self.yes()

    async def hears(self, ear: Ear, hertz: int) -> None:
        await ear.tone(hertz)
        await self.yes()


async def test_guided(alice: Desk) -> None:
    with Loop(alice.handset), Loop(alice.speaker):
        terminal = await begin(alice)
        person = Person(alice, terminal)
        out, _ = await asyncio.gather(terminal.stdout.read(), person.follow())  # type: ignore[union-attr]
    lines = out.decode().splitlines()
    assert await terminal.wait() == 1, lines
    assert lines[-2] == ("Two things need a hand: the key 5 does not answer; the dnd lamp does not light up."), lines
    state = alice.config.parent / "state"
    assert lines[-1] == f"Each figure: {state / 'selftest.txt'}"
    text = (state / "selftest.txt").read_text()
    assert lines[-2] in text
    assert "\nFAIL key 5: the key 5 does not answer\n" in text
    measured = json.loads((state / "sound.json").read_text())["handset"]
    assert 200 < float(measured["delay"].removesuffix(" ms")) < 300
    assert abs(float(measured["level"].removesuffix(" dB"))) < 1
    await does(alice, lambda s: not s.off_hook and not s.tone and not any(s.lamps))


async def test_it_gives_way_to_a_call(scene: Stage) -> None:
    alice, bob = scene.desks["alice"], scene.desks["bob"]
    terminal = await begin(alice, "--only", "key")
    await does(alice, lambda s: "press this key" in s.screen)
    await alice._sim("lift")
    assert not (await alice.status()).off_hook, "the test has the hook"
    await bob.lift()
    await bob.dial(alice.number)
    status = await does(alice, lambda s: bool(s.calls))
    assert status.off_hook
    assert terminal.stdout is not None
    assert "broken off after 0 of 24 checks, for a call or the mailbox." in (await terminal.stdout.read()).decode()
    assert await terminal.wait() == 1
    refused = await phone("selftest", "--auto", "--config", alice.config)
    assert (refused.code, refused.err) == (1, "phone: a call is in progress: test when it is over\n")


async def test_a_terminal_that_is_killed_gives_the_phone_back(alice: Desk) -> None:
    """At once: nobody waits for 15 s for the keys."""
    terminal = await begin(alice, "--only", "key")
    await does(alice, lambda s: "press this key" in s.screen)
    terminal.kill()
    await terminal.wait()
    await does(alice, lambda s: not s.screen[0].startswith("Test"), LOOK_SECONDS / 2)
    await alice.lift()
    await does(alice, lambda s: s.off_hook and s.tone == "dial")
    await alice.hang_up()


async def test_with_nobody(tmp_path: Path) -> None:
    """Against a private server with STUN and TURN."""
    passwords = {"alice": "a secret"}
    async with (
        PrivateCoturn(tmp_path) as turn,
        PrivateProsody(tmp_path / "server", passwords, turn=turn.service) as server,
        desk(tmp_path / "alice", "alice", passwords["alice"], server) as alice,
    ):
        await registered(alice)
        with Loop(alice.handset), Loop(alice.speaker):
            terminal = await begin(alice, "--auto", "--json", errors=asyncio.subprocess.PIPE)
            out, progress = await terminal.communicate()
        told = json.loads(out)
        assert (terminal.returncode, told["sentence"]) == (0, "All 14 checks passed."), progress
        figures = {each["check"]: each["figures"] for each in told["findings"]}
        assert figures["server"]["TLS"].startswith("TLSv1.")
        assert figures["stun"][f"127.0.0.1:{turn.port}"].startswith("127.0.0.1:")
        assert figures["turn"][f"127.0.0.1:{turn.port}"].startswith("127.0.0.1:")
        listed = await phone("selftest", "--auto", "--list", "--only", "clock,turn", "--config", alice.config)
        assert (listed.code, listed.out) == (0, "clock\nturn\n")
        unknown = await phone("selftest", "--only", "clokc", "--config", alice.config)
        assert (unknown.code, unknown.err.partition(";")[0]) == (1, "phone: there is no check 'clokc'")
