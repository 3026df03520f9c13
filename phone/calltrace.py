"""The log's line for each change of a call's progress."""

from __future__ import annotations

import logging

from phone.calls.events import Event
from phone.calls.model import Call, Progress
from phone.xmpp.jids import bare

log = logging.getLogger(__name__)


def log_progress(call: Call, before: Progress | None, event: Event) -> None:
    """From `before` (None: it is new) to what it is now, by that event."""
    tags = {"peer": bare(call.peer), "call": call.id}
    if before is None and not call.outgoing:
        # others may begin calls without end: not more than some lines of it
        told = (call.id[:8], call.progress.name, call.peer)
        log.info("call %s - -> %s (Offered) %s", *told, extra={"remote": tags["peer"], **tags})
        return
    old = before.name if before else "-"
    event_told = (call.id[:8], old, call.progress.name, type(event).__name__, call.peer)
    log.info("call %s %s -> %s (%s) %s", *event_told, extra=tags)
