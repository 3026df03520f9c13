"""Two phones with one config: the second is refused before it has opened anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from phone.control.claim import AlreadyRunningError, Claims, claimed
from phone.control.messages import ControlError

HOLDER = """
import sys
from pathlib import Path
from phone.control.claim import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


def test_the_second_is_refused_until_the_first_is_gone(path: Path) -> None:
    with claimed(path), pytest.raises(AlreadyRunningError, match="running already"), claimed(path):
        pytest.fail("two hold it")
    with claimed(path):
        assert not path.exists()


def test_a_killed_phone_holds_nothing(path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], **pipes) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError), claimed(path):
            pytest.fail("two hold it")
        holder.kill()
    with claimed(path):
        pass


def test_a_folder_that_takes_no_lock_is_named(tmp_path: Path) -> None:
    (tmp_path / "run" / "control.lock").mkdir(parents=True)
    with pytest.raises(ControlError, match="cannot write in run_dir"), claimed(tmp_path / "run" / "control.sock"):
        pytest.fail("nothing is held")


def test_all_claims_end_together(path: Path) -> None:
    other = path.parent.with_name("other") / path.name
    with Claims() as claims:
        for each in (path, other, path):
            claims.take(each)
        for each in (path, other):
            with pytest.raises(AlreadyRunningError), claimed(each):
                pytest.fail("two hold it")
    with claimed(path), claimed(other):
        pass
