"""The one writer of state: inbox, `step`, commands, levels, timers.

Laws: every fact enters by `post`; items are taken one at a time, in order, and no handler calls another;
what the phone shows and sounds like is computed after each drain and only differences are told.
A bug of ours costs the act in which it shows and no more: it is logged with its traceback and counted, the other acts,
items and levels get their turn, and a call that is known on one side only is ended.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from phone import inbox, legs
from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.core import deadlines, step
from phone.calls.model import Call, CallId, Memory, Phone, Progress, Reason, Service
from phone.calls.outputs import outputs
from phone.jingle import api as jingle
from phone.media import plan
from phone.ports import Loop, Ports, Timer
from phone.ui.keymap import event_of
from phone.ui.screens import Screen
from phone.xmpp.api import IqError
from phone.xmpp.jids import bare, canonical, domain

log = logging.getLogger(__name__)

T = TypeVar("T")

_MEDIA = "media"
"""In `Engine.troubles`: the process itself, beside its devices."""
_AFTER_FAULT = 1.0
"""Seconds until the next timer after a bug of ours showed: a deadline that fails again must not spin."""


@dataclass(slots=True)
class LegFacts:
    """What is measured of one leg, for `phone status`; not part of the call state."""

    stats: plan.LegStats | None = None
    profile: str = ""
    """SRTP's."""


