"""The hardware that a profile's name stands for. A name that is not known is an error, never another name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from phone.config.values import HardwareConfig
from phone.drivers.base import Display, Inputs, Lamps
from phone.drivers.sim import SimDesk
from phone.errors import HardwareError


class UnknownProfileError(HardwareError, ValueError):
    """No hardware of that name."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One phone's keys, hook switch, lamps and display."""

    inputs: Inputs
    lamps: Lamps
    display: Display
    sim: SimDesk | None = None
    """The person's side, where the hardware is simulated."""

    def close(self) -> None:
        """Close all of it."""
        for part in (self.inputs, self.lamps, self.display):
            part.close()


def _sim(config: HardwareConfig) -> Desk:
    sim = SimDesk(config.bounce_ms)
    return Desk(sim, sim, sim, sim)


_PROFILES: dict[str, Callable[[HardwareConfig], Desk]] = {"sim": _sim}


def profiles() -> tuple[str, ...]:
    """The names that `open_desk` knows."""
    return tuple(_PROFILES)


def open_desk(config: HardwareConfig) -> Desk:
    """Open the hardware of `config.profile`. Raises UnknownProfileError, or HardwareError when it is not there."""
    try:
        opener = _PROFILES[config.profile]
    except KeyError:
        near = difflib.get_close_matches(config.profile, _PROFILES, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(profiles())
        raise UnknownProfileError(f"There is no hardware profile {config.profile!r}.{hint} Known: {known}.") from None
    return opener(config)
