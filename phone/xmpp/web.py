"""The one thing that this room does by HTTP: put a file. Imported at the first upload only."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from phone.xmpp.api import UploadError

_CONNECT_SECONDS = 20.0
_PATIENCE = 60.0
_SLOWEST = 4096.0
"""Seconds for any file, and bytes in each further second: who gets less through is stuck."""
_GOOD = (200, 201, 204)
_PASSING = (408, 409, 423, 425, 429)
"""Client errors that the same request may not meet again (RFC 9110, 4918, 8470, 6585)."""


async def put(url: str, path: Path, size: int, headers: Mapping[str, str], tls: ssl.SSLContext) -> None:
    """Send the file's bytes. Redirects are not followed: only the address of the slot was promised to take them.

    Raises UploadError.
    """
    host = urlsplit(url).hostname
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except OSError as error:
        raise UploadError(f"{path} cannot be read: {error}", unfit=True) from error
    timeout = aiohttp.ClientTimeout(total=_PATIENCE + size / _SLOWEST, connect=_CONNECT_SECONDS)
    with file:
        try:
            async with (
                # The system's resolver knows names that a DNS server does not.
                aiohttp.TCPConnector(ssl=tls, resolver=aiohttp.ThreadedResolver()) as connector,
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.put(url, data=file, headers=headers, allow_redirects=False) as answer,
            ):
                _judge(answer.status, host)
        except TimeoutError as error:
            raise UploadError(f"{host} takes the file too slowly or not at all") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise UploadError(f"the certificate of {host} is not trusted: {error.certificate_error}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UploadError(f"the file did not get to {host}: {error}") from error


def _judge(status: int, host: str | None) -> None:
    if status in _GOOD:
        return
    passing = status >= 500 or status in _PASSING
    raise UploadError(f"{host} does not take the file (HTTP status {status})", lasting=not passing)
