"""Which of the component's addresses stand for what (pure): `boss@vm.b.example` is the mailbox of `boss@b.example`,
with the resource `voicemail` or without one; `outgoing@vm.b.example` takes what is to go out by e-mail.

Of several account domains the first has the plain names; accounts of the others are `boss%c.example@vm.b.example`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from phone.jingle.jid import bare, normal, valid

VOICEMAIL: Final = "voicemail"
OUTGOING: Final = "outgoingvoicemail"
"""Resources, and disco#items nodes (Google's voicemail extension)."""
_OUTGOING_USER: Final = "outgoing"
_AT: Final = "%"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An account's; whether it has one is for the store to say."""

    owner: str
    """Bare JID."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Messages that leave by e-mail."""


Place = Mailbox | Outgoing


@dataclass(frozen=True, slots=True)
class Addresses:
    """`component`: our domain; `domains`: those of the accounts."""

    component: str
    domains: tuple[str, ...]

    def place(self, jid: str) -> Place | None:
        """What one of our addresses stands for; None: nothing."""
        address, _, resource = normal(jid).partition("/")
        user, at, domain = address.rpartition("@")
        if not at or not user or domain != self.component or resource not in {"", VOICEMAIL, OUTGOING}:
            return None
        if user == _OUTGOING_USER and resource != VOICEMAIL:
            return Outgoing()
        owner = self._owner(user)
        return Mailbox(owner) if owner and resource != OUTGOING else None

    def mailbox(self, owner: str) -> str:
        """The full voicemail address of an account of ours."""
        user, _, domain = bare(owner).rpartition("@")
        return f"{user if domain == self.domains[0] else user + _AT + domain}@{self.component}/{VOICEMAIL}"

    def outgoing(self) -> str:
        """Where messages for e-mail are left."""
        return f"{_OUTGOING_USER}@{self.component}/{OUTGOING}"

    def is_local(self, jid: str) -> bool:
        """An account of one of our domains, by its form."""
        user, at, domain = bare(normal(jid)).rpartition("@")
        return bool(at and user) and domain in self.domains

    def _owner(self, user: str) -> str:
        name, at, domain = user.rpartition(_AT)
        if at and name and domain in self.domains[1:]:
            return f"{name}@{domain}"
        owner = f"{user}@{self.domains[0]}"
        return owner if valid(owner) else ""
