"""What a sign-in waits for, told while it waits: nobody is to look at "starting" for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from phone.xmpp.api import ServiceName
from phone.xmpp.keepalive import Pace
from phone.xmpp.outage import name_server_silent

if TYPE_CHECKING:  # it brings all of slixmpp
    from phone.xmpp.stream import Stream


async def tell_what_is_awaited(stream: Stream, host: str, pace: Pace, tell: Callable[[ServiceName, str], None]) -> None:
    """To be cancelled once `stream`, just opened, is live or over."""
    await asyncio.sleep(pace.patience)
    if not stream.is_connected():
        tell("looking up", f"looking for the server {host}")
        if fault := await name_server_silent(host, pace.lookup):
            tell(fault.name, fault.detail)
    while not stream.is_connected():  # noqa: ASYNC110 - a few seconds late is soon enough
        await asyncio.sleep(pace.patience)
    tell("starting", f"waiting for {host} to answer")
