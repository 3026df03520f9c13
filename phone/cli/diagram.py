"""`phone diagram`: the call core's transition tables, drawn."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from phone.cli.common import add_command
from phone.errors import PhoneError


class DiagramError(PhoneError, OSError):
    """The drawing cannot be written there."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone diagram", "phone diagram --out docs/calls.md")
    summary = "the states of a call and what moves it on, as Markdown with Mermaid"
    parser = add_command(commands, "diagram", diagram, summary, examples)
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write it there")


def diagram(options: argparse.Namespace) -> int:
    """Raises DiagramError."""
    text = "\n".join(_page())
    if options.out is None:
        print(text, end="")
        return 0
    try:
        options.out.write_text(text, "utf-8")
    except OSError as error:
        raise DiagramError(f"cannot write {options.out}: {error.strerror}; choose another place for --out") from error
    return 0


def _page() -> Iterator[str]:
    from phone.calls import table  # noqa: PLC0415 - see the package

    yield "# Calls\n"
    yield "Drawn by `phone diagram` from the tables in `phone/calls/table.py`; what is not drawn changes nothing.\n"
    drawings = (
        ("One call", table.mermaid()),
        ("One call that the phone answers for its user", table.answering_mermaid()),
        ("One hand-over", table.transfer_mermaid()),
    )
    for title, drawing in drawings:
        yield f"## {title}\n\n```mermaid\n{drawing}```\n"
