"""What is still to be sent, shared by all instances: work for `Store.read` and `Store.write`.

Law: a delivery is one instance's at a time. It claims it for a while (lease), renews that while it works, and settles
it in one transaction. One that dies leaves it to the others when the lease is over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, update

from phone.service.boxes import drop_sounds
from phone.service.schema import change, counter, delivery, subscription, taken, uploaded
from phone.service.upsert import put, raise_count

LEASE: Final = 60.0
"""Seconds. The clocks of the instances' machines must agree to much better than that (NTP)."""
FOLLOWERS: Final = 32
"""Devices that follow one mailbox."""
CHANGES_KEPT: Final = 600.0
UPLOADED_KEPT: Final = 86_400.0
"""Seconds: web space lasts for days at least; a link that is sent should last, too."""
_TAKEN_KEPT: Final = 60 * 86_400.0
_KEPT_PERIODS: Final = 172_800.0


class Kind(Enum):
    """How it is sent."""

    CHAT = "chat"
    """To the owner of a mailbox: sound and text."""
    MAIL = "mail"
    """By e-mail."""
    BOUNCE = "bounce"
    """To the sender of a mail that could not be sent: text; `name` is why."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A sound on the web."""

    url: str
    size: int
    seconds: float
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to be sent."""

    id: str
    kind: Kind
    sound: str
    """Which sound of the store."""
    owner: str
    """Of the mailbox; of a mail: the account that sends it."""
    recipient: str
    caller: str
    name: str
    stamp: float
    seconds: float
    told: bool = False
    """The text is there already; the sound is not."""
    attempts: int = 0


_COLUMNS = (
    *(delivery.c.id, delivery.c.kind, delivery.c.sound, delivery.c.owner, delivery.c.recipient, delivery.c.caller),
    *(delivery.c.name, delivery.c.stamp, delivery.c.seconds, delivery.c.told, delivery.c.attempts),
)


def enqueue(connection: Connection, wanted: Delivery, due: float) -> None:
    """To be sent from `due` on. One of that id that is there already stays as it is."""
    if connection.execute(select(delivery.c.id).where(delivery.c.id == wanted.id)).first() is not None:
        return
    connection.execute(
        insert(delivery).values(
            id=wanted.id,
            kind=wanted.kind.value,
            sound=wanted.sound,
            owner=wanted.owner,
            recipient=wanted.recipient,
            caller=wanted.caller,
            name=wanted.name,
            stamp=wanted.stamp,
            seconds=wanted.seconds,
            told=wanted.told,
            attempts=wanted.attempts,
            due=due,
            holder="",
            until=0.0,
        )
    )


def claim(
    connection: Connection, holder: str, now: float, most: int, kinds: Collection[Kind] = tuple(Kind)
) -> tuple[Delivery, ...]:
    """Some of those kinds that are due and nobody's, now the holder's for LEASE seconds."""
    free = select(delivery.c.id).where(delivery.c.due <= now, delivery.c.until <= now)
    free = free.where(delivery.c.kind.in_([kind.value for kind in kinds]))
    rows = connection.execute(free.order_by(delivery.c.due).limit(most).with_for_update(skip_locked=True))
    ids = [row.id for row in rows]
    mine = update(delivery).where(delivery.c.id.in_(ids)).values(holder=holder, until=now + LEASE)
    return tuple(map(_delivery, connection.execute(mine.returning(*_COLUMNS)).mappings()))


def renew(connection: Connection, holder: str, id: str, now: float) -> bool:
    """Go on with it for LEASE seconds. False: it is somebody else's now, or gone: leave it."""
    mine = update(delivery).where(*_held(holder, id)).values(until=now + LEASE)
    return connection.execute(mine).rowcount > 0


def say_told(connection: Connection, holder: str, id: str) -> None:
    """The text went out."""
    connection.execute(update(delivery).where(*_held(holder, id)).values(told=True))


def note_uploaded(connection: Connection, id: str, upload: Upload, now: float) -> None:
    """The sound of that delivery is there."""
    about = {"url": upload.url, "size": upload.size, "seconds": upload.seconds, "sha256": upload.sha256}
    put(connection, uploaded, {"id": id}, {**about, "stamp": now})


def upload_of(connection: Connection, id: str, now: float) -> Upload | None:
    """Where that delivery's sound is; None: it is not, or it was put there too long ago."""
    columns = (uploaded.c.url, uploaded.c.size, uploaded.c.seconds, uploaded.c.sha256)
    recent = uploaded.c.stamp > now - UPLOADED_KEPT
    row = connection.execute(select(*columns).where(uploaded.c.id == id, recent)).first()
    return None if row is None else Upload(row.url, row.size, row.seconds, bytes(row.sha256))


