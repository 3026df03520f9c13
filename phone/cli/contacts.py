"""`phone contacts`: the telephone book."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from phone.cli.common import add_command, add_config, add_json, add_limit, control_socket, show, table
from phone.control import Contact, Contacts, ContactsReply, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone contacts", "phone contacts anna", "phone contacts --json | jq -r .entries[].address")
    parser = add_command(commands, "contacts", contacts, "the telephone book: contacts and short codes", examples)
    parser.add_argument("search", nargs="?", default="", metavar="SEARCH", help="part of a name, address or number")
    add_limit(parser, 100)
    add_config(parser)
    add_json(parser)


def contacts(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running."""
    reply = ask(control_socket(options), Contacts(options.search, options.limit))
    show(reply, _lines(reply, options.search), as_json=options.json)
    return 0


def _lines(reply: ContactsReply, search: str) -> Iterator[str]:
    if reply.entries:
        yield from table([_row(entry) for entry in reply.entries])
    else:
        yield f'nobody is found by "{search}"' if search else "the telephone book is empty"
    if (more := reply.total - len(reply.entries)) > 0:
        yield f"... and {more} more: search for part of a name, or give --limit"


def _row(entry: Contact) -> tuple[str, ...]:
    return (entry.name, entry.number, entry.address, "blocked" if entry.blocked else "")
