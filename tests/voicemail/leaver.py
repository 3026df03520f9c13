"""A process that leaves messages and works through them until its power is cut: `python leaver.py FOLDER SEED ACTS`.

Each line it prints is a promise: what it says has been acknowledged.
"""

from __future__ import annotations

import ctypes
import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from phone.ogg.opusfile import Head, OpusWriter, Tags
from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Limits, State
from phone.voicemail.wire import RemoteMessage

STAMP = 1_800_000_000.0


def promise(*words: str) -> None:
    line = " ".join(words)
    if "DISK_JOURNAL" in os.environ:
        ctypes.CDLL(None).disk_note(line.encode())
    else:
        os.write(1, line.encode() + b"\n")


def spoken(number: int, count: int) -> list[bytes]:
    """`count` packets of 20 ms that no other message has."""
    return [b"\x08" + number.to_bytes(4, "big") * 9 + n.to_bytes(4, "big") for n in range(count)]


def record(box: Mailbox, number: int, chance: random.Random) -> str | None:
    recording = box.begin(Caller(f"{number}@example.org"), STAMP + number)
    for payload in spoken(number, chance.choice([30, 60, 120, 170, 400])):
        recording.packet(payload)
    if chance.random() < 0.1:
        recording.abandon()
        return None
    message = recording.finish(interrupted=chance.random() < 0.1)
    if not hasattr(message, "id"):
        return None
    promise("left", message.id, str(number))
    return message.id


def fetch(box: Mailbox, number: int) -> str | None:
    """One of the service's."""
    caller = Caller(f"{number}@example.org")
    remote = RemoteMessage(f"m{number}", State.NEW, caller, STAMP + number, 1.0, 1)
    writer = OpusWriter(1, Head(), Tags())
    message = box.add(remote, b"".join((writer.begin(), *map(writer.add, spoken(number, 60)), writer.finish())))
    promise("left", message.id, str(number), remote.id)
    return message.id


def live(path: Path, chance: random.Random, acts: int, first: int) -> None:
    box = Mailbox(path, Limits(reserve=0))
    ids = [message.id for message in box.messages(limit=999)]
    for number in range(first, first + acts):
        act = chance.random()
        if act < 0.1:
            ids += filter(None, [fetch(box, number)])
        elif act < 0.45 or len(ids) < 3:
            ids += filter(None, [record(box, number, chance)])
        elif act < 0.6:
            state = chance.choice([State.HEARD, State.KEPT])
            id_ = chance.choice(ids)
            promise("marking", id_)
            box.mark(id_, state)
            promise("marked", id_, state.value)
        elif act < 0.85:
            id_ = ids.pop(chance.randrange(len(ids)))
            promise("deleting", id_)
            box.delete(id_)
            promise("deleted", id_)
        elif act < 0.95:
            box.purge()
        else:
            box.close()


if __name__ == "__main__":
    live(Path(sys.argv[1]), random.Random(int(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4]))
