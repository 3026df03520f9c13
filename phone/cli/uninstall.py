"""`phone uninstall`: takes this phone off the machine again."""

from __future__ import annotations

import argparse

from phone.cli.common import add_command, add_json, show


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    summary = "take away what phone install has put onto this machine; config and messages stay"
    examples = ("sudo phone uninstall --dry-run", "sudo phone uninstall --purge")
    parser = add_command(commands, "uninstall", uninstall, summary, examples)
    parser.add_argument("--purge", action="store_true", help="config, messages and keys, too")
    parser.add_argument("--dry-run", action="store_true", help="change nothing; say what would be removed")
    add_json(parser)


def uninstall(options: argparse.Namespace) -> int:
    """Raises InstallError if a package has put it here, or nothing has."""
    import msgspec  # noqa: F401, PLC0415 - `show` needs it when it is not there any more

    from phone.install.removal import uninstall as remove  # noqa: PLC0415 - see the package

    steps = remove(purge=options.purge, dry_run=options.dry_run)
    would = "would be " if options.dry_run else ""
    show({"steps": steps}, (f"{would}done: {step.title}" for step in steps if step.changed), as_json=options.json)
    return 0
