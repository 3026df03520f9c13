"""One phone with a user and a clock, for tests that read as stories."""

# ruff: noqa: A001, FBT003 - `id` is the field's word; events read as rows

from __future__ import annotations

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.core import step
from phone.calls.events import Key
from phone.calls.model import CallId, IdSource, Phone, Reason, Service
from phone.calls.numbers import DialPlan
from phone.calls.outputs import Tone, outputs


class Desk:
    """A phone and its clock; `did` are the commands of the last act."""

    def __init__(self, digit_map: str = "", gateway: str | None = None, **facts: object) -> None:
        plan = DialPlan.of("example.org", gateway, digit_map, {"7": "seven@example.net"})
        self.phone = Phone(**{"ids": IdSource(b"x"), "service": Service.ONLINE, "plan": plan} | facts)  # type: ignore[arg-type]
        self.now = 100.0
        self.did: tuple[do.Command, ...] = ()

    def feed(self, event: ev.Event) -> None:
        self.phone, did = step(self.phone, event)
        self.did += did

    def act(self, *events: ev.Event) -> Desk:
        self.did = ()
        for event in events:
            self.feed(event)
        return self

    def lift(self) -> Desk:
        return self.act(ev.HookLifted(self.now))

    def cradle(self) -> Desk:
        return self.act(ev.HookReplaced(self.now))

    def digits(self, digits: str) -> Desk:
        self.did = ()
        for digit in digits:
            self.feed(ev.DigitPressed(digit, self.now))
            self.feed(ev.KeyReleased(digit, self.now))
        return self

    def key(self, key: Key) -> Desk:
        return self.act(ev.KeyPressed(key, self.now), ev.KeyReleased(key.value, self.now))

    def wait(self, seconds: float) -> Desk:
        self.now += seconds
        return self.act(ev.Ticked(self.now))

    def offer(self, id: str = "in") -> Desk:
        return self.act(ev.Offered(CallId(id), "ann@example.org/x", "Ann", self.now))

    def talk(self) -> Desk:
        self.lift().digits("5#")
        id = self.id
        return self.act(ev.Accepted(id, self.now), ev.MediaUp(id, True, self.now))

    @property
    def id(self) -> CallId:
        assert self.phone.focus
        return self.phone.focus

    @property
    def tone(self) -> Tone | None:
        return outputs(self.phone).tone

    @property
    def proposed(self) -> list[str]:
        return [c.to for c in self.did if isinstance(c, do.Propose)]

    @property
    def terminated(self) -> list[Reason]:
        return [c.reason for c in self.did if isinstance(c, do.Terminate)]

    @property
    def logged(self) -> list[Reason | None]:
        return [c.call.reason for c in self.did if isinstance(c, do.LogCall)]
