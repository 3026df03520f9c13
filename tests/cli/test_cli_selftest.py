"""`phone selftest` at a terminal: what it shows, what may be typed, and how it ends."""

from __future__ import annotations

import json
import os
import time

import pytest

from phone.cli import selftest
from phone.cli.main import main
from phone.control import ControlError
from phone.control.selftest import SelfTest, SelfTestFinding, SelfTestReply

CHECKS = ("key 5", "lamp mute")
KEY = SelfTestFinding("key 5", "failed", "the key 5 does not answer")
LAMP = SelfTestFinding("lamp mute", "passed", figures={"held": "90 ms", "so": "so"})
PRESS = SelfTestReply(CHECKS, running=True, prompt="Press the key 5.")
LIT = SelfTestReply(CHECKS, running=True, findings=(KEY,), prompt="Is the mute lamp lit?", question=True)
OVER = SelfTestReply(CHECKS, findings=(KEY, LAMP), sentence="One thing needs a hand: it.", path="/state/selftest.txt")
FINE = SelfTestReply(CHECKS, findings=(LAMP,), sentence="All well.", passed=True, path="/state/selftest.txt")


class Told:
    """A phone that has this to say, one after the other; the last again and again."""

    def __init__(self, fake, *replies: SelfTestReply) -> None:
        self._replies = list(replies)
        self.words = fake.asked
        fake.replies = self

    def __getitem__(self, _: type) -> SelfTestReply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def actions(self) -> list[str]:
        return [word.action for word in self.words]


@pytest.fixture
def fake(fake, monkeypatch):
    monkeypatch.setattr(selftest, "_LOOK_SECONDS", 0.01)
    return fake


@pytest.fixture
def typed(monkeypatch):
    """Lines at the terminal, and its end."""

    def type_(text: str) -> None:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        monkeypatch.setattr("sys.stdin", os.fdopen(reading))

    return type_


@pytest.fixture
def answering(fake):
    return lambda *replies: Told(fake, *replies)


def test_it_shows_what_is_new_and_ends_with_the_sentence(answering, typed, capsys):
    typed("")
    told = answering(PRESS, PRESS, LIT, OVER)
    assert main(["selftest"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "Answer on the phone, or here: y = yes, n = no, s = skip, q = quit, each with Enter.",
        "[1/2] Press the key 5.",
        "FAIL key 5: the key 5 does not answer",
        "[2/2] Is the mute lamp lit?",
        "ok   lamp mute: held 90 ms, so so",
        "",
        "One thing needs a hand: it.",
        "Each figure: /state/selftest.txt",
    ]
    assert told.actions == ["begin", "look", "look", "look"]


@pytest.mark.parametrize(
    ("word", "action"), [("y", "yes"), ("NO ", "no"), ("s", "skip"), ("quit", "stop"), ("what?", "look")]
)
def test_words(answering, typed, word, action):
    typed(f"{word}\n")
    told = answering(LIT, OVER)
    main(["selftest"])
    assert told.actions == ["begin", action]


def test_no_terminal_at_all(answering, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    told = answering(LIT, LIT, FINE)
    assert main(["selftest", "--auto", "--only", "lamp, key"]) == 0
    assert told.words[0] == SelfTest("begin", auto=True, only=("lamp", "key"), attended=True)
    assert all(word.attended for word in told.words)


def test_a_session_that_is_lost_ends_it(answering, monkeypatch):
    """sshd closes its end of the pipe, and kills nobody."""
    monkeypatch.setattr("sys.stdin", None)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as lost:
        monkeypatch.setattr("sys.stdout", lost)
        monkeypatch.setattr(selftest._Terminal, "say", lambda *_: None)
        monkeypatch.setattr(selftest, "show", lambda *_, **__: None)
        told = answering(LIT)
        os.close(reading)
        assert main(["selftest"]) == 1
    assert told.actions == ["begin"]


def test_json_is_alone_on_stdout(answering, typed, capsys):
    typed("")
    answering(LIT, FINE)
    assert main(["selftest", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["sentence"] == "All well."
    assert "Is the mute lamp lit?" in shown.err


def test_a_list(answering, capsys):
    told = answering(SelfTestReply(CHECKS))
    assert main(["selftest", "--list", "--auto"]) == 0
    assert capsys.readouterr().out == "key 5\nlamp mute\n"
    assert told.words == [SelfTest("list", auto=True)]


def test_ctrl_c_ends_the_test(answering, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    told = answering(LIT, OVER)
    monkeypatch.setattr(time, "sleep", interrupted)
    assert main(["selftest"]) == 1
    assert told.actions == ["begin", "stop"]
    assert "One thing needs a hand" in capsys.readouterr().out


def test_refused(fake, capsys):
    fake.replies[SelfTest] = ControlError("a call is in progress: test when it is over")
    assert main(["selftest"]) == 1
    assert capsys.readouterr().err == "phone: a call is in progress: test when it is over\n"
