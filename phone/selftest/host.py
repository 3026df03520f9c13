"""What the machine tells of itself: its disk, its clock, its network. Blocks: not for the event loop."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from phone.selftest.model import Check, Finding, Verdict

LEAST_FREE = 50_000_000
"""Bytes: some hours of messages."""
_SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
_ROUTES, _ROUTES6 = Path("/proc/net/route"), Path("/proc/net/ipv6_route")
_OUTSIDE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Documentation's addresses (RFC 5737, RFC 3849): only the routing table is asked."""


def disk(check: Check, folder: Path) -> Finding:
    """Room in the state folder, and whether it takes a file."""
    trial = folder / f".selftest-{os.getpid()}"
    try:
        free = shutil.disk_usage(folder).free
        began = time.monotonic()
        with trial.open("wb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        took = time.monotonic() - began
    except OSError as error:
        return Finding(check, Verdict.FAILED, f"nothing can be written in {folder}: {error.strerror}")
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    figures = (("free", f"{free / 1e6:.0f} MB"), ("written in", f"{1000 * took:.0f} ms"))
    if free < LEAST_FREE:
        return Finding(check, Verdict.FAILED, f"{folder} has only {free / 1e6:.0f} MB left", figures)
    return Finding(check, Verdict.PASSED, figures=figures)


def clock(check: Check, trouble: str) -> Finding:
    """The time, and who says so. `trouble`: why it cannot be right."""
    figures = (("time", datetime.now(UTC).isoformat(timespec="seconds")), ("NTP", _synchronized()))
    return Finding(check, Verdict.FAILED if trouble else Verdict.PASSED, trouble, figures)


def _synchronized() -> str:
    """By systemd-timesyncd's own mark, else by timedatectl, which knows other daemons, too."""
    if _SYNCHRONIZED.exists():
        return "synchronised"
    with suppress(OSError, subprocess.SubprocessError):
        asked = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
        done = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True)  # noqa: S603 - a constant
        return "synchronised" if done.stdout.strip() == "yes" else "not synchronised"
    return "unknown"


def network(check: Check, name: str, *, online: bool) -> Finding:
    """Of the address, the gateway and the names, the one that `check` is about. `name` is looked up; `online`: there is
    service, so a gateway is not needed.
    """
    match check.what:
        case "address":
            return _address(check)
        case "gateway":
            return _gateway(check, online=online)
        case _:
            return _names(check, name)


def _address(check: Check) -> Finding:
    found = tuple(own_addresses())
    if not found:
        return Finding(check, Verdict.FAILED, "the phone has no address: is the network plugged in?")
    return Finding(check, Verdict.PASSED, figures=(("address", " ".join(found)),))


def own_addresses() -> Iterable[str]:
    """What the phone calls out from; without a way out, what else it has."""
    outside = [address for family, far in _OUTSIDE if (address := _towards(family, far))]
    return outside or _interfaces()


def _towards(family: int, far: str) -> str:
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((far, 9))
        return str(probe.getsockname()[0])
    return ""


def _interfaces() -> tuple[str, ...]:
    with suppress(OSError):
        found = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
        return tuple(sorted(each for each in found if not ipaddress.ip_address(each).is_loopback))
    return ()


def _gateway(check: Check, *, online: bool) -> Finding:
    found = gateways(_read(_ROUTES), _read(_ROUTES6))
    if found:
        return Finding(check, Verdict.PASSED, figures=(("gateway", " ".join(found)),))
    if online:
        return Finding(check, Verdict.PASSED, "there is none, and the server is reached without")
    return Finding(check, Verdict.FAILED, "the network names no gateway: only its own machines can be reached")


def gateways(routes: str, routes6: str) -> tuple[str, ...]:
    """Of default routes, from the kernel's two tables (proc_net(5))."""
    v4 = [line.split() for line in routes.splitlines()[1:]]
    v6 = [line.split() for line in routes6.splitlines()]
    # numbers of IPv4 are in the machine's byte order, which is little on all that this runs on
    found = [
        *(str(ipaddress.IPv4Address(bytes.fromhex(row[2])[::-1])) for row in v4 if row[1] == "00000000"),
        *(str(ipaddress.IPv6Address(bytes.fromhex(row[4]))) for row in v6 if row[0] == "0" * 32 and row[1] == "00"),
    ]
    return tuple(dict.fromkeys(each for each in found if not ipaddress.ip_address(each).is_unspecified))


def _names(check: Check, name: str) -> Finding:
    if not name:
        return Finding(check, Verdict.SKIPPED, "there is no account whose server could be looked up")
    began = time.monotonic()
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return Finding(check, Verdict.FAILED, f"the name {name} is not found: {why}")
    took = f"{1000 * (time.monotonic() - began):.0f} ms"
    return Finding(check, Verdict.PASSED, figures=((name, str(found[0][4][0])), ("in", took)))


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:
        return ""
