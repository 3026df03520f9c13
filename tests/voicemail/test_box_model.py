"""Any user, any caller, any crash: the mailbox does what a dictionary would."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from boxes import check, ok, sound_files
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from remotes import LISTED, remote
from rig.spoken import opus_file, packet, packets

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Counts, Failure, Limits, Message, MessageId, State, Trouble
from phone.voicemail.recording import Recording
from phone.voicemail.remote import Followed, Snapshot

ROOM = 5
DAY = 86_400.0
STAMPS = st.integers(0, 20).map(lambda days: 1_800_000_000.0 + days * DAY)
CALLERS = st.builds(Caller, st.sampled_from(["a@x", "b@y/z"]), st.sampled_from(["", "Änn", "B"]))


class MailboxMachine(RuleBasedStateMachine):
    @initialize()
    def begin_anew(self) -> None:
        self.path = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.model: dict[MessageId, Message] = {}
        self.undo: list[Message] = []
        self.live: dict[MessageId, tuple[Recording, list[bytes], Caller, float]] = {}
        self.sound: dict[MessageId, list[bytes]] = {}
        self.marks: dict[str, State] = {}
        self.number = 0
        self.box = self.opened()
        for day in range(3):
            self.a_caller_leaves_a_message(Caller("a@x"), 1_800_000_000.0 + day * DAY, 1.5)

    def opened(self) -> Mailbox:
        return Mailbox(self.path, Limits(messages=ROOM, days=7, reserve=0))

    def teardown(self) -> None:
        self.box.close()
        shutil.rmtree(self.path)

    # --- callers ---

    @rule(caller=CALLERS, stamp=STAMPS)
    def a_caller_begins(self, caller, stamp):
        full = self.full_at(stamp)
        recording = self.box.begin(caller, stamp)
        if full:
            assert isinstance(recording, Failure)
            assert recording.trouble is Trouble.QUOTA
            return
        self.live[ok(recording).id] = (recording, [], caller, stamp)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), seconds=st.sampled_from([0.5, 1.5, 3.0]))
    def a_caller_speaks(self, data, seconds):
        self.say(data.draw(st.sampled_from(list(self.live))), seconds)

    def say(self, id_, seconds):
        recording, said, _, _ = self.live[id_]
        for _ in range(int(seconds * 50)):
            self.number += 1
            said.append(packet(self.number))
            assert recording.packet(said[-1]) is None

    @precondition(lambda self: self.live)
    @rule(data=st.data(), interrupted=st.booleans())
    def a_caller_ends(self, data, interrupted):
        self.end(data.draw(st.sampled_from(list(self.live))), interrupted)

    @rule(caller=CALLERS, stamp=STAMPS, seconds=st.sampled_from([1.5, 3.0]))
    def a_caller_leaves_a_message(self, caller, stamp, seconds):
        before = set(self.live)
        self.a_caller_begins(caller, stamp)
        for id_ in set(self.live) - before:
            self.say(id_, seconds)
            self.end(id_, interrupted=False)

    def end(self, id_, interrupted):
        recording, said, caller, stamp = self.live.pop(id_)
        message = recording.finish(interrupted=interrupted)
        seconds = (len(said) * 960 - 3840) / 48_000
        if seconds < 1:
            assert isinstance(message, Failure)
            assert message.trouble is Trouble.TOO_SHORT
            return
        assert message == Message(id_, caller, stamp, seconds, ok(message).size, State.NEW, interrupted)
        self.model[id_], self.sound[id_] = message, said

    # --- the service ---

    @rule(number=st.integers(0, 5), state=LISTED)
    def a_message_is_fetched(self, number, state):
        origin = f"m{number}"
        known = self.of_origin(origin)
        full = not known and self.marks.get(origin) is not State.DELETED and self.full_at(1_800_000_000.0)
        message = self.box.add(remote(origin, state), opus_file(packets(1.5)))
        if known:
            assert message == known
        elif full or self.marks.get(origin) is State.DELETED:
            assert message.trouble is (Trouble.QUOTA if full else Trouble.UNKNOWN)
        else:
            assert (message.origin, message.state, message.seconds) == (origin, state, 1.42)
            self.model[message.id], self.sound[message.id] = message, packets(1.5)

    def full_at(self, stamp):
        """Once what may expire has."""
        if self.count() >= ROOM:
            self.forget(stamp)
        return self.count() >= ROOM

    def count(self):
        return len(self.model) + len(self.undo) + len(self.live)

    def of_origin(self, origin):
        everything = (*self.model.values(), *(replace(m, state=State.DELETED) for m in self.undo))
        return next((m for m in everything if m.origin == origin), None)

    @rule(states=st.dictionaries(st.integers(0, 5).map("m{}".format), LISTED), deleted=st.booleans())
    def the_service_tells(self, states, deleted):
        gone = frozenset(m.origin for m in self.model.values() if m.origin and m.origin not in states and deleted)
        before = {m.id: m for m in (*self.model.values(), *self.undo) if m.origin and m.origin not in self.marks}
        changed = 0
        for message in before.values():
            undone = message in self.undo
            if message.origin in states:
                wanted = replace(message, state=states[message.origin])
                changed += not undone and wanted != message
                if not undone:
                    self.model[message.id] = wanted
            elif undone or message.state is not State.KEPT or message.origin in gone:
                self.model.pop(message.id, None)
                self.undo = [m for m in self.undo if m != message]
                changed += 1
        snapshot = Snapshot(tuple(remote(origin, state) for origin, state in states.items()), gone)
        assert self.box.follow(snapshot) == changed

    @precondition(lambda self: self.marks)
    @rule(data=st.data())
    def the_service_is_told(self, data):
        origin = data.draw(st.sampled_from(sorted(self.marks)))
        self.box.told(origin, self.marks.pop(origin))

    def note(self, state, *messages):
        self.marks |= {m.origin: state for m in messages if m.origin}

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def the_user_takes_the_call(self, data):
        recording, *_ = self.live.pop(data.draw(st.sampled_from(list(self.live))))
        recording.abandon()

    # --- the user ---

    @precondition(lambda self: self.model)
    @rule(data=st.data(), state=st.sampled_from([State.NEW, State.HEARD, State.KEPT]))
    def the_user_marks(self, data, state):
        id_ = data.draw(st.sampled_from(list(self.model)))
        self.model[id_] = replace(self.model[id_], state=state)
        assert self.box.mark(id_, state) == self.model[id_]
        self.note(state, self.model[id_])

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def the_user_deletes(self, data):
        id_ = data.draw(st.sampled_from(list(self.model)))
        self.undo.append(self.model.pop(id_))
        assert self.box.delete(id_) == replace(self.undo[-1], state=State.DELETED)

    @precondition(lambda self: self.undo)
    @rule()
    def the_user_wants_it_back(self):
        back = self.box.undo()
        message = self.undo.pop()
        assert back == message
        self.model[message.id] = message

    @precondition(lambda self: self.undo)
    @rule()
    def the_user_leaves(self):
        assert self.box.purge() == len(self.undo)
        self.purge()

    def purge(self):
        self.note(State.DELETED, *self.undo)
        self.undo.clear()

    @rule(now=STAMPS)
    def time_goes_by(self, now):
        assert self.box.expire(now) == self.forget(now)

    def forget(self, now: float) -> int:
        old = [m.id for m in self.model.values() if m.state is State.HEARD and m.stamp < now - 7 * DAY]
        for id_ in old:
            self.note(State.DELETED, self.model.pop(id_))
        return len(old)

    # --- the world ---

    @precondition(lambda self: len(self.model) > 2 or len(self.live) > 1 or self.undo)
    @rule()
    def the_process_is_killed(self):
        self.box._catalogue.close()
        self.purge()
        self.box = self.opened()
        for id_, (_, said, caller, stamp) in self.live.items():
            # What is on the card are whole pages: 50 packets each, but the last, which waits for more.
            kept = max(0, (len(said) - 1) // 50 * 50)
            seconds = (kept * 960 - 3840) / 48_000
            if seconds >= 1:
                found = ok(self.box.get(id_))
                assert found == Message(id_, caller, stamp, seconds, found.size, State.NEW, interrupted=True)
                self.model[id_], self.sound[id_] = found, said[:kept]
        self.live.clear()

    @precondition(lambda self: len(self.model) > 3 or self.undo)
    @rule()
    def the_phone_is_switched_off(self):
        for id_ in list(self.live):
            self.live.pop(id_)[0].abandon()
        self.box.close()
        self.purge()
        self.box = self.opened()

    @rule()
    def somebody_asks_for_order(self):
        assert self.box.recover() == ()

    # --- the law ---

    @invariant()
    def it_is_what_the_model_says(self):
        if not hasattr(self, "box"):
            return
        everything = sorted(self.model.values(), key=lambda m: (m.stamp, m.id))
        assert list(check(self.box, self.path)) == everything[::-1]
        origins = frozenset(m.origin for m in (*everything, *self.undo) if m.origin)
        assert self.box.followed() == Followed(origins, self.marks)
        states = [message.state for message in everything]
        assert self.box.counts() == Counts(*map(states.count, (State.NEW, State.HEARD, State.KEPT)))
        assert self.box.messages(State.NEW, 2, oldest_first=True) == tuple(
            [m for m in everything if m.state is State.NEW][:2]
        )
        whole = {f"{m.id}.opus" for m in (*everything, *self.undo)}
        assert sound_files(self.path) == whole | {f"{id_}.part" for id_ in self.live}
        for message in everything:
            with ok(self.box.open(message.id)) as reader:
                assert [found.payload for found in reader.packets()] == self.sound[message.id]


MailboxMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=40)
TestMailbox = MailboxMachine.TestCase
