"""`phone lock`: lock the keypad."""

from __future__ import annotations

import argparse

from phone.cli.common import ON, add_command, add_config, add_json, add_switch, control_socket, show
from phone.control import Lock, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone lock on", "phone lock off")
    parser = add_command(
        commands,
        "lock",
        lock,
        "lock the keypad: emergency numbers alone can be dialled, calls are still answered",
        examples,
    )
    add_switch(parser)
    add_config(parser)
    add_json(parser)


def lock(options: argparse.Namespace) -> int:
    """Raises ControlError if the config has no code to open it with."""
    reply = ask(control_socket(options), Lock(options.state == ON))
    show(reply, [reply.text], as_json=options.json)
    return 0
