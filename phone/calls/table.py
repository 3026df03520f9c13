"""The legal moves of one call leg, as data. What is not listed is ignored: the network may be late, reordered
or rude, and a phone must not stumble over it.

`MediaUp` is not in here before CONNECTING: it is remembered in `Call.media_up` and lets the answer connect at once.
Every live leg may also be ended by us (the cradle, BACK, a timer); that needs no permission.
"""

from __future__ import annotations

from phone.calls.events import Accepted, Alerting, Ended, Event, HookLifted, MediaUp
from phone.calls.model import Progress

MOVES: dict[Progress, dict[type[Event], Progress]] = {
    Progress.OFFERED: {HookLifted: Progress.CONNECTING, Ended: Progress.ENDED},
    Progress.PROPOSED: {Alerting: Progress.ALERTING, Accepted: Progress.CONNECTING, Ended: Progress.ENDED},
    Progress.ALERTING: {Accepted: Progress.CONNECTING, Ended: Progress.ENDED},
    Progress.CONNECTING: {MediaUp: Progress.CONNECTED, Ended: Progress.ENDED},
    Progress.CONNECTED: {Ended: Progress.ENDED},
    Progress.ENDED: {},
}


def mermaid() -> str:
    """A Mermaid state diagram of `MOVES`; the documentation's drawing is this text."""
    lines = ["stateDiagram-v2", "  [*] --> OFFERED: Offered", "  [*] --> PROPOSED: Propose"]
    for start, row in MOVES.items():
        lines += [f"  {start.name} --> {end.name}: {event.__name__}" for event, end in row.items()]
    return "\n".join([*lines, "  ENDED --> [*]"]) + "\n"
