"""What the network itself says of a connection that failed, and the TLS that connections are made with."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress

from phone.errors import PhoneError
from phone.xmpp import faults
from phone.xmpp.api import Account
from phone.xmpp.faults import Fault, LookupFailedError, UnconnectedError
from phone.xmpp.jids import domain

_LOOKUP_SECONDS = 5.0


class AccountError(PhoneError, ValueError):
    """The account cannot be used as it is configured."""


def tls_context(account: Account) -> ssl.SSLContext:
    """Raises AccountError for a CA file that cannot be read."""
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise AccountError(f"the CA file {account.ca_file} cannot be used: {error}") from error


async def named(fault: Fault | BaseException, account: Account, now: float) -> Fault:
    """Why a stream of `account` ended; `now`: the wall clock, seconds since 1970."""
    host = account.host or domain(account.jid)
    if isinstance(fault, LookupFailedError):
        fault = await _lookup(host)
    if isinstance(fault, UnconnectedError):
        fault = await name_server_silent(host, _LOOKUP_SECONDS) or fault
    if isinstance(fault, Fault):
        return fault
    # Certificates are held against the account's domain, whatever host the config names (RFC 6120 13.7.2.1).
    owner = domain(account.jid) if isinstance(fault, ssl.SSLCertVerificationError) else host
    return faults.of_exception(fault, owner, now)


async def _lookup(host: str) -> Fault | BaseException:
    """Why the name was not found: only the resolver's own answer tells a wrong name from a missing network."""
    if not _has_route():
        return faults.without_network()
    try:
        async with asyncio.timeout(_LOOKUP_SECONDS):
            await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return faults.of_name_server(host)
    except OSError as error:
        return error
    return ConnectionError("its address was found only now")


async def name_server_silent(host: str, seconds: float) -> Fault | None:
    """Whether the name server is why `host` is not found; None where it says anything within `seconds`."""
    if not _has_route():
        return faults.without_network()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return faults.of_name_server(host)
    except socket.gaierror as error:
        # That a host has no address is no fault: its services may have (RFC 2782).
        return faults.of_name_server(host) if error.errno == socket.EAI_AGAIN else None
    except OSError:
        return None
    return None


def _has_route() -> bool:
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Sends nothing: only the routing table is asked (addresses of RFC 5737 and RFC 3849).
            probe.connect((address, 9))
            return True
    return False
