"""Who may leave a message where (pure): what a session says, and the checks of a service that strangers can call.

Nobody learns which accounts exist: an unknown mailbox, a disabled one, and one that blocks the caller answer alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from phone.jingle.api import StanzaError
from phone.jingle.jid import bare, normal, valid
from phone.service.addresses import Addresses, Mailbox, Outgoing, Place

REGARDING: Final = "{http://www.google.com/session/voicemail}regarding"
_SESSION: Final = "{http://www.google.com/session}"
SERVER_SHARE: Final = 20
"""So many callers' calls are another server's in an hour: who has one of his own can make any number of accounts."""
_LONGEST_MAIL: Final = 254
"""RFC 5321 4.5.3.1.3, without the brackets."""

UNKNOWN: Final = StanzaError("service-unavailable", "cancel")
WRONG: Final = StanzaError("bad-request", "modify")
NOT_YOU: Final = StanzaError("forbidden", "auth")
TOO_OFTEN: Final = StanzaError("policy-violation", "cancel", text="too many calls from you: try again in an hour")
FULL: Final = StanzaError("resource-constraint", "cancel")
"""Not of type wait: libjingle ignores such errors, and would wait for ever."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What an accepted caller has come for."""

    place: Place
    owner: str
    """Whose mailbox; of a mail: who sends it. A bare JID."""
    recipient: str
    """Whom the message is for: the owner himself, or a mail address; "" if a proposal did not say."""
    caller: str
    """Bare JID."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store knows of a caller and whom he calls. `enabled`: see `boxes.enabled`, or True: the server vouches
    for the account. `calls`, `server` and, of outgoing ones, `mails` count this one.
    """

    enabled: bool | None
    blocked: bool
    calls: int
    room: bool
    mails: int = 0
    server: int = 0
    """Calls of all accounts of his server, if it is none of ours."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the config says."""

    addresses: Addresses
    listed: bool
    """Only mailboxes that are listed, or that their server vouches for, are."""
    strangers: bool
    per_hour: int
    mail_per_day: int
    """0: no mail at all."""
    may_mail: Callable[[str], bool]
    """Whether the config lets this account of ours."""


def initiates(payload: Element) -> bool:
    """Whether a `<jingle/>` or `<session/>` begins a session."""
    # Yate writes both of the attributes
    return not {payload.get("action"), payload.get("type")}.isdisjoint({"session-initiate", "initiate"})


def regarding(payload: Element) -> str | None:
    """Whom the caller says that his message is for: of a redirected call (libjingle 0.4) its cookie tells. None: he
    does not say.
    """
    found = payload.find(REGARDING)
    if found is None:
        found = payload.find(f"{_SESSION}cookie/{_SESSION}regarding")
    return None if found is None else found.get("name", "")


def errand(rules: Rules, sender: str, to: str, named: str | None, *, proposal: bool = False) -> Errand | StanzaError:
    """What a session of `sender` to our address `to` is about; `named`: its regarding. Never does that choose another
    mailbox than the address does. `proposal`: it does not say yet whom the message is for (XEP-0353).
    """
    caller = bare(normal(sender))
    match rules.addresses.place(to):
        case Mailbox(owner) as place:
            if named is not None and normal(named) != owner:
                return WRONG
            if not rules.strangers and not rules.addresses.is_local(caller):
                return NOT_YOU
            return Errand(place, owner, owner, caller)
        case Outgoing() as place:
            if not rules.mail_per_day:
                return UNKNOWN
            if not rules.addresses.is_local(caller) or not rules.may_mail(caller):
                return NOT_YOU
            if proposal:
                return Errand(place, caller, "", caller)
            return WRONG if named is None or not is_mail(named) else Errand(place, caller, named, caller)
        case _:
            return UNKNOWN


def verdict(rules: Rules, wanted: Errand, facts: Facts) -> StanzaError | None:
    """Why the caller cannot leave this message now; None: he can."""
    if facts.calls > rules.per_hour or facts.server > SERVER_SHARE * rules.per_hour:
        return TOO_OFTEN
    if isinstance(wanted.place, Outgoing):
        return TOO_OFTEN if facts.mails > rules.mail_per_day else None
    if facts.enabled is False or (facts.enabled is None and rules.listed) or facts.blocked:
        return UNKNOWN
    return None if facts.room else FULL


def is_mail(address: str) -> bool:
    """A bare JID that an e-mail can be sent to: plain ASCII, one recipient, nothing that a header could mean by it
    (RFC 5321 4.1.2 without quoted strings, address literals and the percent hack).
    """
    user, at, domain = address.rpartition("@")
    plain = address.isascii() and valid(address) and "/" not in address and not set(address) & _SPECIAL
    dots = not user.startswith(".") and not user.endswith(".") and ".." not in user
    return bool(at and user and plain and dots and "." in domain and len(address) <= _LONGEST_MAIL)


_SPECIAL: Final = frozenset(',;:<>()[]\\"%!| \t\r\n')
