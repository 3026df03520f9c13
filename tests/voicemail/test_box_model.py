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
from rig.spoken import packet

from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Counts, Failure, Limits, Message, MessageId, State, Trouble
from phone.voicemail.recording import Recording

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
        if len(self.model) + len(self.undo) + len(self.live) >= ROOM:
            self.forget(stamp)
        recording = self.box.begin(caller, stamp)
        if len(self.model) + len(self.undo) + len(self.live) >= ROOM:
            assert isinstance(recording, Failure)
            assert recording.trouble is Trouble.QUOTA
            return
        self.live[ok(recording).id] = (recording, [], caller, stamp)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), seconds=st.sampled_from([0.5, 1.5, 3.0]))
    def a_caller_speaks(self, data, seconds):
        self.say(data.draw(st.sampled_from(sorted(self.live))), seconds)

    def say(self, id_, seconds):
        recording, said, _, _ = self.live[id_]
        for _ in range(int(seconds * 50)):
            self.number += 1
            said.append(packet(self.number))
            assert recording.packet(said[-1]) is None

    @precondition(lambda self: self.live)
    @rule(data=st.data(), interrupted=st.booleans())
    def a_caller_ends(self, data, interrupted):
        self.end(data.draw(st.sampled_from(sorted(self.live))), interrupted)

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

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def the_user_takes_the_call(self, data):
        recording, *_ = self.live.pop(data.draw(st.sampled_from(sorted(self.live))))
        recording.abandon()

    # --- the user ---

    @precondition(lambda self: self.model)
    @rule(data=st.data(), state=st.sampled_from([State.NEW, State.HEARD, State.KEPT]))
    def the_user_marks(self, data, state):
        id_ = data.draw(st.sampled_from(sorted(self.model)))
        self.model[id_] = replace(self.model[id_], state=state)
        assert self.box.mark(id_, state) == self.model[id_]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def the_user_deletes(self, data):
        id_ = data.draw(st.sampled_from(sorted(self.model)))
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
        self.undo.clear()

    @rule(now=STAMPS)
    def time_goes_by(self, now):
        assert self.box.expire(now) == self.forget(now)

    def forget(self, now: float) -> int:
        old = [m.id for m in self.model.values() if m.state is State.HEARD and m.stamp < now - 7 * DAY]
        for id_ in old:
            del self.model[id_]
        return len(old)

    # --- the world ---

    @precondition(lambda self: len(self.model) > 2 or len(self.live) > 1 or self.undo)
    @rule()
    def the_process_is_killed(self):
        self.box._catalogue.close()
        self.undo.clear()
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
        self.undo.clear()
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
