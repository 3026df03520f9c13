"""`phone onboard`: the phone makes its own account, by an invitation link."""

from __future__ import annotations

import argparse
from pathlib import Path

from phone.cli.common import add_command, add_config, add_json


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "phone onboard                                     # asks for the link",
        "ssh provision@desk phone onboard < invitation.txt",
        "phone onboard --name anna-desk < invitation.txt",
        "phone onboard --show                              # the phone's address, as a QR code",
    )
    about = "make the phone's account, by an invitation link on stdin"
    parser = add_command(commands, "onboard", run, about, examples)
    parser.add_argument("--name", default="", help="the account's name; else the phone chooses one")
    parser.add_argument("--replace", action="store_true", help="give up the account that the phone has")
    parser.add_argument("--show", action="store_true", help="make nothing: show the phone's address as a QR code")
    parser.add_argument("--server", metavar="HOST[:PORT]", help="connect here instead of asking DNS")
    parser.add_argument("--direct-tls", action="store_true", help="TLS from the first byte (XEP-0368)")
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="trust the certificates in this file only")
    add_config(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Raises PhoneError; 1: the account is there, and the phone has not signed in with it."""
    from phone.cli import onboard_link  # noqa: PLC0415 - other commands start without XMPP
    from phone.provision.owner import acting_as_owner  # noqa: PLC0415

    with acting_as_owner(options.config):
        return onboard_link.show_address(options) if options.show else onboard_link.make_account(options)
