"""The log, the telephone book, the block list, and who may disturb."""

import json

import pytest

from phone.cli.main import main
from phone.control import Block, Contact, Contacts, ContactsReply, Dnd, Done, Lock, Log, LogEntry, LogReply


@pytest.fixture
def fake(fake):
    fake.replies |= {
        Log: LogReply(()),
        Dnd: Done("callers are told that the phone is busy"),
        Lock: Done("the keypad is locked"),
        Contacts: ContactsReply(()),
        Block: Done("eve@example.org is blocked"),
    }
    return fake


def test_log(fake, capsys):
    assert main(["log"]) == 0
    fake.replies[Log] = LogReply(
        (
            LogEntry("bob@x", "Bob", "out", "2026-11-21T07:00:00+01:00", 61.0, "hang-up"),
            LogEntry("carol@x", "carol@x", "in", "2026-11-20T07:00:00+01:00", None, "no answer"),
        )
    )
    assert main(["log", "--limit", "2"]) == 0
    assert fake.asked == [Log(20), Log(2)]
    assert capsys.readouterr().out.splitlines() == [
        "no calls yet",
        "2026-11-21 07:00:00  to    Bob      bob@x    1:01          hang-up",
        "2026-11-20 07:00:00  from  carol@x  carol@x  not answered  no answer",
    ]


def test_log_of_missed_calls_and_what_is_known_of_them(fake, capsys):
    assert main(["log", "--missed"]) == 0
    began = "2026-11-21T07:00:00+01:00"
    fake.replies[Log] = LogReply(
        (
            LogEntry("bob@x", "Bob", "in", began, 61.0, "hang-up", "answered", via="Al", encrypted=True),
            LogEntry("bob@x", "Bob", "in", began, 1.0, "hang-up", "answered", encrypted=False),
            LogEntry("c@x", "Carol", "in", began, None, "cancelled", "missed"),
            LogEntry("c@x", "Carol", "in", began, None, "answered elsewhere", "answered elsewhere"),
            LogEntry("c@x", "Carol", "in", began, None, "declined", "refused"),
            LogEntry("c@x", "Carol", "out", began, None, "busy", "placed"),
        )
    )
    assert main(["log"]) == 0
    assert fake.asked == [Log(20, "missed"), Log(20)]
    assert capsys.readouterr().out.splitlines() == [
        "no missed calls",
        "2026-11-21 07:00:00  from  Bob    bob@x  1:01                hang-up    transferred by Al (unverified)",
        "2026-11-21 07:00:00  from  Bob    bob@x  0:01                hang-up    NOT encrypted",
        "2026-11-21 07:00:00  from  Carol  c@x    missed              cancelled",
        "2026-11-21 07:00:00  from  Carol  c@x    answered elsewhere",
        "2026-11-21 07:00:00  from  Carol  c@x    refused             declined",
        "2026-11-21 07:00:00  to    Carol  c@x    not answered        busy",
    ]


def test_log_for_machines_keeps_the_facts(fake, capsys):
    fake.replies[Log] = LogReply(
        (LogEntry("b@x", "Bob", "in", "then", None, "busy", "missed", "Dora", encrypted=True),)
    )
    assert main(["log", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["entries"]
    assert (entry["kind"], entry["via"], entry["encrypted"]) == ("missed", "Dora", True)


@pytest.mark.parametrize(
    ("arguments", "request_", "out"),
    [
        (["dnd", "on"], Dnd(on=True), "callers are told that the phone is busy"),
        (["dnd", "off"], Dnd(on=False), "callers are told that the phone is busy"),
        (["lock", "on"], Lock(on=True), "the keypad is locked"),
        (["lock", "off"], Lock(on=False), "the keypad is locked"),
        (["block", "eve@example.org"], Block("eve@example.org", on=True), "eve@example.org is blocked"),
        (["unblock", "spam.example"], Block("spam.example", on=False), "eve@example.org is blocked"),
    ],
)
def test_switches_and_the_block_list(fake, capsys, arguments, request_, out):
    assert main(arguments) == 0
    assert main([*arguments, "--json"]) == 0
    assert fake.asked == [request_, request_]
    told, as_json = capsys.readouterr().out.split("\n", 1)
    assert told == out
    assert json.loads(as_json) == {"text": out, "ok": True}


def test_contacts(fake, capsys):
    assert main(["contacts"]) == 0
    assert main(["contacts", "zed"]) == 0
    fake.replies[Contacts] = ContactsReply(
        (Contact("Anna", "anna@x", "201"), Contact("Eve\x1b[2J", "eve@x", blocked=True)), 5
    )
    assert main(["contacts", "an", "--limit", "2"]) == 0
    assert fake.asked == [Contacts(), Contacts("zed"), Contacts("an", 2)]
    assert capsys.readouterr().out.splitlines() == [
        "the telephone book is empty",
        'nobody is found by "zed"',
        "Anna     201  anna@x",
        "Eve\N{REPLACEMENT CHARACTER}[2J       eve@x   blocked",
        "... and 3 more: search for part of a name, or give --limit",
    ]
    assert main(["contacts", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"][1] == {
        "name": "Eve\x1b[2J",
        "address": "eve@x",
        "number": "",
        "blocked": True,
    }
