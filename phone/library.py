"""The telephone book: contacts, short codes and the latest calls, gathered from where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from phone.calllog import Entry, Kind
from phone.calls.numbers import DialPlan
from phone.ui.book import Book, Box, Person, Recent
from phone.xmpp.api import Client
from phone.xmpp.jids import bare, canonical, domain

MOST_RECENTS = 100


@dataclass(slots=True)
class Library:
    """Rebuilt by piece: ten thousand contacts need not be sorted again for each call that ends."""

    client: Client
    plan: DialPlan
    contacts: Mapping[str, str] = field(default_factory=dict)
    """Those of the config: name -> number or address."""
    box: Callable[[], Box] = Box
    """The mailbox as it is now."""
    _people: tuple[Person, ...] | None = None
    _recents: tuple[Recent, ...] = field(default=())

    def contacts_changed(self) -> None:
        """Read them anew for the next book."""
        self._people = None

    def called(self, entries: Sequence[Entry]) -> None:
        """What the call log holds, newest first."""
        self._recents = tuple(map(_recent, entries[:MOST_RECENTS]))

    def book(self) -> Book:
        """As it is now."""
        if self._people is None:
            self._people = self._read_people()
        return Book(self._people, self._recents, self.client.blocked(), self.box())

    def _read_people(self) -> tuple[Person, ...]:
        numbers = {canonical(address) or address: code for code, address in self.plan.short}
        listed = [Person(name, jid, number or numbers.get(jid, "")) for name, jid, number in self._listed()]
        known = {person.address for person in listed}
        people = [
            Person(fact.name or fact.jid, fact.jid, numbers.pop(fact.jid, self._extension(fact.jid)))
            for fact in self.client.contacts()
            if fact.jid not in known
        ]
        people += listed
        people += [Person(self._name(jid, numbers), jid, code) for jid, code in numbers.items() if jid not in known]
        return tuple(sorted(people, key=lambda person: (person.name.casefold(), person.address)))

    def directory(self) -> Mapping[str, str]:
        """The names in the config by their bare addresses."""
        return {bare(jid): name for name, jid, _ in self._listed()}

    def _listed(self) -> Iterator[tuple[str, str, str]]:
        """Name, address, and the number if it is not the address."""
        for name, number in self.contacts.items():
            if isinstance(address := self.plan.resolve(number), str):
                yield name, canonical(address) or address, "" if "@" in number else number

    def _name(self, address: str, numbers: Mapping[str, str]) -> str:
        local = bare(address).partition("@")[0]
        return self.client.name_of(bare(address)) or local or numbers[address]

    def _extension(self, jid: str) -> str:
        """A colleague whose address is the extension can be dialled by it."""
        local = jid.partition("@")[0]
        return local if domain(jid) == self.plan.domain and local.isdecimal() else ""


def _recent(entry: Entry) -> Recent:
    return Recent(
        name=entry.name,
        address=bare(entry.peer),
        at=datetime.fromisoformat(entry.started).timestamp(),
        outgoing=entry.outgoing,
        answered=entry.answered,
        missed=entry.kind is Kind.MISSED,
    )
