"""What the unit's DeviceAllow= is worth: whoever runs in the daemon's cgroup, even as root, opens a desk's devices and
no others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
from hil import debs
from hil.pi import VirtualPi
from hil.seat import PROFILE, prepared, reference

pytestmark = [pytest.mark.slow]

_TRIED = """
import errno, glob, json, os, sys
DEVICES = ("/dev/gpiochip*", "/dev/i2c-*", "/dev/spidev*", "/dev/snd/*", "/dev/input/event*", "/dev/null",
           "/dev/urandom")
# not /dev/vpi-*, watchdogs and consoles: the machine itself would take notice
FOREIGN = ("/dev/mem", "/dev/kmsg", "/dev/ubd*", "/dev/loop*", "/dev/fuse", "/dev/net/tun", "/dev/rtc*", "/dev/hwrng",
           "/dev/uinput")
def tried(path, how):
    try:
        os.close(os.open(path, how | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError as error:
        return errno.errorcode[error.errno]
    return ""
def all_tried(patterns):
    names = sorted(name for pattern in patterns for name in glob.glob(pattern) if not os.path.isdir(name))
    return {name: [tried(name, os.O_RDONLY), tried(name, os.O_WRONLY)] for name in names}
def made():
    try:
        os.mknod("/run/made", 0o600 | 0o060000, os.stat(sys.argv[1]).st_rdev)
    except OSError as error:
        return errno.errorcode[error.errno]
    os.unlink("/run/made")
    return ""
print(json.dumps({"desk": all_tried(DEVICES), "foreign": all_tried(FOREIGN), "made": made()}))
"""
_RUN = """
until systemctl is-active -q phone; do sleep 0.1; done
disk=$(findmnt -no SOURCE / | head -1)
cat >/run/tried.py <<'END'
{script}
END
{within}
exec python3 /run/tried.py "$disk"
"""
_WITHIN = 'echo $$ >"/sys/fs/cgroup$(systemctl show phone -p ControlGroup --value)/cgroup.procs"'

Tried = Mapping[str, tuple[str, str]]
"""Device -> what the kernel said when it was opened for reading, and for writing; "": it is open."""


@pytest.fixture(scope="module")
def desk() -> Iterator[VirtualPi]:
    """A phone out of its package, with the reference hardware."""
    with VirtualPi(packages=[debs.deb()], powered=False) as pi:
        pi.prepare(prepared({PROFILE: reference()}))
        pi.boot()
        yield pi


def opened(pi: VirtualPi, within: str) -> tuple[Tried, Tried, str]:
    told = json.loads(pi.run(_RUN.format(script=_TRIED, within=within)).check())
    found = [{name: (each[0], each[1]) for name, each in told[kind].items()} for kind in ("desk", "foreign")]
    return found[0], found[1], told["made"]


def test_the_daemon_opens_its_desk_and_nothing_else(desk: VirtualPi) -> None:
    _, free_foreign, free_made = opened(desk, "")
    its_desk, its_foreign, its_made = opened(desk, _WITHIN)
    print(its_desk, its_foreign)
    for kind in ("/dev/gpiochip", "/dev/i2c-", "/dev/snd/control", "/dev/snd/pcm"):
        assert any(name.startswith(kind) for name in its_desk), f"the virtual Pi has no {kind}"
    for name, said in its_desk.items():
        refused = tuple(word == "EPERM" for word in said)  # what is busy says something else
        assert refused == (False, name.startswith("/dev/input/")), f"{name}: {said}"
    foreign = {name for name, said in free_foreign.items() if "" in said}
    assert any(name.startswith("/dev/ubd") for name in foreign), f"no block device can be opened at all: {free_foreign}"
    for name in foreign:
        assert its_foreign[name] == ("EPERM", "EPERM"), name
    assert (free_made, its_made) == ("", "EPERM"), "it makes itself the node of a disk"
