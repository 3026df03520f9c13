"""Whom the user may call, as the menus see it: frozen values that the engine keeps fresh."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Person:
    """One entry of the telephone book: a contact of the roster, or a short code."""

    name: str
    address: str
    number: str = ""
    """What could be dialled for it; "" where the address is the only way."""


@dataclass(frozen=True, slots=True)
class Recent:
    """One call of the log."""

    name: str
    address: str
    at: float
    """Unix seconds."""
    outgoing: bool
    answered: bool
    missed: bool
    """Came in, and nobody took it: neither here nor on another device."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the mailbox."""

    id: str
    name: str
    address: str
    at: float
    """Unix seconds."""
    seconds: float
    state: Literal["new", "heard", "kept"]
    file: str
    """Path of its sound."""


@dataclass(frozen=True, slots=True)
class Box:
    """The mailbox: what is told first of all it holds."""

    new: int = 0
    old: int = 0
    letters: tuple[Letter, ...] = ()
    """In the order of playing: the new ones, oldest first, then the others, newest first; some hundred at most."""
    greeting: str = ""
    """Path of the greeting that callers hear; "": none."""
    own_greeting: bool = False
    """The user has recorded it himself."""
    trouble: str = ""
    """Why the mailbox cannot be used, as a plain sentence; "": it can."""
    draft: str = ""
    """Path of a greeting that was just recorded and is not in use yet; "": there is none."""


@dataclass(frozen=True, slots=True)
class Book:
    """All of it."""

    people: tuple[Person, ...] = ()
    """By name."""
    recents: tuple[Recent, ...] = ()
    """Newest first, 100 at most."""
    blocked: frozenset[str] = field(default_factory=frozenset)
    """JIDs and domains on the account's block list (XEP-0191), in canonical form."""
    box: Box = Box()
    """The mailbox."""
