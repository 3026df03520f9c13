"""The measured delay is the real one: a card whose ear speaks into its microphone after a known time."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig.acoustic import Loop
from soundroom import Bench, until

from phone.drivers.vcard import RATE, Card
from phone.media.card import PERIOD, SLACK
from phone.media.mixer import Route
from phone.media.probe import Echo, Probe, echo, signal

LATER = 200
"""Milliseconds: so far behind may the loop be."""


def own_ms(card: Card) -> float:
    """What the phone itself added, by the card's own count: from the first sample that was heard of the microphone (a
    period is read to start it) to the first that was played (behind what is queued to start it).
    """
    heard = card.stats(capture=True).start_ns * RATE / 1e9 + PERIOD
    played = card.stats(capture=False).start_ns * RATE / 1e9 + PERIOD + SLACK
    return 1000 * (played - heard) / RATE


def measured(bench: Bench, ms: int) -> tuple[Echo, bool]:
    """What is measured, and whether the machine had time for the card and for the loop."""
    audio, probe = bench.start(), Probe()
    with Loop(bench.cards["handset"], ms) as loop:
        audio.route(Route(handset=True, probe=probe))
        until(lambda: probe.over, 20)
        audio.route(Route())
    return echo(probe.heard), not (probe.xruns or loop.late)


def test_the_delay_within_two_milliseconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again where the machine stood still."""
    signal()  # is made once, and not in the audio thread
    for number in range(10):
        (folder := tmp_path / str(number)).mkdir()
        bench = Bench(folder, monkeypatch)
        found, steady = measured(bench, LATER)
        own = own_ms(bench.cards["handset"])
        bench.close()
        if steady:
            break
    assert found.delay_ms == pytest.approx(LATER + own, abs=2.0)
    assert found.level_db == pytest.approx(0.0, abs=0.5)
    assert not found.silent


def test_nobody_speaks(bench: Bench) -> None:
    audio, probe = bench.start(), Probe()
    audio.route(Route(handset=True, probe=probe))
    until(lambda: probe.over, 20)
    assert echo(probe.heard) == Echo(None, None, None, silent=True)
