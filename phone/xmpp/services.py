"""STUN and TURN servers by External Service Discovery (XEP-0215), asked again before their credentials expire."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

from phone.clock import Clock
from phone.xmpp.api import IceServerFact
from phone.xmpp.requests import Done, Failed, Requests, Result
from phone.xmpp.stanzas import EXTDISCO, timestamp

log = logging.getLogger(__name__)

_SOON = 60.0
"""Credentials are renewed this many seconds before their end, or after half their life if that is less."""
_RETRY = 300.0


@dataclass(frozen=True, slots=True)
class Service:
    """One `<service/>`; `expires` on the wall clock."""

    fact: IceServerFact
    expires: float | None
    restricted: bool

    @property
    def usable(self) -> bool:
        """A TURN server without credentials is of no use."""
        return not self.restricted or self.fact.password is not None


def parse(query: Element) -> tuple[Service, ...]:
    """Nonsense and services of other kinds (turns, stuns) are left out."""
    found = (_service(each) for each in query.iter(f"{{{EXTDISCO}}}service"))
    return tuple(each for each in found if each is not None)


def _service(element: Element) -> Service | None:
    kind, host, port = element.get("type"), element.get("host"), element.get("port", "3478")
    kinds: dict[str | None, Literal["stun", "turn"]] = {"stun": "stun", "turn": "turn"}
    if kind not in kinds or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    if element.get("action") == "delete":
        return None
    fact = IceServerFact(
        kinds[kind],
        # An IPv6 address may come as in a URL.
        host.strip("[]"),
        int(port),
        element.get("transport", "udp").lower(),
        element.get("username"),
        element.get("password"),
    )
    # xs:boolean has two spellings: Prosody writes "1", ejabberd "true".
    return Service(fact, timestamp(element.get("expires")), element.get("restricted") in ("1", "true"))


class IceServers:
    """Keeps the list fresh while there is a session. `domain` answers for itself. `sender`: which of its addresses a
    component asks as; a client has but one.
    """

    def __init__(self, requests: Requests, clock: Clock, domain: str, sender: str | None = None) -> None:
        self._requests = requests
        self._sender = sender
        self._clock = clock
        self._domain = domain
        self._services: tuple[Service, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._asking = False

    def facts(self) -> tuple[IceServerFact, ...]:
        """Those that can be used now, with the seconds that their credentials still hold."""
        now = self._clock.wall()
        facts = tuple(
            replace(each.fact, expires_in=None if each.expires is None else each.expires - now)
            for each in self._services
            if each.usable and (each.expires is None or each.expires > now)
        )
        if len(facts) < sum(each.usable for each in self._services):
            # The clock was stepped, or the timer slept through a suspend.
            self.renew()
        return facts

    def renew(self) -> None:
        """Ask now."""
        if self._asking:
            return
        self._asking = True
        self._ask(Element(f"{{{EXTDISCO}}}services"), self._came)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._asking = False

    def _ask(self, query: Element, done: Done) -> None:
        self._requests.ask("get", self._domain, query, done, sender=self._sender)

    def _came(self, outcome: Result | Failed) -> None:
        self._asking = False
        if isinstance(outcome, Failed):
            log.info("no STUN or TURN services: %s", outcome.condition)
            # Not offered at all is an answer; silence or trouble is worth another try.
            if outcome.condition not in ("service-unavailable", "feature-not-implemented", "item-not-found"):
                self._later(_RETRY)
            return
        self._services = parse(outcome.payload) if outcome.payload is not None else ()
        for each in self._services:
            if not each.usable:
                self._ask_credentials(each)
        self._schedule()

    def _ask_credentials(self, service: Service) -> None:
        """XEP-0215 3.3."""
        query = Element(f"{{{EXTDISCO}}}credentials")
        attributes = {"host": service.fact.host, "type": service.fact.kind, "port": str(service.fact.port)}
        SubElement(query, f"{{{EXTDISCO}}}service", attributes)
        self._ask(query, partial(self._credentials_came, service))

    def _credentials_came(self, service: Service, outcome: Result | Failed) -> None:
        if isinstance(outcome, Failed) or outcome.payload is None:
            log.info("no credentials for %s: %s", service.fact.host, outcome)
            return
        for answer in parse(outcome.payload):
            if (answer.fact.kind, answer.fact.host) == (service.fact.kind, service.fact.host):
                fact = replace(service.fact, username=answer.fact.username, password=answer.fact.password)
                full = Service(fact, answer.expires, service.restricted)
                self._services = tuple(full if each is service else each for each in self._services)
        self._schedule()

    def _schedule(self) -> None:
        ends = [each.expires for each in self._services if each.expires is not None]
        if ends:
            life = min(ends) - self._clock.wall()
            self._later(max(1.0, life - min(_SOON, life / 2)))

    def _later(self, seconds: float) -> None:
        self._call_later(seconds, self.renew)

    def _call_later(self, seconds: float, act: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, act)
