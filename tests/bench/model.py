"""What a case of the bench is and what it brings home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rig.chirps import Summary

Say = Callable[[str], None]
"""One line of progress."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    folder: Path
    """Scratch: configs, logs and cards, thrown away afterwards."""
    seconds: float = 20.0
    """Of speech in a call that is measured."""
    rounds: int = 1
    priority: int = 0
    """SCHED_FIFO of everything that is measured, ours and theirs alike, which shields it from other work; 0: none."""
    endurance: float = 600.0
    """Seconds of the long call."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one kind of process cost, mean of both ends."""

    cpu_ms_per_s: float
    resident_mb: float
    threads: float


@dataclass(frozen=True, slots=True)
class Talk:
    """One measured conversation."""

    a_to_b: list[float | None]
    """Mouth to ear of each chirp in milliseconds; None: never heard."""
    b_to_a: list[float | None]
    loads: dict[str, Load]
    """By kind of process: a peer has one ("whole"), we have "media" and "control"."""
    xruns: int
    late_frames: int
    """Frames that a program wrote after their instant."""
    busy_percent: float
    """The whole machine, other work included."""

    @property
    def both(self) -> Summary:
        """Both directions pooled."""
        return Summary.of(self.a_to_b + self.b_to_a)


@dataclass(frozen=True, slots=True)
class Result:
    """What one case brought home."""

    case: str
    version: str = ""
    packet_ms: int = 0
    talks: list[Talk] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)
    """Everything that is not mouth to ear: name with unit -> one value a trial."""
    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    """A table of its own: row, then column, all rows with the same ones."""
    error: str = ""

    @property
    def delays(self) -> list[float | None]:
        """Of all talks, both directions."""
        return [delay for talk in self.talks for delay in talk.a_to_b + talk.b_to_a]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that can be measured."""

    name: str
    what: str
    run: Callable[[Options, Say], Result]
    ours: bool = True
    private_network: bool = False
    """Only runs where 10.77.0.1 is an address of a network with nobody else in it."""
