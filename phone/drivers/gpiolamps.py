"""Lamps on GPIO pins."""

from __future__ import annotations

from phone.drivers.gpio import Line, PinError, PinFactory
from phone.drivers.profile import LampProfile, LampsProfile
from phone.drivers.sim import LAMPS
from phone.drivers.troubles import Troubles


class GpioLamps:
    """`base.Lamps` of a profile, dark at first. A lamp that this phone has not is lit in vain."""

    def __init__(self, profile: LampsProfile, factory: PinFactory | None, troubles: Troubles) -> None:
        self._troubles = troubles
        self._lamps = profile.present()
        self._lines: dict[str, Line] = {}
        self._lit: frozenset[str] = frozenset()
        if factory is not None:
            for name, lamp in self._lamps.items():
                self._take(factory, name, lamp)

    def light(self, lit: frozenset[str]) -> None:
        """As `Lamps.light`. Raises ValueError on a lamp that no phone has."""
        if lit - LAMPS:
            raise ValueError(f"no such lamp: {', '.join(sorted(lit - LAMPS))}; there are {', '.join(sorted(LAMPS))}")
        for name in sorted(lit ^ self._lit):
            if line := self._lines.get(name):
                self._set(name, line, lit=name in lit)
        self._lit = lit

    def close(self) -> None:
        """All dark, and their pins given back. May be called twice."""
        self.light(frozenset())
        for name, line in self._lines.items():
            try:
                line.close()
            except PinError as error:
                self._troubles.tell(_part(name), str(error))
        self._lines.clear()

    def _take(self, factory: PinFactory, name: str, lamp: LampProfile) -> None:
        try:
            line = Line(factory, lamp.pin)
            line.drive(high=lamp.active_low)
        except PinError as error:
            self._troubles.tell(_part(name), str(error))
        else:
            self._lines[name] = line

    def _set(self, name: str, line: Line, *, lit: bool) -> None:
        try:
            line.set(high=lit is not self._lamps[name].active_low)
        except PinError as error:
            self._troubles.tell(_part(name), str(error))
        else:
            self._troubles.over(_part(name))


def _part(name: str) -> str:
    return f"lamp {name}"
