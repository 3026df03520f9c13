"""A whole phone under the system call filter of its unit: what it needs is let through, and the filter does bite."""

from __future__ import annotations

import asyncio
import ctypes.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rig.confined
from journeys.shell import unclean
from journeys.steps import idle, put_through, talk_both_ways

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import desk, registered

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("systemd-analyze") or not ctypes.util.find_library("seccomp"),
        reason="needs systemd-analyze and libseccomp",
    ),
]

UNIT = Path(__file__).parents[2] / "systemd" / "phone.service"
CONFINED = (sys.executable, rig.confined.__file__, str(UNIT))


async def test_a_call_of_a_confined_phone(tmp_path: Path) -> None:
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3", "bob": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server, launcher=CONFINED) as alice,
        desk(tmp_path / "bob", "bob", "x1y2z3", server) as bob,
    ):
        await asyncio.gather(registered(alice), registered(bob))
        await put_through(alice, bob)
        await talk_both_ways(alice, bob)
        await alice.hang_up()
        await bob.hang_up()
        assert await alice.until(idle, 10)
        assert not unclean(alice)


REFUSED = {
    "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, time.time())",
    "priorities": "import os; os.nice(1)",
    "mounts": "import ctypes, os; assert ctypes.CDLL(None, use_errno=True).mount(b'x', b'/', b'tmpfs', 0, None) == 0, "
    "os.strerror(ctypes.get_errno())",
    "code that is written": "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_phone_never_needs_is_refused(what: str) -> None:
    command = [*CONFINED, sys.executable, "-c", REFUSED[what]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert "not permitted" in done.stderr


def test_sound_may_have_its_priority() -> None:
    """Refused for its rights perhaps, but not for the call: the answer is no other than without the filter."""
    ask = "import os; os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))"
    assert subprocess.run([*CONFINED, sys.executable, "-c", ask], check=False).returncode == 0
