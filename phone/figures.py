"""What is measured of a leg while its call lasts: the newest figures, and mean and worst of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from phone.media.plan import LegStats


@dataclass(slots=True)
class Spread:
    """Mean and worst of a figure."""

    count: int = 0
    total: float = 0.0
    worst: float | None = None

    def add(self, value: float | None) -> None:
        """One more; None: not known yet."""
        if value is not None:
            self.count += 1
            self.total += value
            self.worst = value if self.worst is None else max(self.worst, value)

    @property
    def mean(self) -> float | None:
        """None while there is nothing."""
        return round(self.total / self.count, 1) if self.count else None

    @property
    def most(self) -> float | None:
        """The worst, in a file's precision."""
        return None if self.worst is None else round(self.worst, 1)


@dataclass(slots=True)
class Figures:
    """Of one leg, second by second."""

    last: LegStats | None = None
    loss: Spread = field(default_factory=Spread)
    far_loss: Spread = field(default_factory=Spread)
    jitter: Spread = field(default_factory=Spread)
    jitter_buffer: Spread = field(default_factory=Spread)
    round_trip: Spread = field(default_factory=Spread)

    def add(self, stats: LegStats) -> None:
        """One more second."""
        self.last = stats
        self.loss.add(stats.loss_percent)
        self.far_loss.add(stats.far_loss_percent)
        self.jitter.add(stats.jitter_ms)
        self.jitter_buffer.add(stats.jitter_buffer_ms)
        self.round_trip.add(stats.round_trip_ms)
