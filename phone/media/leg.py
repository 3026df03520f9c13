"""One call leg: a path to the far end, keys, and the speech that flows over them.

States follow from facts: the path is open; the keys are there (or none are needed). When both hold the leg is up,
and that is told once. What must not happen before is enforced in one place, `_secured`: no packet is opened or
sent without it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import msgspec

from phone.media.capture import PacketCapture
from phone.media.dtls import Certificate, SrtpKeys
from phone.media.gicepath import GicePath
from phone.media.handshake import Handshake
from phone.media.ice import IcePath
from phone.media.path import Path
from phone.media.plan import (
    Candidate,
    LegCandidate,
    LegDescribed,
    LegFailed,
    LegFault,
    LegPlan,
    LegStats,
    LegUp,
    Remote,
    Report,
)
from phone.media.planprobes import IceServer
from phone.media.raw import RawPath
from phone.media.rtp import kind_of_datagram
from phone.media.sockets import Address, PortsExhaustedError
from phone.media.speech import Speech
from phone.media.srtp import Srtp

log = logging.getLogger(__name__)

SILENT_TOO_LONG = 14.0
"""Seconds without RTP, RTCP or a consent answer over ICE. It is looked for once a second: nobody listens into silence
for more than 15 s."""
SILENT_TOO_LONG_RAW = 60.0
"""The same without ICE: for a peer in a call, or one on hold that is known to send RTCP."""
_AFTER_CLOSE_NOTIFY = 3.0
"""Seconds of silence after close-notify: some peers close DTLS and go on sending (keys stay good)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a leg needs of this machine and its network."""

    addresses: tuple[str, ...]
    ports: tuple[int, int]
    servers: tuple[IceServer, ...]
    relay_only: bool
    report: Callable[[Report], None]
    capture: PacketCapture = field(default_factory=PacketCapture)


class _Generation:
    """One path of a leg: ICE restarts make a new one under the same keys."""

    def __init__(self, leg: Leg, number: int, stale_ufrag: str | None) -> None:
        self.leg = leg
        self.number = number
        self.path: Path = leg.make_path(self)
        self.described = False
        self._stale_ufrag = stale_ufrag
        self._waiting: list[Candidate] = []

    def describe(self, candidates: tuple[Candidate, ...]) -> None:
        """Tell the far end, through the control process, how this path is reached."""
        self.leg.tell(
            LegDescribed(
                self.leg.id, self.path.ufrag, self.path.pwd, self.leg.certificate.fingerprint, candidates, self.number
            )
        )
        self.described = True
        for candidate in self._waiting:
            self.path_candidate(candidate)

    def update(self, remote: Remote | None) -> None:
        """Pass on what is known of the far end, unless it is about the generation before."""
        if remote is not None and (self._stale_ufrag is None or remote.ufrag != self._stale_ufrag):
            self.path.update(remote)

    def path_candidate(self, candidate: Candidate) -> None:
        """From the path."""
        if not self.described:
            self._waiting.append(candidate)
            return
        self.leg.tell(LegCandidate(self.leg.id, candidate, self.number))

    def path_open(self) -> None:
        """From the path."""
        self.leg.path_open(self)

    def path_failed(self, fault: LegFault, detail: str) -> None:
        """From the path."""
        self.leg.path_failed(self, fault, detail)

    def path_datagram(self, data: bytes, source: Address, *, known: bool) -> None:
        """From the path."""
        self.leg.datagram(data, source, known=known)


class Leg:
    """Follows its `LegPlan` until closed. All methods on the loop, but those of `speech` (audio thread)."""

    def __init__(self, plan: LegPlan, surroundings: Surroundings, certificate: Certificate, speech: Speech) -> None:
        self.id = plan.id
        self._tag = {"call": plan.id}  # for the journal
        self.plan = plan
        self.certificate = certificate
        self.speech = speech
        self.failed = False
        self._around = surroundings
        self._handshake = Handshake(self, certificate, self._send_now) if plan.security == "dtls" else None
        self._srtp: Srtp | None = None
        self._current: _Generation | None = None
        self._next = _Generation(self, plan.restart, None)
        self._path_is_open = False
        self._told_up = False
        self._closed = False
        self._closing_since: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._begin(self._next)
        self.follow(plan)

    @property
    def up(self) -> bool:
        """The path is open and, with DTLS, the keys are there and the fingerprint is right."""
        return self._told_up and not self.failed

    def make_path(self, generation: _Generation) -> Path:
        """The transport that the plan asks for."""
        around = self._around
        if self.plan.transport == "raw":
            return RawPath(generation, around.addresses, around.ports, around.capture)
        if self.plan.transport == "gice":
            return GicePath(
                generation,
                addresses=around.addresses,
                ports=around.ports,
                servers=around.servers,
                relay_only=around.relay_only,
                plain_fallback=self.plan.before_ice,
                capture=around.capture,
            )
        return IcePath(
            generation,
            controlling=self.plan.controlling,
            addresses=around.addresses,
            ports=around.ports,
            servers=around.servers,
            relay_only=around.relay_only,
            plain_fallback=self.plan.before_ice and self.plan.security == "plain",
            capture=around.capture,
        )

    def follow(self, plan: LegPlan) -> None:
        """Do what the plan says now."""
        if self.failed or self._closed:
            return
        old, self.plan = self.plan, plan
        if plan.restart > self._next.number:
            stale = old.remote.ufrag if old.remote else None
            if self._next is not self._current:
                self._run(self._next.path.close())
            self._next = _Generation(self, plan.restart, stale)
            self._begin(self._next)
        if self._next.described:
            self._next.update(plan.remote)
        if plan.security == "plain" and self._srtp is None:
            self._without_encryption()
        if self._handshake is not None:
            self._handshake.update(plan.dtls_role, plan.remote.fingerprint if plan.remote else None)
        self.speech.follow(plan)
        if plan.codecs and not self.speech.answered:
            # Asterisk now and then accepts with telephone-event alone (PEERS.md)
            names = ", ".join(codec.name for codec in plan.codecs)
            self._fail("codec", f"of what the far end accepted ({names}) nothing carries speech that we speak")

    def _without_encryption(self) -> None:
        """Our offer was answered in the clear, and policy allows it; never once there are keys."""
        if self._handshake is not None:
            self._handshake.close()
            self._handshake = None
            self._check_up("")

    def tell(self, report: Report) -> None:
        """Upwards, while we are wanted."""
        if not self._closed:
            self._around.report(report)

    def tick(self) -> None:
        """Once a second: is the far end still there?"""
        if not self.up or self._current is None:
            return
        silent = time.monotonic() - self._current.path.heard_at
        if self._closing_since is not None and silent > _AFTER_CLOSE_NOTIFY:
            self._fail("no-rtp", "the far end closed the encrypted connection and went silent")
        elif self.plan.codecs and silent > self._patience:
            self._fail("no-rtp", f"nothing came from the far end for {silent:.0f} s")
        else:
            self.speech.tick(time.monotonic())

    @property
    def _patience(self) -> float:
        """Seconds of silence after which the far end is gone. Who is held, or holds, need not speak (RFC 6337 5.3)."""
        if not self._unchecked:
            return SILENT_TOO_LONG  # consent answers come all the time
        on_hold = self.plan.held or self.plan.feed != "microphone"
        return math.inf if on_hold and not self.speech.control_heard else SILENT_TOO_LONG_RAW

    @property
    def _unchecked(self) -> bool:
        if self._current is not None and isinstance(self._current.path, GicePath):
            return not self._current.path.checked
        return self.plan.transport == "raw" or self.plan.before_ice

    def stats(self) -> LegStats:
        """Its figures now."""
        path = self._current.path.kind if self._current is not None else ""
        return msgspec.structs.replace(self.speech.stats(), path=path)

    async def close(self) -> None:
        """Leave: RTCP BYE, close-notify, sockets."""
        self.speech.leave()
        if self._handshake is not None:
            self._handshake.close()
        self._closed = True
        for generation in {self._current, self._next} - {None}:
            if generation is not None:
                await generation.path.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    def _begin(self, generation: _Generation) -> None:
        self._run(self._start(generation))

    async def _start(self, generation: _Generation) -> None:
        try:
            candidates = await generation.path.start()
        except PortsExhaustedError as error:
            self._fail("ice", str(error))
            return
        generation.describe(candidates)
        generation.update(self.plan.remote)

    def path_open(self, generation: _Generation) -> None:
        """The newest generation carries media from now on; the one before is done."""
        if generation is not self._next or self._closed or self.failed:
            return
        old, self._current = self._current, generation
        if old is not None and old is not generation:
            self._run(old.path.close())
        self._path_is_open = True
        if self._handshake is not None:
            self._handshake.path_open()
        self._check_up("")

    def path_failed(self, generation: _Generation, fault: LegFault, detail: str) -> None:
        """No way: the leg ends, unless it has an older path that works."""
        if generation is self._next and self._current is None:
            self._fail(fault, detail)
        else:
            log.info("leg %s: ICE generation %d failed: %s", self.id, generation.number, detail, extra=self._tag)

    def handshake_done(self, keys: SrtpKeys) -> None:
        """Keys, and the fingerprint is right."""
        if self._srtp is None:
            self._srtp = Srtp(keys)
        self._check_up(keys.profile)

    def handshake_failed(self, fault: LegFault, detail: str) -> None:
        """No keys: no call."""
        self._fail(fault, detail)

    def handshake_closed(self) -> None:
        """Judged by whether speech goes on (`tick`)."""
        log.info("leg %s: close-notify from the far end", self.id, extra=self._tag)
        self._closing_since = time.monotonic()

    def _secured(self) -> bool:
        return self._handshake is None or self._srtp is not None

    def _check_up(self, profile: str) -> None:
        if self._told_up or not (self._path_is_open and self._secured()):
            return
        self._told_up = True
        self.speech.connect(self._send_now, self._srtp)
        log.info("leg %s is up (%s)", self.id, profile or "plain RTP", extra=self._tag)
        self.tell(LegUp(self.id, self._srtp is not None, profile))

    def _send_now(self, datagram: bytes) -> bool:
        current = self._current
        return current is not None and not self.failed and current.path.send(datagram)

    def datagram(self, data: bytes, source: Address, *, known: bool) -> None:
        """From a path: everything that is not STUN."""
        if self.failed or self._closed:
            return
        kind = kind_of_datagram(data)
        if kind == "dtls" and self._handshake is not None:
            self._handshake.receive(data)
        elif kind in ("rtp", "rtcp"):
            self._media(data, source, rtcp=kind == "rtcp", known=known)
        else:
            self.speech.reject(f"a datagram that is no RTP from {source}")

    def _media(self, data: bytes, source: Address, *, rtcp: bool, known: bool) -> None:
        if self._handshake is None:
            if not known:
                self.speech.reject(f"a packet from the stranger {source}")
                return
            packet: bytes | None = data
        elif self._srtp is None:
            return  # encrypted speech that overtook the handshake or the fingerprint
        else:
            packet = self._srtp.open_rtcp(data) if rtcp else self._srtp.open(data)
        if packet is None:
            self.speech.reject(f"a forged or repeated packet from {source}")
        elif rtcp:
            self.speech.receive_rtcp(packet, time.monotonic())
        else:
            self.speech.receive(packet, time.monotonic())

    def _fail(self, fault: LegFault, detail: str) -> None:
        if self.failed or self._closed:
            return
        self.failed = True
        self.speech.disconnect()
        log.warning("leg %s failed: %s (%s)", self.id, fault, detail, extra=self._tag)
        self.tell(LegFailed(self.id, fault, detail))

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("leg %s: %r", self.id, error, exc_info=error, extra=self._tag)
            self._fail("internal", repr(error))
