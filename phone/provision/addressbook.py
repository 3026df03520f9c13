"""Contacts that come as a file, CSV or vCard (RFC 6350), as the table [contacts] of the config: name -> number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from phone.provision.errors import UnfitInputError

_MOST = 10_000
_NAME_COLUMNS = ("name", "display name", "displayname", "full name")
_NUMBER_COLUMNS = ("number", "address", "phone", "jid", "extension")
_URI = re.compile(r"^(?:tel|xmpp|sip):", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\s()/.-]")
_PROPERTY = re.compile(r"^(?:[A-Za-z0-9-]+\.)?([A-Za-z-]+)((?:;[^:\"]*(?:\"[^\"]*\")?)*):(.*)$", re.DOTALL)
_NUMBERS = ("TEL", "IMPP", "X-JABBER")


def read(name: str, data: bytes) -> dict[str, str]:
    """By the file's name. Raises UnfitInputError with the line that cannot be read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnfitInputError(f"{name}: not UTF-8: save the file as UTF-8") from error
    people = _named(name, _vcards(text) if name.endswith(".vcf") else _rows(name, text))
    if len(people) > _MOST:
        raise UnfitInputError(f"{name}: has {len(people)} numbers: at most {_MOST}")
    return people


def _named(file: str, entries: Iterable[tuple[int, str, str]]) -> dict[str, str]:
    """A name's further numbers get a number of their own behind it; the same one twice is one."""
    people: dict[str, str] = {}
    for line, name, number in entries:
        if not name or not number:
            raise UnfitInputError(f"{file}:{line}: {'name' if not name else 'number'} is missing")
        wanted, count = name, 1
        while people.get(wanted, number) != number:
            count += 1
            wanted = f"{name} {count}"
        people[wanted] = number
    return people


def _rows(file: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Two columns, name and number; or more of them under a heading."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    places = (0, 1)
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            heading = [cell.strip().casefold() for cell in row]
            if reader.line_num == 1 and (found := _heading(heading)):
                places = found
                continue
            if max(places) >= len(row):
                raise UnfitInputError(f"{file}:{reader.line_num}: has no number: write name,number")
            yield reader.line_num, row[places[0]].strip(), _number(row[places[1]])
    except csv.Error as error:
        raise UnfitInputError(f"{file}:{reader.line_num}: {error}") from error


def _heading(cells: list[str]) -> tuple[int, int] | None:
    names = [place for place, cell in enumerate(cells) if cell in _NAME_COLUMNS]
    numbers = [place for place, cell in enumerate(cells) if cell in _NUMBER_COLUMNS]
    return (names[0], numbers[0]) if names and numbers else None


def _vcards(text: str) -> Iterator[tuple[int, str, str]]:
    name, numbers, began = "", list[str](), 1
    for line, content in _unfolded(text):
        if (found := _PROPERTY.match(content)) is None:
            continue
        match found[1].upper():
            case "BEGIN":
                name, numbers, began = "", [], line
            case "FN":
                name = _unescaped(found[3])
            case kind if kind in _NUMBERS:
                numbers.append(_number(_unescaped(found[3])))
            case "END":
                yield from ((began, name, number) for number in numbers)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """RFC 6350 section 3.2."""
    held, began = "", 1
    for place, line in enumerate(text.splitlines(), 1):
        if line[:1] in (" ", "\t"):
            held += line[1:]
            continue
        yield began, held
        held, began = line, place
    yield began, held


def _unescaped(text: str) -> str:
    """RFC 6350 section 3.4."""
    return re.sub(r"\\(.)", lambda found: " " if found[1] in "nN" else found[1], text).strip()


def _number(text: str) -> str:
    """An address as it stands; of a number its digits alone."""
    told = _URI.sub("", text.strip())
    return told if "@" in told else _PUNCTUATION.sub("", told)
