"""`phone unblock`: let an address call again."""

from __future__ import annotations

import argparse

from phone.cli.common import add_command, add_config, add_json, control_socket, show
from phone.control import Block, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone unblock eve@example.org",)
    parser = add_command(commands, "unblock", unblock, "let an address call again", examples)
    parser.add_argument("address", help="an address, or a domain for all of its addresses")
    add_config(parser)
    add_json(parser)


def unblock(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running, or if its server keeps no block list."""
    reply = ask(control_socket(options), Block(options.address, on=False))
    show(reply, [reply.text], as_json=options.json)
    return 0
