"""`phone provision-shell`: sshd's forced command for the user `provision`, who can do nothing else."""

from __future__ import annotations

import argparse
import os

from phone.cli.common import DEFAULT_CONFIG, add_command


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments: what sshd's config says, not whoever signs in."""
    examples = ("ForceCommand /usr/bin/phone provision-shell   # sshd_config(5)",)
    about = "run the `phone provision` in $SSH_ORIGINAL_COMMAND, and refuse all else"
    parser = add_command(commands, "provision-shell", run, about, examples)
    parser.add_argument("--config", default=str(DEFAULT_CONFIG), metavar="FILE", help=f"({DEFAULT_CONFIG})")


def run(options: argparse.Namespace) -> int:
    """Raises ForbiddenError, and what `phone provision` raises."""
    from phone.cli.main import main  # noqa: PLC0415 - it knows this module
    from phone.provision.forced import arguments  # noqa: PLC0415

    command = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    options.json = "--json" in command.split()  # of a refusal
    allowed = arguments(command)
    os.environ["PHONE_CONFIG"] = options.config  # whatever sshd's AcceptEnv let in
    return main(allowed)
