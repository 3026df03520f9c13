"""Invitation links: what XEP-0379, XEP-0401 and XEP-0445 write into an `xmpp:` URI (RFC 5122). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from phone.errors import PhoneError
from phone.xmpp.jids import canonical

_LONGEST = 2048
_HINT = "an invitation link reads like xmpp:example.org?register;preauth=TOKEN"


class InvitationError(PhoneError, ValueError):
    """The link invites nobody to an account."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """To make an account."""

    domain: str
    """Whose account it becomes."""
    token: str = field(default="", repr=False)
    """XEP-0445: it lets one account be made; "": anybody may make one there."""
    username: str = ""
    """The account's name, where the inviter has chosen it."""
    inviter: str = ""
    """Who becomes the account's first contact; "": nobody."""


def parse(link: str) -> Invitation:
    """An `xmpp:` URI, or the address of a web page that has one behind its `#`. Raises InvitationError."""
    link = link.strip()
    if not link or len(link) > _LONGEST or not link.isprintable():
        raise InvitationError(f"that is no link; {_HINT}")
    scheme, _, rest = link.partition(":")
    if scheme.lower() in ("https", "http"):
        return _parse_uri(_behind_page(link))
    if scheme.lower() != "xmpp":
        raise InvitationError(f"that is no invitation; {_HINT}")
    return _parse_uri(rest)


def _behind_page(link: str) -> str:
    """XEP-0379, section 3.1: the address without its scheme is the page's fragment."""
    try:
        fragment = urlsplit(link).fragment
    except ValueError:
        fragment = ""
    if "?" not in fragment:
        fragment = unquote(fragment)
    if not fragment:
        raise InvitationError(
            "that page has no invitation behind a #: open it and copy the link that begins with xmpp:"
        )
    return fragment[5:] if fragment.lower().startswith("xmpp:") else fragment


def _parse_uri(rest: str) -> Invitation:
    path, _, query = rest.partition("?")
    if path.startswith("//"):  # RFC 5122, 2.2: //the-account-to-use/address
        path = path[2:].partition("/")[2]
    address = canonical(unquote(path))
    if address is None or "/" in address:
        raise InvitationError(f"the invitation names no server that could be; {_HINT}")
    action, *pairs = query.partition("#")[0].split(";")
    return _invitation(address, action.lower(), _values(pairs))


def _values(pairs: list[str]) -> dict[str, str]:
    split = (pair.partition("=") for pair in pairs)
    return {unquote(key).lower(): unquote(value) for key, _, value in split}


def _invitation(address: str, action: str, values: dict[str, str]) -> Invitation:
    local, _, domain = address.rpartition("@")
    token = values.get("preauth", "")
    if action == "register":
        return Invitation(domain, token, username=local)
    if action != "roster":
        raise InvitationError(f"the link does not invite to an account; {_HINT}")
    if values.get("ibr") != "y" or not token:  # XEP-0401, section 4.2
        raise InvitationError(
            f"the link makes {address} a contact, and does not invite to an account: ask for one that does"
        )
    return Invitation(domain, token, inviter=address if local else "")
