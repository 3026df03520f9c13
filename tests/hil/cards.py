"""Sound cards of the virtual Pi, plugged in and pulled out at any time."""

from __future__ import annotations

from collections.abc import Callable

LOOPBACK, DUMMY = "snd-aloop", "snd-dummy"

_PULL = """
cd /sys/bus/platform/drivers/{driver} || exit 1
for card in {driver}.*; do
    setsid sh -c "echo $card >unbind" >/dev/null 2>&1 </dev/null &   # lasts until whoever uses the card lets it go
done
until [ ! -e /proc/asound/{name} ]; do sleep 0.01; done
"""
_PLUG = """
until ! lsmod | grep -q '^{driver} ' || rmmod {driver} 2>/dev/null; do sleep 0.01; done
modprobe {driver} id={name}
"""


class Cards:
    """One card of each module can be in at a time. `run` carries out a shell's command inside, or raises."""

    def __init__(self, run: Callable[[str], object]) -> None:
        self._run = run

    def plug_in(self, name: str, module: str = LOOPBACK) -> None:
        """A card whose ALSA id is that name. What is played to device 0 of a LOOPBACK is recorded from its device 1,
        and the other way round; a DUMMY has a mixer, and swallows what it is given.
        """
        self._run(_PLUG.format(driver=module.replace("-", "_"), name=name))

    def pull_out(self, name: str, module: str = LOOPBACK) -> None:
        """Whoever uses it gets ENODEV, as from a USB card."""
        self._run(_PULL.format(driver=module.replace("-", "_"), name=name))
