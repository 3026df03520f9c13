"""Between stanzas and the listener: what comes in finds its place, what goes out is wrapped."""

from __future__ import annotations

import copy
import logging
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal
from xml.etree.ElementTree import Element

from phone.clock import Clock
from phone.xmpp import stanzas
from phone.xmpp.api import ArchivedMessage, IqError, Listener, VoiceMessage
from phone.xmpp.archive import Archive
from phone.xmpp.blocking import BlockList
from phone.xmpp.caps import OurCaps
from phone.xmpp.contacts import Contacts
from phone.xmpp.jids import bare, canonical
from phone.xmpp.requests import REPLY_SECONDS, Failed, Requests, Result
from phone.xmpp.services import IceServers
from phone.xmpp.voice import voice_message

log = logging.getLogger(__name__)

_STALE = 30.0
"""A call message that a server kept for longer is history, not a call (seconds)."""
_MOST_OPEN = 256
"""Requests of others that wait for our answer: beyond that the oldest is forgotten."""
_PROPOSALS = 64
"""Of ours that are remembered in case they bounce."""
_INFO_SECONDS = 40.0
"""For the reply to a session-info: Yate acknowledges a transfer only when its new call has begun (PEERS)."""

_CALLS = frozenset((f"{{{stanzas.JINGLE}}}jingle", f"{{{stanzas.GOOGLE_SESSION}}}session"))
_EVENT_TYPES = (None, "normal", "headline")


@dataclass(frozen=True, slots=True)
class Parts:
    """Whom the bridge asks and tells, besides the listener."""

    caps: OurCaps
    requests: Requests
    contacts: Contacts
    ice: IceServers
    blocked: BlockList
    archive: Archive


