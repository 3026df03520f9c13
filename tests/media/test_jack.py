"""A headset's jack: files and a pipe in the place of the kernel's input devices, whose ioctl is the test's."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from phone.media import jack as jack_module
from phone.media.jack import Jack, JackError, find, headphones_in


class Inputs:
    """/sys/class/input and /dev/input. The node is a pipe; what the switch says is `state`."""

    def __init__(self, folder: Path) -> None:
        self.sys, self.dev = folder / "sys", folder / "dev"
        self.dev.mkdir()
        self.states: dict[int, bool] = {}
        self.state = False
        self.asked = threading.Event()
        self.troubles: list[str] = []
        self.told = threading.Condition()
        self._ends: dict[str, int] = {}

    def add(self, node: str, name: str, switches: str) -> None:
        device = self.sys / node / "device"
        (device / "capabilities").mkdir(parents=True, exist_ok=True)
        (device / "name").write_text(f"{name}\n")
        (device / "capabilities/sw").write_text(f"{switches}\n")
        if not (self.dev / node).exists():
            os.mkfifo(self.dev / node)
            self._ends[node] = os.open(self.dev / node, os.O_RDWR)

    def event(self, node: str) -> None:
        """The kernel has something to tell."""
        os.write(self._ends[node], bytes(24))

    def remove(self, node: str) -> None:
        (self.sys / node / "device/name").unlink()
        os.close(self._ends.pop(node))

    def tell(self, sentence: str) -> None:
        with self.told:
            self.troubles.append(sentence)
            self.told.notify_all()

    def until_told(self, count: int) -> None:
        with self.told:
            assert self.told.wait_for(lambda: len(self.troubles) >= count, 10), self.troubles

    def read(self, _: int) -> bool:
        self.asked.set()
        return self.state

    def close(self) -> None:
        for end in self._ends.values():
            os.close(end)


@pytest.fixture
def inputs(tmp_path: Path) -> Iterator[Inputs]:
    made = Inputs(tmp_path)
    yield made
    made.close()


@pytest.fixture
def jack(inputs: Inputs) -> Iterator[Jack]:
    made = Jack("Headset", inputs.tell, inputs=inputs.sys, nodes=inputs.dev, state=inputs.read)
    yield made
    made.close()


def test_the_device_is_found_by_name_and_switch(inputs: Inputs) -> None:
    inputs.add("event0", "Power Button", "0")
    inputs.add("event1", "wm8960 Headset Jack", "0")
    inputs.add("event2", "wm8960 Headset Jack", "1 14")
    inputs.add("event3", "Lid", "5")
    (inputs.sys / "event4/device").mkdir(parents=True)
    assert find("Headset", inputs.sys) == "event2"
    assert find("Lid", inputs.sys) == "event3"
    with pytest.raises(JackError, match="no input device 'Power Button' tells of a headset: correct `jack`"):
        find("Power Button", inputs.sys)


def test_it_follows_the_switch(inputs: Inputs, jack: Jack) -> None:
    inputs.add("event5", "Headset Jack", "14")
    inputs.state = True
    jack.start()
    assert inputs.asked.wait(10)
    for state in (False, True, False):
        inputs.state = state
        inputs.asked.clear()
        inputs.event("event5")
        assert inputs.asked.wait(10)
    inputs.event("event5")
    assert inputs.troubles == []


def test_what_it_says_is_what_the_switch_says(inputs: Inputs, jack: Jack) -> None:
    inputs.add("event5", "Headset Jack", "4")
    inputs.state = True
    jack.start()
    _until(lambda: jack.plugged)
    inputs.state = False
    inputs.event("event5")
    _until(lambda: not jack.plugged)


def test_a_device_that_comes_late_and_goes(inputs: Inputs, jack: Jack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jack_module, "_LOOK_AGAIN_MS", 10)
    jack.start()
    inputs.until_told(1)
    assert "no input device 'Headset' tells" in inputs.troubles[0]
    inputs.state = True
    inputs.add("event7", "Headset", "4")
    inputs.until_told(2)
    assert inputs.troubles[1] == ""
    _until(lambda: jack.plugged)
    inputs.remove("event7")
    inputs.until_told(3)
    assert inputs.troubles[2]
    _until(lambda: not jack.plugged)


@pytest.mark.parametrize(
    ("error", "hint"),
    [(errno.EACCES, "(Permission denied): add the user that the phone runs as to the group input"), (errno.EIO, "")],
)
def test_a_device_that_cannot_be_asked_is_told(inputs: Inputs, error: int, hint: str) -> None:
    def refuse(_: int) -> bool:
        raise OSError(error, os.strerror(error))

    refused = Jack("Headset", inputs.tell, inputs=inputs.sys, nodes=inputs.dev, state=refuse)
    inputs.add("event1", "Headset", "4")
    refused.start()
    inputs.until_told(1)
    assert inputs.troubles[0].startswith("the input device 'Headset' tells no more of a headset (")
    assert inputs.troubles[0].endswith(hint or "(Input/output error)")
    refused.close()


def test_the_kernel_is_asked_for_all_switches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """EVIOCGSW(8), linux/input.h; SW_HEADPHONE_INSERT is bit 2."""
    asked: list[int] = []

    def ioctl(_: int, request: int, state: bytearray) -> int:
        asked.append(request)
        state[0] = bits
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    for bits in (0b100, 0b11011):
        assert headphones_in(0) is (bits == 0b100)
    assert set(asked) == {0x8008451B}


def _until(fact) -> None:
    done = threading.Event()
    for _ in range(2000):
        if fact():
            return
        done.wait(0.005)
    raise AssertionError("it did not come true")
