"""Whole acts of a user with calls: reach and be reached, hold, swap, confer."""

# ruff: noqa: A001 - `id` is the field's word; events read as rows

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine_events import Events
from machine_laws import owners

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import CallId, Notice, Reason, Service, Trouble
from phone.calls.outputs import Feed, Tone

BOTH = st.booleans()


class Calls(Events):
    """Each begins at whatever state there is, with calls on hold, hand-overs and bridges of before going on."""

    # --- getting there ---

    def free_hands(self, legs: int = 4) -> None:
        """On-hook, unlocked, with service, nothing dialled and no bell; calls on hold stay, unless there are many."""
        self.feed(ev.HookReplaced(self.now))
        if self.phone.speaker:
            self.press(Key.SPEAKER)
        self.feed(ev.ServiceChanged(Service.ONLINE, self.now))
        self.feed(ev.LockChanged(on=False, at=self.now))
        self.feed(ev.DndChanged(on=False, at=self.now))
        self.feed(ev.MailboxLeft(self.now))
        self.feed(ev.MailChanged(0, 0, self.now))
        for call in self.phone.answering:
            self.end(call.id, Reason.HANGUP)
        for _ in range(8):
            if sum(c.live for c in self.phone.calls) > self.phone.habits.max_calls - legs:
                self.end(self.phone.calls[0].id, Reason.HANGUP)
            if self.phone.offered or self.phone.recall or self.phone.dialled:
                self.feed(ev.HangUpRequested(self.now))
        assert not any((self.phone.offered, self.phone.recall, self.phone.dialled)), "no peace"
        if self.phone.reminder_until is not None:
            self.now = self.phone.reminder_until
            self.feed(ev.Ticked(self.now))
            assert self.phone.reminder_until is None
        self.now += 0.1
        self.did.clear()

    def dial(self) -> CallId:
        self.digit("1")
        self.feed(ev.DigitPressed("#", self.now))
        assert self.phone.focus == self.proposed[-1]
        assert self.phone.last_dialled == "1"
        return self.proposed[-1]

    def connect(self, id: CallId, *, media_first: bool = False) -> None:
        if media_first:
            self.feed(ev.MediaUp(id, True, self.now))  # noqa: FBT003 - a row
            assert self.levels.talk == (), "heard before the answer"
            self.take_up(id)
        else:
            self.take_up(id)
            assert self.levels.talk == ()
            self.feed(ev.MediaUp(id, True, self.now))  # noqa: FBT003 - a row

    def talk(self, *, media_first: bool = False, can: bool = False) -> CallId:
        """Call somebody, who answers."""
        self.free_hands()
        self.lift()
        id = self.dial()
        self.feed(ev.Alerting(id, self.now))
        assert self.tone is Tone.RINGBACK
        self.connect(id, media_first=media_first)
        assert self.levels.talk == (id,), "answered, and the ear is deaf"
        assert self.levels.send
        self.feed(ev.Capable(id, can, self.now))
        self.did.clear()
        return id

    def hold_down(self, key: Key) -> None:
        self.press(key)
        self.now += self.phone.timers.long_press
        self.feed(ev.Ticked(self.now))
        self.feed(ev.KeyReleased(key.value, self.now))

    # --- calls ---

    @rule(media_first=BOTH)
    def reach_someone(self, media_first: bool) -> None:
        self.talk(media_first=media_first)

    @rule(media_first=BOTH, speaker=BOTH)
    def be_reached(self, media_first: bool, speaker: bool) -> None:
        self.free_hands()
        id = self.new_call()
        assert self.levels.ringer
        self.take_up(id)
        if not self.phone.habits.has_speaker:
            self.press(Key.SPEAKER)
            assert id not in self.accepted
        if media_first:
            self.feed(ev.MediaUp(id, True, self.now))  # noqa: FBT003 - a row
        speaker = speaker and self.phone.habits.has_speaker
        self.press(Key.SPEAKER) if speaker else self.lift()
        assert id in self.accepted
        if not media_first:
            self.feed(ev.MediaUp(id, False, self.now))  # noqa: FBT003 - a row
        assert self.levels.talk == (id,)
        assert self.levels.send
        assert self.levels.speaker is speaker
        if speaker:
            self.lift()
            assert self.levels.handset
            self.press(Key.SPEAKER)
            self.cradle()
            assert self.levels.talk == (id,), "the cradle ended a call on the speaker"
            self.press(Key.SPEAKER)
            assert self.terminated[id] is Reason.HANGUP

    @rule(how=st.sampled_from(["text", "BACK", "nothing"]))
    def refuse(self, how: str) -> None:
        self.free_hands()
        id = self.new_call()
        if how == "text":
            self.digit("2")
            assert do.SendText("bob@example.org", 1) in self.did
        elif how == "BACK":
            self.press(Key.BACK)
        elif self.phone.habits.answers:
            self.wait(self.phone.timers.answer)
            assert id in [c.id for c in self.phone.answering]
            return
        else:
            self.wait(self.phone.timers.ring)
            assert self.phone.notice == Notice(Trouble.MISSED, "Bob")
        assert self.terminated[id] is (Reason.NO_ANSWER if how == "nothing" else Reason.DECLINED)

    @rule(keys=st.lists(st.sampled_from([Key.MUTE, Key.VOL_UP, Key.BACK, Key.REDIAL]), max_size=4))
    def talk_mute_and_hang_up(self, keys: list[Key]) -> None:
        id = self.talk(media_first=True)
        for key in keys:
            self.press(key)
        self.digit("5")
        self.cradle()
        assert id in self.terminated
        assert not self.phone.muted

    @rule(reason=st.sampled_from(list(Reason)))
    def far_end_hangs_up_on_a_muted_call(self, reason: Reason) -> None:
        id = self.talk()
        self.press(Key.MUTE)
        assert self.phone.muted
        self.end(id, reason)
        assert self.tone in (Tone.BUSY, Tone.REORDER)

    @rule()
    def call_comes_in_during_dial_tone(self) -> None:
        self.free_hands()
        self.lift()
        id = self.new_call()
        assert self.tone is Tone.CALL_WAITING
        self.press(Key.OK)
        assert id in self.accepted

    # --- hold, waiting, conference ---

    @rule(cradle=BOTH)
    def hold_and_resume(self, cradle: bool) -> None:
        id = self.talk()
        for other in self.phone.held:
            self.end(other.id, Reason.HANGUP)
        self.did.clear()
        self.press(Key.HOLD)
        assert self.did == [do.SetHold(id, held=True)]
        self.ask(id, allowed=True)
        assert self.did[-1] == do.AnswerTransfer(id, accept=False), "from a held leg nothing is asked"
        assert dict(self.levels.feeds)[id] is Feed.MUSIC
        if cradle:
            self.cradle()
            assert id not in self.terminated, "the cradle ended a held call"
            if any(c.handover or c.leaves_at for c in self.phone.calls):
                return  # they may come back, and ring first
            for _ in range(2):
                self.now = self.phone.reminded_at + self.phone.timers.hold_reminder
                self.feed(ev.Ticked(self.now))
                assert self.levels.ringer, "nobody reminds of a held call"
                kept = self.phone
                self.now += self.phone.timers.reminder_ring
                self.feed(ev.Ticked(self.now))
                assert self.phone.reminder_until is None
            self.phone = kept
            self.lift()
        else:
            self.press(Key.HOLD)
        assert self.levels.talk == (id,)
        assert self.did[-1] == do.SetHold(id, held=False)

    def two_calls(self) -> tuple[CallId, CallId]:
        """One on hold, one at the ear."""
        first = self.talk()
        second = self.new_call()
        if not self.phone.habits.waiting:
            assert second in self.terminated or second in [c.id for c in self.phone.answering]
            self.press(Key.TRANSFER)
            second = self.dial()
            self.connect(second)
        else:
            assert self.tone is Tone.CALL_WAITING
            self.press(Key.HOLD)
            self.press(Key.HOLD)  # in haste: must change nothing
            self.feed(ev.MediaUp(second, True, self.now))  # noqa: FBT003 - a row
        assert self.levels.talk == (second,)
        assert self.told_held[first]
        self.now += 0.1
        return first, second

    @rule()
    def answer_a_waiting_call_and_swap(self) -> None:
        first, second = self.two_calls()
        all_of_them = {c.id for c in self.phone.held} if not self.phone.transfer else {first, second}
        heard = set()
        for _ in range(len(self.phone.held) + 1):
            self.press(Key.MUTE)
            self.press(Key.HOLD)
            assert not self.phone.muted, "mute for another call"
            heard.update(self.levels.talk)
            self.now += 0.1
        assert {first, second} | all_of_them <= heard, "HOLD does not come to all"

    @rule(after=st.sampled_from(["leaves", "cradle", "hold", "split", "resume", "transfer"]), can=BOTH)
    def confer(self, after: str, can: bool) -> None:
        first, second = self.two_calls()
        self.feed(ev.Capable(first, can, self.now))
        self.feed(ev.Capable(second, True, self.now))  # noqa: FBT003 - a row
        for call in self.phone.calls:
            self.feed(ev.PeerHeld(call.id, False, self.now))  # noqa: FBT003 - a row
        self.hold_down(Key.HOLD)
        joined = [c.id for c in self.phone.conference]
        assert len(joined) >= 2
        assert set(self.levels.talk) == set(joined)
        assert self.tone is Tone.BEEP
        self.digit("5")
        self.feed(ev.PeerHeld(joined[0], True, self.now))  # noqa: FBT003 - a row
        assert joined[0] not in self.levels.talk, "his music would be heard by all"
        self.feed(ev.PeerHeld(joined[0], False, self.now))  # noqa: FBT003 - a row
        match after:
            case "leaves":
                self.end(joined[0], Reason.HANGUP)
                assert set(self.levels.talk) == set(joined[1:])
            case "hold":
                others = [c for c in self.phone.held if c.id not in joined]
                self.press(Key.HOLD)
                assert all(self.told_held[id] for id in joined)
                if not others:
                    self.press(Key.HOLD)
                    assert set(self.levels.talk) == set(joined)
            case "split":
                others = [c for c in self.phone.held if c.id not in joined]
                self.hold_down(Key.HOLD)
                assert others or len(self.levels.talk) == 1
                assert others or not self.phone.conference
            case "resume":
                self.new_call()
                self.press(Key.HOLD)
                self.cradle()
            case "cradle" | "transfer":
                self.cradle() if after == "cradle" else self.press(Key.TRANSFER)
                if len(joined) == 2:
                    self.left_alone(joined[0], joined[1])
                else:
                    assert after == "transfer" or set(joined) <= set(self.terminated)

    def left_alone(self, one: CallId, other: CallId) -> None:
        assert one not in self.terminated
        assert other not in self.terminated
        owned = [set(owners(self.phone, c)) for c in self.phone.calls if c.id in (one, other)]
        assert owned in ([{"bridge"}] * 2, [{"hand-over"}, {"third party"}])
        assert owned == [{"bridge"}] * 2 or any(isinstance(c, do.TransferTo) for c in self.did)
        assert self.levels.talk == ()

    @rule(media=BOTH)
    def try_another_and_return(self, media: bool) -> None:
        """A call that nobody has answered cannot be held."""
        first = self.talk()
        if not self.phone.held:
            self.press(Key.HOLD)
            second = self.dial()
            if media:
                self.feed(ev.MediaUp(second, True, self.now))  # noqa: FBT003 - a row
            self.press(Key.HOLD)
            assert self.terminated[second] is Reason.CANCELLED
            assert self.levels.talk == (first,)

    @rule()
    def full_house(self) -> None:
        self.free_hands()
        for _ in range(self.phone.habits.max_calls + 1):
            last = self.new_call()
        assert self.terminated[last] is Reason.BUSY
        self.lift()
        self.hang_up_requested()
        self.new_call()
        full = self.phone.full and not self.phone.answering
        self.dial_requested("7")
        if full:
            assert self.phone.notice == Notice(Trouble.NO_ROOM, "7")

    @rule()
    def dial_without_service(self) -> None:
        self.free_hands()
        self.lift()
        self.feed(ev.ServiceChanged(Service.SERVER_AWAY, self.now))
        assert self.tone is Tone.NO_SERVICE
        self.dial_requested("7")
        assert self.phone.notice == Notice(Trouble.NO_SERVICE, "7")

    @rule()
    def be_called_while_dialling(self) -> None:
        self.free_hands()
        self.lift()
        self.digit("1")
        self.offer(intercom=True)

    @rule(slot=st.integers(0, 3))
    def resume_from_a_menu(self, slot: int) -> None:
        self.talk()
        if ids := [c.id for c in (*self.phone.held, *self.phone.waiting)]:
            id = ids[slot % len(ids)]
            self.feed(ev.ResumeRequested(id, self.now))
            assert self.phone.focus == id
            assert not self.told_held[id]
