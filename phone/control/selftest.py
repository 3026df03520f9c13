"""The self-test, as the terminal drives it: begun, then looked at a few times a second."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

SelfTestAction = Literal["list", "begin", "look", "yes", "no", "skip", "stop"]


class SelfTest(msgspec.Struct, frozen=True, tag_field="do", tag="selftest", forbid_unknown_fields=True):
    """Begin the self-test, answer it, or see how it goes -> `SelfTestReply`.

    `list` tells what would be tested. Refused during a call; a test that nobody looks at for 15 s ends.
    """

    action: SelfTestAction
    auto: bool = False
    """Of `begin` and `list`: what needs no hand."""
    only: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=32)], ...], msgspec.Meta(max_length=32)] = ()
    """Of `begin` and `list`: these `selftest.model.Kind` values; empty: all."""
    attended: bool = False
    """Whoever asks keeps the connection: where it ends, the test does."""


class SelfTestFinding(msgspec.Struct, frozen=True):
    """What became of one check."""

    check: str
    """`key 5`, `clock`."""
    verdict: Literal["passed", "failed", "skipped"]
    sentence: str = ""
    figures: dict[str, str] = {}


class SelfTestReply(msgspec.Struct, frozen=True):
    """How it goes."""

    checks: tuple[str, ...]
    """All of this test, in order."""
    running: bool = False
    findings: tuple[SelfTestFinding, ...] = ()
    prompt: str = ""
    """What the user is to do now."""
    question: bool = False
    """It is one for yes or no."""
    sentence: str = ""
    """Once it is over: what came of it."""
    passed: bool = False
    path: str = ""
    """Of the text file with each figure, once it is over."""
    ok: Literal[True] = True
