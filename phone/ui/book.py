"""Whom the user may call, as the menus see it: frozen values that the engine keeps fresh."""

from __future__ import annotations

from dataclasses import dataclass, field


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
class Book:
    """All of it."""

    people: tuple[Person, ...] = ()
    """By name."""
    recents: tuple[Recent, ...] = ()
    """Newest first, 100 at most."""
    blocked: frozenset[str] = field(default_factory=frozenset)
    """JIDs and domains on the account's block list (XEP-0191), in canonical form."""
