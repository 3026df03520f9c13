"""Why there is no service: every failure to connect or stay becomes one name and one sentence. Pure."""

from __future__ import annotations

import datetime as dt
import errno
import re
import socket
import ssl
from dataclasses import dataclass

from phone.clock import RELEASED
from phone.xmpp.api import ServiceName

# OpenSSL's X509_V_ERR_*: ssl.SSLCertVerificationError.verify_code
_NOT_YET_VALID = 9
_EXPIRED = 10
_WRONG_NAME = (62, 64)

_UNREACHABLE = frozenset((errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL))
_NO_SUCH_NAME = frozenset((socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)))


@dataclass(frozen=True, slots=True)
class Fault:
    """`detail` is a sentence for the display and the log."""

    name: ServiceName
    detail: str


class LookupFailedError(OSError):
    """The name of the server was not found, or nobody could be asked."""


class UnconnectedError(TimeoutError):
    """There was no connection in all the time that a sign-in may take."""


def of_exception(error: BaseException, host: str, now: float) -> Fault:
    """`now`: the wall clock, seconds since 1970."""
    match error:
        case ssl.SSLCertVerificationError():
            return _of_certificate(error, host, now)
        case ssl.SSLError():
            # Made by hand, it has no `reason`.
            why = getattr(error, "reason", None) or error
            return Fault("server away", f"{host} does not speak TLS as expected ({why}): check the port")
        case socket.gaierror():
            return _of_lookup(error, host)
        case TimeoutError():
            return Fault("server away", f"{host} does not answer")
        case OSError() if _numbers(error) and _numbers(error) <= _UNREACHABLE:
            return Fault("no network", f"{host} cannot be reached: check cable, Wi-Fi and router")
        case _:
            return Fault("server away", f"no connection to {host} ({error or type(error).__name__})")


def of_sasl(condition: str) -> Fault:
    """RFC 6120 6.5."""
    if condition == "temporary-auth-failure":
        return Fault("server away", "the server cannot check passwords at the moment")
    if condition == "account-disabled":
        return Fault("bad password", "the server says that this account is disabled")
    return Fault("bad password", "the server refuses the password (or the account does not exist)")


def of_stream_error(condition: str, host: str) -> Fault:
    """RFC 6120 4.9.3."""
    if condition == "conflict":
        return Fault("signed in elsewhere", "another device signed in with the same name")
    if condition in ("host-unknown", "host-gone"):
        return Fault("unknown server", f"this server does not serve {host}")
    return Fault("server away", f"{host} closed the connection ({condition or 'no reason given'})")


def without_encryption(host: str) -> Fault:
    return Fault("bad certificate", f"{host} offers no encryption: the phone does not sign in in the clear")


def of_name_server(host: str) -> Fault:
    return Fault("no network", f"no answer from the name server for {host}: is the network cable in?")


def without_network() -> Fault:
    return Fault("no network", "this phone has no network address: check cable, Wi-Fi and router")


def _of_certificate(error: ssl.SSLCertVerificationError, host: str, now: float) -> Fault:
    today = dt.datetime.fromtimestamp(now, dt.UTC).date().isoformat()
    code = error.verify_code
    if code == _NOT_YET_VALID or (code == _EXPIRED and now < RELEASED):
        return Fault(
            "wrong time", f"this phone's clock says {today}: the certificate of {host} is not valid at that time"
        )
    if code == _EXPIRED:
        return Fault("bad certificate", f"the certificate of {host} has expired (this phone's clock says {today})")
    if code in _WRONG_NAME:
        return Fault("bad certificate", f"the server's certificate is not for {host}")
    return Fault("bad certificate", f"the certificate of {host} is not signed by anyone known ({error.verify_message})")


def _of_lookup(error: socket.gaierror, host: str) -> Fault:
    if error.errno in _NO_SUCH_NAME:
        return Fault("unknown server", f"there is no server {host}: check the address of the account")
    return of_name_server(host)


def _numbers(error: OSError) -> set[int]:
    # asyncio folds the failures of several addresses into one text without errno.
    if error.errno is not None:
        return {error.errno}
    return {int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error))}
