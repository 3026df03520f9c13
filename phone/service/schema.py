"""The tables of the store. Times are Unix seconds; addresses are bare JIDs in normal form, where not said otherwise."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, MetaData, Table, Text

VERSION: Final = 1

tables = MetaData()

about = Table("about", tables, Column("version", Integer, nullable=False))
"""One row."""

mailbox = Table(
    "mailbox",
    tables,
    Column("owner", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("created", Double, nullable=False),
)
"""Those that were listed by hand; a disabled one takes nothing."""

message = Table(
    "message",
    tables,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("stamp", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("size", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("deleted", Double),  # when it was; its sound stays for a while, so that it can be had back
    Index("message_of_owner", "owner", "stamp", "id"),
    Index("message_by_age", "stamp"),
)

sound = Table(
    "sound",
    tables,
    Column("id", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Ogg Opus files: of messages, and of mails that wait."""

taken = Table(
    "taken",
    tables,
    Column("id", Text, primary_key=True),
    Column("stamp", Double, nullable=False),
)
"""Recordings that came into the store, whatever became of them: one that is found again after a crash is not sent
again.
"""

greeting = Table(
    "greeting",
    tables,
    Column("owner", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("version", Text, nullable=False),
)
"""What the owner recorded for his callers, Ogg Opus."""

blocked = Table(
    "blocked",
    tables,
    Column("owner", Text, primary_key=True),
    Column("caller", Text, primary_key=True),  # a bare JID, or a domain
)

counter = Table(
    "counter",
    tables,
    Column("kind", Text, primary_key=True),
    Column("who", Text, primary_key=True),
    Column("period", BigInteger, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How often somebody did something in a period (an hour, a day) since 1970."""

delivery = Table(
    "delivery",
    tables,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # chat | mail | bounce
    Column("sound", Text, nullable=False),
    Column("owner", Text, nullable=False),  # chat: of the mailbox; mail: who sends it
    Column("recipient", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("stamp", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("told", Boolean, nullable=False),  # the text went out; the sound did not
    Column("attempts", Integer, nullable=False),
    Column("due", Double, nullable=False),
    Column("holder", Text, nullable=False),  # the instance that has it now
    Column("until", Double, nullable=False),  # and for how long
    Index("delivery_due", "due"),
    Index("delivery_of_sound", "sound"),
)

uploaded = Table(
    "uploaded",
    tables,
    Column("id", Text, primary_key=True),  # of the delivery
    Column("url", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("stamp", Double, nullable=False),
)
"""Sounds that are on the web, and perhaps not sent yet: sent again, a message is the same to the last letter."""

subscription = Table(
    "subscription",
    tables,
    Column("owner", Text, primary_key=True),
    Column("jid", Text, primary_key=True),  # a full JID
    Column("service", Text, primary_key=True),  # the domain that was subscribed at: events come from there
    Column("stamp", Double, nullable=False),
)

change = Table(
    "change",
    tables,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("service", Text, nullable=False),  # which told its own subscribers
    Column("stamp", Double, nullable=False),
    Index("change_by_age", "stamp"),
)
"""What became of messages lately: other instances tell their subscribers of it."""
