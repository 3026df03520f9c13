"""What the self-test leaves behind."""

from __future__ import annotations

from dataclasses import replace

from phone.selftest.model import Check, Equipment, Finding, Kind, Verdict
from phone.selftest.report import facts, sound, text
from phone.selftest.steps import begin

CHECKS = (Check(Kind.SOUND, "handset"), Check(Kind.KEY, "5"), Check(Kind.TURN))
FINDINGS = (
    Finding(CHECKS[0], Verdict.PASSED, figures=(("delay", "23.4 ms"), ("level", "-20.1 dB"))),
    Finding(CHECKS[1], Verdict.FAILED, "the key 5 does not answer"),
    Finding(CHECKS[2], Verdict.SKIPPED, "the server names no TURN service"),
)
DONE = replace(begin(Equipment(), CHECKS, 0.0, auto=False), findings=FINDINGS)
VERSIONS = {"phone": "1.2", "Python": "3.11"}


def test_the_text_has_date_versions_the_sentence_and_each_figure():
    assert text(DONE, "2026-11-21T14:05:00+01:00", VERSIONS) == (
        "Self-test of 2026-11-21T14:05:00+01:00\n"
        "phone 1.2, Python 3.11\n"
        "\n"
        "One thing needs a hand: the key 5 does not answer.\n"
        "\n"
        "ok   sound handset: delay 23.4 ms, level -20.1 dB\n"
        "FAIL key 5: the key 5 does not answer\n"
        "--   turn: the server names no TURN service\n"
    )
    assert text(replace(DONE, auto=True), "x", {}).startswith("Self-test of x, by itself\n")


def test_machines_get_the_same():
    told = facts(DONE, "x", VERSIONS)
    assert told["passed"] is False
    assert told["checks"][0] == {
        "check": "sound handset",
        "kind": "sound",
        "verdict": "passed",
        "sentence": "",
        "figures": {"delay": "23.4 ms", "level": "-20.1 dB"},
    }


def test_the_ways_of_sound_are_kept():
    assert sound(DONE) == {"handset": {"delay": "23.4 ms", "level": "-20.1 dB"}}
    assert sound(replace(DONE, findings=())) == {}
