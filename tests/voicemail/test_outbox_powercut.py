"""The power goes at any moment: what was dictated is sent, what was sent is not sent again, and callers hear a whole
greeting. See `test_box_powercut`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from boxes import ok
from dictator import url
from leaver import STAMP, spoken
from powercut import Disk, journal

from phone.ogg.opusreader import OpusReader
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Limits
from phone.voicemail.outbox import Outbox

HERE = Path(__file__).parent
POINTS = 150


@dataclass
class Promises:
    dictated: dict[str, int] = field(default_factory=dict)
    uploaded: set[str] = field(default_factory=set)
    sending: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    greetings: set[str] = field(default_factory=lambda: {"none"})

    def hear(self, line: str) -> None:
        match line.split():
            case ["dictated", id_, number]:
                self.dictated[id_] = int(number)
            case ["uploaded", id_]:
                self.uploaded.add(id_)
            case ["sending", id_]:
                self.sending.add(id_)
            case ["sent", id_]:
                self.sent.add(id_)
            case ["greeting", number]:
                self.greetings.add(number)
            case ["greets", number]:
                self.greetings = {number}

    def kept(self, path: Path) -> int:
        outbox, greetings = Outbox(path, Limits(reserve=0)), Greetings(path)
        pending = {each.id: each for each in ok(outbox.pending())}
        assert self.dictated.keys() - self.sending <= pending.keys()
        assert not self.sent & pending.keys()
        for id_, message in pending.items():
            number = round(message.stamp - STAMP)
            assert message.to == f"{number}@example.org"
            with OpusReader(outbox.sound(id_).open("rb")) as reader:
                payloads = [packet.payload for packet in reader.packets()]
            assert payloads == spoken(number, len(payloads))
            assert message.uploaded is None or message.uploaded.url == url(id_)
            assert message.uploaded is not None or id_ not in self.uploaded
        assert self.heard(greetings.heard()) in self.greetings
        assert greetings.draft is None
        known = {f"{id_}{end}" for id_ in pending for end in (".opus", ".note")}
        assert {each.name for each in path.glob("2*")} <= known
        outbox._box._catalogue.close()
        return len(pending)

    def heard(self, path: Path | None) -> str:
        if path is None:
            return "none"
        with OpusReader(path.open("rb")) as reader:
            payloads = [packet.payload for packet in reader.packets()]
        number = int.from_bytes(payloads[0][1:5], "big")
        assert payloads == spoken(number, 60)
        return str(number)


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_loses_nothing_and_sends_nothing_twice(shim, memory, seed, caplog):
    caplog.set_level("CRITICAL")
    lived = memory / "lived"
    lived.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parents[1]),
        "LD_PRELOAD": str(shim),
        "DISK_FOLDER": str(lived),
        "DISK_JOURNAL": str(memory / "journal"),
    }
    subprocess.run([sys.executable, HERE / "dictator.py", lived, str(seed), "50", "0"], check=True, env=environment)
    acts = list(journal((memory / "journal").read_bytes()))
    chance = random.Random(seed)
    disk, promises, done, met = Disk(), Promises(), 0, 0
    for point in sorted(chance.choices(range(len(acts) + 1), k=POINTS)):
        for act in acts[done:point]:
            disk.do(act)
            if act.kind == "n":
                promises.hear(act.data.decode())
        done = point
        folder = memory / "after"
        folder.mkdir()
        disk.cut(chance, folder)
        met += promises.kept(folder)
        shutil.rmtree(folder)
    assert met > POINTS
    assert len(promises.sent) > 3
