"""A TOML file as values that know their lines, which tomllib does not tell."""

from __future__ import annotations

import grp
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from phone.errors import ConfigError

KeyPath = tuple[str, ...]

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}\n]",
    re.DOTALL,
)
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)[ \t]*({_KEY})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})[ \t]*=")
_AT = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file."""

    path: Path
    values: Mapping[str, object]
    lines: Mapping[KeyPath, int]

    def line(self, key: KeyPath) -> int:
        """The line of the key, or of the nearest table around it that the file has; else 0."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 0)

    def place(self, key: KeyPath) -> str:
        """`file:line` of the key, or the file alone."""
        line = self.line(key)
        return f"{self.path}:{line}" if line else str(self.path)


def read(path: Path, example: str = "phone.example.toml") -> Document:
    """Raises ConfigError with one sentence: not there, not readable, not UTF-8, not TOML (with its line)."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; {example} is one to start from") from error
    except OSError as error:
        hint = _who_may(path) if isinstance(error, PermissionError) else ""
        raise ConfigError(f"{path}: cannot be read: {error.strerror}{hint}") from error
    return parse(data, path)


def _who_may(path: Path) -> str:
    try:
        status = path.stat()
        if status.st_mode & stat.S_IRGRP:
            group = grp.getgrgid(status.st_gid).gr_name
            return f"; run this by sudo, or join the group {group} (sudo usermod -aG {group} $USER) and log in again"
    except (OSError, KeyError):
        pass  # its folder is closed, too, or the group has no name
    return "; run this by sudo"


def parse(data: bytes, path: Path) -> Document:
    """A file's text; `path` is what the errors call it. Raises ConfigError with one sentence: not UTF-8, not TOML."""
    try:
        text = data.decode()
        return Document(path, tomllib.loads(text), locate(text))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8: save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(path, str(error))) from error
    except ValueError as error:  # int() refuses more than 4300 digits
        raise ConfigError(f"{path}: has a number with too many digits") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: lists or tables are nested too deeply") from error


def _syntax(path: Path, message: str) -> str:
    if (at := _AT.match(message)) is None:
        return f"{path}: not TOML: {message}"
    place = f"{path}:{at['line']}" if at["line"] else f"{path}: at its end"
    return f"{place}: not TOML: {at['what']}; text values need quotes, and each key stands on a line of its own"


def locate(text: str) -> dict[KeyPath, int]:
    """The line of each table and key of a valid TOML text. Keys within inline tables are left to their parent."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, statement in _statements(text):
        if header := _HEADER.match(statement):
            table = _parts(header[2])
            lines.setdefault(table, line)
        elif assignment := _ASSIGNMENT.match(statement):
            key = table + _parts(assignment[1])
            for depth in range(len(table) + 1, len(key) + 1):
                lines.setdefault(key[:depth], line)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each header or assignment: up to a newline outside brackets and strings."""
    start = depth = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case "\n" if depth == 0:
                yield text.count("\n", 0, start) + 1, text[start : token.start()]
                start = token.end()
    yield text.count("\n", 0, start) + 1, text[start:]


def _parts(key: str) -> KeyPath:
    """The parts of a dotted key, unquoted by tomllib itself."""
    parts: list[str] = []
    value: object = tomllib.loads(f"{key} = 0")
    while isinstance(value, dict):
        ((part, value),) = value.items()
        parts.append(part)
    return tuple(parts)
