"""What was acknowledged before the power went, and whether the mailbox keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from boxes import check, ok, sound_files
from leaver import STAMP, spoken

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Limits, Message


@dataclass
class Promises:
    """Read from what `leaver` said, in order."""

    left: dict[str, int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    dying: set[str] = field(default_factory=set)

    def hear(self, lines: Iterable[str]) -> None:
        for line in lines:
            match line.split():
                case ["left", id_, number]:
                    self.left[id_] = int(number)
                    self.states[id_] = "new"
                case ["marking", id_]:
                    self.doubtful.add(id_)
                case ["marked", id_, state]:
                    self.doubtful.discard(id_)
                    self.states[id_] = state
                case ["deleting", id_]:
                    self.dying.add(id_)
                case ["deleted", id_]:
                    self.deleted.add(id_)

    def kept(self, path: Path) -> tuple[Message, ...]:
        """All messages that are there. Raises AssertionError if a promise was broken."""
        box = Mailbox(path, Limits(reserve=0))
        found = {message.id: message for message in check(box, path)}
        assert sound_files(path) == {f"{id_}.opus" for id_ in found}
        assert not list(path.glob("*aside*"))
        assert self.left.keys() - self.dying <= found.keys()
        assert not self.deleted & found.keys()
        for id_, message in found.items():
            number = round(message.stamp - STAMP)
            assert message.caller.jid == f"{number}@example.org"
            with ok(box.open(id_)) as reader:
                payloads = [packet.payload for packet in reader.packets()]
            assert payloads == spoken(number, len(payloads))
            if id_ in self.left:
                assert number == self.left[id_]
            if id_ in self.left and id_ not in self.doubtful:
                assert message.state.value == self.states[id_]
            elif id_ not in self.left:
                assert message.seconds >= 1
        box._catalogue.close()
        return tuple(found.values())
