"""Files on the server's web space: HTTP File Upload (XEP-0363), up to the moment when bytes move."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from phone.xmpp import caps
from phone.xmpp.api import UploadError
from phone.xmpp.requests import TIMEOUT, Failed, Requests, Result
from phone.xmpp.stanzas import DISCO_ITEMS, FORMS, printable

log = logging.getLogger(__name__)

UPLOAD = "urn:xmpp:http:upload:0"
_HEADERS = {"authorization": "Authorization", "cookie": "Cookie", "expires": "Expires"}
"""What a slot may have us send along (XEP-0363 5); all others are to be ignored."""
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_MOST_SERVICES = 32
"""Of a server that are asked what they are."""
_PASSING = frozenset(
    (
        *(TIMEOUT, "internal-server-error", "remote-server-timeout", "undefined-condition"),
        # a service that is not there now
        *("service-unavailable", "remote-server-not-found"),
    )
)
_LONGEST_HEADER = 16384
_INFO_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class UploadService:
    """Where slots are given. `most`: bytes of a file; None if it does not say."""

    jid: str
    most: int | None


@dataclass(frozen=True, slots=True)
class Slot:
    """Where to put a file, what to send along, and where it is found then."""

    put: str
    get: str
    headers: tuple[tuple[str, str], ...]


class Uploads:
    """`server` is the domain whose upload service is used, `tls` makes the context by which its web server is checked.

    The service is looked for at the first upload, and anew when it refuses.
    """

    def __init__(self, requests: Requests, server: str, tls: Callable[[], ssl.SSLContext]) -> None:
        self._requests = requests
        self._server = server
        self._tls = tls
        self._service: UploadService | None = None

    def forget(self) -> None:
        """Another session may be with a server that was configured anew."""
        self._service = None

    async def upload(self, path: Path, name: str, media_type: str, sender: str | None = None) -> str:
        """Returns the URL. Raises UploadError."""
        size = await _size(path)
        if self._service is None:
            self._service = await self._find(sender)
        service = self._service
        if service.most is not None and size > service.most:
            raise UploadError(f"{service.jid} takes files of up to {service.most} bytes, not {size}", unfit=True)
        slot = await self._slot(service, name, size, media_type, sender)
        # The library for this costs more memory than a phone that never leaves a message should pay.
        from phone.xmpp import web  # noqa: PLC0415

        await web.put(slot.put, path, size, {"Content-Type": media_type, **dict(slot.headers)}, self._tls())
        log.info("uploaded %d bytes to %s", size, urlsplit(slot.get).hostname)
        return slot.get

    async def _find(self, sender: str | None) -> UploadService:
        found = await self._requests.fetch("get", self._server, Element(f"{{{DISCO_ITEMS}}}query"), sender=sender)
        if isinstance(found, Failed):
            raise UploadError(f"{self._server} does not say what services it has ({found.condition})")
        listed = [each.get("jid") for each in found.payload if each.get("jid")] if found.payload is not None else []
        asked = (self._server, *(jid for jid in listed[:_MOST_SERVICES] if jid))
        infos = await asyncio.gather(
            *(
                self._requests.fetch("get", jid, caps.info_query(None), seconds=_INFO_SECONDS, sender=sender)
                for jid in asked
            )
        )
        for jid, info in zip(asked, infos, strict=True):
            if isinstance(info, Result) and info.payload is not None and UPLOAD in caps.features_in(info.payload):
                return UploadService(jid, largest(info.payload))
        silent = any(isinstance(info, Failed) for info in infos)
        raise UploadError(f"{self._server} offers no web space for files (XEP-0363)", lasting=not silent)

    async def _slot(self, service: UploadService, name: str, size: int, media_type: str, sender: str | None) -> Slot:
        # A slash would be a folder: Prosody refuses such names.
        attributes = {"filename": printable(name).replace("/", "_"), "size": str(size), "content-type": media_type}
        request = Element(f"{{{UPLOAD}}}request", attributes)
        outcome = await self._requests.fetch("get", service.jid, request, sender=sender)
        if isinstance(outcome, Failed):
            self._service = None
            lasting = outcome.type != "wait" and outcome.condition not in _PASSING
            raise UploadError(f"{service.jid} does not take the file ({outcome.condition})", lasting=lasting)
        slot = slot_in(outcome.payload)
        if slot is None:
            raise UploadError(f"{service.jid} names no safe place for the file: only https is used", lasting=True)
        return slot


def slot_in(payload: Element | None) -> Slot | None:
    """What a `<slot/>` says; None for nonsense, and for addresses that are not encrypted."""
    if payload is None or payload.tag != f"{{{UPLOAD}}}slot":
        return None
    put, get = payload.find(f"{{{UPLOAD}}}put"), payload.find(f"{{{UPLOAD}}}get")
    if put is None or get is None:
        return None
    slot = Slot(put.get("url", ""), get.get("url", ""), _headers(put))
    return slot if is_safe(slot.put) and is_safe(slot.get) else None


def is_safe(url: str) -> bool:
    """https, or a web server on this machine."""
    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not known or not parts.hostname or any(letter.isspace() for letter in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def largest(info: Element) -> int | None:
    """The `max-file-size` of the service's disco#info (XEP-0363 4)."""
    for form in info.findall(f"{{{FORMS}}}x"):
        fields = {field.get("var"): field.findtext(f"{{{FORMS}}}value", "") for field in form.iter(f"{{{FORMS}}}field")}
        most = fields.get("max-file-size", "")
        if fields.get("FORM_TYPE") == UPLOAD and most.isascii() and most.isdecimal() and len(most) < 20:
            return int(most)
    return None


def _headers(put: Element) -> tuple[tuple[str, str], ...]:
    found = {}
    for header in put.findall(f"{{{UPLOAD}}}header"):
        # XEP-0363 5: names without regard to case, line ends taken out.
        name, value = (_line(text) for text in (header.get("name", ""), header.text or ""))
        if name.lower() in _HEADERS and len(value) <= _LONGEST_HEADER:
            found[_HEADERS[name.lower()]] = value
    return tuple(found.items())


def _line(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


async def _size(path: Path) -> int:
    try:
        return (await asyncio.to_thread(path.stat)).st_size
    except OSError as error:
        raise UploadError(f"{path} cannot be read: {error}", unfit=True) from error
