"""Who hears whom: nobody himself, everybody all others, whatever the order; and no change clicks."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs import tone
from soundroom import Echo, steepest

from phone.media.mixer import Mixer, Route
from phone.media.voice import saturate

COUNT = 48


class Constant:
    """A far end that says the same value all the time; `told` is the last block that it got."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.told: array[int] | None = None
        self.heard = 0

    def hear(self, samples: int) -> array[int]:
        self.heard += samples
        return array("h", [self.value]) * samples

    def speak(self, samples: array[int] | None, count: int) -> None:
        assert samples is None or len(samples) == count
        self.told = samples


class Tune:
    def __init__(self, value: int = 100) -> None:
        self.value, self.at, self.rewound = value, 0, 0

    def read(self, samples: int) -> array[int]:
        self.at += samples
        return array("h", [self.value]) * samples

    def rewind(self) -> None:
        self.at, self.rewound = 0, self.rewound + 1


def settle(mixer: Mixer, route: Route, microphone: int | None) -> array[int] | None:
    """Two periods, so that ramps are over; what the ear hears in the second."""
    for _ in range(2):
        ear = mixer.hear(route, COUNT)
        mixer.tell(route, None if microphone is None else array("h", [microphone]) * COUNT)
    return ear


values = st.integers(-32768, 32767)


def first(block: array[int] | None) -> int:
    """Of a block that is the same all along."""
    if block is None:
        return 0
    assert len(set(block)) == 1
    return block[0]


@given(st.lists(values, min_size=1, max_size=5), values, st.booleans(), st.randoms())
def test_everyone_hears_the_saturated_sum_of_all_others(said, microphone, send, chance):
    parties = [Constant(value) for value in said]
    talk = tuple(chance.sample(parties, len(parties)))
    ear = settle(Mixer({}), Route(talk=talk, send=send, parties=tuple(parties)), microphone)
    assert first(ear) == saturate([sum(said)])[0]
    for party in parties:
        others = sum(other.value for other in parties if other is not party)
        assert first(party.told) == saturate([others + microphone * send])[0]


@given(st.lists(values, min_size=2, max_size=4))
def test_without_a_card_the_far_ends_hear_each_other(said):
    parties = tuple(Constant(value) for value in said)
    settle(Mixer({}), Route(talk=parties, send=True, parties=parties), None)
    for party in parties:
        assert first(party.told) == saturate([sum(said) - party.value])[0]


def test_outside_the_call_one_hears_what_the_plan_says():
    talk, music, ringback, nothing = (Constant(1000) for _ in range(4))
    mixer = Mixer({"music": Tune(70), "ringback": Tune(90)})
    everyone = (talk, music, ringback, nothing)
    ear = settle(
        mixer, Route(talk=(talk,), send=True, parties=everyone, sounds={music: "music", ringback: "ringback"}), 5
    )
    assert [first(each.told) for each in everyone] == [5, 70, 90, 0]
    assert nothing.told is None
    assert first(ear) == 1000
    assert [each.heard for each in everyone] == [2 * COUNT, 0, 0, 0]


def test_a_call_is_no_place_for_music():
    talk = Constant(0)
    settle(Mixer({"music": Tune()}), Route(talk=(talk,), send=True, parties=(talk,), sounds={talk: "music"}), 5)
    assert first(talk.told) == 5


def test_the_tune_goes_on_while_somebody_hears_it_and_begins_anew_for_the_next():
    one, other, tune = Constant(0), Constant(0), Tune()
    mixer = Mixer({"music": tune})
    settle(mixer, Route(parties=(one,), sounds={one: "music"}), None)
    settle(mixer, Route(parties=(one, other), sounds={one: "music", other: "music"}), None)
    assert (tune.at, tune.rewound) == (4 * COUNT, 0)
    # it fades out for one period, and then nobody hears it
    settle(mixer, Route(parties=(one, other)), None)
    assert (tune.at, tune.rewound) == (0, 1)
    settle(mixer, Route(parties=(other,), sounds={other: "music"}), None)
    assert tune.at == 2 * COUNT


def test_nobody_at_all():
    mixer = Mixer({})
    assert mixer.hear(Route(), COUNT) is None
    mixer.tell(Route(), None)


@pytest.mark.parametrize("card", [True, False])
def test_joining_holding_muting_and_leaving_do_not_click(card):
    one, other, third = Echo(310), Echo(470), Echo(390)
    mixer, ear, at = Mixer({"music": Tune(3000)}), array("h"), 0
    three = (one, other, third)
    scenes = [
        Route(talk=(one,), send=True, parties=three[:1]),
        Route(talk=(one, other), send=True, parties=three[:2]),
        Route(talk=three, send=True, parties=three),
        Route(talk=three, parties=three),
        Route(talk=(other,), send=True, parties=three, sounds={one: "music"}),
        Route(talk=(), parties=three, sounds=dict.fromkeys(three, "music")),
        Route(talk=three, send=True, parties=three),
        Route(talk=(third,), send=True, parties=(third,)),
        Route(talk=()),
    ]
    for route in [scene for scene in scenes for _ in range(4)]:
        ear += mixer.hear(route, 240) or array("h", bytes(480))
        mixer.tell(route, tone(520, 240, at) if card else None)
        at += 240
    slopes = sum(steepest(tone(hertz, 4800)) for hertz in (310, 470, 390, 520))
    fades = 4 * 8000 // 240
    assert max(map(abs, ear)) > 8000
    for heard in (ear, one.told, other.told, third.told):
        assert steepest(heard) <= slopes + fades
    assert steepest(array("h", [0, 8000])) > slopes + fades, "a click would be seen"


def test_a_microphone_that_comes_back_fades_in():
    talk, mixer = Echo(), Mixer({})
    route = Route(talk=(talk,), send=True, parties=(talk,))
    for card in (True, True, False, False, True, True):
        mixer.hear(route, 240)
        mixer.tell(route, array("h", [9000]) * 240 if card else None)
    begins = talk.told[4 * 240 :]
    assert steepest(begins) < 9000 // 100
    assert begins[-1] == 9000
