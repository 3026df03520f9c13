"""What phones ask of their own mailbox: its node (XEP-0060), sound, marks and greetings (`phone.voicemail.wire`).

Only the owner is answered; to all others every mailbox is `forbidden`, and what is no mailbox of ours, or a disabled
one, is as unavailable as nobody.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import Element

from sqlalchemy import Connection

from phone.jingle.jid import bare, normal
from phone.ogg.opusreader import OpusReader
from phone.ogg.page import OggError
from phone.service import boxes, duties
from phone.service.addresses import Addresses, Mailbox
from phone.service.store import Store, StoreError
from phone.voicemail import pubsub, wire
from phone.voicemail.wire import CHUNK, WireError
from phone.xmpp.api import IqError
from phone.xmpp.component_api import Component, IqKind

log = logging.getLogger(__name__)

Answer = Element | IqError | None

WRONG: Final = IqError("bad-request", "modify")
FORBIDDEN: Final = IqError("forbidden", "auth")
UNKNOWN: Final = IqError("service-unavailable", "cancel")
NOT_THERE: Final = IqError("item-not-found", "cancel")
NOT_DONE: Final = IqError("feature-not-implemented", "cancel")
AWAY: Final = IqError("internal-server-error", "wait")
_GREETINGS: Final = 64
"""That are being sent to us at the same time."""


class Owners:
    """`changed(owner, id)`: a message is not what it was. `listed`: only listed mailboxes are."""

    def __init__(
        self,
        store: Store,
        component: Component,
        addresses: Addresses,
        changed: Callable[[str, str], Awaitable[None]],
        *,
        listed: bool,
    ) -> None:
        self._store = store
        self._component = component
        self._addresses = addresses
        self._changed = changed
        self._listed = listed
        self._greetings: dict[str, bytearray] = {}

    async def answer(self, sender: str, to: str, iq_id: str, kind: IqKind, payload: Element) -> None:
        """One request; it is answered once."""
        try:
            outcome = await self._outcome(bare(normal(sender)), to, kind, payload)
        except WireError as wrong:
            log.info("nonsense of %s: %s", sender, wrong)
            outcome = WRONG
        except StoreError as error:
            log.error("%s cannot be answered: %s", sender, error)  # noqa: TRY400
            outcome = AWAY
        if isinstance(outcome, Element):
            self._component.result(to, sender, iq_id, outcome)
        else:
            self._component.reply(to, sender, iq_id, outcome)

    async def _outcome(self, asker: str, to: str, kind: IqKind, payload: Element) -> Answer:
        if payload.tag == f"{{{pubsub.PUBSUB}}}pubsub":
            return await self._node(asker, to, kind, payload)
        if payload.tag.startswith(f"{{{pubsub.PUBSUB}#"):
            return NOT_DONE  # pubsub#owner: nothing is to be configured
        place = self._addresses.place(to)
        if not isinstance(place, Mailbox):
            return UNKNOWN
        if refused := await self._refused(asker, place.owner):
            return refused
        request = wire.parse_request(payload)
        if (kind == "get") != isinstance(request, wire.SoundWanted):
            return WRONG
        return await self._mailbox(place.owner, request)

    async def _refused(self, asker: str, owner: str) -> IqError | None:
        """None: he may."""
        if asker != owner:
            return FORBIDDEN
        enabled = await self._store.read(partial(boxes.enabled, owner=owner))
        return UNKNOWN if enabled is False or (enabled is None and self._listed) else None

    # --- the node -----------------------------------------------------------------------------------------------

    async def _node(self, asker: str, to: str, kind: IqKind, payload: Element) -> Answer:
        if to != self._addresses.component:
            return UNKNOWN
        try:
            request = pubsub.parse_request(payload)
        except WireError:
            return NOT_DONE if len(payload) else WRONG
        prefix, _, owner = request.node.partition("#")
        if prefix != wire.NS or not self._addresses.is_local(owner):
            return NOT_THERE
        if refused := await self._refused(asker, normal(owner)):
            return refused
        if (kind == "get") != isinstance(request, pubsub.Items):
            return WRONG
        return await self._node_done(normal(owner), request)

    async def _node_done(self, owner: str, request: pubsub.Request) -> Answer:
        match request:
            case pubsub.Items(node, after):
                return await self._page(owner, node, after)
            case pubsub.Subscribe(_, jid):
                # XEP-0060 6.1.3.1: for himself alone, the account or one device of it
                if bare(normal(jid)) != owner:
                    return IqError("bad-request", "modify", (f"{pubsub.PUBSUB}#errors", "invalid-jid"))
                join = partial(duties.subscribe, owner=owner, jid=jid, service=self._addresses.component)
                await self._store.write(partial(join, now=time.time()))
                return pubsub.subscribed_element(request)
            case pubsub.Unsubscribe(_, jid):
                leave = partial(duties.unsubscribe, owner=owner, jid=jid, service=self._addresses.component)
                there = bare(normal(jid)) == owner and await self._store.write(leave)
                not_subscribed = (f"{pubsub.PUBSUB}#errors", "not-subscribed")
                return None if there else IqError("unexpected-request", "cancel", not_subscribed)

    async def _page(self, owner: str, node: str, after: str) -> Answer:
        listed = await self._store.read(partial(_listed, owner=owner, after=after))
        return NOT_THERE if listed is None else pubsub.listed_element(node, listed)

    # --- the mailbox --------------------------------------------------------------------------------------------

    async def _mailbox(self, owner: str, request: wire.Request) -> Answer:
        match request:
            case wire.SoundWanted(id, offset):
                return await self._sound(owner, id, offset)
            case wire.Mark(id, state):
                mark = partial(boxes.mark, owner=owner, id=id, state=state, now=time.time())
                if await self._store.write(mark) is None:
                    return NOT_THERE
                await self._changed(owner, id)
                return None
            case wire.GreetingRemoved():
                self._greetings.pop(owner, None)
                await self._store.write(partial(boxes.greet, owner=owner, data=None, version=""))
                return None
            case wire.GreetingPart():
                return await self._greeting(owner, request)

    async def _sound(self, owner: str, id: str, offset: int) -> Answer:
        part = await self._store.read(partial(boxes.part_of, owner=owner, id=id, offset=offset, count=CHUNK))
        if part is None:
            return NOT_THERE
        data, total = part
        return wire.sound_element(wire.SoundPart(id, offset, total, data)) if offset < total else WRONG

    async def _greeting(self, owner: str, part: wire.GreetingPart) -> Answer:
        if part.offset == 0:
            self._greetings.pop(owner, None)
            self._greetings[owner] = bytearray()
            while len(self._greetings) > _GREETINGS:
                del self._greetings[next(iter(self._greetings))]
        begun = self._greetings.get(owner)
        if begun is None or len(begun) != part.offset:
            return WRONG  # out of order: the phone begins anew
        begun += part.data
        if not part.last:
            return None
        del self._greetings[owner]
        return await self._use(owner, bytes(begun))

    async def _use(self, owner: str, data: bytes) -> Answer:
        try:
            OpusReader(BytesIO(data))
        except OggError as error:
            log.info("the greeting of %s is of no use: %s", owner, error)
            return WRONG
        await self._store.write(partial(boxes.greet, owner=owner, data=data, version=secrets.token_hex(8)))
        return None


def _listed(connection: Connection, owner: str, after: str) -> pubsub.Listed | None:
    """One page; None: there is no message `after`."""
    count = boxes.count(connection, owner)  # first: a message that comes in between is no sign of a list cut off
    found = boxes.page(connection, owner, after, pubsub.PAGE + 1)
    if found is None:
        return None
    shown = found[: pubsub.PAGE]
    return pubsub.Listed(shown, shown[-1].id if len(found) > pubsub.PAGE else "", count=count)
