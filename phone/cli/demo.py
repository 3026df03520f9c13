"""`phone demo`: three phones that call each other on this machine, by hand or as a tour."""

from __future__ import annotations

import argparse
from pathlib import Path

from phone.cli.common import add_command, add_json


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "phone demo                      alice's, bob's and carol's phone in a browser",
        "phone demo --terminal           the same with keys at a terminal",
        "phone demo --tour --out tour    no terminal needed: calls, hold, conference and transfer, checked",
    )
    parser = add_command(commands, "demo", demo, "three phones on virtual sound cards and a private server", examples)
    parser.add_argument("--tour", action="store_true", help="play calls and check every step of them")
    parser.add_argument("--terminal", action="store_true", help="drive the phones by keys at this terminal")
    parser.add_argument("--out", type=Path, metavar="DIR", help="for --tour: screens (PNG), sounds (WAV) and tour.json")
    add_json(parser)


def demo(options: argparse.Namespace) -> int:
    """0 only if every step of the tour held."""
    from phone.demo.main import run_demo  # noqa: PLC0415 - numpy, the whole stage

    return run_demo(tour_only=options.tour, terminal=options.terminal, out=options.out, as_json=options.json)
