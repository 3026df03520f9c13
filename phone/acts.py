"""One-shot acts: commands of the core become calls of the rooms below, effects of the Jingle room become inbox items.

Law: nothing in here steps the core; what an act brings about goes into the inbox, behind what waits there already.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from phone import inbox
from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.model import CallId, Phone, Reason
from phone.guard import Guard
from phone.jingle import api as jingle
from phone.leaving import Leaving
from phone.media import plan, planrecordings
from phone.ports import Ports
from phone.sayings import dictation_source
from phone.ui import menu
from phone.xmpp.api import IqError
from phone.xmpp.jids import bare, canonical, domain

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Acts:
    """What the engine does when it is told to."""

    ports: Ports
    guard: Guard
    items: deque[inbox.Item]
    now: Callable[[], float]
    phone: Callable[[], Phone]
    nonsense: Counter[str] = field(default_factory=Counter)
    """What far ends sent and nobody understands, by kind."""
    leaving: Leaving = field(init=False)

    def __post_init__(self) -> None:
        self.leaving = Leaving(self, lambda: self.ports.agent.own)

    # --- downwards: commands of the core, requests of the menus ---------------------------------------------------

    def command(self, command: do.Command) -> None:
        """Carry one out."""
        agent, now = self.ports.agent, self.now()
        match command:
            case do.Propose():
                self._propose(command)
            case do.Accept(id):
                self.carry_out(agent.accept(id, now))
            case do.Terminate(id, reason):
                self.leaving.forget(id)
                self.carry_out(agent.terminate(id, jingle.EndReason(reason.value), now))
            case do.SetHold(id, held):
                self.carry_out(agent.hold(id, held, now))
            case do.TransferTo(id, to, target):
                self.carry_out(agent.transfer(id, canonical(to) or to, target, now))
            case do.AnswerTransfer(id, accept):
                self.carry_out(agent.answer_transfer(id, accept, now))
            case do.SendText(to, text):
                self.ports.client.send_chat(bare(to), self.ports.text(text))
            case do.SendDtmf(id, digit):
                self.ports.media.send(plan.SendDigit(id, digit))
            case do.StartRecording(call):
                self.ports.mail.record(command, call.id if call else dictation_source(self.phone()))
            case do.StopRecording():
                self.ports.mail.stop(command, now)
            case do.LogCall():
                self.ports.log_call(command)

    def request(self, request: menu.Request) -> None:
        """What a menu asks for beside events of the core."""
        match request:
            case menu.Block(address, on):
                self.ports.client.block(address, on=on)
            case menu.ClearLog():
                self.ports.clear_log()
            case menu.Seen(at):
                self.ports.missed_seen(at)
            case menu.SkipBy(token, ms):
                self.ports.media.send(planrecordings.SkipPlay(token, ms))
            case _:
                self.ports.mail.request(request, self.now())

    def _propose(self, command: do.Propose) -> None:
        to = canonical(command.to) or command.to  # stanzas of the far end bear its canonical address
        if command.message:
            self.leaving.begin(command.id, to, self.now())
            return
        if name := self.ports.client.name_of(bare(to)):
            self.items.append(ev.Named(command.id, name, self.now()))
        targets, now = self._targets(to), self.now()
        self.carry_out(self.ports.agent.call(command.id, to, targets, now, on_behalf=command.on_behalf))

    # --- leaving a message (`leaving.Line`) -------------------------------------------------------------------------

    def ask(self, to: str, payload: Element, token: str) -> None:
        """An IQ-get."""
        self.ports.client.ask(to, payload, token)

    def call(self, id: str, to: str, regarding: str, *, google: bool) -> None:
        """Call a voicemail address."""
        self.carry_out(self.ports.agent.call_voicemail(id, to, regarding, google=google, now=self.now()))

    def refused(self, id: str) -> None:
        """Nobody takes this message."""
        self.items.append(ev.MessageRefused(CallId(id), self.now()))

    def _targets(self, to: str) -> tuple[jingle.Target, ...]:
        known = self.ports.client.resources(bare(to))
        return tuple(jingle.Target(r.jid, r.features, r.priority) for r in known if to in (r.jid, bare(r.jid)))

    # --- upwards: effects of the Jingle room ------------------------------------------------------------------------

    def carry_out(self, effects: jingle.Effects) -> None:
        """Each by itself: one that fails does not take the rest along."""
        for effect in effects:
            self.guard.attempt(self.effect, effect)

    def effect(self, effect: jingle.Effect) -> None:
        """Carry one out."""
        client = self.ports.client
        match effect:
            case jingle.SendIq(to, payload, token):
                client.send_iq(to, payload, token)
            case jingle.Reply(to, iq_id, error):
                client.reply(to, iq_id, None if error is None else _iq_error(error))
            case jingle.SendMessage(to, payload):
                client.send_message(to, payload)
            case jingle.SendPresence(to, available):
                client.send_presence(to, available=available)
            case jingle.DigitReceived(id, digit):
                self.ports.media.send(plan.PlayDigit(id, digit))
            case jingle.Nonsense(peer, what):
                self._count_nonsense(peer, what)
            case _:
                self.items.append(self._event(effect))

    def _event(self, effect: jingle.CallEffect) -> ev.Event:
        now, call = self.now(), CallId(effect.id)
        match effect:
            case jingle.CallOffered():
                return self._offered(effect)
            case jingle.CallAlerting():
                return ev.Alerting(call, now)
            case jingle.CallAccepted():
                self.leaving.forget(call)
                return ev.Accepted(call, now)
            case jingle.CallHeld():
                return ev.PeerHeld(call, effect.held, now)
            case jingle.TransferAsked():
                return ev.TransferAsked(call, effect.to, self.name(effect.to), not effect.ask, now)
            case jingle.TransferFailed():
                return ev.TransferFailed(call, ev.TransferFault(effect.fault.value), now)
            case jingle.CallEnded():
                if self.leaving.fell(call, effect.reason):
                    return ev.MessageRefused(call, now)
                return ev.Ended(call, Reason(effect.reason.value), now)

    def _offered(self, effect: jingle.CallOffered) -> ev.Offered:
        greeting = self.ports.greet(effect.peer)
        if self.ports.client.is_contact(effect.peer) and "/" in effect.peer:
            self.ports.client.learn(effect.peer)  # strangers learn nothing of us before the answer
        return ev.Offered(
            CallId(effect.id),
            effect.peer,
            self.name(effect.peer),
            self.now(),
            via=self.name(effect.transferred_by) if effect.transferred_by else "",
            replaces=None if effect.replaces is None else CallId(effect.replaces),
            ring=greeting.ring,
            intercom=greeting.intercom,
        )

    def _count_nonsense(self, peer: str, what: str) -> None:
        self.nonsense[what] += 1
        told = {"remote": bare(peer)}
        log.warning("nonsense from %s: %s (%d of this kind)", peer, what, self.nonsense[what], extra=told)

    def name(self, peer: str) -> str:
        """The roster's name; else the extension or the number, where an address is one; else the address."""
        if name := self.ports.client.name_of(bare(peer)):
            return name
        local, at, host = bare(peer).partition("@")
        dial = self.phone().plan
        ours = {domain(self.ports.agent.own), dial.domain, dial.gateway}
        return local if at and host in ours else bare(peer)


def _iq_error(error: jingle.StanzaError) -> IqError:
    return IqError(error.condition, error.type, error.extra, error.text)
