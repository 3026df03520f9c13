"""All callers: whose a stanza is, and whose a report of the media."""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from xml.etree.ElementTree import Element

from phone.media import plan, planrecordings
from phone.service.addresses import Addresses, Mailbox, Outgoing
from phone.service.caller import JMI, Caller, Heard
from phone.service.guest import House
from phone.xmpp.api import IqError

log = logging.getLogger(__name__)

SESSIONS: Final = ("{urn:xmpp:jingle:1}jingle", "{http://www.google.com/session}session")
_MOST_CALLERS: Final = 4096


class Reception:
    """`limit`: calls at once."""

    def __init__(self, addresses: Addresses, limit: int) -> None:
        self._addresses = addresses
        self._limit = limit
        self._house: House | None = None
        self._callers: dict[tuple[str, str], Caller] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._numbers: dict[str, Caller] = {}
        self._legs: dict[str, tuple[Caller, str]] = {}

    def open(self, house: House) -> None:
        """From now on there are callers."""
        self._house = house

    @property
    def calls(self) -> int:
        """How many there are now, in all."""
        return len(self._legs)

    def room(self) -> bool:
        """For one more call."""
        return self.calls < self._limit

    async def close(self) -> None:
        """End all calls; their messages are kept."""
        self._house = None
        await asyncio.gather(*(caller.close() for caller in self._callers.values()))
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # --- the network --------------------------------------------------------------------------------------------

    def iq(self, sender: str, to: str, iq_id: str, payload: Element) -> bool:
        """An IQ-set with a session; it will be answered."""
        caller = self._caller(sender, to)
        if caller is None or not caller.hear(Heard(to, iq_id, payload)):
            self._refuse(sender, to, iq_id)
        return True

    def message(self, sender: str, to: str, stanza: Element) -> None:
        """What of a message has to do with calls."""
        payload = next((child for child in stanza if child.tag.startswith(JMI)), None)
        if payload is None or stanza.get("type") == "error":
            return
        caller = self._caller(sender, to)
        if caller is not None and not caller.hear(Heard(to, "", payload)):
            log.info("%s sends too much", sender)

    def replied(self, token: str, error: str | None) -> None:
        """The answer to an IQ of some session."""
        number, _, rest = token.partition(":")
        caller = self._numbers.get(number)
        if caller is not None:
            caller.replied(rest, error)

    def unavailable(self, sender: str) -> None:
        """A device went away."""
        for (_, whose), caller in tuple(self._callers.items()):
            if whose == sender:
                caller.unavailable()

    # --- the media ----------------------------------------------------------------------------------------------

    def report(self, report: plan.Report) -> None:
        """Of any media process."""
        match report:
            case planrecordings.Recorded(source=leg) | planrecordings.RecordedAll(source=leg):
                pass
            case plan.LegDescribed(leg=leg) | plan.LegCandidate(leg=leg) | plan.LegFailed(leg=leg):
                pass
            case plan.LegSaid(leg=leg):
                pass
            case _:
                return
        found = self._legs.get(leg)
        if found is not None:
            caller, call = found
            caller.report(call, report)

    def lost(self, legs: tuple[str, ...]) -> None:
        """Their media process died."""
        for leg in legs:
            if (found := self._legs.get(leg)) is not None:
                caller, call = found
                caller.lost(call)

    # --- inside -------------------------------------------------------------------------------------------------

    def _caller(self, sender: str, to: str) -> Caller | None:
        own = self._own(to)
        if own is None or self._house is None:
            return None
        key = (own, sender)
        if key not in self._callers:
            if len(self._callers) >= _MOST_CALLERS:
                return None
            caller = self._callers[key] = Caller(self._house, own, sender, self._legs)
            self._numbers[str(caller.number)] = caller
            self._tasks[key] = asyncio.get_running_loop().create_task(self._serve(key, caller))
        return self._callers[key]

    async def _serve(self, key: tuple[str, str], caller: Caller) -> None:
        try:
            await caller.run()
        except Exception:
            log.exception("a fault of ours ends the calls of %s", key[1])
            await caller.close()
        finally:
            del self._callers[key], self._tasks[key], self._numbers[str(caller.number)]

    def _own(self, to: str) -> str | None:
        """The full address that stands behind each form of it."""
        match self._addresses.place(to):
            case Mailbox(owner):
                return self._addresses.mailbox(owner)
            case Outgoing():
                return self._addresses.outgoing()
            case _:
                return None

    def _refuse(self, sender: str, to: str, iq_id: str) -> None:
        if self._house is not None:
            self._house.component.reply(to, sender, iq_id, IqError("service-unavailable", "cancel"))
