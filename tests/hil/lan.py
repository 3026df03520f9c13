"""The virtual Pis' network cable: from a network namespace of its own, where its kernel runs, to this machine, which is
`HUB` there, forwards nothing, and answers whatever listens on it. Needs root, iproute2 and ethtool.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import subprocess
from pathlib import Path
from typing import IO

HUB = "10.68.0.1"
"""This machine, as all virtual Pis see it: where a test's servers listen for them."""
DEVICE = "cable"
"""The cable's far end, in the namespace."""

_CLAIMS = Path("/run/lock")
"""A lock for each address: test runs beside each other must not have the same."""


class Cable:
    """One virtual Pi's. `address` is what it has."""

    def __init__(self) -> None:
        number, self._claim = _claimed()
        self.address = f"10.68.{number // 250}.{number % 250 + 2}"
        self.namespace = f"vpi{os.getpid()}-{number}"
        self._near = f"v{os.getpid()}-{number}"[:15]

    @property
    def launcher(self) -> tuple[str, ...]:
        """What a command is started by to run at its far end."""
        return ("ip", "netns", "exec", self.namespace)

    def lay(self) -> None:
        """Make it, plugged in."""
        _ip("netns", "add", self.namespace)
        _ip("link", "add", self._near, "type", "veth", "peer", "name", DEVICE, "netns", self.namespace)
        # Packets between two ends of a veth pair have no checksums, and the virtual Pi would throw them away.
        _run("ethtool", "-K", self._near, "tx", "off")
        Path(f"/proc/sys/net/ipv6/conf/{self._near}/disable_ipv6").write_text("1")
        Path(f"/proc/sys/net/ipv4/conf/{self._near}/forwarding").write_text("0")
        _ip("address", "add", f"{HUB}/32", "dev", self._near)
        _ip("-n", self.namespace, "link", "set", DEVICE, "up", "promisc", "on")
        self.plug(plugged=True)

    def plug(self, *, plugged: bool) -> None:
        """While it is pulled, every packet is lost."""
        _ip("link", "set", self._near, "up" if plugged else "down")
        if plugged:
            _ip("route", "replace", f"{self.address}/32", "dev", self._near, "src", HUB)

    def remove(self) -> None:
        """All of it. What is not there is no error."""
        subprocess.run(["ip", "link", "del", self._near], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", self.namespace], capture_output=True, check=False)
        self._claim.close()


def _claimed() -> tuple[int, IO[str]]:
    """The first number that nobody has, and the file that keeps it while it is open."""
    for number in itertools.count(2):
        claim = (_CLAIMS / f"phone-hil-{number}").open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
        else:
            return number, claim
    raise AssertionError("there is always a next one")


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"
