"""The XMPP connection's life: sign in, stay, come back for ever."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree.ElementTree import Element

from phone.clock import Clock, SystemClock
from phone.xmpp import caps, stanzas
from phone.xmpp.api import (
    Account,
    ArchivedMessage,
    ContactFact,
    IceServerFact,
    IqError,
    Listener,
    PeerResource,
    SessionFacts,
    VoiceMessage,
)
from phone.xmpp.archive import Archive
from phone.xmpp.awaiting import tell_what_is_awaited
from phone.xmpp.backoff import Backoff
from phone.xmpp.blocking import BlockList
from phone.xmpp.bridge import Bridge, Parts
from phone.xmpp.contacts import Contacts
from phone.xmpp.faults import Fault, UnconnectedError
from phone.xmpp.herald import Herald
from phone.xmpp.jids import bare, canonical, domain
from phone.xmpp.keepalive import Keepalive, Pace
from phone.xmpp.learning import Learning
from phone.xmpp.names import Names
from phone.xmpp.outage import AccountError, named, tls_context
from phone.xmpp.outbox import Outbox
from phone.xmpp.requests import Failed, Requests, Result
from phone.xmpp.services import IceServers
from phone.xmpp.upload import Uploads

if TYPE_CHECKING:
    from phone.xmpp.stream import Resume, Stream

log = logging.getLogger(__name__)

_GRACE = 2.0
"""A cut that is mended within this time is not shown (seconds)."""
_SOON = 0.05
"""Changes of roster and block list within this time are told as one (seconds)."""
_NAMES_TOGETHER = 5.0
"""And those of names, which come one by one for an hour where nobody in a large roster has one."""
_CLOCK_SECONDS = 1.0
"""Between looks at a clock that is wrong."""


class XmppClient:
    """Implements `api.Client` for one account. Made and used on one event loop.

    Raises AccountError for an address that is none and for a CA file that cannot be read.
    """

    def __init__(
        self,
        account: Account,
        listener: Listener,
        features: Iterable[str],
        *,
        clock: Clock | None = None,
        pace: Pace | None = None,
        random: Callable[[], float] | None = None,
        last_seen: float | None = None,
        clock_trouble: Callable[[], str] = str,
    ) -> None:
        """`last_seen`: what `last_seen` said when the phone was last on; None if that is not known.

        `clock_trouble`: why the wall clock cannot be right, "" if it may be: TLS waits for that.
        """
        own = canonical(account.jid)
        if own is None or "@" not in own or "/" in own:
            raise AccountError(f"{account.jid!r} is no account: it must read like alice@example.org")
        self._account = account
        self._own = own
        self._listener = listener
        self._clock = clock or SystemClock()
        self._pace = pace or Pace()
        self._backoff = Backoff(random)
        self._tls = tls_context(account)
        self._resource = account.resource
        self._stream: Stream | None = None
        self._resume: Resume | None = None
        self._keepalive: Keepalive | None = None
        self._over: asyncio.Future[Fault | BaseException] | None = None
        self._complaint: asyncio.TimerHandle | None = None
        self._awaiting: asyncio.Task[None] | None = None
        self._full_jid: str | None = None
        self.session: SessionFacts | None = None
        """The newest that there was."""
        self._outbox = Outbox(self._clock.monotonic)
        self._requests = Requests(self._send)
        self._last_seen = last_seen
        self.directory: Mapping[str, str] = {}
        """Names by bare addresses that come before all that the network tells."""
        self._clock_trouble = clock_trouble
        self._people = Herald(self._people_changed, _SOON)
        self._new_names = Herald(listener.contacts_changed, _NAMES_TOGETHER)
        self._names = Names(self._requests, self._new_names.tell, listener.named)
        self._contacts = Contacts(self._requests, self._names, listener.unavailable, self._people.tell)
        self._learning = Learning(self._requests, self._contacts, self._names, listener.features)
        self._ice = IceServers(self._requests, self._clock, domain(own))
        self._blocked = BlockList(self._requests, self._people.tell)
        self._archive = Archive(self._requests, own, self._clock, self._archived)
        self._uploads = Uploads(self._requests, domain(own), partial(tls_context, account))
        parts = Parts(caps.OurCaps(features), self._requests, self._contacts, self._ice, self._blocked, self._archive)
        self._bridge = Bridge(self._send, listener, own, self._clock, parts)

    # --- api.Client ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect and stay connected until cancelled; then sign out."""
        self._listener.service("starting", "")
        try:
            while True:
                await self._right_time()
                fault = await self._name(await self._session())
                self._tell(fault)
                await asyncio.sleep(self._backoff.next())
        finally:
            await self._close()

    def send_iq(self, to: str, payload: Element, token: str) -> None:
        self._bridge.send_iq(to, payload, token)

    def ask(self, to: str, payload: Element, token: str, *, kind: Literal["get", "set"] = "get") -> None:
        self._bridge.ask(to, payload, token, kind)

    async def upload(self, path: Path, name: str, media_type: str) -> str:
        return await self._uploads.upload(path, name, media_type)

    def send_voice(self, to: str, message: VoiceMessage) -> None:
        self._bridge.send_voice(to, message)

    def reply(self, to: str, iq_id: str, error: IqError | None) -> None:
        self._bridge.reply(to, iq_id, error)

    def send_message(self, to: str, payload: Element) -> None:
        self._bridge.send_message(to, payload)

    def send_presence(self, to: str, *, available: bool) -> None:
        self._bridge.send_presence(to, available=available)

    def resources(self, bare: str) -> tuple[PeerResource, ...]:
        return self._contacts.resources(bare)

    def is_contact(self, jid: str) -> bool:
        return self._contacts.is_contact(jid)

    def name_of(self, jid: str) -> str | None:
        return self.directory.get(bare(canonical(jid) or "")) or self._contacts.name_of(jid)

    def contacts(self) -> tuple[ContactFact, ...]:
        return self._contacts.all()

    def learn(self, full_jid: str) -> None:
        self._learning.learn(full_jid)

    def send_chat(self, to: str, body: str) -> None:
        self._bridge.send_chat(to, body)

    def blocked(self) -> frozenset[str]:
        return self._blocked.items()

    def block(self, jid: str, *, on: bool) -> None:
        self._blocked.block(jid, on=on)

    def ice_servers(self) -> tuple[IceServerFact, ...]:
        return self._ice.facts() if self._account.services else ()

    @property
    def full_jid(self) -> str | None:
        """The last one that a server gave us; None before the first sign-in."""
        return self._full_jid

    @property
    def last_seen(self) -> float | None:
        """Unix seconds up to which every call is known, live or from the archive; None if nothing is yet. To be kept
        over a restart.
        """
        # The keepalive is there as long as the stream is one that was live.
        if self._stream is None or self._keepalive is None or not self._archive.caught_up:
            return self._last_seen
        return self._clock.wall() - (asyncio.get_running_loop().time() - self._stream.heard_at)

    # --- stream.Observer -------------------------------------------------------------------------------------

    def stanza(self, stanza: Element) -> bool:
        return self._bridge.stanza(stanza)

    def live(self, *, resumed: bool) -> None:
        if self._stream is None:
            return
        lost = self._resume.lost() if self._resume and not resumed else []
        self._full_jid = self._stream.full_jid
        self.session = SessionFacts(asyncio.get_running_loop().time() - self._stream.opened_at, self._stream.tls)
        self._backoff.reset()
        self._watch(self._stream)
        if not resumed:
            self._begin()
        for stanza in self._outbox.due(lost):
            self._send(stanza)
        self._names.resume()
        self._await_no_more()
        self._complain_no_more()
        log.info("online as %s%s", self._full_jid, ", resumed" if resumed else "")
        self._listener.service("online", "")

    def ended(self, fault: Fault | BaseException) -> None:
        self._names.pause()
        if self._over is not None and not self._over.done():
            self._over.set_result(fault)

    # --- life ------------------------------------------------------------------------------------------------

    async def _right_time(self) -> None:
        """Certificates cannot be checked without: good ones would be refused, and expired ones taken."""
        told = ""
        while trouble := self._clock_trouble():
            if trouble != told:
                self._tell(Fault("wrong time", trouble))
            told = trouble
            await asyncio.sleep(_CLOCK_SECONDS)
        if told:
            log.info("the clock may be right now")

    async def _session(self) -> Fault | BaseException:
        """One connection, from its first packet to its end; returns why it ended."""
        self._over = asyncio.get_running_loop().create_future()
        stream_type = await asyncio.to_thread(_stream_type)
        self._stream = stream = stream_type(self._account, self._resource, self._tls, self)
        stream.open(self._resume)
        self._say_what_is_awaited(stream)
        await asyncio.wait((self._over,), timeout=self._pace.sign_in)
        if not self._over.done() and not stream.is_live:
            stream.drop(TimeoutError() if stream.is_connected() else UnconnectedError())
        fault = await self._over
        self._leave(stream)
        return fault

    def _say_what_is_awaited(self, stream: Stream) -> None:
        """The first time only: later there is a reason to be shown already."""
        if self._complaint is None and self._full_jid is None:
            host = self._account.host or domain(self._own)
            awaiting = tell_what_is_awaited(stream, host, self._pace, self._listener.service)
            self._awaiting = asyncio.get_running_loop().create_task(awaiting)

    def _await_no_more(self) -> None:
        if self._awaiting is not None:
            self._awaiting.cancel()
            self._awaiting = None

    def _leave(self, stream: Stream) -> None:
        self._last_seen = self.last_seen
        if self._keepalive is not None:
            self._keepalive.close()
            self._keepalive = None
            # Only a stream that was live knows more than the one before it.
            self._resume = stream.resume()
        self._stream = None

    def _begin(self) -> None:
        """What every new session needs (a resumed one has it still)."""
        self._requests.answer_for_account(self._own, self._full_jid or self._own, domain(self._own))
        self._uploads.forget()
        self._names.renew()
        self._contacts.renew()
        self._blocked.renew()
        self._requests.ask("set", None, Element(f"{{{stanzas.CARBONS}}}enable"), _carbons_answered)
        self._bridge.send_presence(None, available=True)
        self._archive.ask(self._last_seen)
        self._ice.close()
        if self._account.services:
            self._ice.renew()

    def _watch(self, stream: Stream) -> None:
        self._keepalive = Keepalive(
            self._pace, lambda: stream.heard_at, self._ping, lambda: stream.drop(TimeoutError())
        )

    def _ping(self) -> None:
        # An error is a sign of life as well.
        self._requests.ask("get", domain(self._own), Element(f"{{{stanzas.PING}}}ping"), lambda _: None)

    def _send(self, stanza: Element) -> None:
        if self._stream is None or not self._stream.is_live:
            self._outbox.wait(stanza)
            return
        self._outbox.sent(stanza)
        self._stream.send_element(stanza)
        if self._keepalive is not None:
            self._keepalive.sent()

    def _people_changed(self) -> None:
        self._names.want(self._contacts.nameless())
        self._listener.contacts_changed()

    def _archived(self, messages: tuple[ArchivedMessage, ...]) -> None:
        self._bridge.archived(messages)

    async def _name(self, fault: Fault | BaseException) -> Fault:
        told = await named(fault, self._account, self._clock.wall())
        if told.name == "signed in elsewhere":
            # Two phones that both insist would sign each other out for ever.
            self._resource, self._resume = f"{self._account.resource}-{secrets.token_hex(3)}", None
        return told

    def _tell(self, fault: Fault) -> None:
        log.warning("no service: %s: %s", fault.name, fault.detail)
        self._await_no_more()
        if self._complaint is None:
            grace = _GRACE if self._full_jid and self._resume else 0.0
            self._complaint = asyncio.get_running_loop().call_later(grace, self._complain, fault)
        elif self._complaint.when() <= asyncio.get_running_loop().time():
            self._complain(fault)

    def _complain(self, fault: Fault) -> None:
        self._listener.service(fault.name, fault.detail)

    def _complain_no_more(self) -> None:
        if self._complaint is not None:
            self._complaint.cancel()
            self._complaint = None

    async def _close(self) -> None:
        self._last_seen = self.last_seen
        self._await_no_more()
        self._complain_no_more()
        self._ice.close()
        for each in (self._people, self._new_names, self._requests):
            each.close()
        self._names.pause()
        if self._keepalive is not None:
            self._keepalive.close()
            self._keepalive = None
        if self._stream is not None:
            with suppress(OSError):
                await self._stream.close()
            self._stream = None


def _stream_type() -> type[Stream]:
    """It brings slixmpp, which takes a slow card seconds: not on the loop of a phone that lives already."""
    from phone.xmpp.stream import Stream  # noqa: PLC0415

    return Stream


def _carbons_answered(outcome: Result | Failed) -> None:
    if isinstance(outcome, Failed):
        log.warning("no carbons: calls answered elsewhere go on ringing here (%s)", outcome.condition)
