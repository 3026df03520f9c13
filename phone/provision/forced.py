"""What sshd's forced command lets through: `phone provision` and `phone onboard`, and of their options those that read
nothing but stdin.

Law: what is not named here is refused; nothing of it ever reaches a shell.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from phone.provision.errors import ProvisionError

COMMANDS = frozenset({"apply", "get", "diff", "confirm", "rollback", "history"})
_FLAGS = frozenset({"--json", "--merge", "--bundle", "--now", "--unproven", "--help", "-h"})
_WITH_VALUE = frozenset({"--part", "--comment", "--within", "--confirm-within", "--limit"})
_HINT = (
    "this key opens `phone provision` and `phone onboard` alone: ssh provision@desk phone provision < desk.toml "
    "(ssh provision@desk phone provision --help)"
)
_LONGEST = 4096


class ForbiddenError(ProvisionError):
    """Another command than this user may run."""


def arguments(command: str) -> list[str]:
    """Those of `phone` for SSH_ORIGINAL_COMMAND, "provision" first. Raises ForbiddenError."""
    try:
        words = shlex.split(command) if len(command) <= _LONGEST else []
    except ValueError:
        words = []
    if words[:2] == ["phone", "onboard"]:
        return ["onboard", *_onboarding(words[2:])]
    if words[:2] != ["phone", "provision"]:
        raise ForbiddenError(_HINT)
    return ["provision", *_allowed(words[2:])]


def _onboarding(words: list[str]) -> Iterator[str]:
    """The link comes on stdin, as all else."""
    waiting = iter(words)
    for word in waiting:
        name, _, value = word.partition("=")
        if word in ("--json", "--replace", "--show", "--help", "-h") or (value and name == "--name"):
            yield word
        elif word == "--name":
            yield f"{word}={next(waiting, '')}"
        else:
            raise ForbiddenError(f"{word!r} cannot be used here; {_HINT}")


def _allowed(words: list[str]) -> Iterator[str]:
    waiting, named = iter(words), False
    for word in waiting:
        name, _, value = word.partition("=")
        if word in _FLAGS or (value and name in _WITH_VALUE):
            yield word
        elif word in _WITH_VALUE:
            yield f"{word}={next(waiting, '')}"
        elif (word in COMMANDS and not named) or (word.isascii() and word.isdigit()):
            named = True
            yield word
        else:
            raise ForbiddenError(f"{word!r} cannot be used here; {_HINT}")
