"""Mailboxes for tests: filling them, and what must be true of each at any time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rig.spoken import packets

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Failure, Message
from phone.voicemail.recording import Recording

BOB = Caller("bob@example.org/phone", "Bob")
NOON = 1_800_000_000.25


def ok(result):
    """The result, which is no failure."""
    assert not isinstance(result, Failure), result
    return result


def begun(box: Mailbox, seconds: float = 2.0, caller: Caller = BOB, stamp: float = NOON) -> Recording:
    recording = ok(box.begin(caller, stamp))
    for payload in packets(seconds):
        assert recording.packet(payload) is None
    return recording


def left(box: Mailbox, seconds: float = 2.0, caller: Caller = BOB, stamp: float = NOON) -> Message:
    return ok(begun(box, seconds, caller, stamp).finish())


def payloads(box: Mailbox, message: Message) -> list[bytes]:
    with ok(box.open(message.id)) as reader:
        assert reader.complete
        return [packet.payload for packet in reader.packets()]


def check(box: Mailbox, path: Path) -> tuple[Message, ...]:
    """All messages, each of them whole, and nothing else in the folder."""
    messages = ok(box.messages(limit=10_000))
    for message in messages:
        with ok(box.open(message.id)) as reader:
            assert reader.complete
            assert reader.seconds == message.seconds
            assert sum(packet.samples for packet in reader.packets()) == round(message.seconds * 48_000) + 3840
        assert (path / f"{message.id}.opus").stat().st_size == message.size
    with closing(sqlite3.connect(path / "index.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return messages


def sound_files(path: Path) -> set[str]:
    return {file.name for file in path.iterdir() if file.suffix in {".opus", ".part", ".cut"}}
