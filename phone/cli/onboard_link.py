"""`phone onboard` as such: the link is read, the account made; or the phone's address is shown.

Law: the link opens an account to whoever has it, so it comes on stdin: not on the command line, which all users of the
machine see and the shell's history keeps.
"""

from __future__ import annotations

import argparse
import logging
import sys

import msgspec

from phone import logs
from phone.cli.common import plain, show
from phone.onboarding import OnboardingError, Terms, account_of, onboard
from phone.provision.apply import Session
from phone.provision.store import Store
from phone.ui import card
from phone.ui.frame import CODE_BYTES
from phone.ui.qr import Matrix, matrix
from phone.waiting import here, sentence
from phone.xmpp.invite import parse
from phone.xmpp.registration import NameTakenError

_LONGEST = 4096
_QUIET = 2
"""Modules of light around a code, for a terminal."""


class Done(msgspec.Struct, frozen=True):
    """For --json."""

    account: str
    registered: bool
    why: str = ""
    changed: bool = True
    ok: bool = True


class Shown(msgspec.Struct, frozen=True):
    """The same of --show."""

    account: str
    uri: str
    """What the QR code says: the account's address, or where a phone without account waits; "": it has no network."""
    ok: bool = True


def make_account(options: argparse.Namespace) -> int:
    """Raises PhoneError; 1: the account is there, and the phone has not signed in with it."""
    logs.setup(logging.getLevelName(logging.CRITICAL))
    store = Store.of(options.config)
    terms = Terms(
        name=options.name,
        server=options.server,
        direct_tls=options.direct_tls,
        ca_file=options.ca_file.absolute() if options.ca_file else None,
        replace=options.replace,
        another=_another,
    )
    session = Session((lambda _: None) if options.json else _tell, lambda: True)
    done = onboard(store, parse(_link()), terms, session)
    told = f"this phone is {done.jid} now"
    line = told if done.registered else f"{told}, but it has not signed in: {done.why}"
    show(Done(done.jid, done.registered, done.why), [line], as_json=options.json)
    return 0 if done.registered else 1


def _tell(line: str) -> None:
    print(plain(line), flush=True)


def _link() -> str:
    """Asked for, where somebody may sit there: without a terminal, ssh(1) passes on what is typed as well."""
    print("invitation link: ", end="", file=sys.stderr, flush=True)
    for line in iter(lambda: sys.stdin.readline(_LONGEST), ""):
        if line.strip():
            return line
    raise OnboardingError("there is no link on stdin: `phone onboard < invitation.txt`")


def _another(taken: NameTakenError) -> str:
    if not sys.stdin.isatty():
        return ""
    print(f"{plain(str(taken))}; another one: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline(_LONGEST).strip()


# --- --show ---------------------------------------------------------------------------------------------------


def show_address(options: argparse.Namespace) -> int:
    """Of the account; without one, where the phone waits for one."""
    account, reach = account_of(Store.of(options.config)), here()
    uri = card.account_uri(account) if account else card.login_uri(reach.address) if reach.address else ""
    told = account or f"no account: {sentence(reach)}"
    code = _blocks(matrix(uri)) if uri and len(uri) <= CODE_BYTES else ()
    show(Shown(account, uri), (*code, told), as_json=options.json)
    return 0


def _blocks(code: Matrix) -> tuple[str, ...]:
    """Two rows of modules in a line of text; light is what the terminal writes with."""
    size = len(code)
    span = range(-_QUIET, size + _QUIET)

    def light(x: int, y: int) -> bool:
        return not (0 <= x < size and 0 <= y < size and code[y][x])

    return tuple("".join(" ▄▀█"[2 * light(x, y) + light(x, y + 1)] for x in span) for y in span[::2])