class Bridge:
    """`send` writes one stanza; `own` is our bare address."""

    def __init__(
        self,
        send: Callable[[Element], None],
        listener: Listener,
        own: str,
        clock: Clock,
        parts: Parts,
    ) -> None:
        self._send = send
        self._listener = listener
        self._own = own
        self._clock = clock
        self._caps, self._requests, self._contacts, self._ice = parts.caps, parts.requests, parts.contacts, parts.ice
        self._blocked, self._archive = parts.blocked, parts.archive
        self._open: Counter[tuple[str, str]] = Counter()
        self._proposed: dict[str, str] = {}
        self.nonsense: Counter[str] = Counter()
        """What others sent and we ignored, by kind."""

    # --- out -------------------------------------------------------------------------------------------------

    def send_iq(self, to: str, payload: Element, token: str) -> None:
        """A set; `Listener.replied` tells of the answer."""
        seconds = _INFO_SECONDS if payload.get("action") == "session-info" else REPLY_SECONDS
        done = partial(self._replied, token)
        self._requests.ask("set", to, copy.deepcopy(payload), done, seconds, revocable=True)

    def ask(self, to: str, payload: Element, token: str, kind: Literal["get", "set"]) -> None:
        """To "": our own account. `Listener.answered` tells of the answer."""
        done = partial(self._answered, token, payload.tag)
        self._requests.ask(kind, to or None, copy.deepcopy(payload), done)

    def reply(self, to: str, iq_id: str, error: IqError | None) -> None:
        """Answers once; a second answer is our bug and stays here."""
        if not self._open[(to, iq_id)]:
            log.error("no request %s of %s waits for an answer", iq_id, to)
            return
        self._open -= Counter({(to, iq_id): 1})
        self._send(stanzas.iq("result", to, iq_id) if error is None else stanzas.error(to, iq_id, error))

    def send_message(self, to: str, payload: Element) -> None:
        address = canonical(to)
        if address is None:
            log.warning("no message to %r: that is no address", to)
            return
        message_id = secrets.token_hex(8)
        if payload.tag == f"{{{stanzas.JMI}}}propose":
            self._proposed[message_id] = payload.get("id", "")
            while len(self._proposed) > _PROPOSALS:
                del self._proposed[next(iter(self._proposed))]
        self._send(stanzas.call_message(address, message_id, copy.deepcopy(payload)))

    def send_chat(self, to: str, body: str) -> None:
        """To the account: whichever of its devices is used shows it."""
        address = canonical(to)
        if address is None:
            log.warning("no chat message to %r: that is no address", to)
            return
        self._send(stanzas.chat_message(bare(address), secrets.token_hex(8), body))

    def send_voice(self, to: str, message: VoiceMessage) -> None:
        address = canonical(to)
        if address is None:
            log.warning("no voice message to %r: that is no address", to)
            return
        self._send(voice_message(bare(address), message.id or secrets.token_hex(8), message))

    def send_presence(self, to: str | None, *, available: bool) -> None:
        """To one address, or (None) to all who may see it."""
        address = canonical(to)
        if to is not None and address is None:
            log.warning("no presence to %r: that is no address", to)
            return
        self._send(stanzas.presence(address, available=available, caps=self._caps.element()))

    # --- in --------------------------------------------------------------------------------------------------

    def stanza(self, stanza: Element) -> bool:
        """Whether it was taken."""
        if stanza.tag == stanzas.IQ:
            return self._iq(stanza)
        if stanza.tag == stanzas.MESSAGE:
            return self._message(stanza)
        self._contacts.presence_came(stanza)
        return True

    def _iq(self, stanza: Element) -> bool:
        kind, payload = stanza.get("type"), next(iter(stanza), None)
        if kind in ("result", "error"):
            return self._requests.take(stanza)
        if kind == "set":
            return self._set(stanza, payload)
        return kind == "get" and payload is not None and self._get(stanza, payload)

    def _set(self, stanza: Element, payload: Element | None) -> bool:
        if payload is None:
            return False
        if payload.tag in _CALLS:
            return self._call(stanza, payload)
        if payload.tag == f"{{{stanzas.ROSTER}}}query" and self._is_server(stanza):
            self._contacts.roster_pushed(payload)
        elif payload.tag == f"{{{stanzas.EXTDISCO}}}services" and self._is_server(stanza):
            # XEP-0215 3.2 tells the difference; the whole list is short.
            self._ice.renew()
        elif not (self._is_server(stanza) and self._blocked.pushed(payload)):
            return False
        self._send(stanzas.iq("result", stanza.get("from"), stanza.get("id", "")))
        return True

    def _call(self, stanza: Element, payload: Element) -> bool:
        sender, iq_id = stanza.get("from"), stanza.get("id", "")
        if sender is None or canonical(sender) is None:
            self.nonsense["call without sender"] += 1
            return False
        if self._is_blocked(sender):
            # As if nobody was here (XEP-0191 3.2).
            self._send(stanzas.error(sender, iq_id, IqError("service-unavailable")))
            return True
        self._open[(sender, iq_id)] += 1
        if len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]
        if self._listener.iq(sender, iq_id, payload):
            return True
        self._open -= Counter({(sender, iq_id): 1})
        return False

    def _get(self, stanza: Element, payload: Element) -> bool:
        to, iq_id, node = stanza.get("from"), stanza.get("id", ""), payload.get("node")
        answer: Element | None = None
        if payload.tag == f"{{{stanzas.DISCO_INFO}}}query":
            if not self._caps.knows(node):
                self._send(stanzas.error(to or self._own, iq_id, IqError("item-not-found")))
                return True
            answer = self._caps.info(node)
        elif payload.tag == f"{{{stanzas.DISCO_ITEMS}}}query":
            answer = Element(payload.tag, {"node": node} if node else {})
        elif payload.tag != f"{{{stanzas.PING}}}ping":
            return False
        self._send(stanzas.iq("result", to, iq_id, answer))
        return True

    def _message(self, stanza: Element) -> bool:
        result = stanza.find(f"{{{stanzas.MAM}}}result")
        if result is not None:
            self._archived(stanza, result)
            return True
        try:
            letter = stanzas.unwrap(stanza, self._own)
        except stanzas.ForgedError as forged:
            self.nonsense["forged carbon"] += 1
            log.warning("ignored: %s", forged, extra={"remote": bare(stanza.get("from", ""))})
            return True
        if letter is not None and letter.stanza.get("type") == "error":
            return self._bounced(letter)
        payload = stanzas.child_in(letter.stanza, stanzas.JMI) if letter else None
        if letter is None or payload is None:
            return letter is not None and self._published(letter)
        if not self._is_blocked(letter.sender):
            self._call_message(stanza, letter, payload)
        return True

    def _published(self, letter: stanzas.Letter) -> bool:
        event = letter.stanza.find(f"{{{stanzas.PUBSUB_EVENT}}}event")
        # What other devices of the account have subscribed to is theirs, and no person chats in events.
        if event is None or letter.carbon or letter.stanza.get("type") not in _EVENT_TYPES:
            return False
        if not self._is_blocked(letter.sender):
            self._listener.published(letter.sender, event)
        return True

    def _call_message(self, stanza: Element, letter: stanzas.Letter, payload: Element) -> None:
        now = self._clock.wall()
        age = max(stanzas.age(each, now) for each in (stanza, letter.stanza))
        # out of the offline storage a call's end may come right behind its beginning: it must not ring for a moment
        past = age > _STALE or (age > 0 and self._archive.asking)
        self._archive.heard(letter.sender, letter.to, payload, now - age if past else None)
        if age > _STALE:
            self.nonsense["stale call message"] += 1
        if past:
            return
        self._listener.message(letter.sender, letter.to, payload, carbon=letter.carbon, sent_by_us=letter.sent_by_us)

    def _archived(self, stanza: Element, result: Element) -> None:
        if not self._is_server(stanza) or not self._archive.result(result):
            self.nonsense["forged archive"] += 1
            told = {"remote": bare(stanza.get("from", ""))}
            log.warning("ignored: an archived message that was not asked for, of %s", stanza.get("from"), extra=told)

    def archived(self, messages: tuple[ArchivedMessage, ...]) -> None:
        """What the archive found; the block list may be younger than it."""
        wanted = tuple(each for each in messages if not self._is_blocked(each.sender))
        if wanted:
            self._listener.archived(wanted)

    def _bounced(self, letter: stanzas.Letter) -> bool:
        """Servers need not return the payload with the error (RFC 6120 8.3.1): our message's id tells the call."""
        proposal = self._proposed.pop(letter.stanza.get("id", ""), None)
        if proposal is None or letter.carbon:
            return stanzas.child_in(letter.stanza, stanzas.JMI) is not None
        self._listener.bounced(letter.sender, proposal, stanzas.condition_of(letter.stanza))
        return True

    def _replied(self, token: str, outcome: Result | Failed) -> None:
        self._listener.replied(token, outcome.condition if isinstance(outcome, Failed) else None)

    def _answered(self, token: str, asked: str, outcome: Result | Failed) -> None:
        if isinstance(outcome, Failed):
            log.info("no answer to %s: %s", asked, outcome.condition)
            self._listener.answered(token, None)
        else:
            self._listener.answered(token, outcome.payload if outcome.payload is not None else Element(asked))

    def _is_blocked(self, sender: str) -> bool:
        address = canonical(sender) or sender
        if bare(address) == self._own or not self._blocked.blocks(address):
            return False
        self.nonsense["blocked"] += 1
        log.info("ignored: %s is blocked", address, extra={"remote": bare(address)})
        return True

    def _is_server(self, stanza: Element) -> bool:
        sender = canonical(stanza.get("from"))
        return sender is None or sender in (self._own, self._own.rpartition("@")[2]) or bare(sender) == self._own
