"""What the commands of `phone provision` take."""

from __future__ import annotations

import argparse
import re

_TIME = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smh]?)")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 86400.0
LONGEST_COMMENT = 200


def seconds(text: str) -> float:
    """`90`, `90s`, `5m`, `1h`: up to a day."""
    if (found := _TIME.fullmatch(text)) is None:
        raise argparse.ArgumentTypeError(f"{text} is no time: write it like 90s, 5m or 1h")
    told = float(found[1]) * _UNITS[found[2]]
    if not 1 <= told <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is not from 1s to 24h")
    return told


def add_input(parser: argparse.ArgumentParser) -> None:
    """What stdin has."""
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--merge", action="store_true", help="stdin has some keys: they are put over the present config")
    add_part(kinds, "stdin has this table alone, and it is replaced")
    about = (
        "stdin is a tar file: desk.toml, files that it names, authorized_keys, contacts.csv or .vcf; any may be absent"
    )
    kinds.add_argument("--bundle", action="store_true", help=about)


def add_part(parser: argparse._ActionsContainer, about: str) -> None:
    """--part: a table by its name."""
    parser.add_argument("--part", type=_table, metavar="NAME", help=about)


def _table(text: str) -> str:
    """None left out in a script: an empty one would mean the whole config."""
    if not all(part.strip() for part in text.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} names no table: write account, dial.short, ...")
    return text


def add_trial(parser: argparse.ArgumentParser) -> None:
    """How it is tried."""
    parser.add_argument("--comment", default="", type=_comment, metavar="TEXT", help="for the history")
    about = "the phone must be registered so long (90s, 2m) after its start (60s)"
    parser.add_argument("--within", type=seconds, default=60.0, metavar="TIME", help=about)
    parser.add_argument("--now", action="store_true", help="end calls; else it waits until nobody is on the line")
    about = "do not wait until it has registered: for a phone that has no network yet, or does not run"
    parser.add_argument("--unproven", action="store_true", help=about)


def _comment(text: str) -> str:
    if len(text) > LONGEST_COMMENT or not text.isprintable():
        raise argparse.ArgumentTypeError(f"must be one line of at most {LONGEST_COMMENT} characters")
    return text
