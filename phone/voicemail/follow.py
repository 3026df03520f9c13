"""Follows the service's mailbox, so that what one device plays stops blinking on the others.

A machine without IO: it says what to ask and takes the answers. `listing` knows the service's mailbox. What of it is
not here yet is fetched, one message at a time; what the user did is told, again and again until the service has it.

How it is used: `online`, `offline`, `answered`, `published` and `expire` (at `deadline`) as they happen. `Changed`:
`box.follow(snapshot)`. `Fetched`: `box.add(message, sound)`. `Told`: `box.told(id, state)`. After each of these, and
after each change that the user makes: `local(box.followed())`; nothing is fetched or told before the first time.
`greeting(greetings.owed())` at any time; `GreetingTold`: `greetings.told(owed)`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from phone.voicemail.asking import Ask, Question
from phone.voicemail.fetching import Download, GreetingUpload
from phone.voicemail.finding import Mailbox
from phone.voicemail.greeting import Owed
from phone.voicemail.listing import Listing
from phone.voicemail.message import State
from phone.voicemail.remote import Followed, Snapshot
from phone.voicemail.wire import Mark, RemoteMessage, request_element

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changed:
    """The service's mailbox is this now."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message of it that was not here: an Ogg Opus file, nothing of which was checked."""

    message: RemoteMessage
    sound: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """The service knows what the user did, or has no such message any more."""

    id: str
    state: State


@dataclass(frozen=True, slots=True)
class GreetingTold:
    """The service has the greeting."""

    owed: Owed


Step = Ask | Changed | Fetched | Told | GreetingTold
Steps = tuple[Step, ...]


