"""Messages behind the calls: what is recorded becomes a letter of the mailbox, a greeting or a message to somebody.

Runs on the loop; whatever touches the card is done in threads (`takes`, `boxkeeper`), whose word comes back through the
engine's inbox as `MailNews`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from phone.boxkeeper import BoxKeeper
from phone.calls import events as ev
from phone.calls.commands import StartRecording, StopRecording
from phone.calls.events import Event, RecordingEnd
from phone.calls.model import CallId, Notice, Trouble
from phone.clock import Clock
from phone.mailnews import BoxChanged, MailNews, Posted
from phone.media.planrecordings import Recorded
from phone.remotebox import RemoteBox
from phone.sayings import GREETING
from phone.sending import Sender
from phone.takes import Ended, Recording, Takes, Troubled
from phone.ui import menu
from phone.ui.book import Box
from phone.voicemail.courier import Courier
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Caller, Failure, Message, State
from phone.voicemail.message import Trouble as CardTrouble
from phone.voicemail.outbox import Outbox
from phone.xmpp.jids import bare

log = logging.getLogger(__name__)

_FULL = frozenset({CardTrouble.FULL, CardTrouble.QUOTA})
_SETTLE_EVERY = 600.0
"""Seconds: how often messages expire, and what a full card kept from being listed is tried again."""
_SETTLE_SOON = 30.0


@dataclass(slots=True)
class _Talk:
    """Whose words are recorded."""

    name: str
    dictated: bool = False
    """By the user, for that name; else a caller's."""
    silent: bool = False
    """It was told that nobody speaks any more."""


