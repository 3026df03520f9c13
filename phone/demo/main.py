"""`phone demo`: three phones that call each other on this machine: in a browser, at a terminal, or as a tour."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

from phone.demo import manners, messages, panels, tour
from phone.demo.ears import listening
from phone.demo.prosody import DOMAIN
from phone.demo.record import Record, Step
from phone.demo.sheet import contact_sheet
from phone.demo.stage import stage, with_panel
from phone.drivers.panel import PageServer
from phone.errors import PhoneError

PEOPLE = ("alice", "bob", "carol")
NO_TERMINAL = "phone demo --terminal needs a terminal to press keys in. Without one: phone demo, or phone demo --tour"

Play = Callable[[Path], Coroutine[None, None, int]]


def run_demo(*, tour_only: bool, terminal: bool, out: Path | None, as_json: bool = False) -> int:
    """Run the demo; the exit code is 0 only if everything that was checked held."""
    if terminal and not sys.stdin.isatty():
        print(NO_TERMINAL, file=sys.stderr)
        return 2
    play: Play = _in_browser
    if terminal:
        play = _at_terminal
    elif tour_only:
        play = partial(_tour, out=out or Path("tour"), as_json=as_json)
    try:
        return asyncio.run(_run(play))
    except PhoneError as error:
        print(f"phone demo: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 130


async def _run(play: Play) -> int:
    _end_by_signal()
    with tempfile.TemporaryDirectory(prefix="phone-demo-") as folder:
        print("Starting a private Prosody and three phones ...", file=sys.stderr)
        return await play(Path(folder))


def _end_by_signal() -> None:
    """Let the first signal end the demo in order, and no further one disturb that: phones are hanging up."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    ending = False

    def end() -> None:
        nonlocal ending
        if task is not None and not ending:
            ending = True
            print("\nEnding the phones ...", file=sys.stderr)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)


async def _in_browser(folder: Path) -> int:
    async with (
        PageServer() as page,
        stage(folder, *PEOPLE, edit=lambda text: with_panel(_trusting(text), page.ancestors)) as scene,
    ):
        await panels.play(scene, page)
    return 0


async def _at_terminal(folder: Path) -> int:
    from phone.demo import hands  # noqa: PLC0415 - curses only where there is a terminal

    async with stage(folder, *PEOPLE, edit=_trusting) as scene:
        await hands.play(scene)
    return 0


async def _tour(folder: Path, *, out: Path, as_json: bool) -> int:
    record = tour.new_record(out, _silent if as_json else _tell)
    async with stage(folder, *PEOPLE, edit=_trusting) as scene, listening(scene.desks.values()) as ears:
        await tour.play(scene, record)
        await manners.play(scene, record)
        await messages.play(scene, record)
    ears.write(record.folder)
    contact_sheet([record.folder / name for name in record.pictures], ears.heard, record.folder / "sheet.png")
    return _close(record, as_json=as_json)


def _tell(step: Step) -> None:
    print(f"{'ok  ' if step.ok else 'FAIL'} {step.ms:8.1f} ms  {step.name}: {step.got}", flush=True)


def _silent(_: Step) -> None:
    """The JSON at the end says it all."""


def _close(record: Record, *, as_json: bool) -> int:
    path = record.write()
    if as_json:
        print(path.read_text(), end="")
    else:
        held = sum(step.ok for step in record.steps)
        print(f"{held} of {len(record.steps)} steps held. Screens, sounds and tour.json are in {record.folder}")
    return 0 if record.ok else 1


def _trusting(config: str) -> str:
    """Colleagues may transfer each other without asking."""
    return f'{config}\n[transfer]\nallow = ["{DOMAIN}"]\n'
