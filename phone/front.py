"""What the panel shows of the engine, and where its clicks go."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from phone import inbox
from phone.calls.model import Call
from phone.calls.outputs import outputs
from phone.config.values import PanelConfig
from phone.drivers.desk import Desk
from phone.drivers.panel import (
    TOKEN_CHARS,
    ContactKeys,
    Panel,
    PanelCall,
    PanelFacts,
    PanelKeys,
    PanelServer,
    SimKeys,
    TeeDisplay,
    TeeLamps,
    new_token,
)
from phone.engine import Engine
from phone.measured import LegFacts
from phone.ui.screens import lines
from phone.xmpp.jids import bare

log = logging.getLogger(__name__)

TOKEN = "panel-token"  # noqa: S105 - a file's name


@dataclass(frozen=True, slots=True)
class Front:
    """The desk's own lamps and display, and the same for pages to look at."""

    desk: Desk
    panel: Panel

    @classmethod
    def of(cls, desk: Desk) -> Front:
        """With a panel beside what the desk has."""
        panel = Panel()
        # the panel first: it is never slow, and shows the picture even where the display refuses
        display, lamps = TeeDisplay(panel, desk.display), TeeLamps(panel, desk.lamps)
        return cls(replace(desk, lamps=lamps, display=display), panel)

    def server(self, config: PanelConfig, engine: Engine, account: str, state_dir: Path) -> PanelServer:
        """The panel's, not started yet."""
        return PanelServer(
            self.panel,
            _keys(self.desk, engine),
            facts_of(engine, account),
            token=kept_token(state_dir / TOKEN),
            port=config.port,
            ancestors=config.ancestors,
        )


def kept_token(path: Path) -> str:
    """The token stays the same over restarts, so that a bookmark works; who can read the file may open the panel.

    What a power cut left of one is made anew. A card that cannot be written is logged, and the token is good until the
    next start.
    """
    with suppress(OSError, UnicodeDecodeError):
        if len(token := path.read_text("ascii").strip()) >= TOKEN_CHARS:
            return token
    token = new_token()
    try:
        _keep(path, token)
    except OSError as error:
        log.warning("cannot keep the panel's token in %s: %s; the next start makes another one", path, error)
    return token


def _keep(path: Path, token: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")


def facts_of(engine: Engine, account: str) -> Callable[[], PanelFacts]:
    """What the page shows beside pixels and lamps, at each call."""

    def facts() -> PanelFacts:
        phone, shown = engine.phone, engine.levels.shown
        out = outputs(phone)
        return PanelFacts(
            title=bare(engine.ports.client.full_jid or account),
            lines=lines(shown) if shown else (),
            lifted=phone.off_hook,
            tone=out.tone.value if out.tone else None,
            ringer=out.ringer,
            leds=frozenset({"TRANSFER"} if phone.transfer else ()),
            calls=tuple(_call(c, engine.measured.facts.get(c.id, LegFacts())) for c in phone.calls if c.live),
        )

    return facts


def _call(call: Call, facts: LegFacts) -> PanelCall:
    stats = facts.stats
    return PanelCall(
        id=call.id,
        peer=call.name,
        progress=_progress(call),
        codec=stats.codec if stats else None,
        encrypted=call.encrypted,
        round_trip_ms=stats.round_trip_ms if stats else None,
        jitter_buffer_ms=stats.jitter_buffer_ms if stats else None,
        loss_percent=stats.loss_percent if stats else None,
        concealed_ms=stats.concealed_ms if stats else None,
    )


def _progress(call: Call) -> str:
    told = {"bridged": call.bridged, "in transfer": call.handover, "conference": call.joined, "held": call.held}
    return next((word for word, true in told.items() if true), call.progress.value)


def _keys(desk: Desk, engine: Engine) -> PanelKeys:
    """A simulated phone is moved at its contacts; on a real one the clicks stand beside its keys."""
    if desk.sim is not None:
        return SimKeys(desk.sim)
    return ContactKeys(lambda contact: engine.post(inbox.ContactChanged(contact)))