@dataclass(slots=True)
class Engine:
    """Turns items into steps. Not thread-safe: other threads use `post_from_thread`."""

    phone: Phone
    ports: Ports
    loop: Loop
    packet_ms: int = 20
    facts: dict[str, LegFacts] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    service_detail: str = ""
    nonsense: Counter[str] = field(default_factory=Counter)
    """What far ends sent and nobody understands, by kind."""
    faults: Counter[str] = field(default_factory=Counter)
    """Bugs of ours that showed, by the act in which they did."""
    alive: plan.Alive | None = None
    shown: Screen | None = None
    _items: deque[inbox.Item] = field(default_factory=deque)
    _turning: bool = False
    _stopped: bool = False
    _hurt: bool = False
    _plan: plan.Plan | None = None
    _lit: frozenset[str] | None = None
    _memory: Memory | None = None
    _timer: Timer | None = None

    # --- the inbox ---------------------------------------------------------------------------------------------

    def post(self, item: inbox.Item) -> None:
        """Take one item; handled before this returns, unless an item is being handled right now. Never raises."""
        if self._stopped:
            return
        self._items.append(item)
        if self._turning:
            return
        self._turning = True
        try:
            while self._items:
                self._drain()
                self._settle()
        finally:
            self._turning = False

    def _drain(self) -> None:
        self._hurt = False
        while self._items:
            self._try(self._handle, self._items.popleft())
            if self._hurt and not self._items:
                self._try(self._heal, None)

    def _try(self, act: Callable[[T], None], thing: T) -> None:
        """Do it; a bug of ours stays in it."""
        try:
            act(thing)
        except Exception as error:  # noqa: BLE001 - whatever it is, the phone must go on
            where = f"{act.__name__.strip('_')}: {type(thing).__name__}"
            self._hurt = True
            self.faults[where] += 1
            self.loop.call_exception_handler({"message": f"a bug of the phone's own, in {where}", "exception": error})

    def _heal(self, _: None) -> None:
        """After a bug: a call that only the core knows would ring for ever, one that it does not know would leak."""
        legs_alive = {wish.id for wish in self.ports.agent.wishes()}
        calls = {c.id for c in self.phone.calls if c.live}
        for call in sorted(calls - legs_alive):
            self._step(ev.Ended(call, Reason.FAILED, self.now()))
        for lost in sorted(legs_alive - calls):
            self._carry_out(self.ports.agent.terminate(lost, jingle.EndReason.FAILED, self.now()))

    def post_from_thread(self, item: inbox.Item) -> None:
        """The one hop from a driver's thread into the inbox."""
        self.loop.call_soon_threadsafe(self.post, item)

    def now(self) -> float:
        """Monotonic seconds."""
        return self.loop.time()

    def _handle(self, item: inbox.Item) -> None:
        agent, now = self.ports.agent, self.now()
        match item:
            case inbox.ContactChanged(contact):
                if (event := event_of(contact)) is not None:
                    self._step(event)
            case inbox.ServiceTold(name, detail):
                self._service(Service(name), detail)
            case inbox.IqArrived(sender, iq_id, payload):
                self._carry_out(agent.receive_iq(sender, iq_id, payload, now))
            case inbox.MessageArrived():
                self._carry_out(
                    agent.receive_message(
                        item.sender, item.to, item.payload, now, carbon=item.carbon, sent_by_us=item.sent_by_us
                    )
                )
            case inbox.Bounced(sender, proposal, condition):
                self._carry_out(agent.bounced(sender, proposal, condition, now))
            case inbox.Replied(token, error):
                self._carry_out(agent.replied(token, error, now))
            case inbox.ResourceGone(full_jid):
                self._carry_out(agent.resource_gone(full_jid, now))
            case inbox.MediaTold(report):
                self._report(report)
            case inbox.MediaRestarted():
                self._media_lost()
            case inbox.TimePassed():
                self._time_passed(now)
            case _:
                self._step(item)

    def _step(self, event: ev.Event) -> None:
        before = {c.id: c.progress for c in self.phone.calls}
        self.phone, commands = step(self.phone, event)
        for c in self.phone.calls:
            if before.get(c.id) is not c.progress:
                self._log_progress(c, before.get(c.id), event)
        for command in commands:
            self._try(self._command, command)

    def _log_progress(self, call: Call, before: Progress | None, event: ev.Event) -> None:
        if before is None and not call.outgoing:
            # others may begin calls without end: not more than some lines of it
            told = (call.id[:8], call.progress.name, call.peer)
            log.info("call %s - -> %s (Offered) %s", *told, extra={"remote": bare(call.peer)})
            return
        old = before.name if before else "-"
        log.info("call %s %s -> %s (%s) %s", call.id[:8], old, call.progress.name, type(event).__name__, call.peer)

    def _time_passed(self, now: float) -> None:
        if (due := deadlines(self.phone)) is not None and due <= now:
            self._step(ev.Ticked(now))
        if (due := self.ports.agent.deadline()) is not None and due <= now:
            self._carry_out(self.ports.agent.expire(now))

    def _service(self, service: Service, detail: str) -> None:
        self.service_detail = detail
        if service is Service.ONLINE and (own := self.ports.client.full_jid):
            self.ports.agent.own = own
        log.info("service %s -> %s %s", self.phone.service.name, service.name, detail)
        self._step(ev.ServiceChanged(service, self.now()))

    # --- downwards: commands of the core ---------------------------------------------------------------------

    def _command(self, command: do.Command) -> None:
        agent, now = self.ports.agent, self.now()
        match command:
            case do.Propose(id, typed):
                to = canonical(typed) or typed  # stanzas of the far end bear its canonical address
                if name := self.ports.client.name_of(bare(to)):
                    self._items.append(ev.Named(id, name, now))
                self._carry_out(agent.call(id, to, self._targets(to), now))
            case do.Accept(id):
                self._carry_out(agent.accept(id, now))
            case do.Terminate(id, reason):
                self._carry_out(agent.terminate(id, jingle.EndReason(reason.value), now))
            case do.SendDtmf(id, digit):
                self.ports.media.send(plan.SendDigit(id, digit))
            case do.LogCall():
                self.ports.log_call(command)
            case do.SetHold() | do.TransferTo() | do.AnswerTransfer() | do.SendText():
                pass

    def _targets(self, to: str) -> tuple[jingle.Target, ...]:
        known = self.ports.client.resources(bare(to))
        return tuple(jingle.Target(r.jid, r.features, r.priority) for r in known if to in (r.jid, bare(r.jid)))

    # --- upwards: effects of the Jingle room, reports of the media process ------------------------------------

    def _carry_out(self, effects: jingle.Effects) -> None:
        for effect in effects:
            self._try(self._effect, effect)

    def _effect(self, effect: jingle.Effect) -> None:  # noqa: PLR0912 - one branch per effect
        client, now = self.ports.client, self.now()
        match effect:
            case jingle.SendIq(to, payload, token):
                client.send_iq(to, payload, token)
            case jingle.Reply(to, iq_id, None):
                client.reply(to, iq_id, None)
            case jingle.Reply(to, iq_id, jingle.StanzaError(condition, type, extra, text)):
                client.reply(to, iq_id, IqError(condition, type, extra, text))
            case jingle.SendMessage(to, payload):
                client.send_message(to, payload)
            case jingle.SendPresence(to, available):
                client.send_presence(to, available=available)
            case jingle.TransferAsked() | jingle.TransferFailed():
                pass
            case jingle.CallOffered(id, peer):
                self._items.append(ev.Offered(CallId(id), peer, self._name(peer), now))
            case jingle.CallAlerting(id):
                self._items.append(ev.Alerting(CallId(id), now))
            case jingle.CallAccepted(id):
                self._items.append(ev.Accepted(CallId(id), now))
            case jingle.CallHeld(id, held):
                self._items.append(ev.PeerHeld(CallId(id), held, now))
            case jingle.CallEnded(id, reason):
                self._items.append(ev.Ended(CallId(id), Reason(reason.value), now))
            case jingle.DigitReceived(id, digit):
                log.info("call %s digit %s heard (XEP-0181)", id[:8], digit, extra={"remote": id})
            case jingle.Nonsense(peer, what):
                self._count_nonsense(peer, what)

    def _count_nonsense(self, peer: str, what: str) -> None:
        self.nonsense[what] += 1
        told = {"remote": bare(peer)}
        log.warning("nonsense from %s: %s (%d of this kind)", peer, what, self.nonsense[what], extra=told)

    def _name(self, peer: str) -> str:
        """The roster's name; else the extension or the number, where an address is one; else the address."""
        if name := self.ports.client.name_of(bare(peer)):
            return name
        local, at, host = bare(peer).partition("@")
        ours = {domain(self.ports.agent.own), self.phone.plan.domain, self.phone.plan.gateway}
        return local if at and host in ours else bare(peer)

    def _report(self, report: plan.Report) -> None:
        agent, now = self.ports.agent, self.now()
        match report:
            case plan.LegDescribed():
                self._carry_out(agent.described(report.leg, legs.local_media(report), now))
            case plan.LegCandidate():
                self._carry_out(agent.candidate(report.leg, legs.candidate_up(report.candidate), report.restart, now))
            case plan.LegUp():
                self._leg(report.leg).profile = report.profile
                self._carry_out(agent.media_up(report.leg, now))
                self._step(ev.MediaUp(CallId(report.leg), report.encrypted, now))
            case plan.LegFailed():
                log.warning("leg %s failed: %s %s", report.leg[:8], report.fault, report.detail)
                self._carry_out(agent.media_failed(report.leg, report.fault, now))
            case plan.LegStats():
                self._leg(report.leg).stats = report
            case plan.DigitHeard():
                log.info("call %s digit %s heard", report.leg[:8], report.digit, extra={"remote": report.leg})
            case plan.AudioTrouble():
                self._trouble(report)
            case plan.Alive():
                self.alive = report
                if self.troubles.pop(_MEDIA, None):
                    self._sound()

    def _leg(self, id: str) -> LegFacts:
        return self.facts.setdefault(id, LegFacts())

    def _trouble(self, trouble: plan.AudioTrouble) -> None:
        if trouble.sentence:
            log.error("audio: %s", trouble.sentence)
            self.troubles[trouble.device] = trouble.sentence
        elif self.troubles.pop(trouble.device, None):
            log.info("audio: %s works again", trouble.device)
        self._sound()

    def _sound(self) -> None:
        """The core knows whether the handset is any use; a bell that fails is for `phone status`."""
        works = not {"handset", _MEDIA} & self.troubles.keys()
        if works is not self.phone.sound:
            self._step(ev.SoundChanged(works, self.now()))

    def _media_lost(self) -> None:
        """Keys and paths died with the process: the far ends are told, the new process gets the plan anew, and tells
        anew which card is missing.
        """
        self._plan = None
        self.alive = None
        self.troubles = {_MEDIA: "the sound process ended; another is being started"}
        self._sound()
        for wish in self.ports.agent.wishes():
            self._carry_out(self.ports.agent.media_failed(wish.id, "internal", self.now()))

    # --- levels ----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        for level in (self._media, self._light, self._show, self._remember, self._forget):
            self._try(level, self.phone)
        self._arm()

    def _light(self, phone: Phone) -> None:
        lit = outputs(phone).lamps
        if lit != self._lit:
            self._lit = lit
            self.ports.lamps.light(lit)

    def _show(self, phone: Phone) -> None:
        screen = self.ports.compose(phone, self.now())
        if screen != self.shown:
            self.shown = screen
            self.ports.show(screen)

    def _remember(self, phone: Phone) -> None:
        if phone.memory != self._memory:
            first, self._memory = self._memory is None, phone.memory
            if not first:
                self.ports.remember(phone.memory)

    def _media(self, phone: Phone) -> None:
        out = outputs(phone)
        new = plan.Plan(
            audio=plan.AudioPlan(
                handset=out.handset,
                tone=out.tone.value if out.tone else None,
                key_tone=out.key_tone,
                talk=out.talk,
                send=out.send,
                ringer=out.ringer,
                handset_volume=out.handset_volume,
                ringer_volume=out.ringer_volume,
            ),
            legs=tuple(legs.leg_plan(w, self.packet_ms) for w in self.ports.agent.wishes()),
            ice_servers=tuple(map(legs.ice_server, self.ports.client.ice_servers())),
        )
        if new != self._plan:
            self._plan = new
            self.ports.media.send(new)

    def _forget(self, _: Phone) -> None:
        for gone in self.facts.keys() - {w.id for w in self.ports.agent.wishes()}:
            del self.facts[gone]

    def _arm(self) -> None:
        now = self.now()
        times = (deadlines(self.phone), self.ports.agent.deadline(), self.ports.screen_due(self.phone, now))
        due = min(t for t in times if t is not None)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(
            max(due, now + _AFTER_FAULT) if self._hurt else due, self.post, inbox.TimePassed()
        )

    def stop(self) -> None:
        """The far ends are told that their calls end; nothing is done after this."""
        self.post(ev.HangUpRequested(self.now()))
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
