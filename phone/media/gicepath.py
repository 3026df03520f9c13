"""Google's p2p transport (PROTOCOLS.md A.4, A.5) on real sockets: what `gice.Gice` says is done here.

Laws
1. No check leaves before candidates of the far end were given; who names us is answered.
2. RTP is believed from addresses that a check has proved. Only where the plan allows plain RTP without checks
   (`before_ice`: Yate makes none) is it, until there is a route, from those that were signalled.
3. Nothing that arrives raises.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import logging
import secrets
import socket
import time
from collections.abc import Coroutine
from typing import Final, cast

import msgspec

from phone.media import turn
from phone.media.capture import PacketCapture
from phone.media.gice import Chosen, Gice, Outs, Remote, Route, Send
from phone.media.gice_stun import sort
from phone.media.path import PathListener
from phone.media.plan import Candidate
from phone.media.plan import Remote as TheirSide
from phone.media.planprobes import IceServer
from phone.media.sockets import Address, PortsExhaustedError, UdpTransport, address_of, bind_udp, is_address

# after `turn`, which keeps dnspython out of it
import aioice.ice  # isort: skip
from aioice import Candidate as IceCandidate  # isort: skip
from aioice.stun import Message  # isort: skip

log = logging.getLogger(__name__)

PATIENCE = 20.0
"""Seconds from the first remote candidate to giving up. libjingle waits 50: longer than anybody listens."""
UNCHECKED_PATIENCE = 1.5
"""Seconds until RTP goes to a peer that makes no checks, where the plan allows that."""
_TRANSACTION: Final = slice(8, 20)
"""RFC 8489 section 5: where a STUN header has its transaction id, behind the cookie."""
_MAX_USERNAME: Final = 256
"""Characters; libjingle has no more than 16."""


class GiceProtocol(aioice.ice.StunProtocol):
    """One of our sockets. aioice asks STUN and TURN servers on it; all else is the path's."""

    sock: socket.socket | None = None
    """The socket to send on from any thread; None when relayed."""
    number: int
    """Of the socket, for `Gice`."""

    def __init__(self, path: GicePath) -> None:
        super().__init__(cast("aioice.ice.Connection", path))
        self._path = path

    def datagram_received(self, data: bytes | str, addr: tuple[object, ...]) -> None:
        """A server's answer to aioice, or anything else to the path."""
        packet, source = cast("bytes", data), (str(addr[0]), cast("int", addr[1]))
        if self._path.capture.on:
            self._path.capture.note(source, turn.address(self.local_candidate), packet)
        if self.transactions and packet[_TRANSACTION] in self.transactions:
            try:
                super().datagram_received(packet, source)
            except (KeyError, AssertionError, ValueError) as error:
                log.info("STUN message from %s ignored: %r", source, error, extra={"remote": source[0]})
        else:
            self._path.received(self, source, packet)

    def send_stun(self, message: Message, addr: tuple[str, int]) -> None:
        """As aioice's."""
        super().send_stun(message, addr)
        if self._path.capture.on:
            self._path.capture.note(turn.address(self.local_candidate), addr, bytes(message))


