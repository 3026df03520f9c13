"""A process whose card is full, or cannot be written, again and again: `python sufferer.py FOLDER`. See `leaver`.

Whatever is raised ends it. What it says at the end of a line is how it went.
"""

from __future__ import annotations

import ctypes
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from leaver import STAMP, promise, spoken

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Failure, Limits, State

disk = ctypes.CDLL(None)
disk.disk_room.argtypes = [ctypes.c_int64]
PLENTY = 2**63 - 1


def said(what: str, result: object) -> bool:
    failed = isinstance(result, Failure)
    promise("went", what, result.trouble.name if failed else "well")
    return not failed


def suffer(box: Mailbox, number: int, chance: random.Random) -> None:
    recording = box.begin(Caller(f"{number}@example.org"), STAMP + number)
    if said("begin", recording):
        for payload in spoken(number, 130):
            recording.packet(payload)
        message = recording.finish()
        if said("finish", message):
            promise("left", message.id, str(number))
    messages = box.messages()
    if said("list", messages) and messages:
        victim = chance.choice(messages)
        promise("marking", victim.id)
        if said("mark", box.mark(victim.id, State.KEPT)):
            promise("marked", victim.id, "kept")
        promise("deleting", victim.id)
        if said("delete", box.delete(victim.id)):
            promise("deleted", victim.id)
        said("purge", box.purge())


def main(path: Path) -> None:
    chance = random.Random(7)
    box = Mailbox(path, Limits(reserve=0))
    for number in range(400):
        if chance.random() < 0.3:
            box.close()
        if number % 4 == 3:
            disk.disk_read_only(1)
        else:
            disk.disk_room(chance.choice([0, 100, 1000, 3000, 6000, 9000, 20_000, 60_000, 200_000]))
        suffer(box, number, chance)
        disk.disk_read_only(0)
        disk.disk_room(PLENTY)
        if number % 2:
            said("recover", box.recover())
            box.purge()
    box.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
