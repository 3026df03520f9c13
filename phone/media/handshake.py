"""A leg's DTLS: who begins, when datagrams may go, what the keys are worth. Timers on the loop, no sockets.

Keys count only when the certificate matches the fingerprint that came over XMPP; that may come after the handshake
is done (it is done while it rings), and until then there are no keys for anybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from phone.media.dtls import Certificate, DtlsError, DtlsSession, NoSrtpProfileError, SrtpKeys
from phone.media.plan import DtlsRole, Fingerprint, LegFault

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds from the open path to the end of the handshake."""
_QUEUE = 16
"""Datagrams kept from a far end whose handshake began before our path was open."""
_HANDSHAKE = 22
_CLIENT_HELLO = 1


class HandshakeListener(Protocol):
    """Who wants the keys. Called on the loop."""

    def handshake_done(self, keys: SrtpKeys) -> None:
        """The keys are there and the fingerprint is right."""

    def handshake_failed(self, fault: LegFault, detail: str) -> None:
        """There will be no keys."""

    def handshake_closed(self) -> None:
        """The far end sent close-notify."""


class Handshake:
    """One DTLS association, over whatever path is open."""

    def __init__(self, listener: HandshakeListener, certificate: Certificate, send: Callable[[bytes], bool]) -> None:
        self._listener = listener
        self._certificate = certificate
        self._send = send
        self._role: DtlsRole = "either"
        self._expected: Fingerprint | None = None
        self._session: DtlsSession | None = None
        self._queue: list[bytes] = []
        self._open = False
        self._ended = False
        self._told = False
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def update(self, role: DtlsRole, expected: Fingerprint | None) -> None:
        """Take our role and the fingerprint signalled, when they are known or have changed."""
        self._role = role
        changed, self._expected = expected != self._expected, expected
        if changed:
            self._told = False
        self._begin()
        self._judge()

    def path_open(self) -> None:
        """Datagrams can be sent; a client begins."""
        if self._open:
            return
        self._open = True
        self._deadline = self._loop.call_later(PATIENCE, self._too_late)
        self._begin()
        queue, self._queue = self._queue, []
        for datagram in queue:
            self.receive(datagram)

    def receive(self, datagram: bytes) -> None:
        """A DTLS datagram came (first byte 20 to 63)."""
        if self._ended:
            return
        if not self._open:
            if len(self._queue) < _QUEUE:
                self._queue.append(datagram)
            return
        if self._session is None:
            if self._role == "client" or not _is_client_hello(datagram):
                return
            self._session = DtlsSession(self._certificate, server=True)
        session = self._session
        self._move(lambda: session.receive(datagram))

    def close(self) -> None:
        """Say goodbye, once the keys are there."""
        self._ended = True
        self._stop_timers()
        if self._session is not None:
            for datagram in self._session.close():
                self._send(datagram)

    def _begin(self) -> None:
        if not self._open or self._role != "client" or self._ended:
            return
        # while the role was "either" a far end may have made us server, and then says passive: it meant us to begin
        if self._session is None or (self._session.server and self._session.keys is None):
            session = self._session = DtlsSession(self._certificate, server=False)
            self._move(session.start)

    def _move(self, step: Callable[[], list[bytes]]) -> None:
        try:
            out = step()
        except NoSrtpProfileError as error:
            self._fail("no-srtp", str(error))
            return
        except DtlsError as error:
            self._fail("dtls", str(error))
            return
        for datagram in out:
            self._send(datagram)
        self._schedule()
        self._judge()

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wait = self._session.timeout() if self._session is not None else None
        if wait is not None:
            self._timer = self._loop.call_later(wait, self._retransmit)

    def _retransmit(self) -> None:
        if self._session is not None and not self._ended:
            self._move(self._session.expired)

    def _judge(self) -> None:
        session = self._session
        if session is None or self._ended:
            return
        if session.closed:
            self._ended = True
            self._listener.handshake_closed()
            return
        if session.keys is None or self._expected is None or self._told:
            return
        try:
            right = session.matches(self._expected)
        except DtlsError as error:
            self._fail("fingerprint", str(error))
            return
        if not right:
            self._fail("fingerprint", "the far end's certificate is not the one that was announced")
            return
        self._told = True
        if self._deadline is not None:
            self._deadline.cancel()
        self._listener.handshake_done(session.keys)

    def _too_late(self) -> None:
        if not self._ended and (self._session is None or self._session.keys is None):
            self._fail("dtls", f"the far end did not finish the DTLS handshake within {PATIENCE:.0f} s")

    def _fail(self, fault: LegFault, detail: str) -> None:
        self._ended = True
        self._stop_timers()
        self._listener.handshake_failed(fault, detail)

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._deadline):
            if timer is not None:
                timer.cancel()


def _is_client_hello(datagram: bytes) -> bool:
    return len(datagram) > 13 and datagram[0] == _HANDSHAKE and datagram[13] == _CLIENT_HELLO