def postpone(connection: Connection, holder: str, id: str, due: float) -> None:
    """It did not go: try again then."""
    later = {"due": due, "holder": "", "until": 0.0, "attempts": delivery.c.attempts + 1}
    connection.execute(update(delivery).where(*_held(holder, id)).values(**later))


def settle(connection: Connection, holder: str, id: str, then: Delivery | None = None, now: float = 0.0) -> None:
    """It is done; `then` is to be sent in its place."""
    query = delete(delivery).where(*_held(holder, id)).returning(delivery.c.sound)
    row = connection.execute(query).first()
    if row is not None:
        if then is not None:
            enqueue(connection, then, now)
        connection.execute(delete(uploaded).where(uploaded.c.id == id))
        drop_sounds(connection, [row.sound])


def release(connection: Connection, holder: str) -> None:
    """An orderly end: others may go on with what this one had."""
    connection.execute(update(delivery).where(delivery.c.holder == holder).values(holder="", until=0.0))


def waiting(connection: Connection) -> dict[str, int]:
    """How many of each kind."""
    rows = connection.execute(select(delivery.c.kind, func.count()).group_by(delivery.c.kind))
    return {row.kind: int(row[1]) for row in rows}


# --- counting -------------------------------------------------------------------------------------------------


def count(connection: Connection, kind: str, who: str, seconds: float, now: float) -> int:
    """One more of that kind by `who` in the period of `seconds` that `now` is in: how many that makes."""
    return raise_count(connection, counter, {"kind": kind, "who": who, "period": int(now // seconds * seconds)})


# --- who follows a mailbox ------------------------------------------------------------------------------------


def subscribe(connection: Connection, owner: str, jid: str, service: str, now: float) -> None:
    """`jid`, a full one, hears of changes, by the component `service`. Servers drop news for devices that are no more
    without a word (RFC 6121 8.5.3.2.1), so the FOLLOWERS that came last are all there are.
    """
    put(connection, subscription, {"owner": owner, "jid": jid, "service": service}, {"stamp": now})
    query = select(subscription.c.jid, subscription.c.service).where(subscription.c.owner == owner)
    for row in connection.execute(query.order_by(subscription.c.stamp.desc()).offset(FOLLOWERS)).all():
        unsubscribe(connection, owner, row.jid, row.service)


def unsubscribe(connection: Connection, owner: str, jid: str, service: str) -> bool:
    """Whether it was subscribed."""
    mine = (subscription.c.owner == owner, subscription.c.jid == jid, subscription.c.service == service)
    return connection.execute(delete(subscription).where(*mine)).rowcount > 0


def forget(connection: Connection, jid: str) -> None:
    """A full JID that is no more."""
    connection.execute(delete(subscription).where(subscription.c.jid == jid))


def subscribers(connection: Connection, owner: str, service: str) -> tuple[str, ...]:
    """Full JIDs that this component tells."""
    query = select(subscription.c.jid).where(subscription.c.owner == owner, subscription.c.service == service)
    return tuple(connection.execute(query.order_by(subscription.c.jid)).scalars())


def note(connection: Connection, id: str, owner: str, message: str, service: str, now: float) -> None:
    """`message` changed, and the subscribers by `service` are told by who changed it."""
    connection.execute(insert(change).values(id=id, owner=owner, message=message, service=service, stamp=now))


def noted(connection: Connection, service: str, since: float) -> tuple[tuple[str, str, str], ...]:
    """(id, owner, message) of what other components noted since then."""
    query = select(change.c.id, change.c.owner, change.c.message)
    rows = connection.execute(
        query.where(change.c.service != service, change.c.stamp >= since).order_by(change.c.stamp)
    )
    return tuple((id, owner, message) for id, owner, message in rows)  # noqa: A001 - the field's word


def sweep(connection: Connection, now: float) -> None:
    """Forget old changes and counts, which recordings were taken, and where sounds are that nobody sent."""
    connection.execute(delete(taken).where(taken.c.stamp < now - _TAKEN_KEPT))
    connection.execute(delete(uploaded).where(uploaded.c.stamp < now - UPLOADED_KEPT))
    connection.execute(delete(change).where(change.c.stamp < now - CHANGES_KEPT))
    connection.execute(delete(counter).where(counter.c.period < int(now - _KEPT_PERIODS)))


def _held(holder: str, id: str) -> tuple[ColumnElement[bool], ...]:
    return (delivery.c.id == id, delivery.c.holder == holder)


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(**{**row, "kind": Kind(row["kind"])})
