"""The mailbox that the server keeps for this account, followed: what one phone of the user plays stops blinking on all.

The machine is `voicemail.follow.Follower`; here its steps are carried out. On the loop; the card's part is the
keeper's, and comes back with the box that it tells.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Protocol
from xml.etree.ElementTree import Element

from phone.boxkeeper import BoxKeeper
from phone.mailnews import BoxChanged
from phone.voicemail.asking import Ask
from phone.voicemail.follow import Changed, Fetched, Follower, GreetingTold, Steps, Told
from phone.voicemail.wire import RemoteMessage
from phone.xmpp.jids import bare


class Client(Protocol):
    """`xmpp.api.Client`, as far as it is used here."""

    def ask(self, to: str, payload: Element, token: str, *, kind: Literal["get", "set"] = "get") -> None: ...

    def name_of(self, jid: str) -> str | None: ...


@dataclass(slots=True)
class RemoteBox:
    """Of one account; `own` is its bare JID."""

    own: str
    client: Client
    keeper: BoxKeeper
    coming: int = 0
    """New messages that are not here yet, but will be in a moment."""
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = Follower(self.own, secrets.token_urlsafe)

    def online(self, full_jid: str, now: float) -> None:
        """Signed in anew."""
        self._do(self.follower.online(full_jid, now))

    def offline(self) -> None:
        """Nothing will be answered."""
        self.follower.offline()
        self.coming = 0

    def changed(self, news: BoxChanged, now: float) -> None:
        """The mailbox here is another one now."""
        if news.followed is not None:
            self._do(self.follower.local(news.followed, now))
        self._do(self.follower.greeting(news.owed, now))

    def answered(self, token: str, payload: Element | None, now: float) -> None:
        """The reply to a question of its own, or of somebody else."""
        self._do(self.follower.answered(token, payload, now))

    def published(self, sender: str, event: Element, now: float) -> None:
        """The server's mailbox has changed, if it is that one's."""
        self._do(self.follower.published(sender, event, now))

    def deadline(self) -> float | None:
        """When `expire` is to be called."""
        return self.follower.deadline

    def expire(self, now: float) -> None:
        """Time has passed."""
        if (due := self.follower.deadline) is not None and due <= now:
            self._do(self.follower.expire(now))

    def _do(self, steps: Steps) -> None:
        mailbox, greetings = self.keeper.mailbox, self.keeper.greetings
        for step in steps:
            match step:
                case Ask(to, payload, token, kind):
                    self.client.ask(to, payload, token, kind=kind)
                case Changed(snapshot):
                    self.keeper.do(partial(mailbox.follow, snapshot))
                case Fetched(message, sound):
                    self.keeper.do(partial(mailbox.add, self._named(message), sound))
                case Told(id, state):
                    self.keeper.do(partial(mailbox.told, id, state))
                case GreetingTold(owed):
                    self.keeper.do(partial(greetings.told, owed))
        self.coming = self.follower.coming

    def _named(self, message: RemoteMessage) -> RemoteMessage:
        """The owner's telephone book knows callers better than the service, as with calls."""
        name = self.client.name_of(bare(message.caller.jid))
        return message if name is None else replace(message, caller=replace(message.caller, name=name))
