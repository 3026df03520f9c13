"""The list of the service's mailbox: found, subscribed to, listed page by page, kept by events. Without IO.

Every half hour it is made anew, so that whatever was missed heals; and after a pause when anything goes wrong, or when
the service gave less than it counted: a list that was cut off adds to what is known, and takes nothing away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Final, Literal
from xml.etree.ElementTree import Element

from phone.voicemail.asking import LONGEST_PAUSE, Ask, Question
from phone.voicemail.finding import Mailbox, bare, info_query, is_ours, items_query, mailbox_in
from phone.voicemail.message import State
from phone.voicemail.pubsub import Event, Items, Subscribe, node_of, parse_event, parse_listed, request_element
from phone.voicemail.remote import Snapshot
from phone.voicemail.wire import Mark, RemoteMessage, WireError

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 1800.0
ABSENT_SECONDS: Final = 3600.0
"""The longest pause before a server that has no such service is asked again."""

Asks = tuple[Ask, ...]


class _Phase(Enum):
    """What the answer that is waited for is about."""

    OFFLINE = auto()
    ITEMS = auto()
    INFO = auto()
    SUBSCRIPTION = auto()
    LIST = auto()
    FOLLOWING = auto()
    """None: all is known until the next refresh."""
    RESTING = auto()
    """None: it went wrong, and is tried anew after a pause."""


class Listing:
    """One account's. Each method gives what to ask; `revision` is another number when `messages` are others."""

    def __init__(self, own: str, new_id: Callable[[], str]) -> None:
        self._owner = bare(own)
        self._node = node_of(self._owner)
        self._jid = own
        self._phase = _Phase.OFFLINE
        self._link = Question(new_id)
        self._fresh: dict[str, RemoteMessage] = {}
        self._refused = 0
        self._deleted: set[str] = set()
        self.mailbox: Mailbox | None = None
        self.messages: dict[str, RemoteMessage] | None = None
        """By id; None: not known yet."""
        self.whole = False
        """They are all that the service has."""
        self.revision = 0
        self.listed = 0
        """How often it was made anew."""

    @property
    def due(self) -> float | None:
        """When `expire` should be called."""
        return self._link.due

    @property
    def snapshot(self) -> Snapshot:
        """What is known."""
        return Snapshot(tuple((self.messages or {}).values()), frozenset(self._deleted), self.whole)

    def online(self, full_jid: str, now: float) -> Asks:
        """Signed in anew, as `full_jid`."""
        self.offline()
        self._jid = full_jid
        self._deleted.clear()
        return self._find(now)

    def offline(self) -> None:
        """The connection is gone: nothing will be answered."""
        self._link.reset()
        self._phase = _Phase.OFFLINE
        self.messages = None

    def answered(self, token: str, payload: Element | None, now: float) -> Asks | None:
        """The answer to an `Ask`; None: it was not one of these."""
        return self._linked(payload, now) if self._link.answers(token) else None

    def expire(self, now: float) -> Asks:
        """What was waited for long enough."""
        if self._link.silent(now):
            return self._linked(None, now)
        if self._link.rested(now):
            return self._subscribe(now) if self._phase is _Phase.FOLLOWING else self._find(now)
        return ()

    def published(self, sender: str, payload: Element) -> None:
        """An event of a node. Those of others are ignored, and so is nonsense."""
        if self.mailbox is None or bare(sender).lower() != self.mailbox.service.lower():
            return
        try:
            event = parse_event(payload)
        except WireError as error:
            log.info("nonsense from %s: %s", sender, error)
            return
        if event.node == self._node:
            self._apply(event)

    def marked(self, mark: Mark) -> None:
        """The service has taken that, and will tell others."""
        messages = self.messages if self.messages is not None else {}
        if mark.state is State.DELETED:
            messages.pop(mark.id, None)
        elif mark.id in messages:
            messages[mark.id] = replace(messages[mark.id], state=mark.state)

    def _find(self, now: float) -> Asks:
        self._phase = _Phase.ITEMS
        return (self._link.ask(self._owner, items_query(), now),)

    def _linked(self, payload: Element | None, now: float) -> Asks:
        match self._phase:
            case _Phase.ITEMS:
                return self._found(mailbox_in(payload), now)
            case _Phase.INFO:
                return self._subscribe(now) if is_ours(payload) else self._rest(now, ABSENT_SECONDS)
            case _Phase.SUBSCRIPTION:
                return self._rest(now) if payload is None else self._list(now, "")
            case _Phase.LIST:
                return self._listed(payload, now)
            case _:
                return ()

    def _found(self, mailbox: Mailbox | None, now: float) -> Asks:
        if mailbox != self.mailbox:
            self.mailbox, self.messages = mailbox, None
        if mailbox is None:
            return self._rest(now, ABSENT_SECONDS)
        self._phase = _Phase.INFO
        return (self._link.ask(mailbox.service, info_query(), now),)

    def _subscribe(self, now: float) -> Asks:
        self._phase = _Phase.SUBSCRIPTION
        return self._ask_service(request_element(Subscribe(self._node, self._jid)), now, "set")

    def _list(self, now: float, after: str) -> Asks:
        if not after:
            self._fresh, self._refused = {}, 0
        self._phase = _Phase.LIST
        return self._ask_service(request_element(Items(self._node, after)), now, "get")

    def _ask_service(self, payload: Element, now: float, kind: Literal["get", "set"]) -> Asks:
        service = "" if self.mailbox is None else self.mailbox.service
        return (self._link.ask(service, payload, now, kind),)

    def _listed(self, payload: Element | None, now: float) -> Asks:
        if payload is None:
            return self._rest(now)
        try:
            page = parse_listed(payload, self._node)
        except WireError as error:
            log.info("the server's mailbox cannot be listed: %s", error)
            return self._rest(now)
        if page.refused:
            log.info("the server's mailbox has %d messages that are nonsense", page.refused)
            self._refused += page.refused
        before = len(self._fresh)
        self._fresh |= {each.id: each for each in page.messages}
        more = page.next and (page.messages or page.refused)  # XEP-0059 2.2: an empty page is the end, too
        if more and len(self._fresh) > before:
            return self._list(now, page.next)
        there = len(self._fresh) + self._refused
        # a list that does not grow, and says that there is more, would have no end
        return self._over(now, cut_off=bool(more) or there < (page.count or 0))

    def _over(self, now: float, *, cut_off: bool) -> Asks:
        fresh, self._fresh = self._fresh, {}
        self.whole = not cut_off and not self._refused
        self.messages = fresh if self.whole else {**(self.messages or {}), **fresh}
        self.revision += 1
        self.listed += 1
        if cut_off:
            log.info("the server's mailbox was cut off after %d messages: it is listed again", len(fresh))
            return self._rest(now)
        self._phase = _Phase.FOLLOWING
        self._link.rest(now + REFRESH_SECONDS)
        return ()

    def _rest(self, now: float, longest: float = LONGEST_PAUSE) -> Asks:
        self._phase = _Phase.RESTING
        self._link.pause(now, longest)
        return ()

    def _apply(self, event: Event) -> None:
        for messages in (self.messages, self._fresh):
            if messages is not None:
                messages |= {each.id: each for each in event.published}
                for each in event.retracted:
                    messages.pop(each, None)
        self._deleted |= set(event.retracted)
        self._deleted -= {each.id for each in event.published}
        self.revision += self.messages is not None
