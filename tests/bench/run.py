"""The bench: our phone beside Debian's baresip and linphone, on virtual sound cards, in one run.

usage: run.py [--only NAME]... [--json] [--seconds 20] [--rounds 2] [--quality] [--endurance 600]
              [--plot FILE.png] [--list]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

if not __package__:  # run as a file: its own folder is no place to import from
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench import (
    board,
    boardphone,
    core,
    idle,
    manners,
    many,
    media,
    namespace,
    passing,
    peers,
    phones,
    quality,
    recordings,
    voicemail,
)
from bench.model import Case, Options, Result, Say
from bench.plot import draw, draw_quality
from bench.programs import may_prioritise
from bench.table import as_json, as_text
from phone.errors import PhoneError

CASES: tuple[Case, ...] = (
    *peers.CASES,
    *media.CASES,
    *phones.CASES,
    *manners.CASES,
    *passing.CASES,
    *many.CASES,
    *idle.CASES,
    *core.CASES,
    *recordings.CASES,
    *voicemail.CASES,
    *board.CASES,
    *boardphone.CASES,
    *quality.CASES,
)
GROUPS = {
    group: [case.name for case in CASES if case.name.startswith(f"{group}-")] for group in ("manners", "voicemail")
}
"""Names for several cases at once."""
_QUALITY = [case.name for case in quality.CASES]
_DEFAULT = [case.name for case in CASES if case.name not in ("endurance", *_QUALITY)]
_PRIORITY = 20


def parser() -> argparse.ArgumentParser:
    """What `./dev bench` takes."""
    told = argparse.ArgumentParser(
        prog="./dev bench",
        description="Measure our phone beside baresip and linphone on virtual sound cards. Never a test: it always "
        "exits 0 unless something could not be measured at all.",
    )
    names = [*GROUPS, *(case.name for case in CASES)]
    told.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        choices=names,
        help="run this case, or all of `manners` or `voicemail` (may be repeated)",
    )
    told.add_argument("--list", action="store_true", help="name the cases and end")
    told.add_argument("--json", action="store_true", help="print JSON instead of a table")
    told.add_argument("--out", type=Path, metavar="FILE", help="also write the JSON there")
    told.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the distributions of delay")
    told.add_argument("--seconds", type=float, default=20.0, help="of speech in a measured call (default %(default)s)")
    told.add_argument("--rounds", type=int, default=2, help="calls a case (default %(default)s)")
    told.add_argument("--quality", action="store_true", help="score speech over bad networks as well (10 minutes)")
    told.add_argument("--endurance", type=float, metavar="SECONDS", help="one long call as well")
    told.add_argument(
        "--fifo",
        type=int,
        metavar="PRIORITY",
        help=f"run all that is measured at this SCHED_FIFO priority, 0 for none (default {_PRIORITY} where allowed)",
    )
    return told


def chosen(arguments: argparse.Namespace) -> list[Case]:
    """The cases to run, in the order of `CASES`."""
    names = [case for name in arguments.only or _DEFAULT for case in GROUPS.get(name, [name])]
    if arguments.quality:
        names = [*names, *_QUALITY]
    if arguments.endurance and "endurance" not in names:
        names = [*names, "endurance"]
    return [case for case in CASES if case.name in names]


def run_case(case: Case, options: Options, say: Say) -> Result:
    """Its result; a fault of the case is told in it, and the others go on."""
    if case.private_network and not namespace.inside():
        return Result(case.name, error="left out: needs a network namespace (root, or unprivileged user namespaces)")
    try:
        return case.run(options, say)
    except (PhoneError, OSError, RuntimeError, AssertionError) as fault:
        traceback.print_exc(file=sys.stderr)
        return Result(case.name, error=f"not measured: {fault}")


class Progress:
    """A bar on stderr: a line that is rewritten on a terminal, lines elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def say(self, text: str) -> None:
        bar = "#" * (20 * self._done // self._total)
        end = "" if sys.stderr.isatty() else "\n"
        sys.stderr.write(("\r\033[K" if not end else "") + f"[{bar:20}] {self._done}/{self._total} {text}{end}")
        sys.stderr.flush()

    def step(self) -> None:
        self._done += 1


def main() -> int:
    """Run, tell, and return the exit code."""
    arguments = parser().parse_args()
    cases = chosen(arguments)
    if arguments.list:
        print("\n".join(f"{case.name:16} {case.what}" for case in CASES))
        return 0
    if not namespace.inside() and (way := namespace.way()):
        namespace.enter(way, [__file__, *sys.argv[1:]])
    priority = arguments.fifo if arguments.fifo is not None else _PRIORITY
    priority = priority if priority and may_prioritise(priority) else 0
    with tempfile.TemporaryDirectory(prefix="phone-bench-", dir=_memory()) as folder:
        long = arguments.endurance or 600.0
        options = Options(Path(folder), arguments.seconds, arguments.rounds, priority, long)
        results = measure(cases, options)
        findings = json.dumps(as_json(results, options), indent=1)
    if arguments.out:
        arguments.out.write_text(findings)
    if arguments.plot:
        draw(results, arguments.plot, [case.name for case in CASES if case.ours])
        if any(result.case in _QUALITY for result in results):
            draw_quality(results, arguments.plot.with_stem(f"{arguments.plot.stem}-quality"))
    print(findings if arguments.json else as_text(results))
    return 1 if all(result.error for result in results) else 0


def _memory() -> str | None:
    """Cards are shared memory where there is some: then they do not count as a program's own."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def measure(cases: list[Case], options: Options) -> list[Result]:
    """Run them one after another."""
    progress, results = Progress(len(cases)), []
    for case in cases:
        progress.say(case.name)
        results.append(run_case(case, options, progress.say))
        progress.step()
    progress.say("done\n" if sys.stderr.isatty() else "done")
    return results


if __name__ == "__main__":
    sys.exit(main())
