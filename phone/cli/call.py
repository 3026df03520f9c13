"""`phone call`: dial from the shell."""

from __future__ import annotations

import argparse

from phone.cli.common import add_command, add_config, add_json, control_socket, show
from phone.control import Call, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone call 204", "phone call +4930123456", "phone call bob@example.org")
    parser = add_command(commands, "call", call, "dial: at once if the handset is up, else when it is lifted", examples)
    parser.add_argument("number", help="a number of the dial plan, or an address")
    add_config(parser)
    add_json(parser)


def call(options: argparse.Namespace) -> int:
    """Raises ControlError with the phone's reason if it refuses."""
    reply = ask(control_socket(options), Call(options.number))
    show(reply, [reply.text], as_json=options.json)
    return 0
