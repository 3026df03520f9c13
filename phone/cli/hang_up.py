"""`phone hang-up`: end the call from the shell."""

from __future__ import annotations

import argparse

from phone.cli.common import add_command, add_config, add_json, control_socket, show
from phone.control import HangUp, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    parser = add_command(commands, "hang-up", hang_up, "end the call in the ear, or refuse the one that rings")
    add_config(parser)
    add_json(parser)


def hang_up(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running; without a call there is nothing to end, and that is well."""
    reply = ask(control_socket(options), HangUp())
    show(reply, [reply.text], as_json=options.json)
    return 0
