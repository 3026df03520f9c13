import os
import threading
import time
from pathlib import Path

import pytest

from phone.drivers.coldplug import wait_for


@pytest.fixture
def machine(tmp_path):
    """With one device, and a udev that has not come to it yet."""
    for folder in ("dev", "run/udev/data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dev" / "gpiochip0").symlink_to("/dev/null")
    (tmp_path / "run/udev/control").touch()
    return tmp_path


def shut(device):
    return False


def record(machine):
    number = Path("/dev/null").stat().st_rdev
    return machine / "run/udev/data" / f"c{os.major(number)}:{os.minor(number)}"


def test_it_waits_until_udev_is_done_with_it(machine):
    done = []

    def udev():
        time.sleep(0.1)
        done.append(True)
        record(machine).touch()

    thread = threading.Thread(target=udev)
    thread.start()
    wait_for("gpiochip*", root=machine, is_open=shut)
    assert done
    thread.join()


@pytest.mark.parametrize("lack", ["device", "udev"])
def test_what_does_not_come_is_not_waited_for(machine, lack, caplog):
    (machine / ("dev/gpiochip0" if lack == "device" else "run/udev/control")).unlink()
    wait_for("gpiochip*", root=machine, is_open=shut)
    assert not caplog.text


def test_it_does_not_wait_for_ever(machine, caplog):
    wait_for("gpiochip*", patience=0.05, root=machine, is_open=shut)
    assert "udev has not dealt with" in caplog.text


def test_what_is_open_already_needs_no_udev(machine, caplog):
    wait_for("gpiochip*", patience=0.0, root=machine)  # /dev/null is
    assert not caplog.text
