"""Who may see what over HTTP. Pure but for reading the page's own files.

Law: only a browser on this machine (or at the end of an SSH tunnel to it) that was given the token gets in. The name
in Host is checked against rebound DNS names, Origin against pages of other origins (RFC 6455, section 10.2).
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from phone.config.values import LOOPBACK_ORIGIN
from phone.errors import PhoneError

SOCKET_PATH = "/socket"
TOKEN_CHARS = 22
"""At least: 128 bits in base64."""
NOTHING_ALLOWED = "camera=(), geolocation=(), microphone=()"
MICROPHONE_ALLOWED = "camera=(), geolocation=(), microphone=(self)"
# Any port: behind `ssh -L 9000:127.0.0.1:8080` the browser rightly says 9000.
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?")
_SENTENCE = "This page opens only with its token. Run <code>phone panel</code> on the phone: it prints the address."


class PanelError(PhoneError, OSError):
    """The panel cannot be served; `str()` says why."""


def new_token() -> str:
    """192 random bits, fit for a URL."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as it matters. `path` has the query."""

    path: str
    hosts: tuple[str, ...]
    """All Host headers: more or fewer than one is an attack."""
    origins: tuple[str, ...] = ()
    upgrade: bool = False
    """It asks for a WebSocket."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    body: bytes
    type: str
    policy: str = "default-src 'none'; frame-ancestors 'none'"
    """Content-Security-Policy."""
    permissions: str = NOTHING_ALLOWED
    """Permissions-Policy."""
    refused: str = ""
    """Why it was not let in, as one word for the counter."""


@dataclass(frozen=True, slots=True)
class Site:
    """One page at `/`, its style and script beside it, and perhaps a WebSocket."""

    token: str = field(repr=False)
    page: bytes
    assets: Mapping[str, Answer]
    """Path -> what is there for everyone: they say no more than this project's sources do."""
    policy: str
    """Content-Security-Policy of the page; {host} stands for where it came from."""
    socket: bool
    permissions: str = NOTHING_ALLOWED
    """Permissions-Policy of the page."""

    def __post_init__(self) -> None:
        if len(self.token) < TOKEN_CHARS:
            raise ValueError(f"the token of a panel has at least {TOKEN_CHARS} characters: take new_token()")

    def answer(self, asked: Asked) -> Answer | None:
        """What to send; None: let the WebSocket in."""
        if len(asked.hosts) != 1 or not _HOST.fullmatch(asked.hosts[0]):
            return _refusal(421, "host", "This address is not the phone's own.")
        host = asked.hosts[0]
        path, tokens = _split(asked.path)
        if asked.upgrade or path == SOCKET_PATH:
            return self._admit(asked, path, host, tokens)
        if path in self.assets:
            return self.assets[path]
        if path != "/":
            return _refusal(404, "path", "There is no such page.")
        if not self._knows(tokens):
            return _refusal(403, "token", _SENTENCE)
        return Answer(200, self.page, "text/html; charset=utf-8", self._policy_at(host), self.permissions)

    def _admit(self, asked: Asked, path: str, host: str, tokens: Sequence[str]) -> Answer | None:
        if not (self.socket and asked.upgrade and path == SOCKET_PATH):
            return _refusal(404, "path", "There is no such page.")
        if asked.origins != (f"http://{host}",):
            return _refusal(403, "origin", "Another page may not use the phone.")
        if not self._knows(tokens):
            return _refusal(403, "token", _SENTENCE)
        return None

    def _knows(self, tokens: Sequence[str]) -> bool:
        return len(tokens) == 1 and hmac.compare_digest(tokens[0].encode(), self.token.encode())

    def _policy_at(self, host: str) -> str:
        # 'self' means the WebSocket too since CSP3, but not in browsers of before 2022.
        return self.policy.format(socket="" if host.startswith("[") else f" ws://{host}")


def panel_site(token: str, ancestors: Sequence[str]) -> Site:
    """The phone's page. `ancestors`: origins on loopback whose pages may frame it.

    Raises ValueError on a short token, or an ancestor that is no http:// origin on 127.0.0.1 or localhost.
    """
    for ancestor in ancestors:
        if not LOOPBACK_ORIGIN.fullmatch(ancestor):
            raise ValueError(
                f"{ancestor!r} may not frame the panel: only http://127.0.0.1:PORT or http://localhost:PORT"
            )
    framers = " ".join(("'self'", *ancestors))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'{socket}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {framers}"
    )
    assets = {f"/{name}": asset(name) for name in ("panel.css", "panel.js", "plot.js", "sound.js")}
    return Site(token, _read("panel.html"), assets, policy, socket=True)


@cache
def asset(name: str) -> Answer:
    """One of this package's files, as an answer."""
    kind = {"css": "text/css", "js": "text/javascript"}[name.rpartition(".")[2]]
    return Answer(200, _read(name), f"{kind}; charset=utf-8")


def _read(name: str) -> bytes:
    return files("phone.drivers.panel").joinpath(name).read_bytes()


def _split(target: str) -> tuple[str, list[str]]:
    """Path and tokens of a request's target; nonsense is a path that is not there."""
    try:
        parts = urlsplit(target)
        return parts.path, parse_qs(parts.query, max_num_fields=4).get("token", [])
    except ValueError:
        return "", []


def _refusal(status: int, why: str, sentence: str) -> Answer:
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Phone panel</title><p>{sentence}</p></html>\n'
    return Answer(status, page.encode(), "text/html; charset=utf-8", refused=why)
