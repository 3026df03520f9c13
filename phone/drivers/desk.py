"""The hardware that a profile's name stands for. A name that is not known is an error, never another name; a part of
known hardware that is missing or broken is a sentence in `troubles`, and the rest of the phone goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phone.config.values import HardwareConfig
from phone.drivers import coldplug, profilebook
from phone.drivers.base import Display, Inputs, Lamps
from phone.drivers.profile import AudioProfile
from phone.drivers.profilebook import SIM, UnknownProfileError, is_path
from phone.drivers.sim import SimDesk

__all__ = ["Desk", "UnknownProfileError", "is_path", "open_desk", "profile_audio", "profile_fault", "profiles"]


@dataclass(frozen=True, slots=True)
class Desk:
    """One phone's keys, hook switch, lamps and display."""

    inputs: Inputs
    lamps: Lamps
    display: Display
    sim: SimDesk | None = None
    """The person's side, where the hardware is simulated."""
    troubles: Callable[[], tuple[str, ...]] = tuple
    """What does not work now: a sentence for each part. Any thread may ask."""
    watch_troubles: Callable[[Callable[[], None]], None] = lambda _: None
    """Have that called, from any thread, whenever one of them begins, changes or is over."""
    give_back: Callable[[], None] = lambda: None
    """What they have in common, once they are closed."""

    def close(self) -> None:
        """Close all of it. May be called twice."""
        for part in (self.inputs, self.lamps, self.display):
            part.close()
        self.give_back()


def profiles() -> tuple[str, ...]:
    """The names that `open_desk` knows; it also takes the path of a profile of one's own."""
    return (SIM, *profilebook.shipped())


def profile_fault(name: str, folder: Path) -> str | None:
    """What is wrong with such a profile, if its path counts from `folder`: all of it, for a list of faults."""
    return None if name == SIM else profilebook.fault(name, folder)


def profile_audio(name: str, folder: Path) -> AudioProfile | None:
    """The sound card of such a profile, if its path counts from `folder`; None: it has none, as the simulated phone.

    Raises UnknownProfileError, and ConfigError for a profile with faults.
    """
    return None if name == SIM else profilebook.load(name, folder).audio


def open_desk(config: HardwareConfig) -> Desk:
    """Open the hardware of `config.profile`.

    Raises UnknownProfileError, and ConfigError for a profile with faults; not for hardware that is not there.
    """
    if config.profile == SIM:
        sim = SimDesk(config.bounce_ms)
        return Desk(sim, sim, sim, sim)
    profile = profilebook.load(config.profile)
    from phone.drivers.realdesk import open_profile  # noqa: PLC0415 - a simulated phone needs none of its libraries

    coldplug.wait_for("gpiochip*", "gpiomem*")
    real = open_profile(profile)
    parts = (real.inputs, real.lamps, real.display)
    return Desk(*parts, None, real.troubles, real.watch_troubles, real.give_back)
