"""The service's config file as values. What the file may say beyond types is in `checks`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from phone.config.values import read_secret
from phone.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ComponentConfig:
    """[component]: whom the XMPP server lets in as what (XEP-0114)."""

    domain: str
    """Ours: mailboxes are addresses of it."""
    secret: str | None = field(default=None, repr=False)
    secret_file: Path | None = None
    """One of the two; the file keeps the secret out of the config."""
    host: str = "127.0.0.1"
    """XEP-0114 has no encryption: the server is on this machine, or on a network that is trusted."""
    port: int = 5347
    server: str | None = None
    """Whose web space (XEP-0363), STUN and TURN services (XEP-0215) are used; None: the first of `accounts.domains`."""
    ca_file: Path | None = None
    """Trust the certificates in this PEM file only when files are put there; None: the system's."""

    def password(self) -> str:
        """The secret, from wherever it is kept. Raises ConfigError if its file is gone or empty."""
        return _kept(self.secret, self.secret_file, "component.secret")


@dataclass(frozen=True, slots=True)
class AccountsConfig:
    """[accounts]: who has a mailbox."""

    domains: tuple[str, ...]
    """Accounts of these servers have mailboxes, and may send messages by mail."""
    mailboxes: Literal["accounts", "listed", "any"] = "accounts"
    """accounts: those that their server vouches for, and those of `phone voicemail-service user add`; listed: these
    alone; any: every name there can be, so that nobody can find out which accounts exist, and strangers can fill the
    mailboxes of nobody."""

    @property
    def any(self) -> bool:
        """Names that nobody vouches for have mailboxes, too."""
        return self.mailboxes == "any"


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """[store]"""

    url: str
    """sqlite:////var/lib/... or postgresql+psycopg://user:password@host/database"""
    spool: Path = Path("/var/lib/phone-voicemail-service/spool")
    """A folder of this instance alone, for recordings in progress."""


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """[limits]: what callers may take of the service (all but `seconds` hold for callers of other servers too)."""

    seconds: float = 180.0
    """Of one message."""
    silence_seconds: float = 10.0
    """After so long without speech the message ends."""
    messages: int = 100
    """In one mailbox."""
    megabytes: int = 50
    """In one mailbox."""
    per_hour: int = 20
    """Calls of one caller, to all mailboxes together."""
    strangers: bool = True
    """Accounts of other servers than `accounts.domains` may leave messages."""
    calls: int = 200
    """At the same time."""
    days: float = 90.0
    """Messages that are not kept expire; 0: never."""


@dataclass(frozen=True, slots=True)
class MailConfig:
    """[mail]: messages for people without voicemail, by e-mail. Without this table there is none."""

    host: str
    sender: str
    """The From address, of a domain that the mail server signs for (DKIM)."""
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """none: to a mail server on this machine alone."""
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    """Trust the certificates in this PEM file only; None: the system's."""
    allow: tuple[str, ...] = ()
    """Accounts or domains that may send mail; empty: all of `accounts.domains`."""
    per_day: int = 20
    """Mails of one account."""
    give_up_hours: float = 48.0

    def password(self) -> str:
        """For `user`. Raises ConfigError if its file is gone or empty."""
        return _kept(None, self.password_file, "mail.password") if self.user else ""


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """[media]"""

    addresses: tuple[str, ...] = ()
    """Of this machine, that callers can reach; empty: all but loopback."""
    first_port: int = 0
    last_port: int = 0
    """UDP; 0: any."""
    processes: int = 0
    """That receive and record; 0: one for each core."""
    plain_rtp: tuple[str, ...] = ()
    """Accounts or domains that may use Google's session dialect, whose sound is not encrypted."""


@dataclass(frozen=True, slots=True)
class IceConfig:
    """[ice]: for a service behind NAT, and for callers behind a strict one."""

    discover: bool = True
    """Use the STUN and TURN services that `component.server` names to us (XEP-0215)."""
    stun: str = ""
    """"host" or "host:port"."""
    turn: str = ""
    """The same."""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    """To the TURN server."""
    secret_file: Path | None = None
    """The TURN server's shared secret (coturn: static-auth-secret), in place of a user and his password."""
    user: str = ""
    password_file: Path | None = None
    relay_only: bool = False
    """Callers learn no address of this machine."""

    def secret(self) -> str:
        """Raises ConfigError if its file is gone or empty."""
        return _kept(None, self.secret_file, "ice.secret")

    def password(self) -> str:
        """For `user`. Raises ConfigError if its file is gone or empty."""
        return _kept(None, self.password_file, "ice.password")


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """The whole file. Relative paths in it count from its own folder."""

    component: ComponentConfig
    accounts: AccountsConfig
    store: StoreConfig
    limits: LimitsConfig = LimitsConfig()
    mail: MailConfig | None = None
    media: MediaConfig = MediaConfig()
    ice: IceConfig = IceConfig()
    language: str = "en"
    """Of the greeting and of what the service writes."""
    greeting: Path | None = None
    """An Ogg Opus file in place of the built-in one, for those who recorded none."""
    log_level: str = "INFO"


def _kept(value: str | None, file: Path | None, key: str) -> str:
    if value is not None:
        return value
    if file is None:
        raise ConfigError(f"{key}_file: is missing: give the file that has it in its first line")
    return read_secret(file)
