"""Run a program under the system call filter of a systemd unit, as systemd would.

usage: confined.py UNIT PROGRAM [ARGUMENT...]

Understands SystemCallFilter=, SystemCallErrorNumber=EPERM and MemoryDenyWriteExecute=yes (systemd.exec(5)). The groups
of calls are those of the machine's own systemd-analyze; the filter is built by libseccomp.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import mmap
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
MASKED_EQUAL = 7
SHM_EXEC = 0o100000


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operation", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


WRITE_EXECUTE = (
    ("mmap", 2, mmap.PROT_WRITE | mmap.PROT_EXEC),
    ("mprotect", 2, mmap.PROT_EXEC),
    ("pkey_mprotect", 2, mmap.PROT_EXEC),
    ("shmat", 2, SHM_EXEC),
)
"""Call, argument, bits that it must not have all of."""


def settings(unit: Path, name: str) -> list[str]:
    """All values of a setting, in order."""
    lines = unit.read_text("utf-8").splitlines()
    return [line.partition("=")[2].strip() for line in lines if line.startswith(f"{name}=")]


def calls(names: Sequence[str]) -> set[str]:
    """The system calls of these names and groups."""
    found: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        command = ("systemd-analyze", "--no-pager", "syscall-filter", name)
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        members = [line.strip() for line in told.splitlines()[1:]]
        found |= calls([member for member in members if member and not member.startswith("#")])
    return found


def allowed(unit: Path) -> set[str]:
    """What the unit lets through: each line adds to it, or with `~` takes away."""
    left: set[str] = set()
    for line in settings(unit, "SystemCallFilter"):
        if line.startswith("~"):
            left -= calls(line[1:].split())
        else:
            left |= calls(line.split())
    return left | calls(["@default"])


class Filter:
    """One filter of libseccomp."""

    def __init__(self, default: int) -> None:
        self._library = ctypes.CDLL(ctypes.util.find_library("seccomp"), use_errno=True)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(default))

    def add(self, action: int, call: str, *compare: Compare) -> None:
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:  # another architecture's
            return
        array = (Compare * len(compare))(*compare)
        done = self._library.seccomp_rule_add_array(self._context, action, number, len(compare), array)
        assert done == 0, (call, os.strerror(-done))

    def load(self) -> None:
        done = self._library.seccomp_load(self._context)
        assert done == 0, os.strerror(-done)


def confine(unit: Path) -> None:
    """This process and its children, for ever."""
    known = allowed(unit)
    if settings(unit, "MemoryDenyWriteExecute") == ["yes"]:
        no_new_code = Filter(ALLOW)
        for call, argument, bits in WRITE_EXECUTE:
            no_new_code.add(REFUSE, call, Compare(argument, MASKED_EQUAL, bits, bits))
        no_new_code.load()
    listed = Filter(REFUSE)
    for call in known | {"seccomp", "execve"}:
        listed.add(ALLOW, call)
    listed.load()


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - what is to be confined
