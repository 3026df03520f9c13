"""What the values of the service's config must mean, beyond their types; and reading the file.

They look at the file's values as they stand, so that a wrong type elsewhere hides nothing.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from phone.config import meanings
from phone.config.agreement import table
from phone.config.document import KeyPath
from phone.config.faults import Fault
from phone.config.meanings import Check
from phone.config.reading import leaves, outside, read_as, warn_of_open_secret
from phone.service.values import ServiceConfig
from phone.ui.texts import languages

log = logging.getLogger(__name__)

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
Values = Mapping[str, object]


def load(path: Path) -> ServiceConfig:
    """The checked values of the file. Raises ConfigError with a line for each fault."""
    config = read_as(path, ServiceConfig, faults, "server/voicemail-service.example.toml")
    warn_of_open_secret("component's secret", config.component.secret_file or path)
    if config.mail is not None and config.mail.password_file is not None:
        warn_of_open_secret("mail server's password", config.mail.password_file)
    return config


def faults(values: Values, folder: Path) -> Iterator[Fault]:
    """All that is wrong with the meaning of the values; wrong types are passed over."""
    for key, value in leaves(values):
        if isinstance(value, str) and (wrong := _TEXTS.get(key, meanings.anything)(value, folder)):
            yield Fault(key, wrong)
        if isinstance(value, int | float) and not isinstance(value, bool) and (wrong := _range(key, value)):
            yield Fault(key, wrong)
    for law in _LAWS:
        yield from law(values)


def store_url(value: str, _: Path) -> str | None:
    """SQLite or PostgreSQL; the value may hold a password, and is not repeated."""
    kind, colon, rest = value.partition("://")
    if colon and kind == "sqlite":
        return None if len(rest) > 1 else "names no file: write it like sqlite:////var/lib/phone/voicemail.sqlite"
    if colon and kind == "postgresql+psycopg":
        return None
    return "must begin with sqlite:/// or postgresql+psycopg://"


def address_without_resource(value: str, folder: Path) -> str | None:
    """A mail address; it has the form of an account's."""
    return meanings.address(value, folder) if "/" not in value else f'"{value}" is no address of a mailbox'


_TEXTS: Mapping[KeyPath, Check] = {
    ("component", "domain"): meanings.domain,
    ("component", "secret"): meanings.not_empty,
    ("component", "secret_file"): meanings.secret_file,
    ("component", "host"): meanings.domain,
    ("component", "server"): meanings.domain,
    ("component", "ca_file"): meanings.certificates,
    ("accounts", "domains"): meanings.domain,
    ("store", "url"): store_url,
    ("store", "spool"): meanings.not_empty,
    ("mail", "host"): meanings.domain,
    ("mail", "sender"): address_without_resource,
    ("mail", "password_file"): meanings.secret_file,
    ("mail", "ca_file"): meanings.certificates,
    ("mail", "allow"): meanings.address_or_domain,
    ("media", "addresses"): meanings.ip,
    ("media", "plain_rtp"): meanings.address_or_domain,
    ("ice", "stun"): meanings.server,
    ("ice", "turn"): meanings.server,
    ("ice", "secret_file"): meanings.secret_file,
    ("ice", "password_file"): meanings.secret_file,
    ("language",): meanings.one_of(languages),
    ("greeting",): meanings.greeting,
    ("log_level",): meanings.one_of(lambda: LEVELS),
}

_PORT = (1, 65535)
_RANGES: Mapping[KeyPath, tuple[float, float]] = {
    ("component", "port"): _PORT,
    ("limits", "seconds"): (10, 600),
    ("limits", "silence_seconds"): (3, 60),
    ("limits", "messages"): (1, 10_000),
    ("limits", "megabytes"): (1, 10_000),
    ("limits", "per_hour"): (1, 10_000),
    ("limits", "calls"): (1, 2000),
    ("limits", "days"): (1, 3650),
    ("mail", "port"): _PORT,
    ("mail", "per_day"): (1, 10_000),
    ("mail", "give_up_hours"): (0.01, 240),
    ("media", "first_port"): _PORT,
    ("media", "last_port"): _PORT,
    ("media", "processes"): (1, 64),
}
_OR_ZERO = {("limits", "days"), ("media", "first_port"), ("media", "last_port"), ("media", "processes")}


def _range(key: KeyPath, value: float) -> str | None:
    bounds = _RANGES.get(key)
    return None if bounds is None else outside(value, bounds, or_zero=key in _OR_ZERO)


def _secret(values: Values) -> Iterator[Fault]:
    found = table(values, "component")
    given = {"secret", "secret_file"} & found.keys()
    if found and not given:
        yield Fault(("component", "secret_file"), "is missing, and so is component.secret: give one of the two")
    if len(given) == 2:
        yield Fault(("component", "secret"), "is given twice, here and as component.secret_file: keep the file")


def _domains(values: Values) -> Iterator[Fault]:
    domains = table(values, "accounts").get("domains")
    if domains == []:
        yield Fault(("accounts", "domains"), "is empty: name the server whose accounts have mailboxes")
    if isinstance(domains, list) and table(values, "component").get("domain") in domains:
        yield Fault(("component", "domain"), "is one of accounts.domains: a component has a domain of its own")


def _mail(values: Values) -> Iterator[Fault]:
    mail = table(values, "mail")
    if mail.get("tls") == "none" and not _loopback(mail.get("host")):
        yield Fault(("mail", "tls"), "may be none only for a mail server on this machine: take starttls or tls")
    if mail.get("user") and "password_file" not in mail:
        yield Fault(("mail", "password_file"), "is missing: a user has a password")


def _ports(values: Values) -> Iterator[Fault]:
    media = table(values, "media")
    first, last = media.get("first_port", 0), media.get("last_port", 0)
    if isinstance(first, int) and isinstance(last, int) and (first > last or (first == 0) != (last == 0)):
        key = "last_port" if "last_port" in media else "first_port"
        yield Fault(("media", key), f"makes no range: ports {first} to {last}; give both, the lower one first, or none")


def _turn(values: Values) -> Iterator[Fault]:
    ice = table(values, "ice")
    given = bool(ice.get("secret_file")), bool(ice.get("user") and ice.get("password_file"))
    if ice.get("turn") and not any(given):
        yield Fault(
            ("ice", "turn"), "needs ice.secret_file (coturn's static-auth-secret), or ice.user and password_file"
        )
    if all(given):
        yield Fault(("ice", "user"), "is given beside ice.secret_file: keep one of the two ways to sign in")
    if ice.get("relay_only") is True and not ice.get("turn") and ice.get("discover") is False:
        yield Fault(("ice", "relay_only"), "leaves no way for sound: name a TURN server with ice.turn")


_LAWS: tuple[Callable[[Values], Iterator[Fault]], ...] = (_secret, _domains, _mail, _ports, _turn)


def _loopback(host: object) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
