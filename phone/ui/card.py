"""The phone's own address as a QR code: its account's, or, before it has one, where it waits to be given one. Pure."""

from __future__ import annotations

from urllib.parse import quote

from phone.ui.fit import broken, clean, cut
from phone.ui.frame import CODE_BYTES, CODE_ROW_CHARS, ROW_CHARS, ROWS, Screen, View

PROVISIONER = "provision"
"""Who may log in to set the phone up; `phone install` makes this user."""


def address(v: View) -> Screen:
    """The account, so that a mobile's camera finds whom to add or to call."""
    if not v.account:
        return fresh(v) or Screen(v.texts.get("card", "no_account"), "", (v.texts.get("card", "no_network"),))
    title, uri = v.texts.get("card", "address"), account_uri(v.account)
    if len(uri) > CODE_BYTES:
        return Screen(title, "", rows=_rows(v.account, ROW_CHARS))
    return Screen(title, "", rows=_rows(v.account, CODE_ROW_CHARS), code=uri)


def fresh(v: View) -> Screen | None:
    """How a phone without account is reached; None while it has no network."""
    if not v.reach.address:
        return None
    uri = login_uri(v.reach.address)
    fits = len(uri) <= CODE_BYTES
    width = CODE_ROW_CHARS if fits else ROW_CHARS
    host = (cut(clean(v.reach.host), width),) if v.reach.host else ()
    rows = (*host, *_rows(v.reach.address, width))[:ROWS]
    return Screen(v.texts.get("card", "no_account"), "", rows=rows, code=uri if fits else "")


def _rows(text: str, width: int) -> tuple[str, ...]:
    rows = broken(clean(text), width)
    return rows if len(rows) <= ROWS else (*rows[: ROWS - 1], cut("".join(rows[ROWS - 1 :]), width))


def account_uri(jid: str) -> str:
    """RFC 5122. What is added or called is the reader's affair (XEP-0147), so no query is named."""
    local, at, host = jid.rpartition("@")
    return f"xmpp:{quote(local, safe=_LOCAL)}{at}{quote(host, safe=_HOST)}"


def login_uri(host: str) -> str:
    """draft-ietf-secsh-scp-sftp-ssh-uri, section 3."""
    return f"ssh://{PROVISIONER}@{f'[{host}]' if ':' in host else host}"


_LOCAL = "!$()*+,;="
"""RFC 5122, nodeallow; letters, digits and "-._~" are always."""
_HOST = "[]:"
