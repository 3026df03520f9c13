"""The demo's stage: a private Prosody on loopback, and phones that are whole daemons on virtual sound cards.

Nothing here reaches into a phone: keys and hook go through its control socket as `phone sim` would, and its ear and
mouth are the samples of its card.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from array import array
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from phone.control import Call, ControlError, HangUp, Log, LogEntry, Panel, Sim, Status, StatusReply, ask
from phone.control.messages import SimAction, SimReply
from phone.demo.hearing import RATE, samples
from phone.demo.prosody import PrivateProsody
from phone.drivers.vcard import Card, asound_conf, build
from phone.errors import PhoneError

NUMBERS = {"alice": "200", "bob": "201", "carol": "202", "dave": "203"}
READY_SECONDS = 20.0


class StageError(PhoneError, RuntimeError):
    """The stage could not be set: the message says which part, and where its log is."""


class Server(Protocol):
    """A private XMPP server on loopback."""

    port: int
    ca_file: Path
    domain: str


@dataclass(slots=True)
class Desk:
    """One phone on the stage, as someone sitting at it would use it."""

    name: str
    number: str
    config: Path
    control: Path
    log: Path
    environment: Mapping[str, str]
    handset: Card
    ringer: Card
    speaker: Card
    process: asyncio.subprocess.Process
    launcher: Sequence[str] = ()
    """What the daemon is started by, `ip netns exec NAME` for one."""

    async def status(self) -> StatusReply:
        """What `phone status` says. Raises ControlError."""
        return await asyncio.to_thread(ask, self.control, Status())

    async def lift(self) -> None:
        """Lift the handset; return once the phone has noticed."""
        await self._sim("lift")
        await self.until(lambda s: s.off_hook, 2)

    async def hang_up(self) -> None:
        """Put it back on the cradle."""
        await self._sim("hang-up")
        await self.until(lambda s: not s.off_hook, 2)

    async def panel_url(self) -> str:
        """`phone panel`. Raises ControlError where it is off."""
        return (await asyncio.to_thread(ask, self.control, Panel())).url

    async def press(self, key: str, seconds: float = 0.08) -> SimReply:
        """Press one key."""
        return await self._sim("press", key, seconds)

    async def dial(self, number: str) -> None:
        """Press the keys of a number, as fast as a quick finger."""
        for digit in number:
            await self.press(digit)

    async def screen_png(self) -> str:
        """The display as PNG, base64."""
        return (await self._sim("screen")).png

    async def call(self, number: str) -> None:
        """`phone call NUMBER`."""
        await asyncio.to_thread(ask, self.control, Call(number))

    async def hang_up_by_command(self) -> None:
        """`phone hang-up`."""
        await asyncio.to_thread(ask, self.control, HangUp())

    async def calls(self) -> tuple[LogEntry, ...]:
        """`phone log`, newest first."""
        return (await asyncio.to_thread(ask, self.control, Log(100))).entries

    async def start_again(self) -> None:
        """Start the daemon anew, as systemd does."""
        self.process = await _start(self.config, self.environment, self.log, self.launcher)

    async def _sim(self, action: SimAction, key: str = "", seconds: float = 0.1) -> SimReply:
        return await asyncio.to_thread(ask, self.control, Sim(action, key, seconds))

    def say(self, spoken: array[int]) -> tuple[int, int]:
        """Speak into the handset now; the card times of begin and end."""
        begin = self.handset.now() + RATE // 10
        return begin, self.handset.say(spoken.tobytes(), begin)

    def heard(self, start: int, stop: int) -> array[int]:
        """What the ear heard between two card times."""
        return samples(self.handset.hear(start, stop))

    async def until(self, true: Callable[[StatusReply], bool], seconds: float) -> StatusReply | None:
        """Wait until the status says so; None when it does not within that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(ControlError):
                if true(status := await self.status()):
                    return status
            await asyncio.sleep(0.02)
        return None


@dataclass(frozen=True, slots=True)
class Stage:
    """All of it."""

    folder: Path
    prosody: PrivateProsody
    desks: Mapping[str, Desk]


