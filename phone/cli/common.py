"""What the commands share: their common arguments, and facts as JSON or as lines."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from phone import __version__

DEFAULT_CONFIG = Path("/etc/phone/phone.toml")
ON = "on"

Command = Callable[[argparse.Namespace], int]


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Command,
    summary: str,
    examples: Iterable[str] = (),
) -> argparse.ArgumentParser:
    """A sub-command; `examples` end its --help."""
    epilog = "examples:\n" + "\n".join(f"  {line}" for line in examples) if examples else None
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=run)
    return parser


def add_config(parser: argparse.ArgumentParser) -> None:
    """--config: which phone is meant."""
    default = Path(os.environ.get("PHONE_CONFIG", DEFAULT_CONFIG))
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=default, help=f"the config file ($PHONE_CONFIG, else {default})"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json: for machines."""
    parser.add_argument("--json", action="store_true", help="print one JSON object, of a failure, too")


def add_switch(parser: argparse.ArgumentParser) -> None:
    """What is switched, `options.state == ON`."""
    parser.add_argument("state", choices=(ON, "off"))


def add_limit(parser: argparse.ArgumentParser, default: int) -> None:
    """--limit, as the control socket takes it."""
    about = f"at most so many, 1 to 1000 ({default})"
    parser.add_argument("--limit", type=_limit, default=default, metavar="N", help=about)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 1000")
    return int(text)


def control_socket(options: argparse.Namespace) -> Path:
    """Where the daemon of --config listens. Raises ConfigError if that file cannot be read."""
    from phone.config import run_dir  # noqa: PLC0415 - see the package

    return run_dir(options.config) / "control.sock"


def show(facts: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print a reply (a msgspec Struct) as JSON, else the lines."""
    if as_json:
        import msgspec  # noqa: PLC0415

        print(msgspec.json.format(msgspec.json.encode(facts)).decode())
        return
    for line in lines:
        print(plain(line))


def show_error(sentence: str, *, as_json: bool) -> None:
    """The sentence on stderr, and for machines an object on stdout."""
    if as_json:
        print(error_as_json(sentence))
    print("\n".join(f"phone: {plain(line)}" for line in sentence.split("\n")), file=sys.stderr)


def error_as_json(sentence: str) -> str:
    """What machines are told of a failure."""
    import json  # noqa: PLC0415

    return json.dumps({"ok": False, "error": sentence})


def plain(text: str) -> str:
    """Without control characters: names come from far ends, and terminals obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def duration(seconds: float) -> str:
    """`0:07`, `12:05`, `1:00:00`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def version() -> str:
    """Of the phone."""
    return __version__
