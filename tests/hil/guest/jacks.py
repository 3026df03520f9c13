"""A headset's jack by a real input device of the kernel's (uinput): runs on the virtual Pi."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import threading
from collections.abc import Iterator

import pytest

from phone.media import jack as jack_module
from phone.media.jack import Jack

NAME = b"wm8960 Headset Jack"
_EV_SYN, _EV_SW, _SW_HEADPHONE_INSERT = 0, 5, 2
_UI_SET_EVBIT, _UI_SET_SWBIT = 0x40045564, 0x4004556D
_UI_DEV_SETUP, _UI_DEV_CREATE, _UI_DEV_DESTROY = 0x405C5503, 0x5501, 0x5502


class Headset:
    """An input device with a headphone switch (linux/uinput.h)."""

    def __init__(self) -> None:
        self._fd = os.open("/dev/uinput", os.O_WRONLY | os.O_NONBLOCK)
        fcntl.ioctl(self._fd, _UI_SET_EVBIT, _EV_SW)
        fcntl.ioctl(self._fd, _UI_SET_SWBIT, _SW_HEADPHONE_INSERT)
        fcntl.ioctl(self._fd, _UI_DEV_SETUP, struct.pack("<4H80sI", 0x19, 1, 1, 1, NAME, 0))
        fcntl.ioctl(self._fd, _UI_DEV_CREATE)

    def plug(self, *, plugged: bool) -> None:
        events = (_EV_SW, _SW_HEADPHONE_INSERT, int(plugged)), (_EV_SYN, 0, 0)
        os.write(self._fd, b"".join(struct.pack("<qqHHi", 0, 0, *event) for event in events))

    def remove(self) -> None:
        fcntl.ioctl(self._fd, _UI_DEV_DESTROY)
        os.close(self._fd)


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def jack(troubles: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Jack]:
    subprocess.run(["modprobe", "uinput"], check=True)
    monkeypatch.setattr(jack_module, "_LOOK_AGAIN_MS", 50)
    made = Jack("Headset Jack", troubles.append)
    made.start()
    yield made
    made.close()


def until(fact) -> None:
    pause = threading.Event()
    for _ in range(4000):
        if fact():
            return
        pause.wait(0.005)
    raise AssertionError("it did not come true")


def test_a_real_switch_is_followed_and_missed(jack: Jack, troubles: list[str]) -> None:
    until(lambda: troubles)
    assert "no input device 'Headset Jack' tells of a headset" in troubles[0]
    headset = Headset()
    until(lambda: troubles[-1] == "")
    for plugged in (True, False, True):
        headset.plug(plugged=plugged)
        until(lambda plugged=plugged: jack.plugged is plugged)
    headset.remove()
    until(lambda: not jack.plugged and troubles[-1])
    headset = Headset()
    headset.plug(plugged=True)
    until(lambda: jack.plugged)
    assert troubles[-1] == ""
    headset.remove()
