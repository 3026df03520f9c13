"""Mailboxes are those of accounts that there are: what callers make up is refused, and fills nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from rig.servers import PrivateEjabberd
from rig.servers_services import Services, ServicesProsody
from service_caller import Call, Person, speech, two
from service_house import USERS, VM, config, prosody, serving

from phone.service import boxes
from phone.service.disco import INFO, INFO_QUERY
from phone.service.store import Store
from phone.service.vouching import BELIEVED, Vouching

REGISTERED = ("account", "registered")
BOSS, NOBODY = "boss@b.example", "nobody@b.example"


# --- by a server of which each word is written down ------------------------------------------------------------------


class Server:
    """A component's server: `info(jid)` is its answer to disco#info, `returns(jid)` whether a headline comes back."""

    def __init__(self, info: Callable[[str], Element | None], returns: Callable[[str], bool]) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.headlines: list[str] = []
        self._info, self._returns = info, returns
        self.vouching = Vouching(self, "vm.b.example", lambda: self.now, patience=0.05)

    def ask(self, frm: str, to: str, payload: Element, token: str) -> None:
        assert (frm, payload.tag) == ("vm.b.example", INFO_QUERY)
        self.asked.append(to)
        self.vouching.answered("another", None)
        self.vouching.answered(token, self._info(to))
        self.vouching.answered(token, None)

    def send_message(self, frm: str, to: str, children: tuple[Element, ...], *, kind: str) -> str:
        assert (frm, kind) == ("vm.b.example", "headline")
        self.headlines.append(to)
        message_id = f"m{len(self.headlines)}"
        if self._returns(to):
            asyncio.get_running_loop().call_soon(self.vouching.came_back, message_id, f"{to}/x")
        return message_id


def says(category: str, kind: str) -> Element:
    query = Element(INFO_QUERY)
    SubElement(query, f"{{{INFO}}}identity", {"category": category, "type": kind})
    return query


def silent(_: str) -> None:
    return None


async def test_a_server_that_names_the_account_is_believed_for_an_hour():
    server = Server(lambda to: says(*(REGISTERED if to == BOSS else ("", ""))), lambda _: True)
    assert await server.vouching.vouched(BOSS)
    assert not await server.vouching.vouched(NOBODY)
    assert server.headlines == []
    server.now = BELIEVED - 1
    assert await server.vouching.vouched(BOSS)
    assert server.asked.count(BOSS) == 1
    server.now = BELIEVED
    assert await server.vouching.vouched(BOSS)
    assert server.asked.count(BOSS) == 2
    assert not await server.vouching.vouched(NOBODY)
    assert server.asked.count(NOBODY) == 2


@pytest.mark.parametrize("identity", [("account", "anonymous"), ("pubsub", "registered"), ("", "")])
async def test_other_identities_are_no_accounts(identity):
    assert not await Server(lambda _: says(*identity), lambda _: False).vouching.vouched(BOSS)


async def test_what_comes_back_for_a_name_that_nobody_has_and_not_for_him_tells_of_an_account():
    server = Server(silent, lambda to: to != BOSS)
    assert await server.vouching.vouched(BOSS)
    assert not await server.vouching.vouched(NOBODY)
    him, nobody = server.headlines[:2]
    assert him == BOSS
    assert nobody.endswith("@b.example")
    assert server.headlines[3] != nobody


async def test_a_server_that_returns_nothing_vouches_for_nobody():
    assert not await Server(silent, lambda _: False).vouching.vouched(BOSS)


async def test_what_comes_back_from_another_address_counts_for_nothing():
    server = Server(silent, lambda _: False)
    assert not server.vouching.came_back("m1", NOBODY)
    server._returns = lambda to: to != BOSS and server.vouching.came_back("m1", "evil@a.example")
    assert not await server.vouching.vouched(BOSS)


# --- by real servers ------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def made(name: str, folder: Path) -> AsyncIterator[ServicesProsody | PrivateEjabberd]:
    folder.mkdir()
    delegated = Services(delegate="http://jabber.org/protocol/disco#items", most=1_000_000)
    server = {
        "prosody": partial(prosody, folder),
        "ejabberd": partial(PrivateEjabberd, folder, USERS, services=delegated, contacts=False),
        "bare prosody": partial(ServicesProsody, folder, USERS, Services(most=1_000_000)),
    }[name]()
    async with server:
        yield server


async def leaves(ann: Person, name: str, words: Path) -> bool:
    """Whether she could."""
    async with Call(ann, words) as call:
        call.start(f"{name}@{VM}/voicemail", f"{name}@localhost")
        await call.until(lambda: call.ended or any(type(each).__name__ == "LegSaid" for each in call.reports))
        return call.ended is None


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
@pytest.mark.servers
@pytest.mark.timeout(300)
async def test_made_up_mailboxes_are_refused(tmp_path, name):
    """As shipped: a server names its accounts to the service, or gives back what is for nobody."""
    words = speech(tmp_path / "words", 2.0)
    settings = None
    async with made(name, tmp_path / "server") as server:
        settings = config(server, tmp_path / "vm")
        async with serving(settings), two(server) as (ann, boss):
            assert not await leaves(ann, "nobody", words)
            assert await leaves(ann, "boss", words)
            await boss.until(lambda: len(boss.chats) == 2)
            assert all(chat.get("type") == "chat" for chat in boss.chats)
            # what the service is told, others are not
            assert await boss.ask("nobody@localhost", Element(INFO_QUERY)) is None
    with contextlib.closing(Store(settings.store.url)) as store:
        assert store.read_now(partial(boxes.used, owner="nobody@localhost")).messages == 0
        assert store.read_now(partial(boxes.used, owner="boss@localhost")).messages == 1


@pytest.mark.servers
@pytest.mark.timeout(300)
async def test_where_the_server_says_nothing_the_operator_does(tmp_path):
    words = speech(tmp_path / "words", 2.0)
    async with made("bare prosody", tmp_path / "server") as server:
        settings = config(server, tmp_path / "vm")
        async with serving(settings), two(server) as (ann, boss):
            assert not await leaves(ann, "boss", words)
            with contextlib.closing(Store(settings.store.url)) as store:
                store.write_now(partial(boxes.enlist, owner="boss@localhost", now=0.0, on=True))
            assert await leaves(ann, "boss", words)
            await boss.until(lambda: len(boss.chats) == 2)
