"""Voicemail: whole acts of a user for whom the phone answers."""

# ruff: noqa: A001, FBT003 - `id` is the field's word; events read as rows

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine_calls import BOTH
from machine_events import SLOTS
from machine_transfers import Transfers

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key, RecordingEnd
from phone.calls.model import Answering, CallId, Notice, Reason, Trouble
from phone.calls.outputs import Feed

REACHED = st.sampled_from(["nobody lifts", "key", "dnd", "busy"])


class Answers(Transfers):
    """What becomes of whom nobody answers here."""

    @rule(slot=SLOTS)
    def greeting_over(self, slot: int) -> None:
        id = self.known(slot)
        call = self.phone.call(id)
        self.feed(ev.GreetingOver(id, self.now))
        if call and call.up and call.answering:
            assert id in self.levels.record

    # --- the phone answers ---

    def be_answered(self, how: str, *, up: bool = True) -> CallId | None:
        """A call that the phone answers; None: this phone does not so."""
        habits = self.phone.habits
        self.free_hands()
        if how == "busy":
            if habits.waiting:
                return None
            self.lift()
            self.digit("1")
        if how == "dnd":
            self.dnd(on=True)
        id = self.new_call()
        if how == "nobody lifts":
            assert self.levels.ringer
            self.wait(min(self.phone.timers.answer, self.phone.timers.ring))
        elif how == "key":
            self.press(Key.VOICEMAIL)
        answers = {"dnd": habits.answers_dnd, "busy": habits.answers_busy}.get(how, True)
        assert (id in self.accepted) is (habits.answers and answers)
        if id not in self.accepted:
            assert (id in self.terminated) is (how in ("dnd", "busy"))
            return None
        assert not self.levels.ringer or self.phone.held, "the bell rings on for whom the phone has answered"
        assert not self.phone.offered
        if up:
            self.feed(ev.GreetingOver(id, self.now))
            assert id not in self.recorded, "the greeting was over before it began"
            self.feed(ev.MediaUp(id, True, self.now))
            assert dict(self.levels.feeds)[id] is Feed.GREETING
        self.did.clear()
        return id

    def record(self, id: CallId, *, told: bool = True) -> None:
        if told:
            self.feed(ev.GreetingOver(id, self.now))
        else:
            self.wait(self.phone.timers.greeting)
        self.feed(ev.GreetingOver(id, self.now))
        assert self.levels.record == (id,)
        assert isinstance(self.did[-1], do.StartRecording)
        self.did.clear()

    @rule(how=REACHED, told=BOTH, end=st.sampled_from(["hang-up", "silence", "full", "failed", "longest", "lost"]))
    def take_a_message(self, how: str, told: bool, end: str) -> None:
        id = self.be_answered(how)
        if id is None:
            return
        self.ask(id, allowed=True)
        assert self.did == [do.AnswerTransfer(id, accept=False)], "nobody is there to say yes"
        self.record(id, told=told)
        match end:
            case "hang-up" | "lost":
                self.end(id, Reason.HANGUP if end == "hang-up" else Reason.MEDIA_LOST)
                assert id not in self.terminated
            case "longest":
                self.now = self.phone.answering[0].answering_at + self.phone.timers.longest_message
                self.feed(ev.Ticked(self.now))
            case _:
                self.feed(ev.RecordingStopped(id, RecordingEnd(end), self.now))
        assert id in self.terminated or end in ("hang-up", "lost")
        assert self.terminated.get(id, Reason.HANGUP) is Reason.HANGUP
        assert [c for c in self.did if isinstance(c, do.StopRecording)] == [do.StopRecording(id, keep=True)]
        (logged,) = [c.call for c in self.did if isinstance(c, do.LogCall) and c.call.id == id]
        assert logged.answering is Answering.RECORDING
        notice = Notice(Trouble.NO_MESSAGE if end == "failed" else Trouble.MISSED, "Bob")
        assert self.phone.notice == notice or self.phone.busy or self.phone.seized
        others = self.phone.busy
        self.feed(ev.Told(Notice(Trouble.MESSAGE_TAKEN, "Bob"), self.now))
        self.wait(70.0)
        assert self.phone.notice == Notice(Trouble.MESSAGE_TAKEN, "Bob") or others or self.phone.seized

    @rule(end=st.sampled_from(["hang-up", "no path", "elsewhere", "shut down"]))
    def end_before_the_message(self, end: str) -> None:
        id = self.be_answered("key", up=end in ("hang-up", "shut down"))
        if id is None:
            return
        if end == "no path":
            self.wait(self.phone.timers.connect)
            assert self.terminated[id] is Reason.MEDIA_LOST
        elif end == "shut down":
            self.shut_down()
        else:
            self.end(id, Reason.HANGUP if end == "hang-up" else Reason.ANSWERED_ELSEWHERE)
        assert not any(isinstance(c, do.StopRecording) for c in self.did)
        assert self.phone.notice == (None if end == "elsewhere" else Notice(Trouble.MISSED, "Bob"))

    @rule(stage=st.sampled_from(["connecting", "greeting", "recording"]), by=st.sampled_from(["lift", "menu", "dial"]))
    def take_over(self, stage: str, by: str) -> None:
        id = self.be_answered("key", up=stage != "connecting")
        if id is None:
            return
        if stage == "recording":
            self.record(id)
        if by == "menu":
            for held in self.phone.held:
                self.end(held.id, Reason.HANGUP)
            self.lift_to_dial_tone()
            self.feed(ev.ResumeRequested(id, self.now))
        elif by == "dial":
            self.lift_to_dial_tone()
            self.dial_requested("7")
        else:
            self.lift()
        stops = [c for c in self.did if isinstance(c, do.StopRecording)]
        assert stops == ([do.StopRecording(id, keep=False)] if stage == "recording" else [])
        assert self.phone.focus == id, "not taken over"
        if stage == "connecting":
            self.feed(ev.MediaUp(id, True, self.now))
        call = self.phone.call(id)
        assert call
        assert call.answered_at == self.now
        assert self.levels.talk == (id,)
        assert self.levels.send
        self.cradle()
        assert self.terminated[id] is Reason.HANGUP

    @rule()
    def take_over_from_another(self) -> None:
        first = self.talk()
        id = self.new_call()
        if self.phone.offered:
            self.press(Key.VOICEMAIL)
        if id not in self.accepted:
            return
        self.feed(ev.MediaUp(id, True, self.now))
        assert self.levels.talk == (first,)
        self.feed(ev.ResumeRequested(id, self.now))
        assert self.levels.talk == (id,)
        assert self.told_held[first]

    def lift_to_dial_tone(self) -> None:
        """By way of a number that is rubbed out again: with nothing dialled one would take the call over."""
        self.digit("9")
        self.lift()
        self.feed(ev.HangUpRequested(self.now))
        self.did.clear()

    @rule(stage=st.sampled_from(["greeting", "recording"]), then=st.sampled_from(["SPEAKER", "lift", "ends", *"HBTDV"]))
    def listen(self, stage: str, then: str) -> None:
        id = self.be_answered("key")
        if id is None:
            return
        if stage == "recording":
            self.record(id)
        self.press(Key.SPEAKER)
        if not self.phone.habits.has_speaker:
            assert not self.phone.seized
            return
        assert self.levels.listen == (id,)
        self.press(Key.MUTE)
        self.ask(id, allowed=True)
        assert self.did == [do.AnswerTransfer(id, accept=False)]
        self.did.clear()
        late = self.new_call(replaces=id)
        call = self.phone.call(late)
        assert call
        assert call.replaces is None
        self.end(late, Reason.CANCELLED)
        self.did.clear()
        match then:
            case "SPEAKER" | "B":
                self.press(Key.SPEAKER if then == "SPEAKER" else Key.BACK)
                assert not self.phone.seized
            case "lift":
                self.lift()
                assert self.levels.talk == (id,)
                assert not self.phone.muted
            case "ends":
                self.end(id, Reason.HANGUP)
                assert not self.phone.seized, "its end was heard"
            case "H":
                self.hang_up_requested()
                assert not self.phone.seized
            case "T":
                self.press(Key.TRANSFER)
                self.hold_down(Key.HOLD)
                assert self.phone.transfer is None
            case "D":
                self.digit("1")
                assert self.phone.dialled == "1"
                assert self.levels.listen == ()
            case "V":
                self.press(Key.VOICEMAIL)
                assert self.levels.mailbox
        assert then == "ends" or id not in self.over
        self.free_hands()

    @rule()
    def a_full_house_of_callers(self) -> None:
        """Does not bar the user: one call of his own goes out."""
        self.free_hands()
        self.dnd(on=True)
        for _ in range(self.phone.habits.max_calls):
            self.new_call()
        if not self.phone.answering or not self.phone.full:
            return
        assert self.terminated.get(self.new_call()) is Reason.BUSY
        self.digit("1")
        self.lift()
        own = self.proposed[-1]
        assert self.phone.focus == own
        self.connect(own)
        self.press(Key.HOLD)
        if self.phone.focus == own:
            self.digit("2")
            self.digit("#")
            assert self.phone.notice == Notice(Trouble.NO_ROOM, "2")
