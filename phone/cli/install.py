"""`phone install`: puts this phone onto the machine, as a service."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from phone.cli.common import add_command, add_json, show

if TYPE_CHECKING:
    from phone.install.plan import Report


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "sudo ./dev install --profile reference     # from a clone of the sources, with all that it needs",
        "phone install --dry-run                    # what is missing, and what would be done",
        "phone install --root /tmp/stage            # only lay the files, and there",
    )
    parser = add_command(commands, "install", install, "put the phone onto this machine, as a service", examples)
    about = 'hardware of a new config: "reference", "zero-i2s", "rotary" or the path of a file (default: simulated)'
    parser.add_argument("--profile", default="", metavar="NAME", help=about)
    parser.add_argument("--dry-run", action="store_true", help="change nothing; say what would be done")
    parser.add_argument("--no-start", action="store_true", help="do not start the service now")
    parser.add_argument("--boot-config", action="store_true", help="add lines that are missing to config.txt")
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="lay the files below DIR, no more")
    about = "the files are here: only make users and folders and start (what the Debian package does)"
    parser.add_argument("--activate", action="store_true", help=about)
    parser.add_argument("--upgrade", action="store_true", help="with --activate: a service that is disabled stays so")
    add_json(parser)


def install(options: argparse.Namespace) -> int:
    """Raises InstallError with what is missing, or what failed."""
    from phone.install.plan import Wish  # noqa: PLC0415 - see the package
    from phone.install.plan import install as carry_out  # noqa: PLC0415

    wish = Wish(
        root=options.root.absolute(),
        profile=options.profile,
        dry_run=options.dry_run,
        boot_config=options.boot_config,
        start=not options.no_start,
        activate=options.activate,
        upgrade=options.upgrade,
    )
    report = carry_out(wish)
    show(report, _lines(report, dry_run=wish.dry_run), as_json=options.json)
    return 0


def _lines(report: Report, *, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    yield from (f"obstacle: {sentence}" for sentence in report.obstacles)
    for outcome in report.steps:
        yield f"{would}done: {outcome.title}" if outcome.changed else f"as it should be: {outcome.title}"
    if not report.changed:
        yield "nothing to do"
    yield from (f"left to you: {sentence}" for sentence in report.advice)
