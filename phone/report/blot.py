"""Secrets out of texts: each one that is known, in whichever way it may be written, and what looks like one.

Law: what is known to be secret is looked for as it is; patterns only come on top, for secrets that nobody told us of
(a relay's password that the server lent, an invitation's token).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 4
"""Characters: shorter ones cannot be told from words and figures."""
_NAMES = "password|passwd|pwd|token|secret|credentials?|lock_code|preauth|psk"
_NAME = rf"(?:\w*_)?(?:{_NAMES})"
_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s&;,"'<>)}\]]+)"""
_LOOKS = (
    # name=value, name = "value", "name": "value"
    re.compile(rf"\b{_NAME}[\"']?\s*=\s*(?P<secret>{_VALUE})", re.IGNORECASE),
    re.compile(rf"[\"']{_NAME}[\"']\s*:\s*(?P<secret>{_VALUE})", re.IGNORECASE),
    re.compile(rf"<({_NAMES})\b[^>]*>(?P<secret>[^<]+)(?=</\1>)", re.IGNORECASE),
    # what callers type may be a PIN
    re.compile(r"\bdigit (?P<secret>[0-9A-D*#]) heard"),
)
_LONG_ENOUGH = 8
"""Characters of base64 that no other text will have by chance."""


class Blotter:
    """Knows what must not be seen."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret for secret in secrets if len(secret) >= SHORTEST}
        written = {form for secret in known for form in _forms(secret)}
        # the longest first: one secret may be the beginning of another
        ordered = sorted(written, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """Without them."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern in _LOOKS:
            text = pattern.sub(_without_secret, text)
        return text

    def tree(self, value: object) -> object:
        """Of what JSON has: all texts without them, keys too."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.tree(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.tree(inner) for inner in value]
            case _:
                return value


def _without_secret(found: re.Match[str]) -> str:
    """The match with a mask; quotes stay."""
    secret = found["secret"]
    quote = secret[0] if secret[0] in "\"'" else ""
    start, end = (at - found.start() for at in found.span("secret"))
    return f"{found[0][:start]}{quote}{MASK}{quote}{found[0][end:]}"


def _forms(secret: str) -> Iterator[str]:
    """As it is, and as logs, URLs, XML, JSON and SASL PLAIN (RFC 4616) write it."""
    yield secret
    yield repr(secret)[1:-1]
    yield secret.encode("unicode_escape").decode()
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield escape(secret)
    yield escape(secret, quote=False)
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield from _in_base64(secret.encode())


def _in_base64(secret: bytes) -> Iterator[str]:
    """The characters that it alone decides, wherever in a longer text it begins."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret).decode().rstrip("=")
        first = -(-before * 8 // 6)
        last = (before + len(secret)) * 8 // 6
        if last - first >= _LONG_ENOUGH:
            yield whole[first:last]
            yield whole[first:last].replace("+", "-").replace("/", "_")
