"""Whether a headset is plugged in, where the card tells: as a switch of a Linux input device (sound/core/jack.c)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

_HEADPHONE = 1 << 2
"""SW_HEADPHONE_INSERT (linux/input-event-codes.h)."""
_SWITCH_BYTES = 8
_EVIOCGSW = 2 << 30 | _SWITCH_BYTES << 16 | ord("E") << 8 | 0x1B
"""linux/input.h: the state of all switches, as bits."""
_LOOK_AGAIN_MS = 2_000
_EVENTS = 4096
"""Bytes of events taken at once; what they say is asked for afresh."""


class JackError(OSError):
    """No input device tells of that jack."""


def find(name: str, inputs: Path = Path("/sys/class/input")) -> str:
    """The node (`eventN`) of the input device with `name` in its name and a switch for headphones. Raises JackError."""
    for device in sorted(inputs.glob("event*/device")):
        with contextlib.suppress(OSError, ValueError, IndexError):
            switches = int((device / "capabilities/sw").read_text("ascii").split()[-1], 16)
            if switches & _HEADPHONE and name in (device / "name").read_text("utf-8"):
                return device.parent.name
    raise JackError(f"no input device {name!r} tells of a headset: correct `jack` (/proc/bus/input/devices lists them)")


def headphones_in(fd: int) -> bool:
    """The switch's state now. Raises OSError."""
    state = bytearray(_SWITCH_BYTES)
    fcntl.ioctl(fd, _EVIOCGSW, state)
    return bool(int.from_bytes(state[:4], "little") & _HEADPHONE)


class Jack:
    """Watches one jack in a thread of its own, in which `on_trouble` is called."""

    def __init__(
        self,
        name: str,
        on_trouble: Callable[[str], None],
        *,
        inputs: Path = Path("/sys/class/input"),
        nodes: Path = Path("/dev/input"),
        state: Callable[[int], bool] = headphones_in,
    ) -> None:
        """`on_trouble` gets a sentence, or "" when mended. The rest are the kernel's places."""
        self._name = name
        self._on_trouble = on_trouble
        self._inputs = inputs
        self._nodes = nodes
        self._state = state
        self._trouble = ""
        self._stopped, self._stop = os.pipe()
        self.plugged = False
        """A headset is in."""
        self._thread = threading.Thread(target=self._run, name="jack", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        os.close(self._stop)
        self._thread.join(1.0)
        os.close(self._stopped)

    def _run(self) -> None:
        waiting = select.poll()
        waiting.register(self._stopped, select.POLLIN)
        while True:
            try:
                if self._watch():
                    return
            except JackError as error:
                self._lost(str(error))
            except OSError as error:
                hint = ": add the user that the phone runs as to the group input" if error.errno == errno.EACCES else ""
                self._lost(f"the input device {self._name!r} tells no more of a headset ({error.strerror}){hint}")
            if waiting.poll(_LOOK_AGAIN_MS):
                return

    def _watch(self) -> bool:
        """Follow the switch; whether `close` was called. Raises OSError when its device goes."""
        node = self._nodes / find(self._name, self._inputs)
        fd = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            events = select.poll()
            events.register(fd, select.POLLIN)
            events.register(self._stopped, select.POLLIN)
            while True:
                self._set(plugged=self._state(fd))
                self._tell("")
                happened = dict(events.poll())
                if self._stopped in happened:
                    return True
                if not os.read(fd, _EVENTS):
                    raise JackError(f"the input device {self._name!r} is gone")
        finally:
            os.close(fd)

    def _lost(self, trouble: str) -> None:
        self._tell(trouble)
        self._set(plugged=False)

    def _set(self, *, plugged: bool) -> None:
        if plugged is not self.plugged:
            self.plugged = plugged
            log.info("headset %s", "plugged in" if plugged else "pulled out")

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)
