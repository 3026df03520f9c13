"""The mailroom of one phone, put together from the config."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from phone.boxkeeper import BoxKeeper
from phone.clock import SystemClock
from phone.config import Config
from phone.mailnews import MailNews, Posted
from phone.mailroom import Mailroom
from phone.prompts import Prompts
from phone.remotebox import RemoteBox
from phone.sending import Sender, notice
from phone.takes import Takes
from phone.voicemail.box import Mailbox
from phone.voicemail.courier import Courier
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Limits
from phone.voicemail.outbox import Outbox
from phone.xmpp.api import Client
from phone.xmpp.jids import bare

_MAILBOX = "voicemail"
_GREETINGS = "greetings"
_OUTBOX = "outgoing"


def mailroom(config: Config, client: Client, prompts: Prompts, post: Callable[[MailNews], None]) -> Mailroom:
    """`post` is called on the loop. To be made on the loop; opening the mailbox blocks on the card."""
    loop = asyncio.get_running_loop()

    def from_thread(news: MailNews) -> None:
        loop.call_soon_threadsafe(post, news)

    greetings = Greetings(config.state_dir / _GREETINGS, config.voicemail.greeting, _built_in(prompts))
    mailbox = Mailbox(config.state_dir / _MAILBOX, _limits(config))
    outbox, sender = Outbox(config.state_dir / _OUTBOX), Sender(client)
    courier = Courier(
        outbox,
        sender.upload,
        sender.send,
        online=lambda: sender.online,
        tell=lambda news: post(Posted(notice(news))),
        artist=config.account.jid,
    )
    keeper = BoxKeeper(mailbox, greetings, from_thread)
    return Mailroom(
        takes=Takes(from_thread),
        keeper=keeper,
        greetings=greetings,
        clock=SystemClock(),
        silence=config.voicemail.silence_seconds,
        outbox=outbox,
        courier=courier,
        sender=sender,
        remote=RemoteBox(config.account.jid, client, keeper),
        name=lambda jid: client.name_of(bare(jid)) or bare(jid),
        known=client.is_contact,
    )


def _built_in(prompts: Prompts) -> Path | None:
    path = prompts.path("greeting")
    return Path(path) if path else None


def _limits(config: Config) -> Limits:
    return Limits(bytes=config.voicemail.most_megabytes << 20, days=config.voicemail.days)
