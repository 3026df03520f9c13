"""`phone block`: let an address call no more, on any device of the account."""

from __future__ import annotations

import argparse

from phone.cli.common import add_command, add_config, add_json, control_socket, show
from phone.control import Block, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone block eve@example.org", "phone block spam.example")
    parser = add_command(
        commands, "block", block, "let an address call no more, on any device of the account", examples
    )
    parser.add_argument("address", help="an address, or a domain for all of its addresses")
    add_config(parser)
    add_json(parser)


def block(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running, or if its server keeps no block list."""
    reply = ask(control_socket(options), Block(options.address, on=True))
    show(reply, [reply.text], as_json=options.json)
    return 0
