"""Of the typed values between the two processes (see `plan`), those of the self-test."""

from __future__ import annotations

from typing import Literal

import msgspec


class IceServer(msgspec.Struct, frozen=True):
    """A STUN or TURN server, by the server's XEP-0215 answer."""

    kind: Literal["stun", "turn"]
    host: str
    port: int
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str | None = None
    password: str | None = None


class AskServers(msgspec.Struct, frozen=True, tag=True):
    """Ask each of these for an address, as a call would -> `ServersAsked`, after 5 s at most."""

    token: int
    servers: tuple[IceServer, ...]


class ServerAnswer(msgspec.Struct, frozen=True):
    """What became of one."""

    kind: Literal["stun", "turn"]
    host: str
    port: int
    transport: str
    address: str
    """Ours as STUN sees it, or TURN's for us; "": it did not answer, or refused."""
    seconds: float


class ServersAsked(msgspec.Struct, frozen=True, tag=True):
    """The servers of `AskServers`, in its order."""

    token: int
    answers: tuple[ServerAnswer, ...]


class Probed(msgspec.Struct, frozen=True, tag=True):
    """What `AudioPlan.probe` of that token has measured."""

    token: int
    delay_ms: float | None
    """From the samples that are handed to the card to those it gives, the phone's own queues included. None: nothing of
    what was played came back.
    """
    level_db: float | None
    """Of what came back, against what was played."""
    noise_db: float | None
    """Of the microphone while nothing was played, against full scale; None: digital silence."""
    silent: bool
    """The microphone gave nothing at any time."""
    xruns: int
    """Gaps in the sound meanwhile: with any, the delay means little."""
