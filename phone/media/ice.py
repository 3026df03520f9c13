"""ICE (RFC 8445, trickle: RFC 8838) by aioice, with what a phone needs besides.

Three things differ from aioice's own way. Host candidates are known at once and the rest trickle in while
checks already run; its `gather_candidates` would wait 5 s for a silent STUN server. Datagrams skip its queue.
And "end of candidates" is never told to it, because it then fails at once where a late candidate would have
saved the call (RFC 8863): the timer is ours.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Coroutine
from typing import cast

from phone.media import lean, turn
from phone.media.capture import PacketCapture
from phone.media.path import PathListener
from phone.media.plan import Candidate, Remote
from phone.media.planprobes import IceServer
from phone.media.sockets import Address, PortsExhaustedError, UdpTransport, address_of, bind_udp, is_address

# after `lean`, which keeps dnspython out of it
import aioice.ice  # isort: skip
from aioice import Candidate as IceCandidate  # isort: skip
from aioice.stun import Message  # isort: skip

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds from the first remote candidate to giving up: late candidates are common (Asterisk), RFC 8863."""
YATE_PATIENCE = 1.5
"""Seconds until plain RTP goes to a peer that answers no checks, where the plan allows that."""
_FIRST_MEDIA_BYTE = 20
"""RFC 7983: below are STUN and ZRTP."""


class MediaProtocol(aioice.ice.StunProtocol):
    """One local candidate's socket: STUN to the agent, all else straight to the path."""

    sock: socket.socket | None = None
    """The socket to send on from any thread; None when relayed."""

    def datagram_received(self, data: bytes | str, addr: tuple[object, ...]) -> None:
        """Sort by the first byte (RFC 7983)."""
        packet, source = cast("bytes", data), (str(addr[0]), cast("int", addr[1]))
        agent = cast("_Agent", self.receiver)
        if agent.path.capture.on:
            agent.path.capture.note(source, turn.address(self.local_candidate), packet)
        agent.path.heard(source)
        if packet and packet[0] >= _FIRST_MEDIA_BYTE:
            agent.path.received(packet, source, self)
            return
        try:
            super().datagram_received(packet, source)
        except (KeyError, AssertionError, ValueError) as error:
            # aioice takes attributes for granted, PRIORITY for one
            log.info("STUN message from %s ignored: %r", source, error, extra={"remote": source[0]})

    def send_stun(self, message: Message, addr: tuple[str, int]) -> None:
        """As aioice's."""
        super().send_stun(message, addr)
        capture = cast("_Agent", self.receiver).path.capture
        if capture.on:
            capture.note(turn.address(self.local_candidate), addr, bytes(message))


class _Agent(aioice.ice.Connection):
    """An aioice connection whose candidates and datagrams are the path's."""

    path: IcePath

    def data_received(self, data: bytes, component: int) -> None:
        """Less than 20 in the first byte, and no STUN: nonsense."""

    def begin(self) -> None:
        """Let `connect` run though candidates are still being gathered."""
        self._local_candidates_start = self._local_candidates_end = True

    def adopt(self, protocol: aioice.ice.StunProtocol) -> None:
        """Use one more local candidate, pairing it with what is known of the far end."""
        self._protocols.append(protocol)
        if self._early_checks_done:
            for remote in self._remote_candidates:
                self._pair_remote_candidate(remote)
            self.sort_check_list()

    def check_complete(self, pair: aioice.ice.CandidatePair) -> None:
        """Tell the path about the nominated pair at once, and about a better one later."""
        super().check_complete(pair)
        if pair.nominated and pair.state == aioice.ice.CandidatePair.State.SUCCEEDED:
            self.path.nominated(pair)


