"""`phone log`: the newest calls."""

from __future__ import annotations

import argparse

from phone.cli.common import add_command, add_config, add_json, control_socket, duration, show, table
from phone.control import Log, LogEntry, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone log", "phone log --limit 100 --json")
    parser = add_command(commands, "log", log, "the newest calls, newest first", examples)
    parser.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most so many, 1 to 1000 (20)")
    add_config(parser)
    add_json(parser)


def log(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running."""
    reply = ask(control_socket(options), Log(options.limit))
    lines = table([_row(entry) for entry in reply.entries]) if reply.entries else ["no calls yet"]
    show(reply, lines, as_json=options.json)
    return 0


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 1000")
    return int(text)


def _row(entry: LogEntry) -> tuple[str, ...]:
    spoke = "not answered" if entry.seconds is None else duration(entry.seconds)
    began = entry.began[:19].replace("T", " ")
    return (began, "to" if entry.direction == "out" else "from", entry.name, entry.peer, spoke, entry.reason)
