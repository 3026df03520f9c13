"""A phone gets its account by an invitation: the account is made, signed in with, and put into the config.

Law: an invitation is used up only for a config that takes the account, and an account that was made is not lost again:
it has proved itself by signing in from here, so its config needs no trial.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from phone.config import run_dir
from phone.config.secrets import rendered
from phone.control import ControlError, Status, StatusReply, ask
from phone.errors import PhoneError
from phone.provision import draft, making
from phone.provision.apply import Make, Session, Wish, apply, compare
from phone.provision.errors import BusyError
from phone.provision.store import Store
from phone.provision.who import who
from phone.settings import server_of
from phone.xmpp.api import Account
from phone.xmpp.invite import Invitation
from phone.xmpp.jids import canonical
from phone.xmpp.registration import NameTakenError, register

_SIGN_IN_SECONDS = 45.0
"""For a slow card and a busy Zero: until the daemon is registered with the new account."""
_BUSY_SECONDS = 60.0
"""Another session's trial ends by itself."""
_LOOK_SECONDS = 0.2
_FACTORY_NAMES = frozenset({"", "localhost", "raspberrypi"})
_OTHER_NAMES = 3


class OnboardingError(PhoneError, RuntimeError):
    """The phone has no (other) account than before."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the phone's user says to it."""

    name: str = ""
    """The account's; "": the invitation's, else one that the phone chooses."""
    server: str | None = None
    """As `account.server`, `direct_tls` and `ca_file` of the config."""
    direct_tls: bool = False
    ca_file: Path | None = None
    replace: bool = False
    """An account that the phone has is given up."""
    another: Callable[[NameTakenError], str] = field(default=lambda _: "")
    """Asked for another name; "": nobody is there to say one."""


@dataclass(frozen=True, slots=True)
class Onboarded:
    """What came of it."""

    jid: str
    registered: bool
    """The daemon has signed in with it."""
    why: str = ""
    """Why not, as a sentence."""


def onboard(store: Store, invitation: Invitation, terms: Terms, session: Session) -> Onboarded:
    """Raises PhoneError; the invitation is used up only by what this returns, or tells of."""
    had = account_of(store)
    if had and not terms.replace:
        raise OnboardingError(f"this phone has the account {had} already: --replace gives it another one")
    compare(store, _make(_entries(_account(invitation, "desk", terms, "fits"), terms)))
    runs = _status(store) is not None
    account = _registered(invitation, terms, session)
    _keep(store, account, terms, session)
    if not runs:
        return Onboarded(account.jid, registered=False, why="it does not run: start it (systemctl start phone)")
    return _signed_in(store, account.jid)


def account_of(store: Store) -> str:
    """The present config's; "": it has none."""
    table = draft.values_of(store.present().config).get("account")
    jid = table.get("jid") if isinstance(table, Mapping) else None
    return jid if isinstance(jid, str) else ""


# --- the account ----------------------------------------------------------------------------------------------


def _registered(invitation: Invitation, terms: Terms, session: Session) -> Account:
    names = _names(invitation, terms)
    name = next(names)
    while True:
        account = _account(invitation, name, terms, secrets.token_urlsafe(24))
        session.tell(f"making the account {account.jid}")
        try:
            asyncio.run(register(account, invitation))
        except NameTakenError as taken:
            name = next(names, "") or terms.another(taken)
            if not name:
                raise OnboardingError(f"{taken}: give another name by --name; the invitation is still good") from taken
        else:
            return account


def _names(invitation: Invitation, terms: Terms) -> Iterator[str]:
    """One that somebody has chosen, or several to be tried."""
    if chosen := terms.name or invitation.username:
        yield chosen
        return
    host = re.sub(r"[^a-z0-9-]+", "-", socket.gethostname().partition(".")[0].lower()).strip("-")
    base = "phone" if host in _FACTORY_NAMES else host
    yield base
    yield from (f"{base}-{secrets.token_hex(2)}" for _ in range(_OTHER_NAMES))


def _account(invitation: Invitation, name: str, terms: Terms, password: str) -> Account:
    jid = canonical(f"{name}@{invitation.domain}")
    if jid is None or jid.count("@") != 1 or "/" in jid:
        raise OnboardingError(f"{name!r} is no name for an account: use letters, digits, dots and hyphens")
    host, port = server_of(terms.server)
    return Account(jid, password, host=host, port=port, direct_tls=terms.direct_tls, ca_file=terms.ca_file)


# --- the config -----------------------------------------------------------------------------------------------


def _entries(account: Account, terms: Terms) -> bytes:
    """The table [account]."""
    found: dict[str, object] = {"jid": account.jid, "password": account.password}
    if terms.server is not None:
        found["server"] = terms.server
    if terms.direct_tls:
        found["direct_tls"] = True
    if terms.ca_file is not None:
        found["ca_file"] = str(terms.ca_file)
    return rendered({"account": found}).encode()


def _make(part: bytes) -> Make:
    return making.from_config(partial(_with_account, part))


def _with_account(part: bytes, present: bytes | None) -> draft.Draft:
    return draft.replaced(part, present, "account")


def _keep(store: Store, account: Account, terms: Terms, session: Session) -> None:
    """Raises OnboardingError; not because nobody listens any more."""

    def tell(line: str) -> None:
        with suppress(OSError):  # the SSH session is gone
            session.tell(line)

    try:
        _apply(store, _make(_entries(account, terms)), Session(tell, session.alive))
    except PhoneError as error:
        sentence = (
            f"the account {account.jid} was made, but could not be put into the config; ask for another invitation"
        )
        raise OnboardingError(f"{sentence}: {error}") from error


def _apply(store: Store, make: Make, session: Session) -> None:
    wish = Wish(who(), "account by invitation", unproven=True)
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            apply(store, make, wish, session)
        except BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _status(store: Store) -> StatusReply | None:
    """None: no daemon answers."""
    with suppress(ControlError):
        return ask(run_dir(store.config) / "control.sock", Status())
    return None


def _signed_in(store: Store, jid: str) -> Onboarded:
    """Once the daemon, which starts anew with the account, has."""
    why, until = "the phone does not come up with it", time.monotonic() + _SIGN_IN_SECONDS
    while time.monotonic() < until:
        if status := _status(store):
            if status.registered and status.account.partition("/")[0] == jid:
                return Onboarded(jid, registered=True)
            why = status.why
        time.sleep(_LOOK_SECONDS)
    return Onboarded(jid, registered=False, why=why)
