"""`phone provision`: the config from afar, checked, shown, tried, and taken back where the phone does not register."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import pairwise

from phone.cli.common import Command, add_command, add_config, add_json
from phone.cli.provision_options import add_input, add_part, add_trial, seconds

COMMANDS = ("apply", "get", "diff", "confirm", "rollback", "history")
_WITH_VALUE = ("--config", "--part", "--comment", "--within", "--confirm-within", "--limit")
_ABOUT = "check, show, try and apply a config from afar; taken back by itself if the phone does not register with it"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments, and those of its own commands."""
    examples = (
        "ssh provision@desk phone provision < desk.toml",
        "ssh provision@desk phone provision get > desk.toml   # its secrets are masked; so they stay on the way back",
        "ssh provision@desk phone provision apply --merge < changes.toml",
        "ssh provision@desk phone provision apply --confirm-within 5m < desk.toml",
        "ssh provision@desk phone provision confirm",
        "ssh provision@desk phone provision rollback",
    )
    parser = add_command(commands, "provision", _apply, _ABOUT, examples)
    inner = parser.add_subparsers(required=True, metavar=" | ".join(COMMANDS))
    _add_changing(inner)
    _add_looking(inner)


def expanded(arguments: Sequence[str]) -> list[str]:
    """What follows `phone`, the word `provision` first. Without a command it is `apply`; options may stand before the
    command, too.
    """
    told = list(arguments)
    if told[1:2] in (["-h"], ["--help"]):
        return told
    rest = told[1:]
    for place, (before, word) in enumerate(pairwise(("", *rest))):
        if word in COMMANDS and before not in _WITH_VALUE:
            return ["provision", word, *rest[:place], *rest[place + 1 :]]
    return ["provision", "apply", *rest]


def _add_changing(inner: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    what = "apply what comes on stdin, and confirm it once the phone has registered (the same without `apply`)"
    examples = (
        "phone provision apply < desk.toml",
        "phone provision apply --part dial.short < short.toml   # these short codes and no others",
        "phone provision apply --bundle < desk.tar",
    )
    _add_apply(_inner(inner, "apply", _apply, what, examples))
    _inner(inner, "confirm", _confirm, "keep the version on trial", ("phone provision confirm",))
    what = "end the trial; without one: try VERSION again, or the one before the present"
    back = _inner(inner, "rollback", _rollback, what, ("phone provision rollback", "phone provision rollback 7"))
    back.add_argument("version", nargs="?", type=int, metavar="VERSION", help="`phone provision history` lists them")
    add_trial(back)


def _add_looking(inner: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    examples = ("phone provision get", "phone provision get 7", "phone provision get --part account")
    get = _inner(inner, "get", _get, "print the config, secrets masked", examples)
    get.add_argument("version", nargs="?", type=int, metavar="VERSION", help="an earlier one")
    add_part(get, "this table alone: account, dial.short, ...")
    examples = ("phone provision diff < desk.toml", "phone provision diff 7", "phone provision diff --json < desk.toml")
    diff = _inner(inner, "diff", _diff, "show what `apply` (or `rollback VERSION`) would change", examples)
    diff.add_argument("version", nargs="?", type=int, metavar="VERSION", help="instead of stdin: an earlier one")
    add_input(diff)
    history = _inner(inner, "history", _history, "list the versions: who, when, what came of it", ())
    history.add_argument("--limit", type=int, default=20, metavar="N", help="the newest so many (20)")


def _add_apply(parser: argparse.ArgumentParser) -> None:
    add_input(parser)
    add_trial(parser)
    parser.add_argument(
        "--confirm-within",
        type=seconds,
        metavar="TIME",
        help="once registered, wait so long (5m, 90s) for `phone provision confirm` from this or another session",
    )


def _inner(
    inner: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Command,
    summary: str,
    examples: tuple[str, ...],
) -> argparse.ArgumentParser:
    parser = add_command(inner, name, _as_owner(run), summary, examples)
    add_config(parser)
    add_json(parser)
    return parser


def _as_owner(run: Command) -> Command:
    def command(options: argparse.Namespace) -> int:
        from phone.provision.owner import acting_as_owner  # noqa: PLC0415 - as those below

        with acting_as_owner(options.config):
            return run(options)

    return command


# Each is imported when it is run, for other commands start without them.


def _apply(options: argparse.Namespace) -> int:
    from phone.cli.provision_changes import apply  # noqa: PLC0415

    return apply(options)


def _diff(options: argparse.Namespace) -> int:
    from phone.cli.provision_changes import diff  # noqa: PLC0415

    return diff(options)


def _rollback(options: argparse.Namespace) -> int:
    from phone.cli.provision_changes import rollback  # noqa: PLC0415

    return rollback(options)


def _get(options: argparse.Namespace) -> int:
    from phone.cli.provision_versions import get  # noqa: PLC0415

    return get(options)


def _history(options: argparse.Namespace) -> int:
    from phone.cli.provision_versions import history  # noqa: PLC0415

    return history(options)


def _confirm(options: argparse.Namespace) -> int:
    from phone.cli.provision_versions import confirm  # noqa: PLC0415

    return confirm(options)
