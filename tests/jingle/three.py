"""Three phones on one wire, each with as much of a call core as a transfer needs, and a clock of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jingle_wire import End, Wire, agent, media, target

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallAccepted,
    CallEnded,
    CallHeld,
    CallOffered,
    Effect,
    Effects,
    EndReason,
    Permission,
    SendIq,
    TransferAsked,
    TransferFailed,
)

CALLER = "alice@desk.test/phone"
ATTENDANT = "bob@office.test/phone"
CALLEE = "carol@desk.test/phone"
IQ_SECONDS = 35.0
SEATS = (CALLER, ATTENDANT, CALLEE)


@dataclass
class Core:
    """What a user and the call core do at one phone."""

    jid: str
    answers: bool = True
    """Takes what is offered."""
    refuses: EndReason | None = None
    grants: bool = True
    moved: dict[str, str] = field(default_factory=dict)
    """Call that we place on behalf -> the leg on which we were asked."""
    replacing: dict[str, str] = field(default_factory=dict)
    """Call that takes a leg's place -> that leg."""
    active: set[str] = field(default_factory=set)
    ended: dict[str, EndReason] = field(default_factory=dict)
    failed: list[TransferFailed] = field(default_factory=list)
    offers: list[CallOffered] = field(default_factory=list)
    held_by_peer: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    count: int = 0


class Three(Wire):
    """`run` lets them act upon what they hear, until nothing is under way."""

    def __init__(self, *, drop: Callable[[Effect], bool] = lambda _: False) -> None:
        super().__init__(*(agent(jid, transfers=Permission.ALLOW) for jid in SEATS), drop=drop)
        self.cores = {jid: Core(jid) for jid in SEATS}
        self.heard = dict.fromkeys(SEATS, 0)
        self.gone: dict[str, End] = {}
        self.sent_at: dict[str, float] = {}
        """IQ id -> when it was sent."""

    def agent(self, jid: str) -> Agent:
        return self.ends[jid].agent

    # --- the network ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        while self.queue or self.react():
            if self.queue:
                self.step()

    def advance(self, steps: int) -> None:
        """So many stanzas, and what the phones make of them."""
        for _ in range(steps):
            while not self.queue and self.react():
                pass
            if self.queue:
                self.step()

    def _iq_set(self, sender: str, effect: SendIq, *, lost: bool) -> None:
        known = set(self.tokens)
        super()._iq_set(sender, effect, lost=lost)
        self.sent_at |= dict.fromkeys(set(self.tokens) - known, self.now)

    def _time_out(self) -> None:
        for iq_id in [i for i in self.tokens if self.sent_at[i] + IQ_SECONDS <= self.now]:
            self._answer(iq_id, "timeout")

    def _answer(self, iq_id: str, error: str | None) -> None:
        if self.tokens[iq_id][0] in self.ends:
            super()._answer(iq_id, error)
        else:
            del self.tokens[iq_id]

    def vanish(self, jid: str) -> None:
        """It loses power: nothing of it arrives any more, and its server says so."""
        self.gone[jid] = self.ends.pop(jid)
        self.queue = type(self.queue)((j, e) for j, e in self.queue if j != jid)
        for other in tuple(self.ends):
            self.do(other, self.agent(other).resource_gone(jid, self.now))

    def wait(self, seconds: float) -> None:
        """Time passes, second by second; media of who is gone is missed after a while."""
        for _ in range(int(seconds)):
            self.now += 1
            self._time_out()
            for jid in tuple(self.ends):
                self.do(jid, self.agent(jid).expire(self.now))
            self.run()
        for jid in tuple(self.ends):
            for wish in self.agent(jid).wishes():
                if self.agent(jid).peer(wish.id) in self.gone and wish.id in self.cores[jid].active:
                    self.do(jid, self.agent(jid).media_failed(wish.id, "no-rtp", self.now))
        self.run()

    # --- the users --------------------------------------------------------------------------------------------------

    def call(self, jid: str, to: str, id: str, on_behalf: str | None = None) -> None:
        self.do(jid, self.agent(jid).call(id, to, [target(to)], self.now, on_behalf))

    def hold(self, jid: str, id: str, *, held: bool) -> None:
        core = self.cores[jid]
        (core.held.add if held else core.held.discard)(id)
        self.do(jid, self.agent(jid).hold(id, held, self.now))

    def react(self) -> bool:
        """What every phone does about what it has heard. Whether there was anything."""
        did = False
        for jid in tuple(self.ends):
            for wish in self.agent(jid).wishes():
                effects = self.agent(jid).described(wish.id, media(f"{jid[0]}{wish.id}"), self.now)
                did |= bool(self.do(jid, effects))
            news = self.ends[jid].heard[self.heard[jid] :]
            self.heard[jid] += len(news)
            for effect in news:
                did = True
                self.do(jid, self.acts(self.cores[jid], effect))
        return did

    def acts(self, core: Core, effect: Effect) -> Effects:
        ours = self.agent(core.jid)
        match effect:
            case CallOffered(id=id, replaces=replaces):
                core.offers.append(effect)
                if replaces is not None:
                    core.replacing[id] = replaces
                if core.refuses is not None:
                    return ours.terminate(id, core.refuses, self.now)
                return self.took(core, id) if core.answers else ()
            case CallAccepted(id=id):
                core.active.add(id)
                # the new call is up: the old one has done its service
                old = core.moved.get(id)
                return () if old is None else ours.terminate(old, EndReason.TRANSFERRED, self.now)
            case CallHeld(id=id, held=held):
                (core.held_by_peer.add if held else core.held_by_peer.discard)(id)
            case TransferAsked(id=id, to=to):
                return self.asked(core, id, to)
            case TransferFailed():
                core.failed.append(effect)
            case CallEnded(id=id, reason=reason):
                core.ended[id] = reason
                core.active.discard(id)
                old = core.moved.pop(id, None)
                if old is not None:
                    core.held.discard(old)
                    return ours.hold(old, held=False, now=self.now)
            case _:
                pass
        return ()

    def took(self, core: Core, id: str) -> Effects:
        ours = self.agent(core.jid)
        core.active.add(id)
        effects = ours.accept(id, self.now) + ours.described(id, media(f"{core.jid[0]}{id}"), self.now)
        old = core.replacing.pop(id, None)
        return effects if old is None else effects + ours.terminate(old, EndReason.TRANSFERRED, self.now)

    def asked(self, core: Core, id: str, to: str) -> Effects:
        ours = self.agent(core.jid)
        if not core.grants:
            return ours.answer_transfer(id, accept=False, now=self.now)
        core.count += 1
        new = f"moved{core.count}"
        core.moved[new] = id
        core.held.add(id)
        return (
            *ours.answer_transfer(id, accept=True, now=self.now),
            *ours.hold(id, held=True, now=self.now),
            *ours.call(new, to, [target(to)], self.now, id),
        )
