"""What of the self-test needs no hand: each check's measuring, and what is made of what was measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from phone import legs
from phone.media.planprobes import AskServers, Probed, ServersAsked
from phone.ports import Ports
from phone.selftest import host
from phone.selftest.model import Check, Equipment, Finding, Kind, Verdict
from phone.ui.book import Book
from phone.ui.texts import Texts
from phone.xmpp.api import SessionFacts
from phone.xmpp.jids import domain

PING = "self-test ping"
"""The token of the question to the server."""
_PING_XML = "{urn:xmpp:ping}ping"
TRIES = 3
"""Measurings of the sound that may be torn by a machine that has too much to do."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What of this phone the self-test asks for."""

    equipment: Equipment
    texts: Texts
    state_dir: Path
    account: str
    """Bare JID."""
    server: str
    """The host that is looked up."""
    desk_troubles: Callable[[], tuple[str, ...]]
    sound_troubles: Callable[[], tuple[tuple[str, str], ...]]
    """Which device (handset, speaker, ringer, ...), and a sentence."""
    frames: Callable[[], int]
    """Taken by the display so far."""
    session: Callable[[], SessionFacts | None]
    why_offline: Callable[[], str]
    """"": there is service."""
    book: Callable[[], Book]
    clock_trouble: Callable[[], str]
    """Why the clock cannot be right; "": it may be."""
    in_thread: Callable[[Callable[[], Finding]], None]
    """Do that off the loop, and let its finding come by the inbox."""
    keep: Callable[[Callable[[], None]], None]
    """Do that off the loop."""


