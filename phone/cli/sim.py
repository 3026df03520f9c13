"""`phone sim`: work the simulated desk phone at its physical side (`[hardware] profile = "sim"`)."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path

from phone.cli.common import add_command, add_config, add_json, control_socket, show
from phone.control import ControlError, Sim, SimReply, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "phone sim lift",
        "phone sim press 5 --for 1.2",
        "phone sim press MUTE",
        "phone sim screen --png screen.png",
        "phone sim lamps --json",
        "phone sim hang-up",
    )
    parser = add_command(commands, "sim", sim, "work the simulated desk phone: handset, keys, screen, lamps", examples)
    add_config(parser)
    add_json(parser)
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    actions.add_parser("lift", help="lift the handset")
    actions.add_parser("hang-up", help="put it back on the cradle")
    press = actions.add_parser("press", help="press a key and let it go")
    press.add_argument("key", help="0-9 * # or a function key: HOLD MUTE OK BACK REDIAL VOL+ VOL- ...")
    press.add_argument("--for", type=_seconds, default=0.1, metavar="SECONDS", dest="seconds", help="how long (0.1)")
    screen = actions.add_parser("screen", help="the lines on the display")
    screen.add_argument("--png", type=Path, metavar="FILE", help="write it as a picture")
    actions.add_parser("lamps", help="the lamps that are lit")
    for action in actions.choices.values():  # both `phone sim --json lamps` and `phone sim lamps --json`
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="the config file")


def sim(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not a simulated one, or has no such key."""
    request = Sim(options.action, getattr(options, "key", ""), getattr(options, "seconds", 0.1))
    reply = ask(control_socket(options), request)
    if png := getattr(options, "png", None):
        _write(png, reply)
    show(reply, _lines(options.action, reply), as_json=options.json)
    return 0


def _lines(action: str, reply: SimReply) -> tuple[str, ...]:
    match action:
        case "screen":
            return reply.screen
        case "lamps":
            return reply.lamps
        case _:
            return ()


def _write(path: Path, reply: SimReply) -> None:
    try:
        path.write_bytes(base64.b64decode(reply.png))
    except OSError as error:
        raise ControlError(f"cannot write {path}: {error.strerror}") from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 30:
        raise argparse.ArgumentTypeError(f"{text} is not a time from above 0 to 30 seconds")
    return seconds
