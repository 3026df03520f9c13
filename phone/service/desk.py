"""Who comes in is looked up here: what the store knows of caller and mailbox, and what he will hear."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from phone.jingle.api import StanzaError
from phone.service import boxes, duties
from phone.service.addresses import Mailbox, Outgoing
from phone.service.admission import TOO_OFTEN, Errand, Facts, Rules, verdict
from phone.service.store import Store, StoreError
from phone.service.values import LimitsConfig

log = logging.getLogger(__name__)

MAIL_BYTES: Final = 16 << 20
"""Of one recording that goes out by mail; a mailbox's own limit may be less."""
_HOUR: Final = 3600.0
_DAY: Final = 86_400.0
_AWAY: Final = StanzaError("internal-server-error", "cancel")


@dataclass(frozen=True, slots=True)
class Admitted:
    """He may leave a message."""

    errand: Errand
    greeting: tuple[str, ...]
    """Ogg Opus files."""
    bytes: int
    """That his message may have."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`greeting(owner)`: the files that callers of a mailbox hear; "": those of outgoing messages. `vouched(owner)`: by
    his server's word there is such an account; None: nobody is asked.
    """

    store: Store
    rules: Rules
    limits: LimitsConfig
    greeting: Callable[[str], Awaitable[tuple[str, ...]]]
    vouched: Callable[[str], Awaitable[bool]] | None = None

    async def admit(self, errand: Errand) -> Admitted | StanzaError:
        """Count the call, and say whether it may be."""
        try:
            facts, left = await self.store.write(partial(self._look, errand=errand, now=time.time()))
        except StoreError as error:
            log.error("%s is judged without the store: %s", errand.caller, error)  # noqa: TRY400
            if isinstance(errand.place, Outgoing) or (self.rules.listed and not await self._is_vouched(errand)):
                return _AWAY
            # the spool takes the message until the store is back
            return Admitted(errand, await self.greeting(""), MAIL_BYTES)
        if facts.enabled is None and verdict(self.rules, errand, replace(facts, enabled=True)) != TOO_OFTEN:
            facts = replace(facts, enabled=await self._is_vouched(errand) or None)
        refused = verdict(self.rules, errand, facts)
        if refused is not None:
            log.info("%s may not leave a message for %s: %s", errand.caller, errand.recipient, refused.condition)
            return refused
        owner = errand.owner if isinstance(errand.place, Mailbox) else ""
        return Admitted(errand, await self.greeting(owner), min(MAIL_BYTES, left))

    async def _is_vouched(self, errand: Errand) -> bool:
        return self.vouched is not None and isinstance(errand.place, Mailbox) and await self.vouched(errand.owner)

    def _look(self, connection: Connection, errand: Errand, now: float) -> tuple[Facts, int]:
        """What the store knows, and how many bytes are left in the mailbox."""
        calls = duties.count(connection, "call", errand.caller, _HOUR, now)
        if isinstance(errand.place, Outgoing):
            mails = duties.count(connection, "mail", errand.caller, _DAY, now)
            return Facts(None, blocked=False, calls=calls, room=True, mails=mails), MAIL_BYTES
        server = 0
        if not self.rules.addresses.is_local(errand.caller):
            server = duties.count(connection, "server", errand.caller.rpartition("@")[2], _HOUR, now)
        used = boxes.used(connection, errand.owner)
        left = (self.limits.megabytes << 20) - used.bytes
        room = left > 0 and used.messages < self.limits.messages
        enabled = boxes.enabled(connection, errand.owner)
        blocked = boxes.is_blocked(connection, errand.owner, errand.caller)
        return Facts(enabled, blocked, calls, room, server=server), left
