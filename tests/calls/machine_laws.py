"""The laws of the call core, checked at every command and in every state that the model test reaches."""

# ruff: noqa: A001 - `id` is the field's word

from __future__ import annotations

from hypothesis import currently_in_test_context, note

from phone.calls import commands as do
from phone.calls import core, outputs, timers
from phone.calls import events as ev
from phone.calls.model import Answering, Call, CallId, HandOver, Method, Phone, Progress, Reason, Service

EMERGENCY, LOCK_CODE, HOTLINE = "112", "1234", "boss@example.org"


def owners(phone: Phone, call: Call) -> list[str]:
    """What keeps a live leg from being forgotten: exactly one thing."""
    focus = phone.call(phone.focus)
    in_ear = call.id == phone.focus or (call.joined and focus is not None and focus.joined)
    in_ear = in_ear and call.answering is None
    claims = {
        "ear": in_ear,
        "bell": call.progress is Progress.OFFERED,
        "user": call in phone.held and not in_ear,
        "hand-over": call.handover is not None,
        "third party": call.id in phone.targets,
        "bridge": call.bridged is not None,
        "phone": call.answering is not None,
        "farewell": call.leaves_at is not None,
    }
    return [owner for owner, claim in claims.items() if claim]


class Laws:
    """`self.now` only grows; every command is checked as it comes, every state after each event."""

    phone: Phone
    now: float

    def begin(self, phone: Phone) -> None:
        self.phone = phone
        self.now = 1000.0
        self.offered: list[CallId] = []
        self.proposed: list[CallId] = []
        self.accepted: set[CallId] = set()
        self.answered: set[CallId] = set()
        self.over: set[CallId] = set()
        self.terminated: dict[CallId, Reason] = {}
        self.logged: list[CallId] = []
        self.told_held: dict[CallId, bool] = {}
        self.asks: set[CallId] = set()
        self.refused: set[CallId] = set()
        self.recorded: set[CallId | None] = set()
        self.did: list[do.Command] = []

    @property
    def levels(self) -> outputs.Outputs:
        return outputs.outputs(self.phone)

    def feed(self, event: ev.Event) -> None:
        if currently_in_test_context():
            note(repr(event))
        before = self.phone
        self.phone, commands = core.step(before, event)
        assert core.step(before, event) == (self.phone, commands), "step is not pure"
        self.did += commands
        for command in commands:
            self.check(before, event, command)
        self.nothing_vanishes(before, event, commands)
        self.each_has_one_owner()
        self.on_hook()
        self.hold_is_as_told()
        self.ear_and_microphone()
        self.relations()
        self.levels_agree()
        self.nobody_speaks_for_the_phone()
        self.messages_are_alone()

    # --- commands ---

    def check(self, before: Phone, event: ev.Event, command: do.Command) -> None:
        id = command.call.id if isinstance(command, do.LogCall) else getattr(command, "id", None)
        assert isinstance(command, (do.LogCall, do.StopRecording)) or id not in self.over, "a command to an ended leg"
        match command:
            case do.Propose(id, to, on_behalf):
                assert id not in [*self.proposed, *self.offered], "an id twice"
                assert "@" in to
                assert before.service is Service.ONLINE, "called without service"
                assert on_behalf is None or self.told_held[on_behalf], "the asker is not held"
                self.check_lock(before, command)
                self.proposed.append(id)
            case do.Accept(id):
                assert id in self.offered, "accepted what nobody offered"
                assert id not in self.accepted, "accepted twice"
                self.check_accept(before, event, id)
                self.accepted.add(id)
            case do.Terminate(id, reason):
                self.terminated[id] = reason
                self.over.add(id)
                self.asks.discard(id)
            case do.SetHold(id, held):
                assert self.told_held.get(id, False) is not held, "told twice"
                call = before.call(id)
                assert not (call and (call.answering or call.message)), "hold for whom nobody holds"
                self.told_held[id] = held
            case do.TransferTo(id, to, target):
                call = self.phone.call(id)
                assert call
                assert call.transferable, "asked who cannot"
                assert "@" in to
                assert self.told_held[id], "handed over unheld"
                assert target is None or self.told_held[target]
            case do.AnswerTransfer(id, _):
                assert id in self.asks, "an answer that nobody asked for"
                self.asks.discard(id)
            case do.SendText(_, text):
                assert 0 <= text < before.habits.texts
                assert do.Terminate(self.newest_over(), Reason.DECLINED) in self.did, "a text to whom we did not refuse"
            case do.SendDtmf(id, digit):
                assert id in outputs.outputs(before).talk, "DTMF to a leg that nobody hears"
                assert digit in ev.DIGITS
            case do.StartRecording() | do.StopRecording():
                self.check_recording(command)
            case do.LogCall(call, ended_at):
                assert call.id not in self.recorded, "logged, and still recorded"
                self.check_log(call, ended_at, event)

    def check_recording(self, command: do.StartRecording | do.StopRecording) -> None:
        match command:
            case do.StartRecording(call, to):
                source = call.id if call else None
                assert source not in self.recorded, "recorded twice"
                assert call is None or (call.id in self.accepted and call.up)
                assert call or "@" in to
                self.recorded.add(source)
            case do.StopRecording(id, _):
                assert id in self.recorded, "stopped what was not recorded"
                assert id is None or id not in self.logged, "the log comes last"
                self.recorded.discard(id)

    def check_accept(self, before: Phone, event: ev.Event, id: CallId) -> None:
        call = self.phone.call(id)
        by_key = isinstance(event, ev.KeyPressed) and event.key is ev.Key.VOICEMAIL
        for_him = call.answering is not None if call else isinstance(event, ev.Ticked)
        if for_him:
            assert before.habits.answers, "the phone was not to answer"
            assert by_key or isinstance(event, (ev.Ticked, ev.Offered))
            assert call is None or call.answered_at is None
            return
        assert self.phone.seized, "answered by itself"
        assert not (before.seized and isinstance(event, ev.Offered) and not event.replaces), "it broke in"
        assert not (before.dnd and isinstance(event, ev.Offered)), "do-not-disturb was bypassed"

    def newest_over(self) -> CallId:
        return list(self.terminated)[-1]

    def check_lock(self, before: Phone, command: do.Propose) -> None:
        handed = {c.handover.to for c in before.calls if c.handover}
        if before.locked and command.on_behalf is None and command.to not in handed:
            assert command.to in {f"{EMERGENCY}@example.org", HOTLINE}, "the lock let it through"

    def check_log(self, call: Call, ended_at: float, event: ev.Event) -> None:
        assert call.id not in self.logged, "logged twice"
        assert call.progress is Progress.ENDED
        assert call.reason is not None
        assert call.since <= ended_at <= event.at
        assert not call.answering or (call.answered_at is None and call.reason is not Reason.HANGUP), "nobody took it"
        if call.answered_at is not None:
            assert call.id in self.accepted | self.answered, "logged as answered, but was not"
        self.logged.append(call.id)
        self.over.add(call.id)
        self.asks.discard(call.id)

    def nothing_vanishes(self, before: Phone, event: ev.Event, commands: tuple[do.Command, ...]) -> None:
        ended = {c.id for c in before.calls if c.live} - {c.id for c in self.phone.calls if c.live}
        told = {c.call.id for c in commands if isinstance(c, do.LogCall)}
        assert ended - self.refused <= told, "a call vanished without a log entry"
        for call in before.calls:
            after = self.phone.call(call.id)
            if call.live and after and after.live:
                assert after.encrypted == call.encrypted or isinstance(event, ev.MediaUp), "the lock changed by itself"

    # --- laws of every state ---

    def each_has_one_owner(self) -> None:
        for call in self.phone.calls:
            if call.live:
                assert len(owners(self.phone, call)) == 1, f"{call.id} has {owners(self.phone, call)}"
                assert call.id not in self.over, "alive after its end"
            else:
                assert call.id == self.phone.focus, "an ended leg that nobody hears"
            if call.live and not call.outgoing:
                assert call.progress is Progress.OFFERED or call.id in self.accepted, "the far end answered for us"
            if call.up:
                assert call.media_up
                assert call.id in self.accepted | self.answered, "connected without an answer"
        assert len({c.id for c in self.phone.calls}) == len(self.phone.calls)
        staying = [c.peer for c in self.phone.calls if c.live and c.leaves_at is None]
        most = self.phone.habits.max_calls + (f"{EMERGENCY}@example.org" in staying) + self.phone.habits.answers
        assert len(staying) <= most, "a leg too many"

    def on_hook(self) -> None:
        phone, levels = self.phone, self.levels
        assert not (levels.handset and levels.speaker)
        assert phone.habits.has_speaker or not phone.speaker
        assert (levels.handset or levels.speaker) is phone.seized
        if not phone.seized:
            assert levels.tone is None, "a tone on-hook"
            assert levels.key_tone is None
            assert levels.talk == (), "an open ear on-hook"
            assert phone.focus is None
            assert phone.transfer is None
        else:
            assert phone.reminder_until is None, "a reminder for who is there"

    def hold_is_as_told(self) -> None:
        for call in self.phone.calls:
            if call.live:
                assert self.told_held.get(call.id, False) is call.held, "what we told is not what we believe"
                assert call.up or not call.held
                assert (call.id in self.asks) is (call.request is not None), "a request without an answer"

    def ear_and_microphone(self) -> None:
        phone, levels = self.phone, self.levels
        talk = [c for c in phone.calls if c.id in levels.talk]
        assert len(talk) == len(levels.talk)
        assert len(talk) <= 1 or all(c.joined for c in talk), "two calls at the ear"
        assert all(c.up and not c.held and owners(phone, c) == ["ear"] for c in talk)
        for call in phone.calls:
            away = call.joined and call.held_by_peer
            heard = call.id in levels.talk or call.bridged or call.leaves_at is not None or away or call.answering
            assert not call.up or call.held or heard, "an open leg that nobody hears"
        assert len(talk) <= 1 or len({c.held_by_peer for c in talk}) == 1, "one on hold plays his music to the others"
        assert levels.send is (bool(talk) and not phone.muted)
        focus = phone.call(phone.focus)
        assert not phone.muted or (focus and focus.live and not focus.answering), "MUTE outlived its call"
        assert dict(levels.feeds).keys() == {c.id for c in phone.calls if c.up} - set(levels.talk)

    def relations(self) -> None:
        phone = self.phone
        for call in phone.calls:
            if call.bridged:
                other = phone.call(call.bridged)
                assert other
                assert other.bridged == call.id, "a bridge of one side"
                assert call.up and other.up  # noqa: PT018 - one thought
            if call.handover:
                self.hand_over_is_whole(call, call.handover)
        if phone.recall:
            assert phone.recall in [c.id for c in phone.held], "recall of nobody"
            assert phone.recall != phone.focus
        joined = phone.conference
        assert len(joined) != 1, "a conference of one"
        assert len({c.held for c in joined if c.up}) <= 1, "half a conference is held"
        if t := phone.transfer:
            focus, transferee = phone.call(phone.focus), phone.call(t.transferee)
            assert transferee
            assert transferee.up, "transfer of nobody"
            live = focus.id if focus and focus.live else None
            assert live in ((t.transferee, t.target) if t.target else (None,))
            assert t.target is None or phone.call(t.target)

    def hand_over_is_whole(self, call: Call, third: HandOver) -> None:
        assert call.up
        assert call.held
        target = self.phone.call(third.target)
        assert third.target is None or (target and target.live)
        if third.method is Method.BRIDGE:
            assert target
            assert not target.up, "a bridge that is not closed"

    def levels_agree(self) -> None:
        phone, levels = self.phone, self.levels
        called = phone.offered or phone.recall or (phone.reminder_until is not None and phone.held)
        assert not levels.ringer or called, "the bell rings for nobody"
        assert phone.seized or bool(called) is levels.ringer, "a silent bell"
        assert ("call" in levels.lamps) is phone.busy
        assert ("mute" in levels.lamps) is phone.muted
        assert ("hold" in levels.lamps) is bool(phone.held)
        assert ("dnd" in levels.lamps) is phone.dnd
        volumes = (phone.handset_volume, phone.ringer_volume, phone.speaker_volume)
        assert all(0 <= volume <= 100 for volume in volumes)
        assert len(phone.dialled) <= 64
        if levels.talk:
            assert levels.tone in (None, outputs.Tone.CALL_WAITING, outputs.Tone.BEEP), "a tone over speech"
        due = timers.deadlines(phone)
        assert due is None or due > 0

    def nobody_speaks_for_the_phone(self) -> None:
        """A leg that the phone answers has no bell, no microphone and no hold; the speaker may listen to it."""
        phone, levels = self.phone, self.levels
        feeds = dict(levels.feeds)
        for call in phone.answering:
            assert phone.habits.answers
            assert call.id not in levels.talk, "the microphone is open to it"
            assert not any((call.held, call.joined, call.request, call.handover, call.bridged, call.replaces))
            assert call not in phone.held
            greets = call.answering is Answering.GREETING
            assert not call.up or feeds[call.id] is (outputs.Feed.GREETING if greets else outputs.Feed.SILENCE)
        assert {id for id, feed in feeds.items() if feed is outputs.Feed.GREETING} <= {c.id for c in phone.answering}
        dictated = {None} if levels.dictation else set()
        assert self.recorded == set(levels.record) | dictated, "what is recorded is not what we told"
        assert set(levels.listen) <= {c.id for c in phone.answering}
        assert not levels.listen or (levels.speaker and not phone.off_hook and not levels.send and not levels.talk)
        listened = phone.call(phone.focus)
        if listened and listened.answering:
            assert listened.live, "the end of what one listens to was heard"
            assert levels.listen == ((listened.id,) if listened.up else ())
        assert not any(c.message and (c.held or c.joined or c.handover or c.request) for c in phone.calls)
        spoken = (c.id == phone.focus or c.leaves_at is not None for c in phone.calls if c.message)
        assert all(spoken), "a message that nobody speaks"

    def messages_are_alone(self) -> None:
        """The mailbox and a dictation: nothing else is at the ear."""
        phone, levels = self.phone, self.levels
        assert levels.mailbox is (phone.mailbox and phone.seized)
        assert not phone.mailbox or not phone.seized or phone.focus is None, "messages over speech"
        assert not phone.mailbox or phone.seized or not phone.habits.has_speaker
        assert not levels.mailbox or levels.tone in (None, outputs.Tone.CALL_WAITING, outputs.Tone.BEEP)
        assert (levels.dictation is None) is (phone.dictation is None)
        if phone.dictation:
            assert phone.seized, "nobody dictates"
            assert phone.focus is None
            assert not phone.mailbox
            assert levels.tone is None, "a tone in a message"
        waits = phone.mail.new > 0
        assert ("message" in levels.lamps) is waits
        assert levels.tone is not (outputs.Tone.DIAL if waits else outputs.Tone.STUTTER), "the dial tone lies"

    # --- patience ---

    def nobody_waits_for_ever(self) -> None:
        """After a tick."""
        limits, phone = self.phone.timers, self.phone
        answers = phone.habits.answers and phone.service is Service.ONLINE
        patience = {
            Progress.OFFERED: min(limits.ring, limits.answer) if answers else limits.ring,
            Progress.PROPOSED: limits.no_answer,
            Progress.ALERTING: limits.no_answer,
        }
        due = core.deadlines(self.phone)
        assert due is None or due > self.now, "a tick left something undone"
        for call in self.phone.calls:
            assert self.now < call.since + patience.get(call.progress, float("inf")), "somebody waits for ever"
            if call.progress is Progress.CONNECTING:
                assert self.now < call.progressed_at + limits.connect
            if call.handover and call.handover.method is Method.TRANSFER:
                assert self.now < call.handover.at + limits.handover, "handed over for ever"
            assert call.leaves_at is None or call.leaves_at > self.now
            if call.up and call.answering is Answering.GREETING:
                assert self.now < call.progressed_at + limits.greeting, "greeted for ever"
            elif call.up and call.answering:
                assert self.now < call.answering_at + limits.longest_message, "recorded for ever"
            assert not call.request or self.now < call.request.at + limits.transfer_request
        if phone.dictation:
            most = limits.longest_message if phone.dictation.recording else limits.greeting
            assert self.now < phone.dictation.at + most, "dictated for ever"
        assert not phone.mailbox or phone.seized or self.now < phone.mailbox_at + limits.mailbox
        assert not self.phone.recall or self.now < self.phone.recalled_at + limits.recall_ring

    def unsettled(self) -> bool:
        """Something must still come of some leg by itself."""
        waits = self.phone.recall is not None or (self.phone.mailbox and not self.phone.seized)
        return waits or any(
            not c.up or c.handover or c.request or c.leaves_at is not None or c.answering
            for c in self.phone.calls
            if c.live
        )
