"""What the config allows to whom: one answer for each address, the most exact entry first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from phone.calls.numbers import is_outside
from phone.config import Config, PeerConfig
from phone.jingle.api import PeerPolicy, Permission
from phone.ports import Greeting
from phone.xmpp.jids import bare, canonical, domain


class Contacts(Protocol):
    """Who is on the roster."""

    def is_contact(self, jid: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """Made once from the config; `contacts` is asked each time."""

    contacts: Contacts
    own_domain: str
    gateway: str | None
    peers: dict[str, PeerConfig] = field(default_factory=dict)
    intercom: frozenset[str] = frozenset()
    may_transfer: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()

    @classmethod
    def of(cls, config: Config, contacts: Contacts) -> Policy:
        """An operator may write addresses with capitals: they are compared in canonical form."""
        return cls(
            contacts,
            own_domain=domain(canonical(config.account.jid) or config.account.jid),
            gateway=canonical(config.dial.gateway),
            peers={canonical(key) or key: entry for key, entry in config.peers.items()},
            intercom=_canonical(config.calls.intercom),
            may_transfer=_canonical(config.transfer.allow),
            targets=_canonical(config.transfer.targets),
        )

    def peer(self, jid: str) -> PeerPolicy:
        """For the Jingle room."""
        entry = self._entry(jid)
        return PeerPolicy(plain_rtp=entry.plain_rtp, direct=entry.direct, contact=self.contacts.is_contact(jid))

    def greeting(self, jid: str) -> Greeting:
        """How its calls are met."""
        return Greeting(ring=self._entry(jid).ring, intercom=_named(jid, self.intercom))

    def transfer(self, asker: str, target: str) -> Permission:
        """Whether a far end may send us to `target` (XEP-0251; toll fraud is the risk). The asker's domain counts as
        stamped by its server; the target must be one that this phone's user would call without a second thought.
        """
        if not self._known_target(target):
            return Permission.REFUSE
        return Permission.ALLOW if _named(asker, self.may_transfer) else Permission.ASK

    def _known_target(self, target: str) -> bool:
        if _named(target, self.targets) or self.contacts.is_contact(target):
            return True
        local = bare(target).partition("@")[0]
        return domain(target) == self.own_domain != self.gateway and not is_outside(local)

    def _entry(self, jid: str) -> PeerConfig:
        return next((self.peers[key] for key in _keys(jid) if key in self.peers), PeerConfig())


def _canonical(addresses: Iterable[str]) -> frozenset[str]:
    return frozenset(canonical(each) or each for each in addresses)


def _keys(jid: str) -> tuple[str, str, str]:
    return jid, bare(jid), domain(jid)


def _named(jid: str, entries: frozenset[str]) -> bool:
    return not entries.isdisjoint(_keys(jid))
