"""What the clock of messages stands on: a first word is found under a dial tone, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from rig.signals import first_sound, tone
from rig.words import decoded

from bench.model import Result
from bench.run import CASES, GROUPS, chosen, parser
from bench.targets import verdicts
from bench.voicemail import word_in
from phone.drivers.vcard import RATE
from phone.prompts import default_folder

PROMPTS = default_folder() / "en"


def after(seconds: float, name: str) -> np.ndarray:
    """A dial tone until then, and a prompt."""
    spoken = decoded(PROMPTS / f"{name}.opus", "opus")
    return np.concatenate((tone(425, seconds), spoken, np.zeros(RATE, np.int16)))


def test_a_first_word_is_found_where_it_begins() -> None:
    silent = first_sound(decoded(PROMPTS / "you-have.opus", "opus")) or 0
    for seconds in (0.02, 0.1, 0.7):
        found = word_in(after(seconds, "you-have"), PROMPTS / "you-have.opus")
        assert found == pytest.approx(seconds * 1e3 + silent / RATE * 1e3, abs=1)


def test_other_words_are_not_taken_for_it() -> None:
    assert word_in(after(0.1, "no-messages"), PROMPTS / "you-have.opus") is None
    assert word_in(tone(425, 2.0), PROMPTS / "you-have.opus") is None


def test_one_name_for_both_and_their_targets() -> None:
    names = [case.name for case in chosen(parser().parse_args(["--only", "voicemail"]))]
    assert names == GROUPS["voicemail"] == [case.name for case in CASES if case.name.startswith("voicemail-")]
    late = Result("voicemail-service", figures={"hang-up to lamp, ms": [250.0] * 20})
    told = {verdict.met for verdict in verdicts([late]) if verdict.name == "hang-up to lamp"}
    assert told == {None, False}
