"""The block list: whose word counts, whom it covers, and that the bridge keeps to it."""

from __future__ import annotations

import pytest
from xmpp_room import OWN, Room

from phone.xmpp import stanzas
from phone.xmpp.api import ArchivedMessage

LIST = "<blocklist xmlns='urn:xmpp:blocking'>{}</blocklist>"
ERROR = f"<error type='cancel'><service-unavailable xmlns='{stanzas.STANZAS}'/></error>"


def items(*jids: str) -> str:
    return "".join(f"<item jid='{jid}'/>" for jid in jids)


def push(name: str, *jids: str, sender: str | None = OWN) -> str:
    source = f"from='{sender}'" if sender else ""
    payload = f"<{name} xmlns='urn:xmpp:blocking'>{items(*jids)}</{name}>"
    return f"<iq xmlns='jabber:client' type='set' id='p' {source}>{payload}</iq>"


def call(sender: str) -> str:
    propose = "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>"
    return f"<message xmlns='jabber:client' from='{sender}' to='{OWN}' type='chat'>{propose}</message>"


def jingle(sender: str) -> str:
    return f"<iq xmlns='jabber:client' type='set' id='j' from='{sender}'><jingle xmlns='urn:xmpp:jingle:1'/></iq>"


async def test_the_list_comes_and_changes(room: Room) -> None:
    room.blocked.renew()
    assert room.answer(LIST.format(items("Eve@Localhost", "@@", "spam.example")))
    assert room.blocked.items() == {"eve@localhost", "spam.example"}
    assert room.hear(push("block", "mallory@localhost", "@@"))
    assert room.sent[-1].get("type") == "result"
    assert room.hear(push("unblock", "eve@localhost", sender=None))
    assert room.blocked.items() == {"mallory@localhost", "spam.example"}
    assert room.ears.changes == 3
    assert room.hear(push("block", "mallory@localhost"))
    assert room.ears.changes == 3
    assert room.hear(push("unblock", "@@"))
    assert room.blocked.items() == {"mallory@localhost", "spam.example"}
    assert room.hear(push("unblock", sender="localhost"))
    assert room.blocked.items() == frozenset()


@pytest.mark.parametrize("sender", ["eve@localhost", "eve@localhost/x", "other.example", "alice@other.example"])
async def test_nobody_else_changes_it(room: Room, sender: str) -> None:
    assert room.hear(push("block", "mallory@localhost"))
    assert not room.hear(push("unblock", sender=sender))
    assert not room.hear(push("block", "bob@localhost", sender=sender))
    assert room.blocked.items() == {"mallory@localhost"}


async def test_to_block_and_to_unblock(room: Room) -> None:
    room.blocked.block("Eve@localhost", on=True)
    assert room.sent[-1][0].tag == f"{{{stanzas.BLOCKING}}}block"
    assert room.sent[-1][0][0].attrib == {"jid": "eve@localhost"}
    assert room.blocked.items() == frozenset()
    assert room.answer()
    assert room.blocked.items() == {"eve@localhost"}
    room.blocked.block("eve@localhost", on=False)
    assert room.answer(ERROR, kind="error")
    assert room.blocked.items() == {"eve@localhost"}
    room.blocked.block("eve@localhost", on=False)
    assert room.answer()
    assert room.blocked.items() == frozenset()
    room.blocked.block("@@", on=True)
    assert len(room.sent) == 3


async def test_a_server_without_block_list(room: Room) -> None:
    room.hear(push("block", "eve@localhost"))
    for answer, kind in ((ERROR, "error"), ("", "result"), ("<odd/>", "result")):
        room.blocked.renew()
        assert room.answer(answer, kind=kind)
    assert room.blocked.items() == {"eve@localhost"}


@pytest.mark.parametrize(
    ("entry", "covered"),
    [
        ("eve@localhost", ["eve@localhost", "eve@localhost/x", "EVE@localhost/y"]),
        ("eve@localhost/x", ["eve@localhost/x"]),
        ("spam.example", ["spam.example", "eve@spam.example", "eve@spam.example/x", "spam.example/x"]),
        ("spam.example/x", ["spam.example/x", "eve@spam.example/x"]),
    ],
)
async def test_whom_an_entry_covers(room: Room, entry: str, covered: list[str]) -> None:
    room.hear(push("block", entry))
    everybody = {"eve@localhost/z", "bob@localhost/x", "mail.spam.example", "spam.example.org", *covered}
    for sender in sorted(everybody):
        heard = len(room.ears.messages), len(room.ears.iqs)
        assert room.hear(call(sender))
        room.hear(jingle(sender))
        told = (len(room.ears.messages), len(room.ears.iqs)) != heard
        covers = sender in covered or (entry == "eve@localhost" and sender.startswith("eve@localhost"))
        assert told != covers, sender
    assert room.bridge.nonsense["blocked"] >= 2 * len(covered)


async def test_a_blocked_caller_hears_that_nobody_is_here(room: Room) -> None:
    room.hear(push("block", "eve@localhost"))
    assert room.hear(jingle("eve@localhost/x"))
    assert stanzas.condition_of(room.sent[-1]) == "service-unavailable"
    assert room.sent[-1].get("to") == "eve@localhost/x"
    assert room.ears.iqs == []


async def test_replies_and_our_own_account_are_not_blocked(room: Room) -> None:
    room.hear(push("block", OWN, "localhost"))
    assert room.hear(call(f"{OWN}/desk"))
    assert len(room.ears.messages) == 1


async def test_calls_of_the_blocked_are_not_news(room: Room) -> None:
    room.hear(push("block", "eve@localhost"))
    payload = room.caps.element()
    wanted, unwanted = (ArchivedMessage(f"{who}@localhost/x", OWN, payload, 1.0) for who in ("bob", "eve"))
    room.bridge.archived((unwanted, wanted))
    room.bridge.archived((unwanted,))
    assert room.ears.archives == [(wanted,)]
