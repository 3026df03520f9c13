"""Whole acts of a user with transfers, as attendant, as caller and as callee (XEP-0251)."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine_calls import BOTH, Calls

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import CallId, Method, Notice, Reason, Service, Trouble
from phone.calls.outputs import Feed, Tone


class Transfers(Calls):
    """What becomes of whom, when the user or a far end passes a call on."""

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
        assert how_far in ("picking", "typed") or self.proposed[-1] in self.over

    @rule(reason=st.sampled_from(list(Reason)))
    def the_caller_leaves_while_one_consults(self, reason: Reason) -> None:
        caller = self.pick(can=True)
        target = self.dial()
        self.connect(target)
        self.end(caller, reason)
        assert self.phone.transfer is None
        assert self.levels.talk == (target,)

    def unattended(self) -> CallId:
        caller = self.pick(can=True)
        self.digit("1")
        self.let_go(Key.TRANSFER)
        assert self.tone is Tone.DIAL
        return caller

    @rule()
    def a_recall_knocks(self) -> None:
        caller = self.unattended()
        other = self.dial()
        self.connect(other)
        self.feed(ev.TransferFailed(caller, ev.TransferFault.FAILED, self.now))
        assert self.levels.talk == (other,)
        assert self.tone is Tone.CALL_WAITING
        self.press(Key.HOLD)
        assert self.levels.talk == (caller,)

    @rule()
    def a_recall_is_left_waiting(self) -> None:
        """HOLD resumes the call at the ear, whoever else is held."""
        caller = self.unattended()
        other = self.dial()
        self.connect(other)
        for held in self.phone.held:
            self.end(held.id, Reason.HANGUP)
        self.press(Key.HOLD)
        self.feed(ev.TransferFailed(caller, ev.TransferFault.FAILED, self.now))
        self.press(Key.BACK)
        assert [c.id for c in self.phone.held] == [caller, other]
        self.press(Key.HOLD)
        assert self.levels.talk == (other,)

    @rule(full=BOTH)
    def a_bridge_cannot_be(self, full: bool) -> None:
        caller = self.unattended()
        self.cradle()
        if full:
            for _ in range(self.phone.habits.max_calls):
                self.new_call()
            if not self.phone.full:
                return
        else:
            self.feed(ev.ServiceChanged(Service.NO_NETWORK, self.now))
        self.feed(ev.TransferFailed(caller, ev.TransferFault.UNSUPPORTED, self.now))
        self.is_back(caller)

    @rule()
    def a_menu_is_out_of_date(self) -> None:
        caller = self.unattended()
        before = self.phone
        self.feed(ev.ResumeRequested(caller, self.now))
        assert self.phone == before
        late = self.new_call(replaces=caller)
        new = self.phone.call(late)
        assert new is None or new.replaces is None

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
        assert self.phone.recall != caller, "it rings for ever"
        assert caller in [c.id for c in self.phone.held]

    # --- another in one's place ---

    @rule(
        yes=st.sampled_from(["allowed", "OK", "BACK", "nothing", "HOLD"]),
        end=st.sampled_from(["up", "fails", "late", "hung up"]),
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
        if end == "hung up":
            self.cradle()
            assert {asker, new} <= set(self.terminated)
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
            assert new in self.terminated or new in [c.id for c in self.phone.answering]
            return
        if how == "ringing":
            assert self.terminated[old] is Reason.TRANSFERRED
            assert self.levels.ringer
            return
        if how in ("muted", "held"):
            assert new not in self.accepted - {c.id for c in self.phone.answering}
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
