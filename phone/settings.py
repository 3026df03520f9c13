"""From the config to what the rooms take: pure translation, no policy of its own."""

from __future__ import annotations

import secrets

from phone.calls.model import Habits, IdSource, Memory, Phone, Timers
from phone.calls.numbers import DialPlan
from phone.config import Config
from phone.xmpp.api import Account
from phone.xmpp.jids import domain


def account(config: Config) -> Account:
    """How to sign in."""
    host, port = server_of(config.account.server)
    return Account(
        jid=config.account.jid,
        password=config.account.secret(),
        resource=config.account.resource,
        host=host,
        port=port,
        direct_tls=config.account.direct_tls,
        ca_file=config.account.ca_file,
        services=config.network.stun,
    )


def server_of(server: str | None) -> tuple[str | None, int | None]:
    """Host and port, as `account.server` and others name them; an IPv6 address without its brackets."""
    if server is None:
        return None, None
    host, colon, port = server.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return server.strip("[]"), None


def dial_plan(config: Config) -> DialPlan:
    """Raises DigitMapError."""
    host = config.dial.domain or domain(config.account.jid)
    return DialPlan.of(host, config.dial.gateway, config.dial.digit_map, config.dial.short)


def fresh_phone(config: Config, remembered: Memory, texts: int) -> Phone:
    """The state at start; `texts`: how many ready-made texts there are."""
    locked = remembered.locked and bool(config.calls.lock_code)  # a lock without a code could never be opened
    return Phone(
        ids=IdSource(secrets.token_bytes(32)),
        last_dialled=remembered.last_dialled,
        handset_volume=remembered.handset_volume,
        ringer_volume=remembered.ringer_volume,
        speaker_volume=remembered.speaker_volume,
        dnd=remembered.dnd,
        locked=locked,
        plan=dial_plan(config),
        habits=_habits(config, texts),
        timers=Timers(
            inter_digit=config.dial.inter_digit_seconds,
            ring=config.ring_seconds,
            no_answer=config.no_answer_seconds,
            hold_reminder=config.calls.reminder_seconds,
            hotline=config.dial.hotline_seconds,
            answer=config.voicemail.answer_seconds,
            longest_message=config.voicemail.longest_seconds,
        ),
        country=config.country,
    )


def _habits(config: Config, texts: int) -> Habits:
    return Habits(
        has_speaker=bool(config.audio.speaker.playback),
        waiting=config.calls.waiting,
        max_calls=config.calls.most,
        emergency=frozenset(config.dial.emergency),
        lock_code=config.calls.lock_code,
        hotline=config.dial.hotline,
        speed=tuple(sorted(config.dial.speed.items())),
        ring=config.calls.ring,
        texts=texts,
        answers=config.voicemail.answer,
        answers_busy=config.voicemail.busy,
        answers_dnd=config.voicemail.dnd,
    )
