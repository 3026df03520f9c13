"""For a helper: what the control socket is asked of the log, the quality of calls and their packets' headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import msgspec

from phone import control, inbox
from phone.calls.commands import LogCall
from phone.clock import Clock
from phone.engine import Engine
from phone.logring import LogRing
from phone.measured import LegFacts
from phone.media.captured import Packet
from phone.quality import QualityBook

_LOG_BYTES = 700_000
"""Of the log in one reply."""


@dataclass(slots=True)
class SupportClerk:
    """Raises ControlError with the sentence that the asker sees."""

    engine: Engine
    quality: QualityBook
    ring: LogRing
    clock: Clock
    log_call: Callable[[LogCall], None]
    """What is done besides with a call that has ended."""
    clear_log: Callable[[], None]
    _tokens: Iterator[int] = field(default_factory=lambda: count(1))

    def call_ended(self, command: LogCall) -> None:
        """For `Ports.log_call`."""
        self.log_call(command)
        facts = self.engine.measured.facts.get(command.call.id, LegFacts())
        self.quality.ended(command, facts.figures, facts.profile)

    def forget_calls(self) -> None:
        """For `Ports.clear_log`."""
        self.clear_log()
        self.quality.clear()

    def answer(self, request: control.SupportRequest) -> control.SupportReply | control.Done:
        """One reply for one request."""
        match request:
            case control.LogTail():
                return control.LogTailReply(_newest(self._lines()))
            case control.Quality():
                return control.QualityReply(self.quality.calls)
            case control.CaptureBegin(seconds):
                return self._begin(seconds)
            case control.CaptureTake(token):
                return self._take(token)
            case control.CaptureEnd(token):
                self.engine.post(inbox.CaptureAsked(token, 0.0))
                return control.Done("the capture is over")

    def _lines(self) -> Iterator[str]:
        """Without what the server lent us for its relays."""
        lent = [server.password for server in self.engine.ports.client.ice_servers() if server.password]
        for line in self.ring.lines():
            for secret in lent:
                line = line.replace(secret, "***")  # noqa: PLW2901
            yield line

    def _begin(self, seconds: float) -> control.CaptureBegun:
        if self.engine.capturing.token:
            raise control.ControlError("somebody captures packets already: wait until that is over")
        token = next(self._tokens)
        self.engine.post(inbox.CaptureAsked(token, seconds))
        return control.CaptureBegun(token)

    def _take(self, token: int) -> control.CaptureReply:
        capturing, now = self.engine.capturing, self.engine.now()
        packets = capturing.take(token, now)
        if packets is None:
            raise control.ControlError("there is no such capture any more: begin another one")
        wall = self.clock.wall() - self.clock.monotonic()
        told = tuple(_told(packet, wall) for packet in packets)
        return control.CaptureReply(told, capturing.dropped, capturing.over(now))


def _told(packet: Packet, wall: float) -> control.CapturedPacket:
    return control.CapturedPacket(packet.at + wall, packet.source, packet.target, packet.size, packet.head)


def _newest(lines: Iterator[str]) -> tuple[str, ...]:
    """As many of the last lines as fit."""
    kept: list[str] = []
    room = _LOG_BYTES
    for line in reversed(tuple(lines)):
        room -= len(msgspec.json.encode(line)) + 1
        if room < 0:
            break
        kept.append(line)
    return tuple(reversed(kept))
