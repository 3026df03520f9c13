"""The one writer of state: inbox, `step`, timers.

Laws: every fact enters by `post`; items are taken one at a time, in order, and no handler calls another;
what the phone shows and sounds like is computed after each drain and only differences are told.
A bug of ours costs the act in which it shows and no more: it is logged with its traceback and counted, the other acts,
items and levels get their turn, and a call that is known on one side only is ended.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field

from phone import inbox
from phone.acts import Acts
from phone.calls import events as ev
from phone.calls.core import deadlines, step
from phone.calls.model import Mail, Phone, Reason, Service
from phone.calltrace import log_progress
from phone.capturing import Capturing
from phone.guard import Guard
from phone.jingle import api as jingle
from phone.jingle.elements import TRANSFER
from phone.levels import Levels, Seen
from phone.mailnews import BoxChanged
from phone.measured import Measured
from phone.media import planrecordings
from phone.mediareports import MediaReports
from phone.ports import Loop, Ports, Timer
from phone.sayings import dictation_token
from phone.selftester import SelfTester
from phone.ui import menu
from phone.ui.book import Book
from phone.ui.keymap import event_of
from phone.ui.menu import Handled
from phone.xmpp.jids import bare

log = logging.getLogger(__name__)

_AFTER_FAULT = 1.0
"""Seconds until the next timer after a bug of ours showed: a deadline that fails again must not spin."""


@dataclass(slots=True)
class Engine:
    """Turns items into steps. Not thread-safe: other threads use `post_from_thread`."""

    phone: Phone
    ports: Ports
    loop: Loop
    packet_ms: int = 20
    menu: menu.Menu = field(default_factory=menu.Menu)
    book: Book = field(default_factory=Book)
    measured: Measured = field(default_factory=Measured)
    capturing: Capturing = field(default_factory=Capturing)
    service_detail: str = ""
    guard: Guard = field(init=False)
    acts: Acts = field(init=False)
    levels: Levels = field(init=False)
    tester: SelfTester = field(init=False)
    _media: MediaReports = field(init=False)
    _items: deque[inbox.Item] = field(default_factory=deque)
    _turning: bool = False
    _stopped: bool = False
    _timer: Timer | None = None

    def __post_init__(self) -> None:
        self.guard = Guard(self.loop)
        self.acts = Acts(self.ports, self.guard, self._items, self.now, lambda: self.phone)
        self.levels = Levels(self.ports, self.guard, self.packet_ms)
        self.tester = SelfTester(self.ports, self.post, self.now, lambda: self.phone)
        told = (self.ports, self.acts, self.measured, self.capturing, self.now, lambda: self.phone, self._step)
        self._media = MediaReports(*told)

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

    def post_from_thread(self, item: inbox.Item) -> None:
        """The one hop from a driver's thread into the inbox."""
        self.loop.call_soon_threadsafe(self.post, item)

    def now(self) -> float:
        """Monotonic seconds."""
        return self.loop.time()

    def busy(self) -> bool:
        """A restart would cut something off: a call, or messages at the ear."""
        phone = self.phone
        return phone.mailbox or phone.dictation is not None or any(c.live for c in phone.calls)

    def trouble(self) -> str:
        """Why the phone is not registered, as a plain sentence; "": it is."""
        service = self.phone.service
        return "" if service is Service.ONLINE else ": ".join(filter(None, (service.value, self.service_detail)))

    def stop(self) -> None:
        """The far ends are told that their calls end; nothing is done after this. May be called again."""
        self.post(ev.ShutDown(self.now()))
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _drain(self) -> None:
        self.guard.hurt = False
        while self._items:
            self.guard.attempt(self._handle, self._items.popleft())
            if self.guard.hurt and not self._items:
                self.guard.attempt(self._heal, None)
            if not self._items:
                self.guard.attempt(self._count_messages, None)

    def _heal(self, _: None) -> None:
        """After a bug: a call that only the core knows would ring for ever, one that it does not know would leak."""
        legs_alive = {wish.id for wish in self.ports.agent.wishes()}
        calls = {c.id for c in self.phone.calls if c.live and c.id not in self.acts.leaving}
        for call in sorted(calls - legs_alive):
            self._step(ev.Ended(call, Reason.FAILED, self.now()))
        for lost in sorted(legs_alive - calls):
            self.acts.carry_out(self.ports.agent.terminate(lost, jingle.EndReason.FAILED, self.now()))

    def _handle(self, item: inbox.Item) -> None:
        taken, missed = self.tester.take(item)
        for event in missed:
            self._ask_menu(event)
        if not taken:
            self._obey(item)

    def _obey(self, item: inbox.Item) -> None:
        match item:
            case inbox.ContactChanged(contact):
                if (event := event_of(contact)) is not None:
                    self._ask_menu(event)
            case inbox.ServiceTold(name, detail):
                self._service(Service(name), detail)
            case inbox.MediaTold() | inbox.MediaRestarted():
                self._of_media(item)
            case inbox.FeaturesTold(full_jid, features):
                self._capable(full_jid, transfer=TRANSFER in features)
            case inbox.NameTold(jid, name):
                self._name(jid, name)
            case inbox.BookChanged():
                self._read_book()
            case inbox.Answered() | inbox.Published() | inbox.MailTold():
                self._of_messages(item)
            case inbox.CaptureAsked() | inbox.TimePassed() | inbox.Asked() | inbox.SelfTestTold():
                self._of_its_keepers(item)
            case inbox.IqArrived() | inbox.MessageArrived() | inbox.Bounced() | inbox.Replied() | inbox.ResourceGone():
                self.acts.carry_out(self._told(item))
            case _:
                self._ask_menu(item)

    def _of_its_keepers(self, item: inbox.CaptureAsked | inbox.TimePassed | inbox.Asked | inbox.SelfTestTold) -> None:
        match item:
            case inbox.SelfTestTold():
                log.debug("there is no self-test")
            case inbox.CaptureAsked(token, seconds):
                self.capturing.asked(token, seconds, self.now())
            case inbox.TimePassed():
                self._time_passed(self.now())
            case inbox.Asked(reply):
                reply()

    def _told(self, item: inbox.FromNetwork) -> jingle.Effects:
        agent, now = self.ports.agent, self.now()
        match item:
            case inbox.IqArrived(sender, iq_id, payload):
                return agent.receive_iq(sender, iq_id, payload, now)
            case inbox.MessageArrived():
                carbon, own = item.carbon, item.sent_by_us
                return agent.receive_message(item.sender, item.to, item.payload, now, carbon=carbon, sent_by_us=own)
            case inbox.Bounced(sender, proposal, condition):
                return agent.bounced(sender, proposal, condition, now)
            case inbox.Replied(token, error):
                return agent.replied(token, error, now)
            case inbox.ResourceGone(full_jid):
                return agent.resource_gone(full_jid, now)

    # --- steps -------------------------------------------------------------------------------------------------

    def _ask_menu(self, event: ev.Event) -> None:
        """Events pass the menus, which may take the user's or put others in their place; any wakes the display."""
        self._handled(menu.handle(self.menu, event, self.phone, self.book))

    def _tell(self, events: tuple[ev.Event, ...]) -> None:
        for event in events:
            self._step(event)

    def _handled(self, handled: Handled) -> None:
        self.menu = handled.menu
        for each in handled.events:
            self._step(each)
        for request in handled.requests:
            self.guard.attempt(self.acts.request, request)

    def _read_book(self) -> None:
        self.book = self.ports.book()
        self.menu = menu.refresh(self.menu, self.book)

    def _count_messages(self, _: None) -> None:
        mail = Mail(self.book.box.new + self.ports.mail.coming, self.book.box.old)
        if mail != self.phone.mail:
            self._step(ev.MailChanged(mail.new, mail.old, self.now()))

    def _of_messages(self, item: inbox.OfMessages) -> None:
        mail, now = self.ports.mail, self.now()
        match item:
            case inbox.Answered(token, payload):
                if not self.acts.leaving.answered(token, payload, now):
                    mail.answered(token, payload, now)
            case inbox.Published(sender, event):
                mail.published(sender, event, now)
            case inbox.MailTold(news):
                self._tell(mail.told(news, now))
                if isinstance(news, BoxChanged):
                    self._read_book()

    def _step(self, event: ev.Event) -> None:
        before = {c.id: c.progress for c in self.phone.calls}
        self.phone, commands = step(self.phone, event)
        for c in self.phone.calls:
            if before.get(c.id) is not c.progress:
                log_progress(c, before.get(c.id), event)
                if c.up and (full := self.ports.agent.peer(c.id)):
                    self.ports.client.learn(full)  # what it can decides how it is transferred
        for command in commands:
            self.guard.attempt(self.acts.command, command)

    def _time_passed(self, now: float) -> None:
        for event in self.tester.expire(now):
            self._ask_menu(event)
        if (due := menu.deadline(self.menu)) is not None and due <= now:
            self._ask_menu(ev.Ticked(now))
        if (due := deadlines(self.phone)) is not None and due <= now:
            self._step(ev.Ticked(now))
        if (due := self.ports.agent.deadline()) is not None and due <= now:
            self.acts.carry_out(self.ports.agent.expire(now))
        self.acts.leaving.expire(now)
        self.capturing.expire(now)
        self.ports.mail.expire(now)

    def _service(self, service: Service, detail: str) -> None:
        self.service_detail = detail
        if service is Service.ONLINE and (own := self.ports.client.full_jid):
            self.ports.agent.own = own
            self.ports.mail.online(own, self.now())
        elif service is not Service.ONLINE:
            self.ports.mail.offline()
        log.info("service %s -> %s %s", self.phone.service.name, service.name, detail)
        self._step(ev.ServiceChanged(service, self.now()))

    def _capable(self, full_jid: str, *, transfer: bool) -> None:
        for call in self.phone.calls:
            if call.live and self.ports.agent.peer(call.id) == full_jid:
                self._step(ev.Capable(call.id, transfer, self.now()))

    def _name(self, jid: str, name: str) -> None:
        for call in self.phone.calls:
            if bare(call.peer) == jid:
                self._step(ev.Named(call.id, name, self.now()))

    # --- reports of the media process ----------------------------------------------------------------------------

    def _of_media(self, item: inbox.MediaTold | inbox.MediaRestarted) -> None:
        match item:
            case inbox.MediaRestarted():
                self.levels.begin_media_anew()  # the new process gets the plan
                self._media.lost()
            case inbox.MediaTold(planrecordings.PlayAt(token, ms)):
                self.menu = menu.playing(self.menu, token, ms, self.now())
            case inbox.MediaTold(planrecordings.PlayDone(token, trouble)):
                self._played(token, trouble)
            case inbox.MediaTold(report):
                self._media.told(report)

    def _played(self, token: int, trouble: str) -> None:
        if trouble:
            log.warning("%s", trouble)
        if token == dictation_token(self.phone):
            self._step(ev.PromptOver(self.now()))
        else:
            self._handled(menu.played(self.menu, token, trouble, self.phone, self.book, self.now()))

    # --- levels and timers ---------------------------------------------------------------------------------------

    def _settle(self) -> None:
        self.guard.attempt(self._follow, self.phone)
        now, capture = self.now(), self.capturing.token
        self.levels.follow(Seen(self.phone, self.menu, self.book, now, capture, self.tester.demand()))
        self.guard.attempt(self._forget, self.phone)
        self._arm()

    def _follow(self, phone: Phone) -> None:
        """The mailbox's menu opens and closes with the core's word."""
        self._handled(menu.follow(self.menu, phone, self.book, self.now()))

    def _forget(self, _: Phone) -> None:
        self.measured.forget_all_but(frozenset(w.id for w in self.ports.agent.wishes()))

    def _arm(self) -> None:
        now = self.now()
        shown = self.ports.screen_due(self.phone, self.menu, now)
        of_rooms = (self.ports.agent.deadline(), self.acts.leaving.deadline(), self.ports.mail.deadline())
        of_keepers = (self.capturing.deadline(), self.tester.deadline())
        times = (deadlines(self.phone), menu.deadline(self.menu), shown, *of_rooms, *of_keepers)
        due = min(t for t in times if t is not None)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(
            max(due, now + _AFTER_FAULT) if self.guard.hurt else due, self.post, inbox.TimePassed()
        )