class IcePath:
    """One ICE generation. `plain_fallback`: plain RTP may flow without finished checks (Yate)."""

    def __init__(
        self,
        listener: PathListener,
        *,
        controlling: bool,
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
        self._agent = _Agent(ice_controlling=controlling)
        self._agent.path = self
        self._agent.begin()
        self._addresses = () if relay_only else addresses
        self._ports = ports
        self._servers = servers
        self._relay_only = relay_only
        self._plain_fallback = plain_fallback
        self._hosts: list[MediaProtocol] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._told: set[tuple[str, int]] = set()
        self._known: set[Address] = set()
        self._theirs: dict[Address, Candidate] = {}
        self._connecting = False
        self._open = False
        self._closed = False
        self._priority = -1
        self._target: tuple[MediaProtocol, Address] | None = None
        self._loop = asyncio.get_running_loop()
        self.ufrag = self._agent.local_username
        self.pwd = self._agent.local_password
        self.heard_at = time.monotonic()

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
        protocol = MediaProtocol(self._agent)
        UdpTransport(sock, protocol)
        protocol.sock = sock
        protocol.local_candidate = turn.host_candidate(address_of(sock), index)
        self._hosts.append(protocol)
        self._agent.adopt(protocol)
        return turn.told(protocol.local_candidate)

    def _gather(self, server: IceServer, index: int) -> None:
        if server.kind == "turn":
            self._run(self._relayed(server, index))
        elif server.transport == "udp":
            for protocol in self._hosts:
                self._run(self._reflexive(protocol, server))

    async def _reflexive(self, protocol: MediaProtocol, server: IceServer) -> None:
        candidate = await turn.reflexive(protocol, server)
        # RFC 8445 5.1.3: without NAT it is the host candidate again
        if candidate is not None and (candidate.host, candidate.port) != address_of(
            cast("socket.socket", protocol.sock)
        ):
            self._tell(candidate)

    async def _relayed(self, server: IceServer, index: int) -> None:
        found = await turn.relayed(lambda: MediaProtocol(self._agent), server, index, hide=self._relay_only)
        if found is None:
            return
        candidate, protocol = found
        if self._closed:
            await protocol.close()
            return
        self._agent.adopt(protocol)
        self._tell(candidate)

    def _tell(self, candidate: IceCandidate) -> None:
        if not self._closed:
            self._listener.path_candidate(turn.told(candidate))

    def update(self, remote: Remote) -> None:
        """Take credentials and candidates as they come; only component 1 is used (rtcp-mux, or no RTCP)."""
        for candidate in remote.candidates:
            key = (candidate.ip, candidate.port)
            if candidate.component == 1 and 0 < candidate.port < 65536 and key not in self._told:
                self._told.add(key)
                self._run(self._add(candidate))
        if remote.ufrag and remote.pwd and not self._connecting and not self._closed:
            self._connecting = True
            self._agent.remote_username, self._agent.remote_password = remote.ufrag, remote.pwd
            self._run(self._connect())

    async def _add(self, candidate: Candidate) -> None:
        address = candidate.ip
        if lean.is_mdns_name(address):
            found = None if self._relay_only else await lean.resolve(address)
            if found is None:
                log.info("ICE candidate %s could not be resolved", address)
                return
            address = found
        if not is_address(address):
            log.info("ICE candidate %s is no IP address: ignored", address)
            return
        theirs = (address, candidate.port)
        self._known.add(theirs)
        self._theirs[theirs] = candidate
        if len(self._theirs) == 1:
            self._start_timers()
        self._follow(candidate)
        await self._agent.add_remote_candidate(turn.heard(candidate, address))

    def _start_timers(self) -> None:
        self._timers.append(self._loop.call_later(PATIENCE, self._give_up))
        if self._plain_fallback:
            self._timers.append(self._loop.call_later(YATE_PATIENCE, self._fall_back))

    async def _connect(self) -> None:
        try:
            await self._agent.connect()
        except ConnectionError as error:
            if not self._closed:
                self._listener.path_failed("ice", str(error))

    def nominated(self, pair: aioice.ice.CandidatePair) -> None:
        """From the agent: media goes this way now."""
        self._known.add(pair.remote_addr)
        priority = aioice.ice.candidate_pair_priority(
            pair.local_candidate, pair.remote_candidate, self._agent.ice_controlling
        )
        # RFC 5245 8.1.1.2: aggressive nomination may nominate several; the best is used
        if priority > self._priority:
            self._priority = priority
            self._agree(cast("MediaProtocol", pair.protocol), pair.remote_addr, pair.remote_candidate.type)

    def _agree(self, protocol: MediaProtocol, address: Address, theirs: str) -> None:
        self._target = (protocol, address)
        own = protocol.local_candidate
        self.kind = f"{own.type}-{theirs}"
        log.info("media path: %s %s:%d -> %s:%d", own.type, own.host, own.port, *address)
        if not self._open and not self._closed:
            self._open = True
            for timer in self._timers:
                timer.cancel()
            self._listener.path_open()

    def _fall_back(self) -> None:
        """PEERS.md, Yate 1: it names ice-udp, answers no checks and sends RTP straight to our candidate."""
        best_first = sorted(self._theirs.items(), key=lambda known: (-known[1].generation, -known[1].priority))
        for address, _ in best_first:
            for protocol in self._hosts:
                if (":" in address[0]) == (":" in protocol.local_candidate.host):
                    self._go_unchecked(protocol, address)
                    return

    def _go_unchecked(self, protocol: MediaProtocol, address: Address) -> None:
        log.info("no ICE answer from %s: plain RTP without checks", address)
        self._agree(protocol, address, self._theirs[address].type)

    def _follow(self, candidate: Candidate) -> None:
        """PEERS.md, Yate 3: after a hold its port is another, of a newer generation. Checked paths stay."""
        now = self._theirs.get(self._target[1]) if self._target is not None and self._priority < 0 else None
        if now is not None and candidate.generation > now.generation:
            self._fall_back()

    def _give_up(self) -> None:
        if not self._open:
            self._listener.path_failed("ice", f"no way to the far end was found within {PATIENCE:.0f} s")

    def heard(self, source: Address) -> None:
        """From a socket: note that the far end lives."""
        if source in self._known:
            self.heard_at = time.monotonic()

    def received(self, data: bytes, source: Address, protocol: MediaProtocol) -> None:
        """From a socket: no STUN."""
        if self._closed:
            return
        if self._plain_fallback and not self._open and source in self._theirs:
            # who speaks before any check has passed does none: answering at once saves the first words
            self._go_unchecked(protocol, source)
        self._listener.path_datagram(data, source, known=source in self._known)

    def send(self, datagram: bytes) -> bool:
        """Straight to the socket; through the loop when relayed, since TURN's framing lives there."""
        target = self._target
        if target is None:
            return False
        protocol, address = target
        if self.capture.on:
            self.capture.note(turn.address(protocol.local_candidate), address, datagram)
        if protocol.sock is None:
            self._loop.call_soon_threadsafe(protocol.transport.sendto, datagram, address)
            return True
        try:
            protocol.sock.sendto(datagram, address)
        except OSError:
            return False
        return True

    async def close(self) -> None:
        """Close sockets and give TURN allocations back."""
        self._closed = True
        self._target = None
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        await self._agent.close()

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("ICE task failed", exc_info=error)
