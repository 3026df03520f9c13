"""A process that dictates messages, sends them, and changes its greeting until its power is cut: `python dictator.py
FOLDER SEED ACTS FIRST`. See `leaver`; the folder is an outbox, its greetings are beside the messages.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from leaver import STAMP, promise, spoken

from phone.ogg.opusfile import Head, OpusWriter, Tags
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Failure, Limits
from phone.voicemail.outbox import Outbox, Uploaded


def dictate(outbox: Outbox, number: int, chance: random.Random) -> list[str]:
    recording = outbox.begin(f"{number}@example.org", "", STAMP + number)
    for payload in spoken(number, chance.choice([60, 120, 400])):
        recording.packet(payload)
    if chance.random() < 0.1:
        recording.abandon()
        return []
    message = recording.finish(interrupted=chance.random() < 0.2)
    promise("dictated", message.id, str(number))
    return [message.id]


def url(id_: str) -> str:
    return f"https://example.org/{id_}.m4a"


def send(outbox: Outbox, id_: str, chance: random.Random) -> None:
    outbox.note_tried(id_, 1.0)
    outbox.note_uploaded(id_, Uploaded(url(id_), 1, 1.0, b""))
    promise("uploaded", id_)
    if chance.random() < 0.7:
        promise("sending", id_)
        outbox.remove(id_)
        promise("sent", id_)


def greet(greetings: Greetings, number: int, chance: random.Random) -> None:
    if chance.random() < 0.2:
        promise("greeting", "none")
        greetings.remove()
        promise("greets", "none")
        return
    if chance.random() < 0.3:
        promise("greeting", str(number))
        writer = OpusWriter(1, Head(), Tags())
        greetings.take(b"".join((writer.begin(), *map(writer.add, spoken(number, 60)), writer.finish())))
    else:
        recording = greetings.begin(STAMP)
        for payload in spoken(number, 60):
            recording.packet(payload)
        if isinstance(recording.finish(), Failure):
            return
        promise("greeting", str(number))
        greetings.commit()
    promise("greets", str(number))


def live(path: Path, chance: random.Random, acts: int, first: int) -> None:
    outbox, greetings = Outbox(path, Limits(reserve=0)), Greetings(path)
    ids = [each.id for each in outbox.pending()]
    for number in range(first, first + acts):
        act = chance.random()
        if act < 0.5 or not ids:
            ids += dictate(outbox, number, chance)
        elif act < 0.8:
            send(outbox, ids.pop(chance.randrange(len(ids))), chance)
        else:
            greet(greetings, number, chance)


if __name__ == "__main__":
    live(Path(sys.argv[1]), random.Random(int(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4]))
