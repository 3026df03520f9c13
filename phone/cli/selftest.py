"""`phone selftest`: the phone is gone through, part by part; what needs a hand is asked for here and on its display."""

from __future__ import annotations

import argparse
import select
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from phone.cli.common import add_command, add_config, add_json, control_socket, plain, show
from phone.control import Line, ask
from phone.control.selftest import SelfTest, SelfTestAction, SelfTestFinding, SelfTestReply

_LOOK_SECONDS = 0.2
_MARKS = {"passed": "ok  ", "failed": "FAIL", "skipped": "--  "}
_WORDS: dict[str, SelfTestAction] = {
    "y": "yes",
    "yes": "yes",
    "n": "no",
    "no": "no",
    "s": "skip",
    "skip": "skip",
    "q": "stop",
    "quit": "stop",
}
_HELP = "Answer on the phone, or here: y = yes, n = no, s = skip, q = quit, each with Enter."


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "phone selftest",
        "phone selftest --only key,lamp",
        "phone selftest --auto --json | jq .sentence",
        "phone selftest --auto --list",
    )
    about = "test keys, lamps, display, sound, clock, network and server; the exit code is 0 if all is well"
    parser = add_command(commands, "selftest", selftest, about, examples)
    parser.add_argument("--auto", action="store_true", help="only what needs no hand")
    parser.add_argument("--only", type=_kinds, default=(), metavar="KINDS", help="these checks: key,lamp,clock,...")
    parser.add_argument("--list", action="store_true", help="tell what would be tested, and test nothing")
    add_config(parser)
    add_json(parser)


def _kinds(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def selftest(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone does not run, or has no time for it."""
    path = control_socket(options)
    if options.list:
        reply = ask(path, SelfTest("list", auto=options.auto, only=options.only))
        show(reply, reply.checks, as_json=options.json)
        return 0
    told = sys.stderr if options.json else sys.stdout
    first = SelfTest("begin", auto=options.auto, only=options.only, attended=True)
    with Line(path) as line:
        reply = _run(path, line, first, told)
    show(reply, _end(reply), as_json=options.json)
    return 0 if reply.passed else 1


def _end(reply: SelfTestReply) -> Iterable[str]:
    return "", reply.sentence, f"Each figure: {reply.path}"


def _run(path: Path, line: Line, first: SelfTest, told: TextIO) -> SelfTestReply:
    """Until it is over, or nobody is there any more to read of it."""
    reply, terminal = line.ask(first), _Terminal(told, _answers())
    if not first.auto:
        terminal.say(_HELP)
    try:
        while True:
            terminal.follow(reply)
            if not reply.running or terminal.gone():
                return reply
            reply = line.ask(SelfTest(terminal.word(), attended=True))
    except KeyboardInterrupt:
        # Not by the line: it may have been in the midst of a reply.
        return ask(path, SelfTest("stop"))


def _answers() -> TextIO | None:
    """Somebody may type; what is no terminal and has nothing more to say is asked no more."""
    return None if sys.stdin is None or sys.stdin.closed else sys.stdin


class _Terminal:
    """Shows what is new, and takes what is typed."""

    def __init__(self, told: TextIO, typed: TextIO | None) -> None:
        self._told = told
        self._typed = typed
        self._findings = 0
        self._prompt = ""

    def say(self, line: str) -> None:
        """At once, though it may be a pipe."""
        print(plain(line), file=self._told, flush=True)

    def follow(self, reply: SelfTestReply) -> None:
        """What has been found since, and what is to be done now."""
        for finding in reply.findings[self._findings :]:
            self.say(_line(finding))
        self._findings = len(reply.findings)
        if reply.prompt and reply.prompt != self._prompt:
            self.say(f"[{self._findings + 1}/{len(reply.checks)}] {reply.prompt}")
        self._prompt = reply.prompt

    def gone(self) -> bool:
        """The other end of the pipe is, as with a session of ssh that was lost."""
        try:
            pipe = self._told.fileno()
        except (OSError, ValueError):  # it is no file
            return False
        output = select.poll()
        output.register(pipe, 0)
        return bool(output.poll(0))

    def word(self) -> SelfTestAction:
        """What was typed meanwhile, if that is a word for the test."""
        if self._typed is None:
            time.sleep(_LOOK_SECONDS)
            return "look"
        ready, _, _ = select.select([self._typed], [], [], _LOOK_SECONDS)
        if not ready:
            return "look"
        if not (line := self._typed.readline()):
            self._typed = None
        return _WORDS.get(line.strip().lower(), "look")


def _line(finding: SelfTestFinding) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in finding.figures.items())
    told = "; ".join(filter(None, (finding.sentence, figures)))
    return f"{_MARKS[finding.verdict]} {finding.check}{f': {told}' if told else ''}"
