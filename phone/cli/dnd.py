"""`phone dnd`: do not disturb."""

from __future__ import annotations

import argparse

from phone.cli.common import ON, add_command, add_config, add_json, add_switch, control_socket, show
from phone.control import Dnd, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone dnd on", "phone dnd off")
    summary = "do not disturb: callers hear the greeting, or that the phone is busy ([voicemail]), and are logged"
    parser = add_command(commands, "dnd", dnd, summary, examples)
    add_switch(parser)
    add_config(parser)
    add_json(parser)


def dnd(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running."""
    reply = ask(control_socket(options), Dnd(options.state == ON))
    show(reply, [reply.text], as_json=options.json)
    return 0
