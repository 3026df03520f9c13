"""What the bench of the manners stands on: ears that tell when a note goes, a walk that stays at eight calls."""

from __future__ import annotations

import numpy as np
import pytest
from rig.signals import tone

from bench.core import LEGS, Walk, people, searches, steps
from bench.ears import VOICES, ending
from bench.manners import keep, told
from bench.model import Result
from bench.run import CASES, GROUPS, chosen, parser
from bench.targets import verdicts
from phone.calls.core import step
from phone.drivers.vcard import RATE

QUIET = np.zeros(RATE // 2, np.int16)


def test_the_end_of_a_note_is_found_in_silence_and_under_another_one() -> None:
    note, other = tone(VOICES["bob"], 0.2), tone(VOICES["carol"], 0.5)
    for rest in (QUIET, other):
        end = ending(np.concatenate((note, rest)), VOICES["bob"])
        assert end == pytest.approx(len(note), abs=RATE // 500)


def test_a_note_that_never_was_or_never_ends_has_no_end() -> None:
    assert ending(QUIET, VOICES["bob"]) is None
    assert ending(tone(VOICES["bob"], 0.5), VOICES["bob"]) is None
    assert ending(np.concatenate((QUIET, tone(VOICES["bob"], 0.1), QUIET)), VOICES["bob"]) is None


def test_the_walk_meets_every_kind_of_leg_and_always_has_eight() -> None:
    walk, met = Walk(1), set[str]()
    wanted = {"OFFERED", "PROPOSED", "ALERTING", "CONNECTED", "held", "joined", "bridged", "handed"}
    for _ in range(20_000):
        if met >= wanted:
            return
        walk.fill()
        assert walk.legs >= LEGS
        for call in walk.phone.calls:
            marks = {"held": call.held, "joined": call.joined, "bridged": call.bridged, "handed": call.handover}
            met |= {call.progress.name} | {name for name, true in marks.items() if true}
        walk.phone, _ = step(walk.phone, walk.event())
    pytest.fail(f"it never met {wanted - met}")


def test_each_step_and_each_key_is_timed_once() -> None:
    assert len(steps(50, 1).wall) == 50
    watch = searches(2, 1, in_menu=True, among=100)
    assert len(watch.wall) == len(watch.cpu) == 12
    assert len(watch.figures("key", "ms", 1e6)["key, wall, ms"]) == 101
    assert len({person.name for person in people(1000, 1)}) > 900


def test_what_never_came_is_told_and_the_rest_counts() -> None:
    result = Result("manners-keys")
    missing = keep(result, {"HOLD to music in the far ear": 40.0, "MUTE to silence in the far ear": None})
    assert result.figures == {"HOLD to music in the far ear, ms": [40.0]}
    assert "MUTE" in told(result, missing).error
    assert told(result, set()) is result
    verdict = {v.name: v.met for v in verdicts([result])}
    assert verdict["HOLD to music in the far ear"] is True
    assert verdict["MUTE to silence in the far ear"] is None


def test_one_name_for_all_of_them() -> None:
    names = [case.name for case in chosen(parser().parse_args(["--only", "manners"]))]
    assert names == GROUPS["manners"] == [case.name for case in CASES if case.name.startswith("manners-")]
    assert len(names) == 5
