"""`phone COMMAND`: finds the command, turns errors into one sentence on stderr and an exit code.

0: done; 1: it could not be done, and the sentence says what to do; 2: the command line was wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

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
from phone.cli.common import Command, error_as_json, show_error, version
from phone.errors import PhoneError

COMMANDS = (
    *(status, call, hang_up, log, contacts, voicemail, block, unblock, dnd, lock),
    *(install, onboard, provision, selftest, panel, report, capture, uninstall),
    *(run, demo, sim, diagram, voicemail_service, provision_shell),
)
"""What its user does with the phone; who looks after it; the rest."""

_EXIT_CODES = """\
exit codes:
  0  done
  1  it could not be done, or a test failed: the sentence says what to do
  2  the command line was wrong
"""


class _TellingParser(argparse.ArgumentParser):
    """For machines: what is wrong with a command line is an object on stdout, too."""

    def error(self, message: str) -> NoReturn:
        print(error_as_json(message))
        super().error(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    told = provision.expanded(sys.argv[1:] if arguments is None else arguments)
    options = argparse.Namespace()
    try:
        _parser(as_json="--json" in told).parse_args(told, options)
        command: Command = options.command
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


def _parser(*, as_json: bool) -> argparse.ArgumentParser:
    kind = _TellingParser if as_json else argparse.ArgumentParser
    parser = kind(
        prog="phone",
        description="An open desk phone on XMPP.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"phone {version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser
