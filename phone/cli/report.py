"""`phone report`: one archive for a helper: config without secrets, log, versions, quality of calls, self-test."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from phone.cli.common import add_command, add_config, add_json, show
from phone.control import ControlError


class Report(msgspec.Struct, frozen=True):
    """What was made."""

    file: str
    parts: tuple[str, ...]
    """The archive's files."""
    missing: dict[str, str]
    """What could not be had -> why."""
    ok: bool = True


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "sudo phone report",
        "phone report --out report.tar.xz --json",
        "ssh you@desk sudo phone report --out - > report.tar.xz",
    )
    summary = "one archive for a helper: config without secrets, log, versions, quality of calls"
    parser = add_command(commands, "report", report, summary, examples)
    add_config(parser)
    add_json(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help='where to (phone-report-HOST-TIME.tar.xz); "-" is stdout'
    )


def report(options: argparse.Namespace) -> int:
    """Raises ControlError if the archive cannot be written; all else that fails is told in it."""
    from phone.report.gather import Gatherer  # noqa: PLC0415 - see the package
    from phone.report.output import STDOUT, not_for_a_terminal, output  # noqa: PLC0415
    from phone.report.parts import Missing, Part, text_part, write_archive  # noqa: PLC0415
    from phone.report.readme import readme  # noqa: PLC0415

    if options.json and options.out == STDOUT:
        raise ControlError("--json and --out - both want stdout: name a file")
    not_for_a_terminal(options.out)
    now = time.time()
    name = _name(now)
    path: Path = options.out or Path(f"{name}.tar.xz")
    found = tuple(Gatherer(options.config, _control(options.config)).found())
    parts = tuple(each for each in found if isinstance(each, Part))
    missing = tuple(each for each in found if isinstance(each, Missing))
    about = text_part("README.txt", "", readme(f"{name}: made by `phone report`", parts, missing))
    with output(path) as file:
        write_archive(file, name, (about, *parts), now)
    facts = Report(str(path), tuple(each.name for each in parts), {each.what: each.why for each in missing})
    if path == STDOUT:
        print("\n".join(_lines(facts)), file=sys.stderr)
    else:
        show(facts, _lines(facts), as_json=options.json)
    return 0


def _lines(facts: Report) -> Iterator[str]:
    yield f"{'stdout' if facts.file == '-' else facts.file}: {', '.join(facts.parts)}"
    for what, why in facts.missing.items():
        yield f"without {what}: {why}"
    yield "Secrets were taken out; names and numbers of calls are in it: see its README.txt before you send it."


def _control(config: Path) -> Path:
    """Where the daemon listens; by a config that cannot be read, where it does by default."""
    from phone.config import Config, run_dir  # noqa: PLC0415
    from phone.errors import ConfigError  # noqa: PLC0415

    try:
        return run_dir(config) / "control.sock"
    except ConfigError:
        return Config.DEFAULT_RUN_DIR / "control.sock"


def _name(at: float) -> str:
    import platform  # noqa: PLC0415

    host = "".join(c for c in platform.node() if c.isalnum() or c in "-.") or "phone"
    return f"phone-report-{host}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(at))}"
