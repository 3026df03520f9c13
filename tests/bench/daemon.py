"""Whole phones under measurement: `phone run` on a virtual card, worked through its control socket."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen

from rig.costs import children

from bench.model import Options
from bench.programs import check_alive, program
from bench.talk import Pair
from bench.wiretap import WireTap
from phone.control import ControlError, Sim, Status, StatusReply, ask
from phone.demo.prosody import PrivateProsody
from phone.drivers.vcard import Card

NUMBERS = {"alice": "200", "bob": "201", "carol": "202", "dave": "203"}
_READY_SECONDS = 20.0
SECRET = "only for this run"
_LESSER = Path(__file__).with_name("lesser.py")


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a phone is to stand, and what is special about it."""

    name: str
    card: Card
    environment: Mapping[str, str]
    speaker: Card | None = None
    lacks: tuple[str, ...] = ()
    """What it shall not know, see `lesser`."""
    more: str = ""
    """The end of its config."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """One phone."""

    name: str
    card: Card
    control: Path
    log: Path
    process: Popen[bytes]
    tap: WireTap
    registered_after: float
    """Seconds from starting the process to being registered."""
    speaker: Card | None = None

    async def status(self) -> StatusReply:
        return await asyncio.to_thread(ask, self.control, Status())

    async def lift(self) -> float:
        """The monotonic instant just before the handset goes up."""
        return await self._do(Sim("lift"))

    async def hang_up(self) -> float:
        return await self._do(Sim("hang-up"))

    async def press(self, key: str, seconds: float = 0.06) -> float:
        """The instant just before the key goes down; returns when it is up."""
        return await self._do(Sim("press", key, seconds))

    async def dial(self, number: str) -> float:
        """Press the keys one after another; the instant just before the last."""
        instants = [await self.press(key) for key in number]
        return instants[-1]

    async def _do(self, action: Sim) -> float:
        instant = time.monotonic()
        await asyncio.to_thread(ask, self.control, action)
        return instant

    async def until(self, true: Callable[[StatusReply], bool], what: str, seconds: float = 15.0) -> None:
        """Wait for the status to say so. Raises RuntimeError with the log's end when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(ControlError, OSError):
                if true(await self.status()):
                    return
            check_alive(self.process, self.log)
            await asyncio.sleep(0.02)
        raise RuntimeError(f"{self.name}: never {what}; its log ends: {self.log.read_text(errors='replace')[-600:]}")

    def media_pid(self) -> int:
        """Of its media process. Raises StopIteration when there is none."""
        return next(
            pid for pid in children(self.process.pid) if b"phone.media" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )


def is_connected(status: StatusReply) -> bool:
    """A call is up."""
    return any(call.progress == "connected" for call in status.calls)


def is_ringing(status: StatusReply) -> bool:
    """The bell sounds."""
    return status.ringer


def is_idle(status: StatusReply) -> bool:
    """On hook, and no call left."""
    return not status.calls and not status.off_hook


@contextlib.asynccontextmanager
async def two_phones(cards: Pair, options: Options, packet_ms: int = 20) -> AsyncIterator[tuple[Daemon, Daemon]]:
    """alice and bob, registered at a private Prosody, one started after the other."""
    seats = Seat("alice", cards.a, cards.environment_a), Seat("bob", cards.b, cards.environment_b)
    async with phones(cards.a.path.parent, seats, options, packet_ms) as (alice, bob):
        yield alice, bob


@contextlib.asynccontextmanager
async def phones(
    folder: Path, seats: Sequence[Seat], options: Options, packet_ms: int = 20
) -> AsyncIterator[tuple[Daemon, ...]]:
    """As many as there are seats, registered at a private Prosody, one started after the other."""
    users = dict.fromkeys((seat.name for seat in seats), SECRET)
    async with (
        PrivateProsody(folder / "prosody", users) as prosody,
        phones_at(prosody, folder, seats, options, packet_ms) as ends,
    ):
        yield ends


@contextlib.asynccontextmanager
async def phones_at(
    prosody: PrivateProsody, folder: Path, seats: Sequence[Seat], options: Options, packet_ms: int = 20
) -> AsyncIterator[tuple[Daemon, ...]]:
    """The same at a server that is there, where SECRET is everybody's password."""
    async with contextlib.AsyncExitStack() as stack:
        ends = []
        for seat in seats:
            tap = await stack.enter_async_context(WireTap(prosody.port))
            config = _configure(folder / seat.name, seat, tap, prosody, packet_ms)
            ends.append(await _start(stack, config, seat, tap, options))
        yield tuple(ends)


async def _start(stack: contextlib.AsyncExitStack, config: Path, seat: Seat, tap: WireTap, options: Options) -> Daemon:
    log, control = config.with_name("phone.log"), config.parent / "run" / "control.sock"
    began = time.monotonic()
    process = stack.enter_context(_run(config, log, seat, options.priority))
    waiting = Daemon(seat.name, seat.card, control, log, process, tap, 0.0, seat.speaker)
    await waiting.until(lambda status: status.registered, "registered", _READY_SECONDS)
    return replace(waiting, registered_after=time.monotonic() - began)


@contextlib.contextmanager
def _run(config: Path, log: Path, seat: Seat, priority: int) -> Iterator[Popen[bytes]]:
    phone = ("-P", str(_LESSER), ",".join(seat.lacks)) if seat.lacks else ("-m", "phone")
    with program((sys.executable, *phone, "run", "--config", str(config)), log, seat.environment, priority) as process:
        yield process


def _configure(folder: Path, seat: Seat, tap: WireTap, prosody: PrivateProsody, packet_ms: int) -> Path:
    folder.mkdir(parents=True)
    secret, config = folder / "password", folder / "phone.toml"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    short = "\n".join(f'"{number}" = "{who}@{prosody.domain}"' for who, number in NUMBERS.items())
    pcm = seat.speaker.name if seat.speaker else ""
    speaker = f'\n[audio.speaker]\ncapture = "{pcm}"\nplayback = "{pcm}"\n' if pcm else ""
    config.write_text(f"""\
country = "de"
language = "en"
state_dir = "state"
run_dir = "run"

[account]
jid = "{seat.name}@{prosody.domain}"
password_file = "password"
server = "127.0.0.1:{tap.port}"
ca_file = "{prosody.ca_file}"

[dial]
digit_map = "2xxxx"

[dial.short]
{short}

[audio]
packet_ms = {packet_ms}

[audio.handset]
capture = "{seat.card.name}"
playback = "{seat.card.name}"
{speaker}
[hardware]
profile = "sim"

[network]
addresses = ["127.0.0.1"]
{seat.more}
""")
    return config
