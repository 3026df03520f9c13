"""Three phones on a wire: the commands of one become events of the others. No end is tested against a script."""

# ruff: noqa: A001 - `id` is the field's word

from __future__ import annotations

import random
from collections import deque

import pytest

from phone.calls import commands as do
from phone.calls import events as ev
from phone.calls.core import step
from phone.calls.events import Key
from phone.calls.model import Call, CallId, IdSource, Phone, Reason, Service
from phone.calls.numbers import DialPlan
from phone.calls.outputs import Tone, outputs

PLAN = DialPlan.of("wire", None, "[1-3]", {})


class Wire:
    """Phones 1, 2 and 3; a dialled digit calls. Events travel in order, or in any order if `shuffle` is given."""

    def __init__(self, shuffle: random.Random | None = None) -> None:
        self.phones = {f"{n}@wire": Phone(IdSource(bytes([n])), service=Service.ONLINE, plan=PLAN) for n in (1, 2, 3)}
        self.ends: dict[CallId, tuple[str, str]] = {}
        self.accepted: set[CallId] = set()
        self.queue: deque[tuple[str, ev.Event]] = deque()
        self.logs: list[tuple[str, Call]] = []
        self.digits: list[tuple[str, str]] = []
        self.shuffle = shuffle
        self.now = 0.0

    def user(self, number: int, *acts: ev.Event | str) -> None:
        for act in acts:
            for event in [ev.DigitPressed(d, self.now) for d in act] if isinstance(act, str) else [act]:
                self.feed(f"{number}@wire", event)
                self.settle()

    def settle(self) -> None:
        while self.queue:
            if self.shuffle:
                self.queue.rotate(self.shuffle.randrange(len(self.queue)))
            self.feed(*self.queue.popleft())

    def feed(self, who: str, event: ev.Event) -> None:
        self.phones[who], commands = step(self.phones[who], event)
        for command in commands:
            self.carry(who, command)

    def far(self, who: str, id: CallId) -> str:
        caller, callee = self.ends[id]
        return callee if caller == who else caller

    def carry(self, who: str, command: do.Command) -> None:
        match command:
            case do.Propose(id, to):
                self.ends[id] = (who, to)
                if to not in self.phones:
                    self.queue.append((who, ev.Ended(id, Reason.NOT_FOUND, self.now)))
                    return
                self.queue.append((to, ev.Offered(id, who, who, self.now)))
                self.queue.append((who, ev.Alerting(id, self.now)))
                self.queue += [(end, ev.MediaUp(id, encrypted=True, at=self.now)) for end in (who, to)]
            case do.Accept(id):
                self.accepted.add(id)
                self.queue.append((self.far(who, id), ev.Accepted(id, self.now)))
            case do.Terminate(id, reason):
                if (far := self.far(who, id)) in self.phones:
                    self.queue.append((far, ev.Ended(id, reason, self.now)))
            case do.SendDtmf(_, digit):
                self.digits.append((who, digit))
            case do.LogCall(call):
                self.logs.append((who, call))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        for who in self.phones:
            self.feed(who, ev.Ticked(self.now))
        self.settle()

    def talk(self, number: int) -> CallId | None:
        return (outputs(self.phones[f"{number}@wire"]).talk or (None,))[0]

    def tone(self, number: int) -> Tone | None:
        return outputs(self.phones[f"{number}@wire"]).tone

    def rings(self, number: int) -> bool:
        return outputs(self.phones[f"{number}@wire"]).ringer


LIFT, CRADLE = ev.HookLifted(0), ev.HookReplaced(0)


def test_a_call_from_lifting_to_hanging_up():
    wire = Wire()
    wire.user(1, LIFT, "2")
    assert (wire.tone(1), wire.rings(2)) == (Tone.RINGBACK, True)
    wire.user(2, LIFT)
    assert wire.talk(1) == wire.talk(2) is not None
    wire.user(2, "9")
    assert wire.digits == [("2@wire", "9")]
    wire.user(2, CRADLE)
    assert (wire.talk(1), wire.tone(1), wire.tone(2)) == (None, Tone.BUSY, None)
    wire.user(1, CRADLE)
    assert [(who, call.outgoing, call.reason) for who, call in wire.logs] == [
        ("2@wire", False, Reason.HANGUP),
        ("1@wire", True, Reason.HANGUP),
    ]


def test_the_third_knocks_and_the_call_goes_on():
    wire = Wire()
    wire.user(1, LIFT, "2")
    wire.user(2, LIFT)
    wire.user(3, LIFT, "1")
    assert (wire.tone(3), wire.tone(1)) == (Tone.RINGBACK, Tone.CALL_WAITING)
    assert wire.talk(1) == wire.talk(2) is not None


def test_refused_with_back():
    wire = Wire()
    wire.user(1, LIFT, "2")
    wire.user(2, ev.KeyPressed(Key.BACK, 0))
    assert (wire.tone(1), wire.rings(2)) == (Tone.BUSY, False)


def test_both_call_each_other_and_one_takes_the_others_call():
    """Glare on the wire itself is the Jingle room's to break; for the core alone the other's call knocks."""
    wire = Wire()
    wire.feed("1@wire", LIFT)
    wire.feed("2@wire", LIFT)
    wire.feed("1@wire", ev.DigitPressed("2", 0))
    wire.feed("2@wire", ev.DigitPressed("1", 0))
    wire.settle()
    assert (wire.tone(1), wire.tone(2)) == (Tone.RINGBACK, Tone.RINGBACK)
    wire.user(1, ev.KeyPressed(Key.OK, 0))
    assert wire.talk(1) == wire.talk(2) is not None


def test_nobody_at_home():
    wire = Wire()
    wire.user(1, LIFT, "2")
    wire.wait(60)
    assert (wire.rings(2), wire.tone(1)) == (False, Tone.REORDER)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_three_users_do_the_ends_agree(seed):
    """Random users; events of different calls overtake each other."""
    dice = random.Random(seed)
    wire = Wire(dice)
    acts = [LIFT, CRADLE, "1", "2", "3", ev.KeyPressed(Key.BACK, 0), ev.KeyPressed(Key.OK, 0)]
    for _ in range(200):
        act = dice.choice([*acts, None])
        if act is None:
            wire.wait(dice.choice([1, 30, 70]))
        else:
            wire.user(dice.choice([1, 2, 3]), act)
        for number in (1, 2, 3):
            if (id := wire.talk(number)) is not None:
                assert id in wire.accepted
    for number in (1, 2, 3):
        wire.user(number, CRADLE, ev.HangUpRequested(wire.now))
    assert not any(phone.calls for phone in wire.phones.values())
    logged = [(who, call.id) for who, call in wire.logs]
    assert len(logged) == len(set(logged)), "logged twice"
    assert set(logged) >= {(who, id) for id, (who, _) in wire.ends.items()}, "a caller's log lacks a call"
