"""A user, a network and a clock do anything, in any order; the laws of the call core hold anyway.

Single random events reach little; the rules that are whole user actions reach the deep states. Each begins at
whatever state there is, with calls on hold, hand-overs and bridges of before still going on.
"""

# ruff: noqa: A001 - `id` is the field's word; events read as rows

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from machine_events import Events
from machine_laws import EMERGENCY, HOTLINE, LOCK_CODE, owners

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import CallId, Habits, IdSource, Memory, Method, Notice, Phone, Reason, Service, Trouble
from phone.calls.numbers import DialPlan
from phone.calls.outputs import Feed, Tone

BOTH = st.booleans()


class PhoneModel(Events, RuleBasedStateMachine):
    """What a user does with calls, from beginning to end."""

    @initialize(
        online=BOTH,
        digit_map=st.sampled_from(["", "[1-8]xx|0T|9x.T|*1#"]),
        waiting=st.sampled_from([True, True, False]),
        speaker=BOTH,
        max_calls=st.sampled_from([4, 8]),
        hotline=st.sampled_from(["", "", HOTLINE]),
    )
    def boot(self, *, online: bool, digit_map: str, waiting: bool, speaker: bool, max_calls: int, hotline: str) -> None:
        habits = Habits(speaker, waiting, max_calls, frozenset({EMERGENCY}), LOCK_CODE, hotline, (("5", "7"),))
        plan = DialPlan.of("example.org", None, digit_map, {"7": "bob@example.org"})
        service = Service.ONLINE if online else Service.NO_NETWORK
        self.begin(Phone(IdSource(b"model"), service=service, plan=plan, habits=habits))

    # --- getting there ---

    def free_hands(self, legs: int = 4) -> None:
        """On-hook, unlocked, with service, nothing dialled and no bell; calls on hold stay, unless there are many."""
        self.feed(ev.HookReplaced(self.now))
        if self.phone.speaker:
            self.press(Key.SPEAKER)
        self.feed(ev.ServiceChanged(Service.ONLINE, self.now))
        self.feed(ev.LockChanged(on=False, at=self.now))
        self.feed(ev.DndChanged(on=False, at=self.now))
        while sum(c.live for c in self.phone.calls) > self.phone.habits.max_calls - legs:
            self.end(self.phone.calls[0].id, Reason.HANGUP)
        while self.phone.offered or self.phone.recall or self.phone.dialled:
            self.feed(ev.HangUpRequested(self.now))
        if self.phone.reminder_until is not None:
            self.now = self.phone.reminder_until
            self.feed(ev.Ticked(self.now))
            self.free_hands(legs)
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

    @rule(text=BOTH)
    def refuse(self, text: bool) -> None:
        self.free_hands()
        id = self.new_call()
        if text:
            self.digit("2")
            assert do.SendText("bob@example.org", 1) in self.did
        else:
            self.press(Key.BACK)
        assert self.terminated[id] is Reason.DECLINED

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
        others = [c for c in self.phone.held if c.id != id]
        self.press(Key.HOLD)
        if others:
            assert self.levels.talk != (id,), "HOLD swaps"
            return
        assert self.did == [do.SetHold(id, held=True)]
        assert dict(self.levels.feeds)[id] is Feed.MUSIC
        if cradle:
            self.cradle()
            assert id not in self.terminated, "the cradle ended a held call"
            self.now += self.phone.timers.hold_reminder
            self.feed(ev.Ticked(self.now))
            assert self.levels.ringer, "nobody reminds of a held call"
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
            assert second in self.terminated
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
        heard = set()
        for _ in range(len(self.phone.held) + 1):
            self.press(Key.HOLD)
            heard.update(self.levels.talk)
            self.now += 0.1
        assert {first, second} <= heard, "HOLD does not come to all"

    @rule(after=st.sampled_from(["leaves", "cradle", "hold", "split", "resume", "transfer"]), can=BOTH)
    def confer(self, after: str, can: bool) -> None:
        first, second = self.two_calls()
        self.feed(ev.Capable(first, can, self.now))
        self.feed(ev.Capable(second, True, self.now))  # noqa: FBT003 - a row
        self.hold_down(Key.HOLD)
        joined = [c.id for c in self.phone.conference]
        assert len(joined) >= 2
        assert set(self.levels.talk) == set(joined)
        assert self.tone is Tone.BEEP
        self.digit("5")
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

    @rule(slot=st.integers(0, 3))
    def resume_from_a_menu(self, slot: int) -> None:
        self.talk()
        if ids := [c.id for c in (*self.phone.held, *self.phone.waiting)]:
            id = ids[slot % len(ids)]
            self.feed(ev.ResumeRequested(id, self.now))
            assert self.phone.focus == id
            assert not self.told_held[id]

    # --- transfer ---

    def let_go(self, key: Key | None) -> None:
        self.did.clear()
        self.press(key) if key else self.cradle()
        assert self.phone.transfer is None
        assert self.levels.talk == ()

    def pick(self, *, can: bool) -> CallId:
        caller = self.talk(can=can)
        self.press(Key.TRANSFER)
        assert self.did == [do.SetHold(caller, held=True)]
        assert self.tone is Tone.DIAL
        return caller

    def come_to_something(self, caller: CallId, end: str) -> None:
        """What the caller, whom we asked to call somebody else, makes of it."""
        call = self.phone.call(caller)
        assert call
        assert call.handover
        target = call.handover.target
        assert dict(self.levels.feeds)[caller] is Feed.MUSIC
        match end:
            case "gone":
                self.end(caller, Reason.TRANSFERRED)
                self.farewell(target)
            case "taken":
                if target:
                    self.end(target, Reason.TRANSFERRED)
                self.now += self.phone.timers.handover
                self.feed(ev.Ticked(self.now))
                assert not target or self.terminated[caller] is Reason.TRANSFERRED
            case "lost" if target:
                self.end(target, Reason.HANGUP)
                self.is_back(caller)
            case "unsupported":
                self.feed(ev.TransferFailed(caller, ev.TransferFault.UNSUPPORTED, self.now))
                self.ring_for(caller, target)
            case "silent":
                self.now += self.phone.timers.handover
                self.feed(ev.Ticked(self.now))
                self.ring_for(caller, target)
            case _:
                self.feed(ev.TransferFailed(caller, ev.TransferFault.REFUSED, self.now))
                self.is_back(caller)

    def farewell(self, target: CallId | None) -> None:
        if target:
            assert target not in self.terminated, "the third party's to end, at first"
            self.now += self.phone.timers.farewell
            self.feed(ev.Ticked(self.now))
            assert self.terminated[target] is Reason.TRANSFERRED

    def is_back(self, caller: CallId) -> None:
        call = self.phone.call(caller)
        assert call
        assert call.live
        assert self.phone.recall == caller or self.levels.talk == (caller,), "nobody recalls"
        assert self.phone.notice == Notice(Trouble.NOT_TRANSFERRED, self.phone.notice.who if self.phone.notice else "")
        if not self.phone.seized:
            assert self.levels.ringer
            self.lift()
            assert self.levels.talk == (caller,)

    def ring_for(self, caller: CallId, target: CallId | None) -> None:
        """The bridge: our own leg to the third party rings, unless it is up already."""
        call = self.phone.call(caller)
        assert call
        if target is None and call.handover:
            target = call.handover.target
            assert target
            assert call.handover.method is Method.BRIDGE
            assert dict(self.levels.feeds)[caller] is Feed.RINGBACK
            self.take_up(target)
            self.feed(ev.MediaUp(target, True, self.now))  # noqa: FBT003 - a row
        if call.handover or call.bridged:
            self.both_bridged(caller, target or caller)

    def both_bridged(self, caller: CallId, target: CallId) -> None:
        assert tuple(sorted((caller, target))) in self.levels.bridges
        assert dict(self.levels.feeds)[caller] is dict(self.levels.feeds)[target] is Feed.BRIDGE
        self.end(target, Reason.HANGUP)
        assert self.terminated[caller] is Reason.HANGUP, "one side of a bridge left, the other did not"

    @rule(
        how_far=st.sampled_from(["typed", "ringing", "connecting", "answered"]),
        swapped=BOTH,
        key=st.sampled_from([Key.TRANSFER, None]),
        can=BOTH,
        third_can=BOTH,
        end=st.sampled_from(["gone", "taken", "lost", "unsupported", "silent", "refused"]),
    )
    def transfer(self, *, how_far: str, swapped: bool, key: Key | None, can: bool, third_can: bool, end: str) -> None:
        caller = self.pick(can=can)
        target = None
        if how_far == "typed":
            self.digit("1")
        else:
            target = self.dial()
        if target and how_far == "connecting":
            self.take_up(target)
        if target and how_far == "answered":
            self.connect(target)
            self.feed(ev.Capable(target, third_can, self.now))
            if swapped:
                self.press(Key.HOLD)
                assert self.levels.talk == (caller,)
        self.let_go(key)
        asked = [c for c in self.did if isinstance(c, do.TransferTo)]
        if can and (third_can or how_far != "answered") and how_far != "connecting":
            assert asked == [do.TransferTo(caller, asked[0].to, target if how_far == "answered" else None)]
            assert how_far != "ringing" or (target and self.terminated[target] is Reason.CANCELLED)
            self.come_to_something(caller, end)
        else:
            assert not asked
            assert target is None or target not in self.terminated
            if how_far == "connecting" and target:
                self.feed(ev.MediaUp(target, True, self.now))  # noqa: FBT003 - a row
            self.ring_for(caller, None if how_far in ("typed", "ringing") else target)

    @rule(how_far=st.sampled_from(["picking", "typed", "ringing", "failed", "answered"]), by=st.sampled_from([1, 2, 3]))
    def think_better_of_it(self, how_far: str, by: int) -> None:
        """BACK returns to the caller; hanging up without a third party brings him back; HOLD too."""
        caller = self.pick(can=True)
        if how_far == "typed":
            self.digit("1")
            self.press(Key.BACK)
        elif how_far != "picking":
            target = self.dial()
            if how_far == "failed":
                self.end(target, Reason.BUSY)
                assert self.tone is Tone.BUSY
            if how_far == "answered":
                self.connect(target)
        if by == 1 or how_far in ("ringing", "answered"):
            self.press(Key.BACK)
        elif by == 2:
            self.press(Key.HOLD)
        else:
            self.cradle()
            assert self.levels.ringer
            self.lift()
        assert self.levels.talk == (caller,)
        assert self.phone.transfer is None

    @rule(reason=st.sampled_from(list(Reason)))
    def the_caller_leaves_while_one_consults(self, reason: Reason) -> None:
        caller = self.pick(can=True)
        target = self.dial()
        self.connect(target)
        self.end(caller, reason)
        assert self.phone.transfer is None
        assert self.levels.talk == (target,)

    @rule(knock=BOTH)
    def a_recall_is_not_answered(self, knock: bool) -> None:
        caller = self.pick(can=True)
        self.cradle()
        assert self.levels.ringer
        if knock:
            self.press(Key.BACK)
        else:
            self.now += self.phone.timers.recall_ring
            self.feed(ev.Ticked(self.now))
        assert self.phone.recall is None
        assert caller in [c.id for c in self.phone.held]

    # --- another in one's place ---

    @rule(
        yes=st.sampled_from(["allowed", "OK", "BACK", "nothing", "HOLD"]), end=st.sampled_from(["up", "fails", "late"])
    )
    def be_transferred(self, yes: str, end: str) -> None:
        asker = self.talk()
        self.ask(asker, allowed=yes == "allowed")
        if yes in ("BACK", "OK", "HOLD"):
            self.press(Key(yes))
        elif yes == "nothing":
            self.now += self.phone.timers.transfer_request
            self.feed(ev.Ticked(self.now))
        agreed = do.AnswerTransfer(asker, accept=yes in ("allowed", "OK"))
        assert agreed in self.did
        if not agreed.accept:
            assert asker not in self.terminated
            return
        new = self.proposed[-1]
        assert do.Propose(new, "carol@example.org", asker) in self.did
        assert self.told_held[asker]
        assert self.phone.focus == new
        if end == "up":
            self.connect(new)
            assert self.levels.talk == (new,)
            assert self.terminated[asker] is Reason.TRANSFERRED
            return
        if end == "fails":
            self.end(new, Reason.BUSY)
        else:
            self.now += self.phone.timers.transferred_ring
            self.feed(ev.Ticked(self.now))
            assert self.terminated[new] is Reason.NO_ANSWER
        assert self.levels.talk == (asker,), "not back with who sent us there"

    @rule(how=st.sampled_from(["talked on", "muted", "held", "ringing", "dnd"]), media=st.sampled_from(["up", "late"]))
    def be_replaced(self, how: str, media: str) -> None:
        if how == "ringing":
            self.free_hands()
            old = self.new_call()
        else:
            old = self.talk()
        if how == "muted":
            self.press(Key.MUTE)
        if how == "held":
            self.press(Key.HOLD)
        if how == "dnd":
            self.dnd(on=True)
        waiting = self.phone.habits.waiting
        new = self.new_call(replaces=old)
        if how == "dnd":
            assert new in self.terminated
            return
        if how == "ringing":
            assert self.terminated[old] is Reason.TRANSFERRED
            assert self.levels.ringer
            return
        if how in ("muted", "held"):
            assert new not in self.accepted
            if not waiting or new in self.terminated:
                return
            self.press(Key.HOLD)
        else:
            assert self.tone is Tone.BEEP
        assert new in self.accepted
        assert old not in self.terminated
        if media == "up":
            self.feed(ev.MediaUp(new, True, self.now))  # noqa: FBT003 - a row
            assert self.levels.talk == (new,)
        else:
            self.now += self.phone.timers.replaced
            self.feed(ev.Ticked(self.now))
        assert self.terminated[old] is Reason.TRANSFERRED

    # --- manners ---

    @rule(digits=st.sampled_from(["112", "7", "1234"]))
    def dial_on_a_locked_phone(self, digits: str) -> None:
        self.free_hands()
        self.lock(on=True)
        for digit in digits:
            self.digit(digit)
        if digits == LOCK_CODE:
            self.press(Key.OK)
            assert not self.phone.locked
            return
        self.lift()
        assert bool(self.proposed and self.phone.focus == self.proposed[-1]) is (digits == EMERGENCY)
        assert digits == EMERGENCY or self.phone.notice == Notice(Trouble.LOCKED, digits)

    @rule()
    def speak_at_once(self) -> None:
        self.free_hands()
        id = self.new_call(intercom=True)
        assert (id in self.accepted) is self.phone.habits.has_speaker is self.levels.speaker
        assert self.tone is (Tone.BEEP if self.levels.speaker else None)
        self.end(id, Reason.HANGUP)
        assert not self.phone.seized

    @rule(lifted=BOTH)
    def hold_a_digit_down(self, lifted: bool) -> None:
        self.free_hands()
        if lifted:
            self.lift()
        self.feed(ev.DigitPressed("5", self.now))
        self.now += self.phone.timers.long_press
        self.feed(ev.Ticked(self.now))
        if not lifted:
            assert self.phone.dialled == "7"
            self.lift()
        assert do.Propose(self.proposed[-1], "bob@example.org") in self.did

    @rule()
    def lift_a_hotline(self) -> None:
        self.free_hands()
        self.lift()
        self.feed(ev.Ticked(self.now))
        called = [c.to for c in self.did if isinstance(c, do.Propose)]
        assert called == ([HOTLINE] if self.phone.habits.hotline and not self.phone.held else [])

    @rule()
    def remember(self) -> None:
        phone = self.phone
        volumes = phone.handset_volume, phone.ringer_volume
        assert phone.memory == Memory(*volumes, phone.last_dialled, phone.speaker_volume, phone.dnd, phone.locked)


PhoneModel.TestCase.settings = settings(
    max_examples=int(os.environ.get("PHONE_MODEL_EXAMPLES", "100")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestPhone = PhoneModel.TestCase
