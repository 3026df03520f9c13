import resource
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, sys
from pathlib import Path
limit = int(sys.argv[1])
try:
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit))
except (ValueError, OSError):
    sys.exit(77)
from phone.media.locked import lock_memory
before = Path("/proc/self/statm").read_text().split()[1]
print(lock_memory())
more = bytearray(8_000_000)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmLck"].split()[0]), int(status["VmRSS"].split()[0]), int(before) * 4)
"""


def run(limit):
    command = [sys.executable, "-c", SCRIPT, str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    if done.returncode == 77:
        pytest.skip("this user's memory lock has a limit")
    assert done.returncode == 0, done.stderr
    told, sizes = done.stdout.split("\n")[:2]
    return told == "True", *map(int, sizes.split())


def test_without_a_limit_all_that_is_used_stays():
    done, locked, resident, before = run(resource.RLIM_INFINITY)
    assert done
    assert locked > 0
    assert resident < before + 30_000, "nothing is brought in that was not needed"


def test_under_a_limit_nothing_is_locked_so_that_no_mapping_fails_later():
    done, locked, _, _ = run(1 << 16)
    assert not done
    assert locked == 0
