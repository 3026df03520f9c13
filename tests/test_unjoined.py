"""The daemon ends at once, whatever its threads wait for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from phone.unjoined import Unjoined

_SCRIPT = """
import asyncio, threading
from phone.unjoined import Unjoined, leave

async def main():
    asyncio.get_running_loop().set_default_executor(Unjoined())
    begun = threading.Event()
    asyncio.get_running_loop().run_in_executor(None, lambda: (begun.set(), threading.Event().wait()))
    begun.wait()

asyncio.run(main())
print("done", end="")
leave(3)
"""


@pytest.mark.timeout(30)
def test_a_loop_does_not_wait_for_its_threads_at_its_end():
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Unjoined())
        assert await asyncio.to_thread(lambda: 1) == 1
        loop.run_in_executor(None, lambda: (begun.set(), go_on.wait(), done.set()))
        assert begun.wait(20)

    asyncio.run(main())
    assert not done.is_set()
    go_on.set()
    assert done.wait(20)


def test_nor_does_the_process():
    done = subprocess.run([sys.executable, "-c", _SCRIPT], check=False, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (3, b"done")
