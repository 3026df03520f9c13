"""`phone run`: the daemon, in the foreground (systemd keeps it there)."""

from __future__ import annotations

import argparse

from phone.cli.common import add_command, add_config


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone run --config /etc/phone/phone.toml",)
    add_config(add_command(commands, "run", run, "run the phone until SIGTERM or Ctrl-C", examples))


def run(options: argparse.Namespace) -> int:
    """Raises PhoneError if the phone cannot start."""
    from phone import logs  # noqa: PLC0415 - see the package
    from phone.config import load  # noqa: PLC0415

    logs.setup("INFO")
    config = load(options.config)
    logs.setup(config.log_level, [config.account.secret()])

    from phone import app  # noqa: PLC0415 - the whole phone

    return app.run(config)
