"""Does an account exist? By the word of its own server alone: callers can write any name.

Two questions, since servers differ. disco#info of the account (XEP-0030): our module for Prosody answers it to the
service with the identity account/registered, or without. If there is no answer, by what comes back: two headlines
without words, to the account and behind it to a name that nobody has. Servers work in order; if the second comes back
and the first does not, the first has found an account (ejabberd; RFC 6121 section 8.5.1). A headline is kept nowhere.

Law: no word is no. What a server says of an account is believed for an hour.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from xml.etree.ElementTree import Element

from phone.jingle.jid import bare
from phone.service.disco import INFO, INFO_QUERY
from phone.xmpp.component_api import Component

log = logging.getLogger(__name__)

PATIENCE: Final = 5.0
"""Seconds for each question; the caller waits."""
BELIEVED: Final = 3600.0
_MOST: Final = 10_000
_NO_STORE: Final = "{urn:xmpp:hints}no-store"
_REGISTERED: Final = {"registered", "admin"}


class Vouching:
    """`service`: our domain, which asks."""

    def __init__(
        self,
        component: Component,
        service: str,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._component = component
        self._service = service
        self._clock = clock
        self._patience = patience
        self._believed: dict[str, float] = {}
        """Owner -> until when."""
        self._asked: dict[str, asyncio.Future[bool | None]] = {}
        """By token: whether the answer says that there is such an account; None: it is an error."""
        self._sent: dict[tuple[str, str], asyncio.Future[None]] = {}
        """(id, bare JID) of headlines: done when they came back."""

    async def vouched(self, owner: str) -> bool:
        """Whether there is the account `owner`."""
        if self._believed.get(owner, 0.0) > self._clock():
            return True
        said = await self._is_registered(owner)
        if not (await self._takes_headlines(owner) if said is None else said):
            log.info("the server of %s does not vouch for it", owner)
            return False
        self._believed.pop(owner, None)
        self._believed[owner] = self._clock() + BELIEVED
        while len(self._believed) > _MOST:
            del self._believed[next(iter(self._believed))]
        return True

    def answered(self, token: str, payload: Element | None) -> None:
        """See `component_api.ComponentListener`."""
        asked = self._asked.get(token)
        if asked is not None and not asked.done():
            asked.set_result(None if payload is None else _is_account(payload))

    def came_back(self, message_id: str, sender: str) -> bool:
        """An error to a message of ours; whether it was one of these."""
        sent = self._sent.get((message_id, bare(sender)))
        if sent is not None and not sent.done():
            sent.set_result(None)
        return sent is not None

    async def _is_registered(self, owner: str) -> bool | None:
        token = f"vouch-{secrets.token_hex(8)}"
        asked: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._asked[token] = asked
        self._component.ask(self._service, owner, Element(INFO_QUERY), token)
        try:
            async with asyncio.timeout(self._patience):
                return await asked
        except TimeoutError:
            return None
        finally:
            del self._asked[token]

    async def _takes_headlines(self, owner: str) -> bool:
        nobody = f"{secrets.token_hex(12)}@{owner.rpartition('@')[2]}"
        keys = self._headline(owner), self._headline(nobody)
        first, second = (self._sent[key] for key in keys)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await second
            return second.done() and not second.cancelled() and not first.done()
        finally:
            for key in keys:
                del self._sent[key]

    def _headline(self, to: str) -> tuple[str, str]:
        key = self._component.send_message(self._service, to, (Element(_NO_STORE),), kind="headline"), to
        self._sent[key] = asyncio.get_running_loop().create_future()
        return key


def _is_account(query: Element) -> bool:
    identities = query.iterfind(f"{{{INFO}}}identity")
    return any(each.get("category") == "account" and each.get("type") in _REGISTERED for each in identities)
