"""`phone log`: the newest calls."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from phone.cli.common import add_command, add_config, add_json, add_limit, control_socket, duration, show, table
from phone.control import Log, LogEntry, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone log", "phone log --missed", "phone log --limit 100 --json")
    parser = add_command(commands, "log", log, "the newest calls, newest first", examples)
    parser.add_argument("--missed", action="store_true", help="only those that nobody took")
    add_limit(parser, 20)
    add_config(parser)
    add_json(parser)


def log(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running."""
    reply = ask(control_socket(options), Log(options.limit, "missed" if options.missed else None))
    nothing = "no missed calls" if options.missed else "no calls yet"
    show(reply, table([_row(entry) for entry in reply.entries]) if reply.entries else [nothing], as_json=options.json)
    return 0


def _row(entry: LogEntry) -> tuple[str, ...]:
    began = entry.began[:19].replace("T", " ")
    towards = "to" if entry.direction == "out" else "from"
    reason = "" if entry.reason == entry.kind else entry.reason
    return (began, towards, entry.name, entry.peer, _spoke(entry), reason, ", ".join(_remarks(entry)))


def _spoke(entry: LogEntry) -> str:
    if entry.seconds is not None:
        return duration(entry.seconds)
    return entry.kind if entry.kind not in ("", "placed") else "not answered"


def _remarks(entry: LogEntry) -> Iterator[str]:
    if entry.via:
        yield f"transferred by {entry.via} (unverified)"
    if entry.encrypted is False:
        yield "NOT encrypted"
