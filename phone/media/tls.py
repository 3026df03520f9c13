"""TLS when a TURN server wants it: the media process has been started without (`frugal`)."""

from __future__ import annotations

import asyncio.base_events
import asyncio.selector_events
import asyncio.sslproto
import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


def client_context() -> ssl.SSLContext:
    """For connections to a server whose certificate the system's authorities vouch for."""
    module = importlib.import_module("ssl")
    if asyncio.sslproto.__dict__["ssl"] is None:
        _give_to_asyncio(module)
    context: ssl.SSLContext = module.create_default_context()
    return context


def _give_to_asyncio(module: ModuleType) -> None:
    # What these three would have had, had `ssl` been there when they were imported.
    asyncio.base_events.__dict__["ssl"] = module
    asyncio.selector_events.__dict__["ssl"] = module
    importlib.reload(asyncio.sslproto)
