"""What the page shows beside pixels and lamps, and what its clicks move. Whoever runs the phone fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PanelCall:
    """One call leg, as measured now. Figures are None until they are known."""

    id: str
    peer: str
    """Name or address, as the display writes it."""
    progress: str = ""
    """A word for the reader: "ringing", "connected", "held", ..."""
    codec: str | None = None
    encrypted: bool | None = None
    round_trip_ms: float | None = None
    jitter_buffer_ms: float | None = None
    loss_percent: float | None = None
    """Of what was received in the last report interval."""
    concealed_ms: int | None = None
    """Since the call began; the page plots its growth."""


@dataclass(frozen=True, slots=True)
class PanelFacts:
    """The phone at one instant."""

    title: str
    """Whose phone it is: "Alice (101)"."""
    lines: tuple[str, ...] = ()
    """What the display says as text, top down: for those who do not see pixels."""
    lifted: bool = False
    tone: str | None = None
    """What the ear hears: a `calls.outputs.Tone` value."""
    ringer: bool = False
    leds: frozenset[str] = frozenset()
    """Key names whose light is on though no lamp of the same name is lit: the page has more lights than the phone."""
    calls: tuple[PanelCall, ...] = ()


class PanelKeys(Protocol):
    """The physical side of keys and hook switch. Called on the event loop; must not block."""

    def press(self, name: str) -> None:
        """The key goes down; it was up."""

    def release(self, name: str) -> None:
        """The key goes up; it was down."""

    def lift(self) -> None:
        """The handset goes up, if it is not."""

    def hang_up(self) -> None:
        """The handset goes down, if it is not."""