@contextlib.asynccontextmanager
async def stage(folder: Path, *names: str, edit: Callable[[str], str] = str) -> AsyncIterator[Stage]:
    """Set the stage for these people and clear it afterwards; `edit` may change the text of their configs.

    Raises StageError, HardwareError (no compiler for the virtual card) or PhoneError (no prosody).
    """
    users = {name: os.urandom(12).hex() for name in names}
    async with contextlib.AsyncExitStack() as stack:
        prosody = await stack.enter_async_context(PrivateProsody(folder / "prosody", users))
        desks = {}
        for name, password in users.items():
            desks[name] = await stack.enter_async_context(desk(folder / name, name, password, prosody, edit))
        await asyncio.gather(*(registered(each) for each in desks.values()))
        yield Stage(folder, prosody, desks)


async def registered(desk: Desk) -> None:
    """Return once it is. Raises StageError with the end of its log if that takes too long."""
    status = await desk.until(lambda s: s.registered, READY_SECONDS)
    if status is None:
        last = "\n".join(desk.log.read_text().splitlines()[-10:])
        raise StageError(f"{desk.name}'s phone did not register within {READY_SECONDS:.0f} s. Its log ends:\n{last}")


@contextlib.asynccontextmanager
async def desk(
    folder: Path,
    name: str,
    password: str,
    server: Server,
    edit: Callable[[str], str] = str,
    *,
    ppm: float = 0.0,
    launcher: Sequence[str] = (),
) -> AsyncIterator[Desk]:
    """One daemon on its own cards, started but perhaps not registered yet; `edit` may change its config's text, `ppm`
    is the error of the handset card's crystal.

    Raises HardwareError where the virtual card cannot be compiled.
    """
    plugin = await asyncio.to_thread(build)
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here yet
    with (
        Card(folder / f"{name}_ear", ring=True, ppm=ppm) as handset,
        Card(folder / f"{name}_bell", ring=True) as ringer,
        Card(folder / f"{name}_speaker", ring=True) as speaker,
    ):
        config = folder / "phone.toml"
        _write_secret(config.with_name("password"), password)
        config.write_text(edit(_config(name, server, handset, ringer, speaker)))
        environment = os.environ | asound_conf(folder / "asound.conf", [handset, ringer, speaker], plugin)
        log = folder / "phone.log"
        control = folder / "run" / "control.sock"
        process = await _start(config, environment, log, launcher)
        made = Desk(name, NUMBERS[name], config, control, log, environment, handset, ringer, speaker, process, launcher)
        try:
            yield made
        finally:
            await _stop(made.process)


async def _start(
    config: Path, environment: Mapping[str, str], log: Path, launcher: Sequence[str]
) -> asyncio.subprocess.Process:
    command = (*launcher, sys.executable, "-m", "phone", "run", "--config", str(config))
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C is for the stage, which ends its phones in order
        )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()


def _write_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret)


def with_panel(config: str, ancestors: Sequence[str]) -> str:
    """The config's text with a panel on a free port that pages of these origins may frame."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    framed = ", ".join(f'"{origin}"' for origin in ancestors)
    return f"{config}\n[panel]\nport = {port}\nancestors = [{framed}]\n"


def _config(name: str, server: Server, ear: Card, bell: Card, speaker: Card) -> str:
    short = "\n".join(f'"{number}" = "{who}@{server.domain}"' for who, number in NUMBERS.items())
    return f"""\
country = "de"
language = "en"
state_dir = "state"
run_dir = "run"

[account]
jid = "{name}@{server.domain}"
password_file = "password"
server = "127.0.0.1:{server.port}"
ca_file = "{server.ca_file}"

[dial]
digit_map = "20x"

[dial.short]
{short}

[audio.handset]
capture = "{ear.name}"
playback = "{ear.name}"

[audio.ringer]
playback = "{bell.name}"

[audio.speaker]
capture = "{speaker.name}"
playback = "{speaker.name}"

[hardware]
profile = "sim"

[network]
addresses = ["127.0.0.1"]
"""
