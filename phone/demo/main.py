"""`phone demo`: two phones that call each other on this machine, by hand or as a tour."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from phone.demo import manners, tour
from phone.demo.prosody import DOMAIN
from phone.demo.record import Record, Step
from phone.demo.sheet import contact_sheet
from phone.demo.stage import stage
from phone.errors import PhoneError

NO_TERMINAL = "phone demo needs a terminal to press keys in. Without one, take the tour: phone demo --tour --out tour"


def run_demo(*, tour_only: bool, out: Path | None, as_json: bool = False) -> int:
    """Run the demo; the exit code is 0 only if everything that was checked held."""
    if not tour_only and not sys.stdin.isatty():
        print(NO_TERMINAL, file=sys.stderr)
        return 2
    try:
        return asyncio.run(_run(tour_only=tour_only, out=out, as_json=as_json))
    except PhoneError as error:
        print(f"phone demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _run(*, tour_only: bool, out: Path | None, as_json: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="phone-demo-") as folder:
        print("Starting a private Prosody and three phones ...", file=sys.stderr)
        async with stage(Path(folder), "alice", "bob", "carol", edit=_trusting) as scene:
            if tour_only:
                record = tour.new_record(out or Path("tour"), _silent if as_json else _tell)
                ears = await tour.play(scene, record)
                await manners.play(scene, record)
                contact_sheet([record.folder / name for name in record.pictures], ears, record.folder / "sheet.png")
                return _close(record, as_json=as_json)
            from phone.demo import hands  # noqa: PLC0415 - curses only where there is a terminal

            await hands.play(scene)
            return 0


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