class GicePath:
    """The sockets of one leg. `plain_fallback`: RTP may flow without checks (Yate)."""

    pwd = ""

    def __init__(
        self,
        listener: PathListener,
        *,
        addresses: tuple[str, ...],
        ports: tuple[int, int] = (0, 0),
        servers: tuple[IceServer, ...] = (),
        relay_only: bool = False,
        plain_fallback: bool = False,
        capture: PacketCapture,
    ) -> None:
        self._listener = listener
        self.capture = capture
        self.kind = ""
        self._addresses = () if relay_only else addresses
        self._ports = ports
        self._servers = servers
        self._relay_only = relay_only
        self._plain_fallback = plain_fallback
        # 12 octets are 16 characters of base64: the far end's Asterisk takes no other number
        self.ufrag = base64.b64encode(secrets.token_bytes(12)).decode()
        self._gice = Gice(self.ufrag, (), lambda: secrets.token_bytes(16))
        self._protocols: list[GiceProtocol] = []
        self._signalled: frozenset[Address] = frozenset()
        self._told_of_them = False
        self._target: tuple[GiceProtocol, Address] | None = None
        self._open = False
        self._closed = False
        self.checked = False
        """The far end has answered checks: as long as it is there, it goes on."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._clock: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.heard_at = time.monotonic()

    # --- our candidates -----------------------------------------------------------------------------------------

    async def start(self) -> tuple[Candidate, ...]:
        """Bind a socket on each address; STUN and TURN go on behind. Raises PortsExhaustedError."""
        candidates = []
        for index, address in enumerate(self._addresses):
            try:
                sock = bind_udp(address, self._ports)
            except PortsExhaustedError as error:
                log.info("%s", error)
                continue
            candidates.append(self._host(sock, index))
        if not candidates and not self._relay_only:
            raise PortsExhaustedError("no UDP port could be bound for voice; check the network and [network] ports")
        for index, server in enumerate(self._servers):
            self._gather(server, index)
        return tuple(candidates)

    def _host(self, sock: socket.socket, index: int) -> Candidate:
        protocol = GiceProtocol(self)
        UdpTransport(sock, protocol)
        protocol.sock = sock
        protocol.local_candidate = turn.host_candidate(address_of(sock), index)
        self._adopt(protocol)
        return self._ours(protocol.local_candidate)

    def _adopt(self, protocol: GiceProtocol) -> None:
        protocol.number = self._gice.add_socket(self._loop.time(), v6=":" in protocol.local_candidate.host)
        self._protocols.append(protocol)
        self._arm()

    def _ours(self, candidate: IceCandidate) -> Candidate:
        return msgspec.structs.replace(turn.told(candidate), username=self.ufrag)

    def _gather(self, server: IceServer, index: int) -> None:
        if server.kind == "turn":
            self._run(self._relayed(server, index))
        elif server.transport == "udp":
            for protocol in tuple(self._protocols):
                self._run(self._reflexive(protocol, server))

    async def _reflexive(self, protocol: GiceProtocol, server: IceServer) -> None:
        candidate = await turn.reflexive(protocol, server)
        own = protocol.local_candidate
        # without NAT it is the host candidate again
        if candidate is not None and (candidate.host, candidate.port) != (own.host, own.port):
            self._tell(candidate)

    async def _relayed(self, server: IceServer, index: int) -> None:
        found = await turn.relayed(lambda: GiceProtocol(self), server, index, hide=self._relay_only)
        if found is None:
            return
        candidate, protocol = found
        if self._closed:
            await protocol.close()
            return
        self._adopt(protocol)
        self._tell(candidate)

    def _tell(self, candidate: IceCandidate) -> None:
        if not self._closed:
            self._listener.path_candidate(self._ours(candidate))

    # --- the far end --------------------------------------------------------------------------------------------

    def update(self, remote: TheirSide) -> None:
        """Take the candidates as they stand, each with its own username; of the newest generation (libjingle drops
        the older ones, and Yate's port after a hold is another), for RTP alone.
        """
        if self._closed or not remote.candidates:
            return
        fitting = [c for c in remote.candidates if _fits(c)]
        newest = max((c.generation for c in fitting), default=0)
        theirs = [Remote(_address(c), c.username, c.priority) for c in fitting if c.generation == newest]
        self._signalled = frozenset(each.address for each in theirs)
        self._gice.update(theirs, self._loop.time())
        if not self._told_of_them:
            self._told_of_them = True
            self._start_timers()
        elif self._open and self._gice.chosen is None and self._unchecked_moved():
            self._fall_back()
        self._arm()

    def _start_timers(self) -> None:
        self._timers.append(self._loop.call_later(PATIENCE, self._give_up))
        if self._plain_fallback:
            self._timers.append(self._loop.call_later(UNCHECKED_PATIENCE, self._fall_back))

    def _unchecked_moved(self) -> bool:
        return self._plain_fallback and (self._target is None or self._target[1] not in self._signalled)

    def _fall_back(self) -> None:
        """PEERS.md, Yate 1: it makes no checks and sends RTP straight to our candidate."""
        guess = self._gice.guess()
        if guess is not None and self._gice.chosen is None:
            self._go_unchecked(guess)

    def _go_unchecked(self, route: Route) -> None:
        log.info("no checks from %s:%d: RTP without them", *route.remote)
        self._go(route)

    def _give_up(self) -> None:
        if not self._open:
            self._listener.path_failed("ice", f"no way to the far end was found within {PATIENCE:.0f} s")

    # --- checks -------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Set the alarm for the next check."""
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        due = self._gice.deadline()
        if due is not None and self._told_of_them and not self._closed:
            self._clock = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._clock = None
        # the loop's clock may be a hair before the time that the alarm was set for
        self._do(self._gice.tick(max(self._loop.time(), self._gice.deadline() or 0.0)))
        self._arm()

    def _do(self, outs: Outs) -> None:
        for out in outs:
            match out:
                case Send(route, data):
                    self._put(self._protocols[route.local], data, route.remote)
                case Chosen(None):
                    log.info("media path: none is left")
                    self._target = None
                case Chosen(Route() as route):
                    self.checked = True
                    self._go(route)

    def _go(self, route: Route) -> None:
        protocol = self._protocols[route.local]
        self._target = (protocol, route.remote)
        own = protocol.local_candidate
        self.kind = f"p2p-{own.type}"
        log.info("media path: %s %s:%d -> %s:%d", own.type, own.host, own.port, *route.remote)
        if not self._open:
            self._open = True
            for timer in self._timers:
                timer.cancel()
            self._listener.path_open()

    # --- datagrams ----------------------------------------------------------------------------------------------

    def received(self, protocol: GiceProtocol, source: Address, data: bytes) -> None:
        """From a socket; no answer of a server that was asked."""
        if self._closed or not data:
            return
        if sort(data) == "stun":
            self._checked(protocol.number, source, data)
            return
        known = self._believes(protocol.number, source)
        if known:
            self.heard_at = time.monotonic()
        self._listener.path_datagram(data, source, known=known)

    def _checked(self, local: int, source: Address, data: bytes) -> None:
        self._do(self._gice.received(local, source, data, self._loop.time()))
        if self._gice.knows(local, source):
            self.heard_at = time.monotonic()
        self._arm()

    def _believes(self, local: int, source: Address) -> bool:
        """Law 2."""
        if self._gice.heard(local, source, self._loop.time()):
            return True
        if not self._plain_fallback or self._gice.chosen is not None or source not in self._signalled:
            return False
        if not self._open:
            # who speaks before any check has passed makes none: answering at once saves the first words
            self._go_unchecked(Route(local, source))
        return True

    def send(self, datagram: bytes) -> bool:
        """Straight to the socket; through the loop when relayed, since TURN's framing lives there."""
        target = self._target
        return target is not None and self._put(target[0], datagram, target[1])

    def _put(self, protocol: GiceProtocol, data: bytes, address: Address) -> bool:
        if self.capture.on:
            self.capture.note(turn.address(protocol.local_candidate), address, data)
        if protocol.sock is None:
            self._loop.call_soon_threadsafe(protocol.transport.sendto, data, address)
            return True
        try:
            protocol.sock.sendto(data, address)
        except OSError:
            return False
        return True

    # --- the end ------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close sockets and give TURN allocations back."""
        self._closed = True
        self._target = None
        self._arm()
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(protocol.close() for protocol in self._protocols))

    def protocol_lost(self, protocol: aioice.ice.StunProtocol) -> None:
        """From aioice: a socket is closed, or a TURN allocation is gone; the routes over it fail by themselves."""

    def data_received(self, data: bytes, component: int) -> None:
        """From aioice: a server's answer that is no STUN."""

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("gathering p2p candidates failed", exc_info=error)


def _fits(candidate: Candidate) -> bool:
    usable = candidate.component == 1 and 0 < candidate.port < 65536 and is_address(candidate.ip)
    return usable and len(candidate.username) <= _MAX_USERNAME


def _address(candidate: Candidate) -> Address:
    """As the kernel writes a datagram's source."""
    return str(ipaddress.ip_address(candidate.ip)), candidate.port