@dataclass(slots=True)
class Tasks:
    """Begins what a check needs; `tell` takes what came of it."""

    ports: Ports
    bench: Bench
    tell: Callable[[Finding], None]
    token: int = 0
    """Of what the media process measures now: another one each time."""
    _check: Check | None = None
    _asked_at: float = 0.0
    _frames: int = 0
    _tries: int = field(default=0)

    def watch(self) -> None:
        """The pictures begin: count what the display takes from now on."""
        self._frames = self.bench.frames()

    def begin(self, check: Check) -> None:
        """Measure; whatever went on before is of no interest any more."""
        self._check, self._tries = check, 0
        self.token += 1
        bench = self.bench
        match check.kind:
            case Kind.DISPLAY | Kind.LAMP | Kind.PROFILE:
                self.tell(self._desk(check))
            case Kind.SOUND:
                self._sound(check)
            case Kind.MAILBOX:
                box = bench.book().box
                self.tell(_judged(check, _clause(box.trouble), ("messages", f"{box.new} new, {box.old} old")))
            case Kind.DISK:
                bench.in_thread(lambda: host.disk(check, bench.state_dir))
            case Kind.CLOCK:
                trouble = _clause(bench.clock_trouble())
                bench.in_thread(lambda: host.clock(check, trouble))
            case Kind.NETWORK:
                online = not bench.why_offline()
                bench.in_thread(lambda: host.network(check, bench.server, online=online))
            case Kind.SERVER:
                self._server(check)
            case _:
                self._relays(check)

    # --- keys, lamps, display -------------------------------------------------------------------------------------

    def _desk(self, check: Check) -> Finding:
        part = {Kind.DISPLAY: "display", Kind.LAMP: "lamp"}.get(check.kind, "")
        desk = [each for each in self.bench.desk_troubles() if each.startswith(f"The {part}")]
        sound = [] if part else [sentence for _, sentence in self.bench.sound_troubles()]
        troubles = "; ".join(_clause(each) for each in (*desk, *sound))
        if check.kind is not Kind.DISPLAY:
            return _judged(check, troubles)
        taken = self.bench.frames() - self._frames
        return _judged(check, troubles or ("" if taken else "the display takes no pictures"), ("pictures", str(taken)))

    # --- sound ----------------------------------------------------------------------------------------------------

    def _sound(self, check: Check) -> None:
        if trouble := dict(self.bench.sound_troubles()).get(check.what):
            self.tell(_judged(check, _clause(trouble)))

    def probed(self, report: Probed) -> None:
        """The media process has measured. Gaps in the sound spoil it: then again."""
        check = self._check
        if check is None or report.token != self.token or check.kind is not Kind.SOUND:
            return
        self._tries += 1
        if report.xruns and not report.silent and self._tries < TRIES:
            self.token += 1
            return
        self.tell(heard(check, report))

    def troubled(self, device: str, sentence: str) -> None:
        """A card has gone."""
        check = self._check
        if check is not None and check.kind is Kind.SOUND and check.what == device and sentence:
            self.tell(_judged(check, _clause(sentence)))

    # --- the server -----------------------------------------------------------------------------------------------

    def _server(self, check: Check) -> None:
        if why := self.bench.why_offline():
            self.tell(_judged(check, f"the account is not signed in: {why}"))
            return
        self._asked_at = time.monotonic()
        self.ports.client.ask(domain(self.bench.account), Element(_PING_XML), PING)

    def answered(self, payload: Element | None) -> None:
        """The server has answered the ping, or not."""
        check, facts = self._check, self.bench.session()
        if check is None or check.kind is not Kind.SERVER:
            return
        trouble = "the server does not answer a ping" if payload is None else ""
        took = ("round trip", f"{1000 * (time.monotonic() - self._asked_at):.0f} ms")
        session = () if facts is None else (("signed in within", f"{facts.seconds:.2f} s"), ("TLS", facts.tls))
        self.tell(_judged(check, trouble, ("account", self.bench.account), *session, *(() if trouble else (took,))))

    # --- STUN and TURN --------------------------------------------------------------------------------------------

    def _relays(self, check: Check) -> None:
        servers = tuple(
            legs.ice_server(fact) for fact in self.ports.client.ice_servers() if fact.kind == check.kind.value
        )
        if not servers:
            self.tell(Finding(check, Verdict.SKIPPED, f"the server names no {check.kind.value.upper()} service"))
            return
        self.ports.media.send(AskServers(self.token, servers))

    def asked(self, report: ServersAsked) -> None:
        """The services answered, or not."""
        check = self._check
        if check is None or report.token != self.token:
            return
        silent = [f"{a.host}:{a.port} ({a.transport})" for a in report.answers if not a.address]
        name = check.kind.value.upper()
        trouble = f"{name} does not answer at {', '.join(silent)}" if silent else ""
        figures = (
            (f"{a.host}:{a.port}", f"{a.address} in {1000 * a.seconds:.0f} ms") for a in report.answers if a.address
        )
        self.tell(_judged(check, trouble, *figures))


def heard(check: Check, report: Probed) -> Finding:
    """What was measured between ear and microphone."""
    noise = () if report.noise_db is None else (("noise", f"{report.noise_db:.1f} dBFS"),)
    if report.silent:
        of = "" if check.what == "handset" else f" of the {check.what}"
        return _judged(check, f"the microphone{of} is silent")
    if report.delay_ms is None or report.level_db is None:
        return _judged(check, f"the {check.what}'s microphone does not hear what the {check.what} plays", *noise)
    gaps = (("gaps", str(report.xruns)),) if report.xruns else ()
    delay, level = ("delay", f"{report.delay_ms:.1f} ms"), ("level", f"{report.level_db:.1f} dB")
    return _judged(check, "", delay, level, *noise, *gaps)


def _judged(check: Check, trouble: str, *figures: tuple[str, str]) -> Finding:
    return Finding(check, Verdict.FAILED if trouble else Verdict.PASSED, trouble, figures)


def _clause(sentence: str) -> str:
    """As a part of the one sentence at the end."""
    lowered = sentence[:1].lower() + sentence[1:] if sentence.startswith("The ") else sentence
    return lowered.rstrip(".")