class Follower:
    """One account's mailbox. `own`: its full or bare JID. Each method gives what to do, in order."""

    def __init__(self, own: str, new_id: Callable[[], str]) -> None:
        self._listing = Listing(own, new_id)
        self._sound, self._mark, self._greet = Question(new_id), Question(new_id), Question(new_id)
        self._revision = self._listed = 0
        self._local: Followed | None = None
        self._download: Download | None = None
        self._handed: set[str] = set()
        """Fetched, or given up, since the last list."""
        self._handing = ""
        """What was fetched, and is not in the mailbox yet."""
        self._marking: Mark | None = None
        self._marked: set[Mark] = set()
        self._refused: set[Mark] = set()
        """To be told after the others."""
        self._upload: GreetingUpload | None = None

    @property
    def deadline(self) -> float | None:
        """When `expire` should be called."""
        dues = (self._listing.due, self._sound.due, self._mark.due, self._greet.due)
        return min((due for due in dues if due is not None), default=None)

    @property
    def coming(self) -> int:
        """New messages that the service has and this phone will have in a moment."""
        local, known = self._local, self._listing.messages
        if local is None or not known:
            return 0
        fresh = [each for each in known.values() if each.state is State.NEW]
        return sum(each.id == self._handing or self._missing(each, known, local) for each in fresh)

    # --- what happens ---

    def online(self, full_jid: str, now: float) -> Steps:
        """Signed in anew, as `full_jid`."""
        self.offline()
        return self._listing.online(full_jid, now)

    def offline(self) -> None:
        """The connection is gone: nothing will be answered."""
        self._listing.offline()
        for each in (self._sound, self._mark, self._greet):
            each.reset()
        self._download, self._marking, self._handing = None, None, ""
        self._upload = None if self._upload is None else GreetingUpload(self._upload.sound)

    def local(self, followed: Followed, now: float) -> Steps:
        """What the mailbox here has, and what the user did that the service is not known to know."""
        self._local = followed
        self._handing = ""
        self._marked &= set(_marks(followed))
        return self._go_on(now)

    def greeting(self, owed: Owed | None, now: float) -> Steps:
        """What callers of the service are to hear; None: what they do hear."""
        if owed is None:
            self._upload = None
            self._greet.reset()
        elif self._upload is None or self._upload.sound != owed.sound:
            self._upload = GreetingUpload(owed.sound)
            self._greet.reset()
        return self._go_on(now)

    def answered(self, token: str, payload: Element | None, now: float) -> Steps:
        """The answer to an `Ask`: a result's payload, or None for an error. Other tokens are none of ours."""
        asks = self._listing.answered(token, payload, now)
        if asks is not None:
            return (*asks, *self._go_on(now))
        for question, take in self._answers():
            if question.answers(token):
                return (*take(payload, now), *self._go_on(now))
        return ()

    def published(self, sender: str, payload: Element, now: float) -> Steps:
        """An event of a node (XEP-0060), by whomsoever."""
        self._listing.published(sender, payload)
        return self._go_on(now)

    def expire(self, now: float) -> Steps:
        """What was waited for long enough."""
        steps: Steps = self._listing.expire(now)
        for question, take in self._answers():
            if question.silent(now):
                steps += take(None, now)
            question.rested(now)
        return (*steps, *self._go_on(now))

    def _answers(self) -> tuple[tuple[Question, Callable[[Element | None, float], Steps]], ...]:
        return ((self._sound, self._sounded), (self._mark, self._told), (self._greet, self._greeted))

    # --- what is to be done about it ---

    def _go_on(self, now: float) -> Steps:
        mailbox, known = self._listing.mailbox, self._listing.messages
        if mailbox is None or known is None:
            return ()
        steps = (*self._changed(), *self._send_greeting(mailbox, now))
        if self._local is not None:
            steps += self._tell(mailbox, known, self._local, now)
            steps += self._fetch(mailbox, known, self._local, now)
        return steps

    def _changed(self) -> Steps:
        if self._listed != self._listing.listed:
            self._listed = self._listing.listed
            self._handed.clear()
        if self._revision == self._listing.revision:
            return ()
        self._revision = self._listing.revision
        return (Changed(self._listing.snapshot),)

    def _tell(self, mailbox: Mailbox, known: dict[str, RemoteMessage], local: Followed, now: float) -> Steps:
        """First what it knows already, or cannot any more; then one question."""
        busy = self._marking.id if self._marking is not None else ""
        open_ = [mark for mark in _marks(local) if mark.id != busy]
        whole = self._listing.whole
        needless = [m for m in open_ if m not in self._marked and _needless(m, known.get(m.id), whole=whole)]
        self._marked |= set(needless)
        steps: Steps = tuple(Told(mark.id, mark.state) for mark in needless)
        rest = [mark for mark in open_ if mark not in self._marked]
        if rest and self._mark.idle:
            self._marking = next((mark for mark in rest if mark not in self._refused), rest[0])
            steps += (self._mark.ask(mailbox.address, request_element(self._marking), now, "set"),)
        return steps

    def _told(self, payload: Element | None, now: float) -> Steps:
        mark, self._marking = self._marking, None
        if mark is None:
            return ()
        if payload is None:
            self._refused = {mark} if mark in self._refused else {*self._refused, mark}
            self._mark.pause(now)
            return ()
        self._mark.well()
        self._refused.discard(mark)
        self._marked.add(mark)
        self._listing.marked(mark)
        return (Told(mark.id, mark.state),)

    def _fetch(self, mailbox: Mailbox, known: dict[str, RemoteMessage], local: Followed, now: float) -> Steps:
        if not self._sound.idle or self._handing:
            return ()
        if self._download is None or not self._missing(self._download.message, known, local):
            missing = [each for each in known.values() if self._missing(each, known, local)]
            self._download = Download(min(missing, key=_urgency)) if missing else None
        if self._download is None:
            return ()
        return (self._sound.ask(mailbox.address, self._download.request(), now),)

    def _missing(self, message: RemoteMessage, known: dict[str, RemoteMessage], local: Followed) -> bool:
        id = message.id  # noqa: A001 - the field's word
        here = id in local.origins or id in self._handed or local.marks.get(id) is State.DELETED
        return id in known and not here

    def _sounded(self, payload: Element | None, now: float) -> Steps:
        download = self._download
        if download is None:
            return ()
        if not download.take(payload):
            self._sound.pause(now)
            if download.hopeless:
                log.warning("the message %s cannot be fetched: it is tried later", download.message.id)
                self._forget(download)
            return ()
        self._sound.well()
        if not download.complete:
            return ()
        self._forget(download)
        self._handing = download.message.id
        message = (self._listing.messages or {}).get(download.message.id, download.message)
        return (Fetched(message, download.data),)

    def _forget(self, download: Download) -> None:
        self._download = None
        self._handed.add(download.message.id)

    def _send_greeting(self, mailbox: Mailbox, now: float) -> Steps:
        if self._upload is None or not self._greet.idle:
            return ()
        return (self._greet.ask(mailbox.address, self._upload.request(), now, "set"),)

    def _greeted(self, payload: Element | None, now: float) -> Steps:
        upload = self._upload
        if upload is None:
            return ()
        if not upload.take(payload):
            self._greet.pause(now)
            return ()
        self._greet.well()
        if not upload.complete:
            return ()
        self._upload = None
        return (GreetingTold(Owed(upload.sound)),)


def _marks(followed: Followed) -> list[Mark]:
    return [Mark(origin, state) for origin, state in followed.marks.items()]


def _needless(mark: Mark, there: RemoteMessage | None, *, whole: bool) -> bool:
    return whole if there is None else there.state is mark.state


def _urgency(message: RemoteMessage) -> tuple[bool, float]:
    """New ones first, of them the latest."""
    return (message.state is not State.NEW, -message.stamp)
