"""The XMPP connection's life: sign in, stay, come back for ever."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from xml.etree.ElementTree import Element

from phone.clock import Clock, SystemClock
from phone.errors import PhoneError
from phone.xmpp import caps, faults, stanzas
from phone.xmpp.api import Account, IceServerFact, IqError, Listener, PeerResource
from phone.xmpp.backoff import Backoff
from phone.xmpp.bridge import Bridge
from phone.xmpp.contacts import Contacts
from phone.xmpp.faults import Fault
from phone.xmpp.jids import canonical, domain
from phone.xmpp.keepalive import Keepalive, Pace
from phone.xmpp.outbox import Outbox
from phone.xmpp.requests import Failed, Requests, Result
from phone.xmpp.services import IceServers
from phone.xmpp.stream import LookupFailedError, Resume, Stream

log = logging.getLogger(__name__)

_GRACE = 2.0
"""A cut that is mended within this time is not shown (seconds)."""
_DISCO_SECONDS = 5.0


class AccountError(PhoneError, ValueError):
    """The account cannot be used as it is configured."""


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
    ) -> None:
        own = canonical(account.jid)
        if own is None or "@" not in own or "/" in own:
            raise AccountError(f"{account.jid!r} is no account: it must read like alice@example.org")
        self._account = account
        self._own = own
        self._listener = listener
        self._clock = clock or SystemClock()
        self._pace = pace or Pace()
        self._backoff = Backoff(random)
        self._tls = _tls(account)
        self._resource = account.resource
        self._stream: Stream | None = None
        self._resume: Resume | None = None
        self._keepalive: Keepalive | None = None
        self._over: asyncio.Future[Fault | BaseException] | None = None
        self._complaint: asyncio.TimerHandle | None = None
        self._full_jid: str | None = None
        self._outbox = Outbox(self._clock.monotonic)
        self._requests = Requests(self._send)
        self._contacts = Contacts(self._requests, listener.unavailable)
        self._ice = IceServers(self._requests, self._clock, domain(own))
        self._bridge = Bridge(
            self._send,
            listener,
            own,
            self._clock,
            (caps.OurCaps(features), self._requests, self._contacts, self._ice),
        )

    # --- api.Client ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect and stay connected until cancelled; then sign out."""
        self._listener.service("starting", "")
        try:
            while True:
                fault = await self._name(await self._session())
                self._tell(fault)
                await asyncio.sleep(self._backoff.next())
        finally:
            await self._close()

    def send_iq(self, to: str, payload: Element, token: str) -> None:
        self._bridge.send_iq(to, payload, token)

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
        return self._contacts.name_of(jid)

    def ice_servers(self) -> tuple[IceServerFact, ...]:
        return self._ice.facts() if self._account.services else ()

    @property
    def full_jid(self) -> str | None:
        """The last one that a server gave us; None before the first sign-in."""
        return self._full_jid

    async def features_of(self, jid: str, seconds: float = _DISCO_SECONDS) -> frozenset[str]:
        """disco#info of an address that sends no presence (a gateway, a PBX); empty where it does not answer."""
        outcome = await self._requests.fetch("get", jid, caps.info_query(None), seconds)
        return caps.features_in(outcome.payload) if isinstance(outcome, Result) else frozenset()

    # --- stream.Observer -------------------------------------------------------------------------------------

    def stanza(self, stanza: Element) -> bool:
        return self._bridge.stanza(stanza)

    def live(self, *, resumed: bool) -> None:
        if self._stream is None:
            return
        lost = self._resume.lost() if self._resume and not resumed else []
        self._full_jid = self._stream.full_jid
        self._backoff.reset()
        self._watch(self._stream)
        if not resumed:
            self._begin()
        for stanza in self._outbox.due(lost):
            self._send(stanza)
        self._complain_no_more()
        log.info("online as %s%s", self._full_jid, ", resumed" if resumed else "")
        self._listener.service("online", "")

    def ended(self, fault: Fault | BaseException) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(fault)

    # --- life ------------------------------------------------------------------------------------------------

    async def _session(self) -> Fault | BaseException:
        """One connection, from its first packet to its end; returns why it ended."""
        self._over = asyncio.get_running_loop().create_future()
        self._stream = stream = Stream(self._account, self._resource, self._tls, self)
        stream.open(self._resume)
        await asyncio.wait((self._over,), timeout=self._pace.sign_in)
        if not self._over.done() and not stream.is_live:
            stream.drop(TimeoutError())
        fault = await self._over
        self._leave(stream)
        return fault

    def _leave(self, stream: Stream) -> None:
        if self._keepalive is not None:
            self._keepalive.close()
            self._keepalive = None
            # Only a stream that was live knows more than the one before it.
            self._resume = stream.resume()
        self._stream = None

    def _begin(self) -> None:
        """What every new session needs (a resumed one has it still)."""
        self._requests.answer_for_account(self._own, self._full_jid or self._own, domain(self._own))
        self._contacts.renew()
        self._requests.ask("set", None, Element(f"{{{stanzas.CARBONS}}}enable"), _carbons_answered)
        self._bridge.send_presence(None, available=True)
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

    async def _name(self, fault: Fault | BaseException) -> Fault:
        host = self._account.host or domain(self._own)
        if isinstance(fault, LookupFailedError):
            fault = await _lookup(host)
        if isinstance(fault, Fault):
            if fault.name == "signed in elsewhere":
                # Two phones that both insist would sign each other out for ever.
                self._resource, self._resume = f"{self._account.resource}-{secrets.token_hex(3)}", None
            return fault
        # Certificates are held against the account's domain, whatever host the config names (RFC 6120 13.7.2.1).
        named = domain(self._own) if isinstance(fault, ssl.SSLCertVerificationError) else host
        return faults.of_exception(fault, named, self._clock.wall())

    def _tell(self, fault: Fault) -> None:
        log.warning("no service: %s: %s", fault.name, fault.detail)
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
        self._complain_no_more()
        self._ice.close()
        self._requests.close()
        if self._keepalive is not None:
            self._keepalive.close()
        if self._stream is not None:
            with suppress(OSError):
                await self._stream.close()
            self._stream = None


def _tls(account: Account) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise AccountError(f"the CA file {account.ca_file} cannot be used: {error}") from error


async def _lookup(host: str) -> Fault | BaseException:
    """Why the name was not found: only the resolver's own answer tells a wrong name from a missing network."""
    if not _has_route():
        return faults.without_network()
    try:
        await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return error
    return ConnectionError("its address was found only now")


def _has_route() -> bool:
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Sends nothing: only the routing table is asked (addresses of RFC 5737 and RFC 3849).
            probe.connect((address, 9))
            return True
    return False


def _carbons_answered(outcome: Result | Failed) -> None:
    if isinstance(outcome, Failed):
        log.warning("no carbons: calls answered elsewhere go on ringing here (%s)", outcome.condition)
