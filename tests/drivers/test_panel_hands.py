"""Moves of many pages on one keypad: a key is down while any of them holds it."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from phone.drivers.panel.client import Bucket, Outbox
from phone.drivers.panel.hands import Hands
from phone.drivers.panel.messages import HangUp, Lift, NonsenseError, Press, Release, decode
from phone.drivers.sim import KEYS


class Keypad:
    """Keys as they are, and a complaint for what no finger can do."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.hook: list[str] = []

    def press(self, name: str) -> None:
        assert name not in self.down
        self.down.add(name)

    def release(self, name: str) -> None:
        self.down.remove(name)

    def lift(self) -> None:
        self.hook.append("lift")

    def hang_up(self) -> None:
        self.hook.append("hang up")


KEY = st.sampled_from(["1", "2", "HOLD"])
HAND = st.sampled_from(["left", "right", "third"])


class ManyHands(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.keypad = Keypad()
        self.hands = Hands(self.keypad, frozenset(KEYS))
        self.holds: set[tuple[str, str]] = set()

    @rule(hand=HAND, key=KEY)
    def press(self, hand, key):
        self.hands.move(hand, Press(key))
        self.holds.add((hand, key))

    @rule(hand=HAND, key=KEY)
    def release(self, hand, key):
        self.hands.move(hand, Release(key))
        self.holds.discard((hand, key))

    @rule(hand=HAND)
    def gone(self, hand):
        self.hands.gone(hand)
        self.holds = {(h, key) for h, key in self.holds if h != hand}

    @invariant()
    def a_key_is_down_while_anybody_holds_it(self):
        assert self.keypad.down == {key for _, key in self.holds}


TestManyHands = ManyHands.TestCase


def test_hook_moves_are_passed_on_and_the_handset_outlives_the_page():
    keypad = Keypad()
    hands = Hands(keypad, frozenset(KEYS))
    hands.move("page", Lift())
    hands.gone("page")
    assert keypad.hook == ["lift"]
    hands.move("page", HangUp())
    assert keypad.hook == ["lift", "hang up"]


def test_a_key_released_by_a_page_that_never_pressed_it_stays_down():
    keypad = Keypad()
    hands = Hands(keypad, frozenset(KEYS))
    hands.move("one", Press("5"))
    hands.move("two", Release("5"))
    assert keypad.down == {"5"}


def test_a_key_that_is_not_there_is_nonsense():
    hands = Hands(Keypad(), frozenset({"1"}))
    with pytest.raises(NonsenseError, match="not there"):
        hands.move("page", Press("HOLD"))
    hands.move("page", Release("HOLD"))


@pytest.mark.parametrize("move", [Press("5"), Release("VOL+"), Lift(), HangUp()])
def test_moves_are_understood(move):
    assert decode(msgspec.json.encode(move).decode()) == move


@pytest.mark.parametrize(
    "message",
    [
        *("", "{}", "[]", "null", "\ud800", "[" * 128, b'{"do":"lift"}', '{"do":"dance"}', '{"do":"lift","key":"5"}'),
        *('{"do":"press"}', '{"do":"press","key":5}', '{"do":"press","key":"5","more":1}', '{"do":"press","key":"5"}{'),
    ],
)
def test_nonsense_is_called_so(message):
    with pytest.raises(NonsenseError):
        decode(message)


@given(st.one_of(st.text(max_size=128), st.binary(max_size=128)))
def test_no_message_does_more_than_a_hand_could(message):
    hands = Hands(Keypad(), frozenset(KEYS))
    with contextlib.suppress(NonsenseError):
        hands.move("page", decode(message))


def test_a_bucket_lets_a_burst_through_and_then_its_rate():
    bucket = Bucket(rate=2, burst=3, at=10.0)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(10.4)
    assert bucket.take(10.5)
    assert not bucket.take(10.6)
    assert [bucket.take(99.0) for _ in range(4)] == [True, True, True, False]


async def test_of_each_kind_only_the_newest_is_told():
    box = Outbox()
    for number in range(100):
        box.put("frame", bytes([number]))
        box.put("lights", f"{number}")
    assert [await box.get(), await box.get()] == [bytes([99]), "99"]


async def test_what_was_told_is_not_told_again_unless_it_must():
    box = Outbox()
    box.put("frame", b"1")
    assert await box.get() == b"1"
    box.put("frame", b"1")
    box.put("second", "tick", again=True)
    assert await box.get() == "tick"
    box.put("second", "tick", again=True)
    assert await box.get() == "tick"
