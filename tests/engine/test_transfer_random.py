"""Four whole phones in random hands: whatever they press, all comes to rest and nothing is left behind."""

from __future__ import annotations

from random import Random

from engine.house import NUMBERS, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rig.wire import WirePhone

from phone.jingle.elements import TRANSFER

NAMES = ("alice", "bob", "carol", "dave")
KEYS = ("TRANSFER", "HOLD", "BACK", "OK", "MUTE", "SPEAKER")

_number = st.sampled_from(tuple(NUMBERS.values()))
_wait = st.floats(0, 4)
_act = st.one_of(
    st.tuples(st.just("lift")),
    st.tuples(st.just("hang up")),
    st.tuples(st.just("call"), _number),
    st.tuples(st.just("dial"), _number),
    st.tuples(st.just("pass on"), _number, st.sampled_from(("", "talk first"))),
    st.tuples(st.sampled_from(KEYS)),
)
_story = st.lists(st.tuples(st.sampled_from(NAMES), _act, _wait), min_size=3, max_size=25)


@settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=_story, seed=st.integers(0, 1000), without=st.sets(st.sampled_from(NAMES), max_size=2))
def test_random_hands(story: list[tuple[str, tuple[str, ...], float]], seed: int, without: set[str]) -> None:
    house = House(Random(seed))
    house.without = {f"{name}@x": frozenset({TRANSFER}) for name in without}
    phones = {name: house.add(name) for name in NAMES}
    # two talk already, or most stories would be of dial tones alone
    phones["alice"].call(NUMBERS["bob"])
    house.run(2)
    phones["bob"].lift()
    house.run(2)
    for name, act, wait in story:
        do(house, phones, phones[name], act)
        house.run(wait)
    house.run(200)
    house.rest()
    house.all_hang_up()


def do(house: House, phones: dict[str, WirePhone], phone: WirePhone, act: tuple[str, ...]) -> None:
    match act:
        case ("lift",):
            phone.lift()
        case ("hang up",):
            phone.hang_up()
        case ("call", number):
            phone.hang_up()
            phone.lift()
            phone.dial(number)
        case ("dial", number):
            phone.dial(number)
        case ("pass on", number, talk):
            phone.press("TRANSFER")
            phone.dial(number)
            house.run(3)
            if talk:
                next(p for n, p in phones.items() if NUMBERS[n] == number).lift()
                house.run(3)
            phone.hang_up()
        case (key,):
            phone.press(key)
