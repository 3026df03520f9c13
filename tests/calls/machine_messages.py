"""Voicemail: single events, and whole acts of a user who leaves messages, and hears his own."""

# ruff: noqa: A001 - `id` is the field's word

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine_answering import Answers
from machine_calls import BOTH
from machine_events import SLOTS

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key, RecordingEnd
from phone.calls.model import CallId, Notice, Reason, Service, Stage, Trouble
from phone.calls.outputs import Tone
from phone.calls.table import MOVES

FOUND = st.sampled_from(["proposed", "alerting", *(r.value for r in Reason)])
NO_ANSWER = frozenset(
    {"no answer", "busy", "declined", "not reachable", "no common codec", "not encrypted", "failed"},
)


class Messages(Answers):
    """What becomes of whom nobody answers there, and of what was left here."""

    # --- single events ---

    @rule(new=st.integers(0, 2), old=st.integers(0, 1))
    def mail(self, new: int, old: int) -> None:
        self.feed(ev.MailChanged(new, old, self.now))
        assert (self.phone.mail.new, self.phone.mail.old) == (new, old)

    @rule(letter=st.sampled_from(["", "m1"]))
    def mailbox_opened(self, letter: str) -> None:
        self.feed(ev.MailboxOpened(letter, self.now))

    @rule()
    def mailbox_left(self) -> None:
        self.feed(ev.MailboxLeft(self.now))
        assert not self.phone.mailbox

    @rule()
    def prompt_over(self) -> None:
        self.feed(ev.PromptOver(self.now))
        assert self.levels.dictation is (True if self.phone.dictation else None)

    @rule(slot=st.integers(-1, 5), why=st.sampled_from(list(RecordingEnd)))
    def recording_stopped(self, slot: int, why: RecordingEnd) -> None:
        id = None if slot < 0 else self.known(slot)
        self.feed(ev.RecordingStopped(id, why, self.now))
        assert id not in self.recorded

    @rule(slot=SLOTS)
    def message_refused(self, slot: int) -> None:
        self.refuse_message(self.known(slot))

    def refuse_message(self, id: CallId) -> None:
        call = self.phone.call(id)
        if call and call.message and ev.MessageRefused in MOVES[call.progress]:
            self.refused.add(id)
            self.over.add(id)
        before = self.phone
        self.feed(ev.MessageRefused(id, self.now))
        assert id in self.refused or self.phone == before
        assert id not in self.logged or id not in self.refused, "no call, and logged"

    @rule(why=st.sampled_from([Trouble.MESSAGE_SENT, Trouble.MESSAGE_TAKEN, Trouble.MESSAGE_WAITS]))
    def told(self, why: Trouble) -> None:
        self.feed(ev.Told(Notice(why, "Bob"), self.now))

    # --- leaving a message ---

    def call_in_vain(self, how_far: str) -> CallId:
        self.free_hands()
        self.lift()
        id = self.dial()
        if how_far == "alerting":
            self.feed(ev.Alerting(id, self.now))
        elif how_far != "proposed":
            self.end(id, Reason(how_far))
        self.did.clear()
        return id

    @rule(how_far=FOUND, end=st.sampled_from(["taken", "HOLD", "knock", "busy", "BACK"]))
    def leave_a_message(self, how_far: str, end: str) -> None:
        first = self.call_in_vain(how_far)
        self.press(Key.VOICEMAIL)
        if how_far not in ("proposed", "alerting", *NO_ANSWER):
            assert self.levels.mailbox
            return
        new = self.proposed[-1]
        assert do.Propose(new, "1@example.org", message=True) in self.did
        assert first in self.logged
        assert self.phone.last_dialled == "1"
        assert self.phone.focus == new
        if end == "BACK":
            self.press(Key.BACK)
            assert self.terminated[new] is Reason.CANCELLED
        elif end == "busy":
            self.end(new, Reason.BUSY)
            before = self.phone
            self.press(Key.VOICEMAIL)
            assert before.calls
            assert self.phone.mailbox, "a message about a message"
        else:
            self.connect(new)
            self.be_left(new, end)

    def be_left(self, new: CallId, end: str) -> None:
        others = bool(self.phone.held)
        self.press(Key.TRANSFER)
        self.ask(new, allowed=True)
        assert self.did[-1] == do.AnswerTransfer(new, accept=False)
        if end == "taken":
            self.cradle()
        elif end == "HOLD":
            self.hold_down(Key.HOLD)
            assert (new in self.over) is others
        else:
            late = self.new_call()
            self.press(Key.HOLD)
            waiting = late in self.accepted and self.phone.focus == late
            assert waiting is (self.phone.habits.waiting and late in self.accepted)
            assert not waiting or self.terminated[new] is Reason.HANGUP

    @rule()
    def hold_down_while_a_message_connects(self) -> None:
        self.talk()
        for held in self.phone.held:
            self.end(held.id, Reason.HANGUP)
        self.press(Key.HOLD)
        self.dial()
        self.press(Key.VOICEMAIL)
        new = self.proposed[-1]
        self.take_up(new)
        self.press(Key.HOLD)
        self.feed(ev.MediaUp(new, encrypted=True, at=self.now))
        self.wait(self.phone.timers.long_press)
        assert self.levels.talk == (new,)

    @rule()
    def leave_none_while_consulting(self) -> None:
        self.pick(can=True)
        self.dial()
        before = len(self.proposed)
        self.press(Key.VOICEMAIL)
        assert len(self.proposed) == before
        assert not self.phone.mailbox

    def refused_message(self, how: str) -> None:
        """Dictation, if the user is still there."""
        self.call_in_vain("alerting")
        if how == "no service":
            self.feed(ev.ServiceChanged(Service.SERVER_AWAY, self.now))
        self.press(Key.VOICEMAIL)
        if how != "no service":
            if how == "connecting":
                self.take_up(self.proposed[-1])
            self.refuse_message(self.proposed[-1])
        self.feed(ev.ServiceChanged(Service.ONLINE, self.now))
        assert self.phone.dictation
        assert (self.phone.dictation.to, self.levels.dictation) == ("1@example.org", False)
        self.did.clear()

    @rule(
        how=st.sampled_from(["alerting", "connecting", "no service"]),
        told=BOTH,
        end=st.sampled_from(
            ["#", "OK", "BACK", "cradle", "hang-up", "longest", "full", "failed", "knock", "dial", "shut down"]
        ),
    )
    def dictate(self, how: str, told: bool, end: str) -> None:
        self.refused_message(how)
        self.press(Key.VOICEMAIL)
        self.digit("2")
        if told:
            self.feed(ev.PromptOver(self.now))
        else:
            self.wait(self.phone.timers.greeting)
        self.feed(ev.PromptOver(self.now))
        assert [c for c in self.did if isinstance(c, do.StartRecording)] == [do.StartRecording(None, "1@example.org")]
        self.did.clear()
        self.end_dictation(end)
        stops = [c for c in self.did if isinstance(c, do.StopRecording)]
        if end == "knock" and not self.phone.habits.waiting:
            assert self.phone.dictation or self.phone.held or self.levels.talk
            return
        assert stops == [do.StopRecording(None, keep=end != "BACK")]
        assert self.phone.dictation is None
        self.feed(ev.PromptOver(self.now))
        assert self.phone.dictation is None

    def end_dictation(self, end: str) -> None:
        match end:
            case "#":
                self.digit("#")
            case "OK" | "BACK":
                if self.phone.recall:
                    self.press(Key.BACK)
                self.press(Key(end))
            case "cradle":
                self.cradle()
            case "hang-up":
                self.hang_up_requested()
            case "longest":
                self.wait(self.phone.timers.longest_message)
            case "knock":
                self.new_call()
                self.press(Key.HOLD)
            case "dial":
                self.dial_requested("7")
            case "shut down":
                self.shut_down()
            case _:
                self.feed(ev.RecordingStopped(None, RecordingEnd(end), self.now))
                assert end != "failed" or self.phone.notice == Notice(Trouble.NO_MESSAGE, "1")

    @rule(end=st.sampled_from(["#", "cradle", "SPEAKER"]))
    def say_nothing(self, end: str) -> None:
        """The prompt was enough."""
        self.refused_message("alerting")
        if end == "#":
            self.digit("#")
            assert self.tone is Tone.DIAL
        else:
            if end == "SPEAKER":
                self.press(Key.SPEAKER)
                assert self.phone.dictation
            self.cradle()
            if self.phone.speaker:
                self.press(Key.SPEAKER)
        assert not self.did
        assert self.phone.dictation is None

    # --- the messages ---

    @rule(
        lifted=BOTH,
        how=st.sampled_from(["key", "letter"]),
        end=st.sampled_from(["key", "left", "BACK", "cradle", "dial", "knock", "late", "busy", "digits"]),
    )
    def hear_the_messages(self, lifted: bool, how: str, end: str) -> None:
        self.free_hands()
        self.mail(2, 0)
        if lifted:
            self.lift()
            assert self.tone is (Tone.STUTTER)
        else:
            self.digit("4")
        self.press(Key.VOICEMAIL) if how == "key" else self.mailbox_opened("m1")
        assert self.phone.mailbox
        assert self.phone.mailbox_letter == ("" if how == "key" else "m1")
        assert not self.phone.dialled
        waits = not lifted and not self.phone.habits.has_speaker
        assert self.levels.mailbox is not waits
        if waits and end == "late":
            self.wait(self.phone.timers.mailbox)
            assert not self.phone.mailbox
            return
        if waits and end != "BACK":
            self.lift()
            assert self.levels.mailbox
        self.wait(70.0)
        assert self.phone.stage is Stage.FRESH, "the tones went on behind the messages"
        self.leave_the_messages(end)

    def leave_the_messages(self, end: str) -> None:
        hands_free = not self.phone.off_hook
        match end:
            case "key" | "BACK":
                if self.phone.recall:
                    self.press(Key.BACK)
                self.press(Key.VOICEMAIL if end == "key" else Key.BACK)
            case "left":
                self.mailbox_left()
            case "cradle":
                self.lift()
                assert self.levels.mailbox, "lifting moves the sound"
                self.cradle()
                hands_free = True
            case "dial":
                self.dial_requested("7")
                assert self.phone.focus == self.proposed[-1]
                return
            case "knock" if self.phone.habits.waiting and not self.phone.recall:
                id = self.new_call()
                assert self.tone is Tone.CALL_WAITING
                self.press(Key.HOLD)
                assert self.phone.focus == id
                return
            case _:
                self.feed(ev.DigitPressed("5", self.now))
                self.wait(self.phone.timers.long_press)
                assert self.levels.mailbox
                assert not self.phone.dialled
                self.offer(intercom=False)
                self.digit("2")
                assert self.offered[-1] not in self.terminated or not self.phone.habits.waiting
                return
        assert not self.phone.mailbox
        assert self.phone.seized is not hands_free
        assert hands_free or self.tone is (Tone.CALL_WAITING if self.phone.recall else Tone.STUTTER)

    @rule()
    def hear_them_before_taking_over(self) -> None:
        id = self.be_answered("key")
        if id is None:
            return
        self.press(Key.VOICEMAIL)
        self.lift()
        assert self.levels.mailbox
        assert id in [c.id for c in self.phone.answering]

    @rule(how=st.sampled_from(["locked", "ringing", "talking", "picking", "recall"]), letter=BOTH)
    def hear_none(self, how: str, letter: bool) -> None:
        if how == "talking":
            self.talk()
        elif how == "picking":
            self.pick(can=True)
        elif how == "recall":
            self.pick(can=True)
            self.cradle()
        else:
            self.free_hands()
        if how == "ringing":
            self.new_call()
        elif how == "locked":
            self.lock(on=True)
            if not self.phone.locked:
                return
        self.mailbox_opened("m1") if letter else self.press(Key.VOICEMAIL)
        assert not self.phone.mailbox
        assert how != "talking" or self.levels.talk
        assert how != "locked" or self.phone.notice == Notice(Trouble.LOCKED)
        self.lock(on=False)
