"""The voicemail service's load: many callers at once hear a greeting and then are recorded, each packet accounted for.

Media processes as the service runs them, and each call's packets into a mailbox as the service keeps them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rig.costs import costs

from bench.model import Case, Options, Result, Say
from bench.recordings_callers import Pour, Prepare
from bench.recordings_service import KINDS, Kind, Service, service
from bench.recordings_speech import payloads, write_greeting
from bench.recordings_store import Store

COUNTS = (10, 25, 50, 100, 150)
"""Calls at once."""
_LONGEST = 10.0
"""Seconds that are recorded."""
_SETTLE = 1.0
_FRAME = 960


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of calls cost."""

    media_ms: float
    """CPU of the media processes in a second of one call that is being recorded."""
    control_ms: float
    """The same of who keeps what is recorded."""
    greeting_ms: float
    """Of the media processes in a second of one call that hears the greeting."""
    call_mb: float
    """Resident in the media processes, for one call."""
    lost: int
    """Packets that were sent and are not in the mailbox, are out of order or differ; and of the greeting, not heard."""
    dropped: int
    """Datagrams that the kernel had no room for at the media processes' sockets."""
    latest_ms: float
    """How much too late the generator sent a packet: what the machine was busy with."""

    def columns(self) -> dict[str, float]:
        """For the table."""
        return {
            "media ms/s": round(self.media_ms, 2),
            "control ms/s": round(self.control_ms, 2),
            "greeting ms/s": round(self.greeting_ms, 2),
            "MB a call": round(self.call_mb, 2),
            "lost": self.lost,
            "dropped": self.dropped,
            "late ms": round(self.latest_ms, 1),
        }


class _Meter:
    """CPU seconds and time of a stretch."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = tuple(pids)
        self._begin, self._spent = time.monotonic(), self._cpu()

    def _cpu(self) -> float:
        return sum(costs(pid).cpu_seconds for pid in self._pids)

    def a_call(self, calls: int) -> float:
        """Milliseconds in a second of one of so many calls, since this was made."""
        return 1000 * (self._cpu() - self._spent) / (time.monotonic() - self._begin) / calls


async def measure(kind: Kind, count: int, seconds: float, folder: Path) -> Load:
    """So many calls, recorded for so long."""
    store = Store(folder)
    greeting = folder / "greeting.opus"
    said = write_greeting(greeting)
    async with service(store) as made:
        await asyncio.sleep(_SETTLE)
        empty = _resident(made)
        await made.ring(kind, count)
        meter = _Meter(made.pids)
        made.change(feed="say", say=(str(greeting),))
        await made.all(lambda call: call.said, "were greeted")
        greeting_ms = meter.a_call(count)
        made.tell(Prepare(seconds))
        await made.until(lambda: made.prepared, "callers were ready")
        store.open(list(made.calls))
        made.change(feed="silence", say=(), record=True)
        await made.all(lambda call: call.begun, "were recorded")
        media, control = _Meter(made.pids), _Meter([os.getpid()])
        made.tell(Pour())
        await made.until(lambda: made.poured, "callers had spoken")
        media_ms, control_ms = media.a_call(count), control.a_call(count)
        call_mb = (_resident(made) - empty) / count
        made.change(record=False)
        await made.all(lambda call: call.over, "recordings ended")
        dropped = drops(made.pids)
        kept = await asyncio.to_thread(store.close)
        lost = _lost(made, kind, kept) + _unheard(made, said)
        latest = made.poured.latest_ms if made.poured else 0.0
    return Load(media_ms, control_ms, greeting_ms, call_mb, lost, dropped, latest)


def _lost(made: Service, kind: Kind, kept: dict[str, list[bytes]]) -> int:
    """Opus is kept as it came; what was PCMU has as many packets as there were."""
    codec = kind.plan.receive[0].name
    sent = made.poured.sent if made.poured else {}
    lost = 0
    for number, (name, call) in enumerate(made.calls.items()):
        spoken = payloads(codec, number, sent[name])
        if codec == "opus":
            lost += sum(a != b for a, b in zip(spoken, kept[name], strict=False))
        lost += abs(len(spoken) - len(kept[name])) + call.lost // _FRAME
    return lost


def _unheard(made: Service, said: int) -> int:
    heard = made.prepared.heard if made.prepared else {}
    return sum(max(0, said - packets) for packets in heard.values())


def _resident(made: Service) -> float:
    return sum(costs(pid).resident_mb for pid in made.pids)


def drops(pids: Iterable[int]) -> int:
    """Datagrams that found no room in these processes' UDP sockets, since those were opened."""
    wanted = {number for pid in pids for number in _sockets(pid)}
    lines = [line.split() for name in ("udp", "udp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return sum(int(fields[12]) for fields in lines if fields[9] in wanted)


def _sockets(pid: int) -> set[str]:
    """Inodes."""
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            links.append(str(link.readlink()))
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}


async def _run(options: Options, say: Say) -> Result:
    result = Result("recordings", packet_ms=20)
    for kind in KINDS:
        for count in COUNTS:
            say(f"recordings: {count} calls, {kind.name}")
            folder = options.folder / f"recordings-{len(result.rows)}"
            folder.mkdir()
            load = await measure(kind, count, min(options.seconds, _LONGEST), folder)
            result.rows[f"{kind.name}, {count} calls"] = load.columns()
    return result


CASES = (
    Case(
        "recordings",
        "the voicemail service's media processes: 10 to 150 calls greeted and recorded at once",
        lambda options, say: asyncio.run(_run(options, say)),
    ),
)
