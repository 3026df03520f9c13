"""`phone COMMAND`: finds the command, turns errors into one sentence on stderr and an exit code.

0: done; 1: it could not be done, and the sentence says what to do; 2: the command line was wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NoReturn, Protocol, cast

from phone.cli.common import Command, error_as_json, show_error, version
from phone.errors import PhoneError

COMMANDS = (
    *("status", "call", "hang-up", "log", "contacts", "voicemail", "block", "unblock", "dnd", "lock"),
    *("install", "onboard", "provision", "selftest", "panel", "report", "capture", "uninstall"),
    *("run", "demo", "sim", "diagram", "voicemail-service", "provision-shell"),
)
"""What its user does with the phone; who looks after it; the rest."""

_EXIT_CODES = """\
exit codes:
  0  done
  1  it could not be done, or a test failed: the sentence says what to do
  2  the command line was wrong
"""


class _CommandFile(Protocol):
    """A file of this package that is a command."""

    def add(self, commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Its arguments."""


class _TellingParser(argparse.ArgumentParser):
    """For machines: what is wrong with a command line is an object on stdout, too."""

    def error(self, message: str) -> NoReturn:
        print(error_as_json(message))
        super().error(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    told = _expanded(list(sys.argv[1:] if arguments is None else arguments))
    options = argparse.Namespace()
    try:
        _parser(_named(told), as_json="--json" in told).parse_args(told, options)
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


def _expanded(told: list[str]) -> list[str]:
    """Only this command may be written in several ways."""
    if told[:1] != ["provision"]:
        return told
    from phone.cli import provision  # noqa: PLC0415 - see `_named`

    return provision.expanded(told)


def _named(told: Sequence[str]) -> Iterable[str]:
    """The command that is meant, or all: the others need not even be imported, which counts when the phone starts."""
    return told[:1] if told[:1] and told[0] in COMMANDS else COMMANDS


def _parser(names: Iterable[str], *, as_json: bool) -> argparse.ArgumentParser:
    kind = _TellingParser if as_json else argparse.ArgumentParser
    parser = kind(
        prog="phone",
        description="An open desk phone on XMPP.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"phone {version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in names:
        file = cast("_CommandFile", import_module(f"phone.cli.{name.replace('-', '_')}"))
        file.add(commands)
    return parser
