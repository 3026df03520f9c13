"""A phone that has no account yet: it signs in nowhere, and shows where it can be reached to be given one."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress

from phone.ui.card import PROVISIONER
from phone.ui.frame import Reach
from phone.xmpp.client import XmppClient

log = logging.getLogger(__name__)

_LOOK_SECONDS = 3.0
"""Cables are plugged in, and routers take their time to give an address."""


class AwaitingClient(XmppClient):
    """In the place of one that signs in; what is sent meanwhile goes the way of all that is sent without service."""

    reach = Reach()

    async def run(self) -> None:
        """Tell where the phone can be reached, whenever that changes, until cancelled."""
        told: str | None = None
        while True:
            self.reach = await asyncio.to_thread(here)
            if (how := sentence(self.reach)) != told:
                told = how
                log.warning("no account: %s", how)
                self._listener.service("no account", how)
            await asyncio.sleep(_LOOK_SECONDS)


def sentence(reach: Reach) -> str:
    """For `phone status`."""
    if not reach.address:
        return "it can be set up on this machine: `phone onboard`; it has no network address yet"
    return f"set it up on this machine: `phone onboard`, or from afar: ssh {PROVISIONER}@{reach.address} phone onboard"


def here() -> Reach:
    """The machine's name, and the address that others reach it by: that of the default route, else any there is."""
    address = next(_addresses(), "")
    return Reach(socket.gethostname().partition(".")[0], address)


def _addresses() -> Iterator[str]:
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Sends nothing: only the routing table is asked (addresses of RFC 5737 and RFC 3849).
            probe.connect((far, 9))
            yield str(probe.getsockname()[0])
    import ifaddr  # noqa: PLC0415 - it brings ctypes, and most phones never wait

    texts = (ip.ip if isinstance(ip.ip, str) else ip.ip[0] for card in ifaddr.get_adapters() for ip in card.ips)
    known = sorted(map(ipaddress.ip_address, texts), key=lambda ip: ip.version)
    yield from (str(ip) for ip in known if not ip.is_loopback and not ip.is_link_local)