@dataclass(slots=True)
class Mailroom:
    """One phone's."""

    takes: Takes
    keeper: BoxKeeper
    greetings: Greetings
    clock: Clock
    silence: float
    """Seconds without speech after which a message is over."""
    outbox: Outbox
    courier: Courier
    sender: Sender
    remote: RemoteBox
    name: Callable[[str], str]
    """What the display calls an address."""
    known: Callable[[str], bool]
    """Whether an address is in the telephone book: others have but a part of the mailbox."""
    box: Box = field(default_factory=Box)
    """As it was told last."""
    _talks: dict[str, _Talk] = field(default_factory=dict)
    _dictation: str = ""
    """The source of the dictation that goes on."""
    _settle_at: float = 0.0

    def begin(self) -> None:
        """Tell the box for the first time."""
        self.keeper.refresh()

    # --- recordings (`ports.Mail`) --------------------------------------------------------------------------------

    def record(self, command: StartRecording, source: str) -> None:
        """A message begins."""
        call = command.call
        if call is None:
            self._dictation, to, stamp = source, command.to, self.clock.wall()
            self._talks[source] = _Talk(self.name(to), dictated=True)
            self.takes.begin(source, lambda: self.outbox.begin(to, self.name(to), stamp))
            return
        caller, stamp = Caller(bare(call.peer), call.name), self.clock.wall()  # to be called back on any device
        self._talks[source] = _Talk(call.name)
        known = self.known(caller.jid)
        self.takes.begin(source, lambda: self.keeper.mailbox.begin(caller, stamp, known=known))

    def stop(self, command: StopRecording, now: float) -> None:
        """It ends."""
        source = self._dictation if command.id is None else command.id
        self.takes.stop(source, now, keep=command.keep)

    def sound(self, report: Recorded) -> tuple[Event, ...]:
        """More of it; a caller who has said nothing for long has left."""
        self.takes.sound(report)
        talk = self._talks.get(report.source)
        if talk is None or talk.silent or report.silent_ms < self.silence * 1000:
            return ()
        talk.silent = True
        return (ev.RecordingStopped(self._leg(report.source, talk), RecordingEnd.SILENCE, self.clock.monotonic()),)

    def all_in(self, source: str) -> None:
        """Nothing more comes of it."""
        self.takes.all_in(source)

    def media_lost(self) -> tuple[Event, ...]:
        """The media process died. The legs end by themselves; a dictation does not."""
        self.takes.media_lost()
        if not self._dictation:
            return ()
        return (ev.RecordingStopped(None, RecordingEnd.FAILED, self.clock.monotonic()),)

    # --- news of the threads --------------------------------------------------------------------------------------

    def told(self, news: MailNews, now: float) -> tuple[Event, ...]:
        """What the core is to be told of it."""
        match news:
            case BoxChanged():
                self.box = self.box if self.box == news.box else news.box  # the menu compares by identity
                self.remote.changed(news, now)
                return ()
            case Posted(notice):
                return (ev.Told(notice, now),)
            case Troubled(source, trouble):
                return self._troubled(source, trouble, now)
            case Ended(source, result):
                return self._ended(source, result, now)

    def _troubled(self, source: str, trouble: CardTrouble, now: float) -> tuple[Event, ...]:
        talk = self._talks.get(source)
        if talk is None or source == GREETING:
            return ()
        why = RecordingEnd.FULL if trouble in _FULL else RecordingEnd.FAILED
        return (ev.RecordingStopped(self._leg(source, talk), why, now),)

    def _ended(self, source: str, result: Message | Failure | None, now: float) -> tuple[Event, ...]:
        self.keeper.refresh()
        talk = self._talks.pop(source, None)
        if isinstance(result, Failure):
            self._settle_at = now + _SETTLE_SOON
        if talk is None or source == GREETING:
            return ()
        if talk.dictated:
            return self._dictated(source, talk, result, now)
        if isinstance(result, Message):
            return (ev.Told(Notice(Trouble.MESSAGE_TAKEN, talk.name), now),)
        lost = isinstance(result, Failure) and result.trouble is not CardTrouble.TOO_SHORT
        return (ev.Told(Notice(Trouble.NO_MESSAGE, talk.name), now),) if lost else ()

    def _dictated(self, source: str, talk: _Talk, result: Message | Failure | None, now: float) -> tuple[Event, ...]:
        if source == self._dictation:  # by now the user may dictate another one
            self._dictation = ""
        if isinstance(result, Message):
            self.courier.wake()
            return ()
        return (ev.Told(Notice(Trouble.NO_MESSAGE, talk.name), now),)

    def _leg(self, source: str, talk: _Talk) -> CallId | None:
        return None if talk.dictated else CallId(source)

    # --- the menu -------------------------------------------------------------------------------------------------

    def request(self, request: menu.BoxRequest, now: float) -> None:
        """What the user asks for."""
        keeper, greetings = self.keeper, self.greetings
        match request:
            case menu.MarkHeard(id):
                keeper.mark(id, State.HEARD)
            case menu.KeepLetter(id):
                keeper.mark(id, State.KEPT)
            case menu.DeleteLetter(id):
                keeper.mark(id, State.DELETED)
            case menu.UndoDelete():
                keeper.undo()
            case menu.LeaveBox():
                keeper.purge()
            case menu.RecordGreeting():
                self._talks[GREETING], stamp = _Talk(GREETING), self.clock.wall()
                self.takes.begin(GREETING, lambda: self._draft(stamp))
            case menu.StopGreeting():
                self.takes.stop(GREETING, now, keep=True)
            case menu.UseGreeting():
                keeper.do(greetings.commit)
            case menu.DropGreeting():
                self.takes.stop(GREETING, now, keep=False)
                keeper.do(greetings.discard)
            case menu.RemoveGreeting():
                keeper.do(greetings.remove)
            case menu.SkipBy():
                log.error("skipping is the sound process's")

    @property
    def coming(self) -> int:
        """New messages that the server has and the card has not yet."""
        return self.remote.coming

    # --- the network ----------------------------------------------------------------------------------------------

    def online(self, full_jid: str, now: float) -> None:
        """There is service: what waits can be sent, and the server's mailbox is looked at."""
        self.sender.online = True
        self.courier.wake()
        self.remote.online(full_jid, now)

    def offline(self) -> None:
        """There is none."""
        self.sender.online = False
        self.remote.offline()

    def answered(self, token: str, payload: Element | None, now: float) -> None:
        """The reply to a question of ours."""
        if not self.sender.answered(token):
            self.remote.answered(token, payload, now)

    def published(self, sender: str, event: Element, now: float) -> None:
        """The server's mailbox has changed."""
        self.remote.published(sender, event, now)

    def _draft(self, stamp: float) -> Recording | Failure:
        """In the recorder's thread: the draft that there was is gone with this one's beginning."""
        begun = self.greetings.begin(stamp)
        self.keeper.refresh()
        return begun

    # --- time -----------------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `expire` is to be called (monotonic seconds)."""
        others = (self.takes.deadline(), self.remote.deadline())
        return min((self._settle_at, *(at for at in others if at is not None)))

    def expire(self, now: float) -> None:
        """End recordings whose sound stays away; now and then, bring the mailbox in order."""
        self.takes.expire(now)
        self.remote.expire(now)
        if self._settle_at <= now:
            self._settle_at = now + _SETTLE_EVERY
            self.keeper.settle(self.clock.wall() if self.sender.online else None)  # without service it may be wrong

    def close(self) -> None:
        """All is on the card when this returns."""
        self.takes.close()
        self.keeper.close()
        self.keeper.mailbox.close()
        self.outbox.close()
