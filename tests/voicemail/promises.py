"""What was acknowledged before the power went, and whether the mailbox keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from boxes import check, ok, sound_files
from leaver import STAMP, spoken

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Limits, Message, State
from phone.voicemail.remote import Followed


@dataclass
class Promises:
    """Read from what `leaver` said, in order."""

    left: dict[str, int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    dying: set[str] = field(default_factory=set)
    origins: dict[str, str] = field(default_factory=dict)

    def hear(self, lines: Iterable[str]) -> None:
        for line in lines:
            match line.split():
                case ["left", id_, number]:
                    self.left[id_] = int(number)
                    self.states[id_] = "new"
                case ["left", id_, number, origin]:
                    self.hear([f"left {id_} {number}"])
                    self.origins[id_] = origin
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
        self.service_is_told(found, ok(box.followed()))
        box._catalogue.close()
        return tuple(found.values())

    def service_is_told(self, found: dict[str, Message], followed: Followed) -> None:
        """All that the user did to messages of its own, and of no others; each of them is here once."""
        here = [message.origin for message in found.values() if message.origin]
        assert followed.origins == set(here)
        assert len(here) == len(followed.origins)
        for id_, origin in self.origins.items():
            if id_ in found:
                assert found[id_].origin == origin
                state = self.states[id_]
                if id_ not in self.doubtful:
                    assert followed.marks.get(origin) is (None if state == "new" else State(state))
            if id_ in self.deleted:  # for good: opening the mailbox saw to that
                assert followed.marks[origin] is State.DELETED
        assert {m.origin for m in found.values() if m.id in self.left and m.id not in self.origins} <= {""}
