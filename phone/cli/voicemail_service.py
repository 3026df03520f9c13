"""`phone voicemail-service`: a server component that takes voice messages for whole domains, and looking after it."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from phone.cli.common import add_command, add_json, show

if TYPE_CHECKING:
    from phone.service.values import ServiceConfig

DEFAULT_CONFIG = Path("/etc/phone-voicemail/voicemail-service.toml")
OLD_CONFIG = Path("/etc/phone/voicemail-service.toml")
"""Where it was once, for all of the group phone to read."""
_CONFIG = f"the service's config file ($PHONE_VOICEMAIL_SERVICE_CONFIG, else {DEFAULT_CONFIG})"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "phone voicemail-service --config /etc/phone-voicemail/voicemail-service.toml",
        "phone voicemail-service check",
        "phone voicemail-service status --json",
        "phone voicemail-service user add boss@b.example",
        "phone voicemail-service block boss@b.example pest@a.example",
    )
    parser = add_command(commands, "voicemail-service", run, "run a voicemail service beside an XMPP server", examples)
    default = Path(os.environ.get("PHONE_VOICEMAIL_SERVICE_CONFIG", DEFAULT_CONFIG))
    parser.add_argument("--config", type=Path, metavar="FILE", default=default, help=_CONFIG)
    deeds = parser.add_subparsers(metavar="WHAT", title="besides running it")
    _add_check(deeds)
    _add_status(deeds)
    _add_user(deeds)
    _add_block(deeds)


def _add_check(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "try config, store, XMPP server and mail server, and say what is wrong"
    _add_common(add_command(deeds, "check", check, summary))


def _add_status(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "what is in the store: mailboxes, messages, what waits to be sent"
    _add_common(add_command(deeds, "status", status, summary))


def _add_user(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = add_command(
        deeds, "user", user, "which accounts have mailboxes beside those that their server vouches for"
    )
    parser.add_argument("deed", choices=("add", "disable", "remove", "list"))
    parser.add_argument("account", nargs="?", default="", metavar="ACCOUNT", help="such as boss@b.example")
    _add_common(parser)


def _add_block(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, summary in (
        ("block", "let a caller leave no messages in a mailbox; without a caller: who may leave none"),
        ("unblock", "let a caller leave messages again"),
    ):
        parser = add_command(deeds, name, block, summary)
        parser.set_defaults(on=name == "block")
        parser.add_argument("account", metavar="ACCOUNT", help="whose mailbox")
        count = "?" if name == "block" else None
        parser.add_argument("caller", nargs=count, metavar="CALLER", help="an account, or a domain")
        _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    _add_config(parser)
    add_json(parser)


def _add_config(parser: argparse.ArgumentParser) -> None:
    """Behind the command, as with all others; not given there, it is what was given before it."""
    parser.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=_CONFIG)


def run(options: argparse.Namespace) -> int:
    """Raises PhoneError if the service cannot start."""
    from phone import logs  # noqa: PLC0415 - see the package

    logs.setup("INFO")
    config = _config(options)
    logs.setup(config.log_level, [config.component.password()])
    from phone.service import app  # noqa: PLC0415

    return app.run(config)


def check(options: argparse.Namespace) -> int:
    """0 if all is well. Raises PhoneError with what is not."""
    from phone.service.checkup import checkup  # noqa: PLC0415

    config = _config(options)
    with _quiet():
        found = checkup(config)
    show(found, (f"{part.name}: {part.sentence}" for part in found.parts), as_json=options.json)
    return 0 if found.ok else 1


def status(options: argparse.Namespace) -> int:
    """Raises StoreError if the store does not answer."""
    from phone.service.admin import Status, opened  # noqa: PLC0415

    config = _config(options)
    with _quiet(), opened(config) as store:
        told = store.status()

    def lines(told: Status) -> Iterator[str]:
        yield f"{told.messages} messages in {told.mailboxes} mailboxes, {told.megabytes:.1f} MB, {told.new} of them new"
        yield f"to be sent: {', '.join(f'{n} {kind}' for kind, n in sorted(told.waiting.items())) or 'nothing'}"

    show(told, lines(told), as_json=options.json)
    return 0


def user(options: argparse.Namespace) -> int:
    """Raises ConfigError for an account that is none of the service's."""
    from phone.service.admin import opened  # noqa: PLC0415

    config = _config(options)
    with _quiet(), opened(config) as store:
        found = store.users(options.deed, options.account)
    lines = [f"{each.account}{'' if each.enabled else ' (disabled)'}" for each in found]
    show(found, lines or _none_listed(config, options.deed), as_json=options.json)
    return 0


def _none_listed(config: ServiceConfig, deed: str) -> Iterator[str]:
    accounts = config.accounts
    domains = " and ".join(accounts.domains)
    if deed == "list" and accounts.mailboxes == "any":
        yield f'none is listed: every name at {domains} has one (accounts.mailboxes = "any")'
    elif deed == "list" and accounts.mailboxes == "accounts":
        yield f"none is listed: every account that {domains} vouches for has one (accounts.mailboxes)"
    elif deed == "list":
        yield "none is listed: nobody has one (accounts.mailboxes)"


def block(options: argparse.Namespace) -> int:
    """Raises ConfigError for an account that is none of the service's."""
    from phone.service.admin import opened  # noqa: PLC0415

    config = _config(options)
    with _quiet(), opened(config) as store:
        if options.caller:
            store.block(options.account, options.caller, on=options.on)
        found = store.blocked(options.account)
    show(found, () if options.caller else found, as_json=options.json)
    return 0


def _config(options: argparse.Namespace) -> ServiceConfig:
    from phone.service.checks import load  # noqa: PLC0415

    return load(_found(options.config))


def _found(path: Path) -> Path:
    # Not Path.exists: who may not look into a folder finds nothing there, and is told by whoever reads it.
    if path != DEFAULT_CONFIG or os.path.exists(path) or not os.path.exists(OLD_CONFIG):  # noqa: PTH110
        return path
    where = f"it is still at {OLD_CONFIG}, where all of the group phone can read it"
    print(f"phone: {path} is not there: {where}; `sudo phone install` moves it", file=sys.stderr)
    return OLD_CONFIG


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What goes wrong is the command's own answer; the log's lines of it are for the service."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)
