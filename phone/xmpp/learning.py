"""What a far end can do and how it is called, when a call needs to know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from phone.xmpp import caps
from phone.xmpp.contacts import Contacts
from phone.xmpp.jids import bare, canonical
from phone.xmpp.names import Names
from phone.xmpp.requests import Requests, Result

_DISCO_SECONDS = 5.0
_MOST_ASKED = 64
"""Far ends at the same time; of more than that nothing is learnt."""


class Learning:
    """`told` hears of every question once, never before `learn` has returned."""

    def __init__(
        self, requests: Requests, contacts: Contacts, names: Names, told: Callable[[str, frozenset[str]], None]
    ) -> None:
        self._requests = requests
        self._contacts = contacts
        self._names = names
        self._told = told
        self._asking: set[str] = set()

    def learn(self, full_jid: str) -> None:
        """A question that is being asked already is not asked again: its answer serves both."""
        address = canonical(full_jid)
        if address is not None and self._contacts.name_of(address) is None:
            self._names.learn(bare(address))
        known = self._contacts.features(address) if address is not None else None
        if address is None or known is not None or len(self._asking) >= _MOST_ASKED:
            asyncio.get_running_loop().call_soon(self._told, full_jid, known or frozenset())
        elif full_jid not in self._asking:
            self._asking.add(full_jid)
            done = partial(self._answered, full_jid)
            self._requests.ask("get", address, caps.info_query(None), done, _DISCO_SECONDS)

    def _answered(self, full_jid: str, outcome: object) -> None:
        self._asking.discard(full_jid)
        self._told(full_jid, caps.features_in(outcome.payload) if isinstance(outcome, Result) else frozenset())
