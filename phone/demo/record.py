"""What a tour found: each step with what was expected, what came, and how long it took."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the tour."""

    name: str
    expected: str
    got: str
    ms: float
    """How long the step took; for sounds, from the cause to the first sample in the ear."""
    ok: bool


@dataclass(slots=True)
class Record:
    """Steps and pictures, as they happen."""

    folder: Path
    tell: Callable[[Step], None]
    steps: list[Step] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    def add(self, name: str, expected: str, got: str, ms: float, *, ok: bool) -> bool:
        """Note one step."""
        step = Step(name, expected, got, round(ms, 1), ok)
        self.steps.append(step)
        self.tell(step)
        return ok

    def picture(self, name: str, png: str) -> None:
        """Keep one screen, given as base64."""
        file = f"{len(self.pictures) + 1:02d}-{name}.png"
        (self.folder / file).write_bytes(base64.b64decode(png))
        self.pictures.append(file)

    @property
    def ok(self) -> bool:
        """All held."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    def write(self) -> Path:
        """`tour.json`."""
        path = self.folder / "tour.json"
        report = {"ok": self.ok, "steps": [asdict(s) for s in self.steps], "screens": self.pictures}
        path.write_text(json.dumps(report, indent=2) + "\n")
        return path


class Stopwatch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    @property
    def ms(self) -> float:
        """Until now."""
        return (time.monotonic() - self.started) * 1000
