"""`phone COMMAND`: finds the command, turns errors into one sentence on stderr and an exit code.

0: done; 1: it could not be done, and the sentence says what to do; 2: the command line was wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from phone.cli import (
    block,
    call,
    capture,
    contacts,
    demo,
    diagram,
    dnd,
    hang_up,
    install,
    lock,
    log,
    onboard,
    panel,
    provision,
    provision_shell,
    report,
    run,
    selftest,
    sim,
    status,
    unblock,
    uninstall,
    voicemail,
    voicemail_service,
)
from phone.cli.common import Command, show_error, version
from phone.errors import PhoneError

COMMANDS = (
    *(run, demo, status, call, hang_up, log, contacts, block, unblock, dnd, lock),
    *(voicemail, voicemail_service, panel, selftest, sim, diagram, install, uninstall),
    *(onboard, provision, provision_shell, report, capture),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = _parser().parse_args(provision.expanded(sys.argv[1:] if arguments is None else arguments))
    command: Command = options.command
    try:
        code = command(options)
        sys.stdout.flush()
    except PhoneError as error:
        show_error(str(error), as_json=getattr(options, "json", False))
        return 1
    except BrokenPipeError:  # `phone log | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="phone", description="An open desk phone on XMPP.")
    parser.add_argument("--version", action="version", version=f"phone {version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser
