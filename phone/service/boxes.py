"""Mailboxes in the store: work for `Store.read` and `Store.write`. Owners and callers are bare JIDs in normal form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, or_, select, update

from phone.service.schema import blocked, delivery, greeting, mailbox, message, sound
from phone.service.upsert import put
from phone.voicemail.message import Caller, State
from phone.voicemail.wire import RemoteMessage

UNDO_SECONDS: Final = 3600.0
"""A deleted message can be had back for so long."""
_DAY: Final = 86_400.0

_SHOWN = (message.c.id, message.c.state, message.c.caller, message.c.name, message.c.stamp, message.c.seconds)
_COLUMNS = (*_SHOWN, message.c.size)


@dataclass(frozen=True, slots=True)
class Used:
    """What a mailbox holds, deleted messages included as long as they can be had back."""

    messages: int
    bytes: int


# --- who has one ----------------------------------------------------------------------------------------------


def enabled(connection: Connection, owner: str) -> bool | None:
    """Whether a mailbox takes messages; None: it was never listed."""
    return connection.execute(select(mailbox.c.enabled).where(mailbox.c.owner == owner)).scalar_one_or_none()


def enlist(connection: Connection, owner: str, now: float, *, on: bool) -> None:
    """List a mailbox, or change whether it takes messages."""
    put(connection, mailbox, {"owner": owner}, {"enabled": on, "created": now}, keep={"created"})


def strike(connection: Connection, owner: str) -> bool:
    """List it no more; its messages stay. Whether it was listed."""
    return connection.execute(delete(mailbox).where(mailbox.c.owner == owner)).rowcount > 0


def listed(connection: Connection) -> tuple[tuple[str, bool], ...]:
    """Owners, and whether their mailboxes take messages."""
    rows = connection.execute(select(mailbox.c.owner, mailbox.c.enabled).order_by(mailbox.c.owner))
    return tuple((owner, on) for owner, on in rows)


def block(connection: Connection, owner: str, caller: str, *, on: bool) -> None:
    """`caller`: a bare JID or a domain that may leave no messages there, or may again."""
    if on:
        put(connection, blocked, {"owner": owner, "caller": caller}, {})
    else:
        connection.execute(delete(blocked).where(blocked.c.owner == owner, blocked.c.caller == caller))


def blocked_by(connection: Connection, owner: str) -> tuple[str, ...]:
    """Callers and domains."""
    rows = connection.execute(select(blocked.c.caller).where(blocked.c.owner == owner).order_by(blocked.c.caller))
    return tuple(rows.scalars())


def is_blocked(connection: Connection, owner: str, caller: str) -> bool:
    """By address or by domain."""
    either = blocked.c.caller.in_((caller, caller.rpartition("@")[2]))
    return connection.execute(select(blocked.c.owner).where(blocked.c.owner == owner, either)).first() is not None


# --- messages -------------------------------------------------------------------------------------------------


def add(connection: Connection, owner: str, kept: RemoteMessage, data: bytes) -> None:
    """A new message. One of that id that is there already (a recording found twice) stays as it is."""
    if connection.execute(select(message.c.id).where(message.c.id == kept.id)).first() is not None:
        return
    connection.execute(insert(sound).values(id=kept.id, data=data))
    connection.execute(
        insert(message).values(
            id=kept.id,
            owner=owner,
            caller=kept.caller.jid,
            name=kept.caller.name,
            stamp=kept.stamp,
            seconds=kept.seconds,
            size=kept.size,
            state=kept.state.value,
        )
    )


def get(connection: Connection, owner: str, id: str) -> RemoteMessage | None:
    """One that is not deleted."""
    row = connection.execute(select(*_COLUMNS).where(*_there(owner), message.c.id == id)).mappings().first()
    return None if row is None else _message(row)


def page(connection: Connection, owner: str, after: str, limit: int) -> tuple[RemoteMessage, ...] | None:
    """The first `limit` by time, or those behind the message `after`; None: that is not there."""
    query = select(*_COLUMNS).where(*_there(owner)).order_by(message.c.stamp, message.c.id).limit(limit)
    if after:
        last = get(connection, owner, after)
        if last is None:
            return None
        behind = and_(message.c.stamp == last.stamp, message.c.id > last.id)
        query = query.where(or_(message.c.stamp > last.stamp, behind))
    return tuple(map(_message, connection.execute(query).mappings()))


def count(connection: Connection, owner: str) -> int:
    """Messages that are not deleted."""
    return connection.execute(select(func.count()).select_from(message).where(*_there(owner))).scalar_one()


def used(connection: Connection, owner: str) -> Used:
    """To be held against the limits."""
    total = select(func.count(), func.coalesce(func.sum(message.c.size), 0)).where(message.c.owner == owner)
    count, size = connection.execute(total).one()
    return Used(count, int(size))


def mark(connection: Connection, owner: str, id: str, state: State, now: float) -> RemoteMessage | None:
    """The message as it is now, also one that is deleted; None: it is gone for good, or never was."""
    moment = now if state is State.DELETED else None
    mine = and_(message.c.owner == owner, message.c.id == id)
    change = update(message).where(mine).values(state=state.value, deleted=moment).returning(*_COLUMNS)
    row = connection.execute(change).mappings().first()
    return None if row is None else _message(row)


def sound_of(connection: Connection, id: str) -> bytes | None:
    """The Ogg Opus file of a message or of a mail."""
    return connection.execute(select(sound.c.data).where(sound.c.id == id)).scalar_one_or_none()


def part_of(connection: Connection, owner: str, id: str, offset: int, count: int) -> tuple[bytes, int] | None:
    """Bytes of a message's file, and how many it has; None: there is no such message."""
    piece = func.substr(sound.c.data, offset + 1, count)
    both = select(piece, func.length(sound.c.data)).join(message, message.c.id == sound.c.id)
    row = connection.execute(both.where(*_there(owner), message.c.id == id)).first()
    return None if row is None else (bytes(row[0]), int(row[1]))


def expired(connection: Connection, now: float, days: float, most: int = 200) -> tuple[tuple[str, str, bool], ...]:
    """(owner, id, whether it is new to the phones) of messages that went for good: those deleted for a while, and, if
    `days` is not 0, those older than that which nobody kept.
    """
    gone = message.c.deleted < now - UNDO_SECONDS
    if days:
        gone = or_(gone, and_(message.c.stamp < now - days * _DAY, message.c.state != State.KEPT.value))
    rows = connection.execute(select(message.c.owner, message.c.id, message.c.deleted).where(gone).limit(most)).all()
    ids = [row.id for row in rows]
    connection.execute(delete(message).where(message.c.id.in_(ids)))
    connection.execute(delete(delivery).where(delivery.c.sound.in_(ids), delivery.c.kind == "chat"))
    drop_sounds(connection, ids)
    return tuple((row.owner, row.id, row.deleted is None) for row in rows)


def drop_sounds(connection: Connection, ids: list[str]) -> None:
    """Those that no message and no delivery needs any more."""
    messages = select(message.c.id).where(message.c.id == sound.c.id)
    deliveries = select(delivery.c.id).where(delivery.c.sound == sound.c.id)
    connection.execute(delete(sound).where(sound.c.id.in_(ids), ~messages.exists(), ~deliveries.exists()))


# --- greetings ------------------------------------------------------------------------------------------------


def greet(connection: Connection, owner: str, data: bytes | None, version: str) -> None:
    """What callers hear from now on; None: the service's own."""
    if data is None:
        connection.execute(delete(greeting).where(greeting.c.owner == owner))
    else:
        put(connection, greeting, {"owner": owner}, {"data": data, "version": version})


def greeting_of(connection: Connection, owner: str, known: str) -> tuple[str, bytes | None]:
    """(version, file) of what the owner recorded; no file if the version is the `known` one; ("", None): none."""
    version = connection.execute(select(greeting.c.version).where(greeting.c.owner == owner)).scalar_one_or_none()
    if version is None or version == known:
        return version or "", None
    return version, connection.execute(select(greeting.c.data).where(greeting.c.owner == owner)).scalar_one_or_none()


def _there(owner: str) -> tuple[ColumnElement[bool], ...]:
    return (message.c.owner == owner, message.c.state != State.DELETED.value)


def _message(row: RowMapping) -> RemoteMessage:
    caller = Caller(row["caller"], row["name"])
    return RemoteMessage(row["id"], State(row["state"]), caller, row["stamp"], row["seconds"], row["size"])
