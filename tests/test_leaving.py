"""Where a message may be left: each answer of each server, each silence, and the user who gives up."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

import pytest

from phone.jingle.api import EndReason
from phone.jingle.elements import service_features
from phone.jingle.gingle_voicemail import DISCO_ITEMS
from phone.leaving import Leaving

INFO = "http://jabber.org/protocol/disco#info"


class Line:
    def __init__(self):
        self.asked, self.called, self.refusals = [], [], []

    def ask(self, to, payload, token):
        self.asked.append((to, payload.get("node"), token))

    def call(self, id, to, regarding, *, google):
        self.called.append((id, to, regarding, google))

    def refused(self, id):
        self.refusals.append(id)

    @property
    def token(self):
        return self.asked[-1][2]


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def leaving(line):
    leaving = Leaving(line, lambda: "ann@a.example/pi")
    leaving.begin("call", "boss@b.example", 10.0)
    return leaving


def item(jid, node="voicemail"):
    query = Element(f"{{{DISCO_ITEMS}}}query", {"node": node})
    SubElement(query, f"{{{DISCO_ITEMS}}}item", {"jid": jid})
    return query


def info(*features):
    query = Element(f"{{{INFO}}}query")
    for feature in features:
        SubElement(query, f"{{{INFO}}}feature", {"var": feature})
    return query


def test_their_server_takes_it_by_jingle(leaving, line):
    assert line.asked[0][:2] == ("boss@b.example", "voicemail")
    assert leaving.answered(line.token, item("boss@vm.b.example/voicemail"), 11.0)
    assert line.asked[1][:2] == ("boss@vm.b.example/voicemail", None)
    assert leaving.answered(line.token, info(*service_features(plain=False)), 12.0)
    assert line.called == [("call", "boss@vm.b.example/voicemail", "boss@b.example", False)]
    assert "call" in leaving
    leaving.forget("call")
    assert "call" not in leaving
    assert leaving.deadline() is None


@pytest.mark.parametrize("told", [info(), None])
def test_what_says_nothing_of_itself_is_called_in_the_google_dialect(leaving, line, told):
    leaving.answered(line.token, item("boss@vm.b.example/voicemail"), 11.0)
    leaving.answered(line.token, told, 12.0)
    assert line.called == [("call", "boss@vm.b.example/voicemail", "boss@b.example", True)]


def test_silence_is_an_answer(leaving, line):
    leaving.answered(line.token, item("vm.b.example"), 11.0)
    leaving.expire(leaving.deadline() - 0.1)
    assert not line.called
    leaving.expire(leaving.deadline())
    assert line.called[0][3] is True
    leaving.expire(1000.0)
    assert len(line.called) == 1


def test_our_own_server_is_the_second_try(leaving, line):
    leaving.answered(line.token, None, 11.0)
    assert line.asked[1][:2] == ("ann@a.example", "outgoingvoicemail")
    leaving.answered(line.token, item("outgoing@vm.a.example/outgoingvoicemail", "outgoingvoicemail"), 12.0)
    leaving.answered(line.token, info(*service_features(plain=False)), 12.0)
    assert line.called == [("call", "outgoing@vm.a.example/outgoingvoicemail", "boss@b.example", False)]


def test_nobody_takes_it(leaving, line):
    leaving.expire(leaving.deadline())
    leaving.expire(leaving.deadline())
    assert line.refusals == ["call"]
    assert "call" not in leaving


def test_answers_to_others_are_none_of_ours(leaving, line):
    assert not leaving.answered("stranger", None, 11.0)
    first = line.token
    leaving.forget("call")
    assert not leaving.answered(first, item("vm.b.example"), 11.0)
    assert len(line.asked) == 1
    leaving.forget("call")


@pytest.mark.parametrize(
    ("reason", "refused"),
    [
        (EndReason.INSECURE, True),
        (EndReason.UNREACHABLE, True),
        (EndReason.HANGUP, False),
        (EndReason.CANCELLED, False),
    ],
)
def test_an_address_that_cannot_be_called_refuses(leaving, line, reason, refused):
    leaving.answered(line.token, item("vm.b.example"), 11.0)
    leaving.answered(line.token, None, 12.0)
    assert leaving.fell("call", reason) is refused
    assert not leaving.fell("call", reason)
