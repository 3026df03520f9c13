"""What the media process reports: facts of each leg for `phone status`, troubles of the cards, signs of life."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from phone.figures import Figures
from phone.media import plan

log = logging.getLogger(__name__)

_MEDIA = "media"
"""Among the troubles: the process itself, beside its devices."""
_AT_THE_EAR = frozenset({"handset", _MEDIA})


@dataclass(slots=True)
class LegFacts:
    """What is measured of one leg; not part of the call state."""

    figures: Figures = field(default_factory=Figures)
    profile: str = ""
    """SRTP's."""
    digits: int = 0
    """How many keys of the far end were heard."""

    @property
    def stats(self) -> plan.LegStats | None:
        """The newest."""
        return self.figures.last


@dataclass(slots=True)
class Measured:
    """The newest of each."""

    facts: dict[str, LegFacts] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    """A sentence by device."""
    alive: plan.Alive | None = None

    @property
    def sound(self) -> bool:
        """The handset is of use. A bell or a speaker that fails is for `phone status`."""
        return not _AT_THE_EAR & self.troubles.keys()

    def leg(self, id: str) -> LegFacts:
        """Of one leg, begun with the first thing told of it."""
        return self.facts.setdefault(id, LegFacts())

    def forget_all_but(self, legs: frozenset[str]) -> None:
        """The others are over."""
        for gone in self.facts.keys() - legs:
            del self.facts[gone]

    def trouble(self, trouble: plan.AudioTrouble) -> None:
        """A card fails, or works again."""
        if trouble.sentence:
            log.error("audio: %s", trouble.sentence)
            self.troubles[trouble.device] = trouble.sentence
        elif self.troubles.pop(trouble.device, None):
            log.info("audio: %s works again", trouble.device)

    def lives(self, alive: plan.Alive) -> None:
        """The process turns."""
        self.alive = alive
        self.troubles.pop(_MEDIA, None)

    def died(self) -> None:
        """The process is gone; the new one tells anew which card is missing."""
        self.alive = None
        self.troubles = {_MEDIA: "the sound process ended; another is being started"}
