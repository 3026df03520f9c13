from __future__ import annotations

from contextlib import suppress
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.xmpp import refusals
from phone.xmpp.invite import Invitation, InvitationError, parse

TOKEN = Invitation("example.org", "T0k-en_")


@pytest.mark.parametrize(
    ("link", "means"),
    [
        ("xmpp:example.org?register;preauth=T0k-en_", TOKEN),
        (" XMPP:Example.ORG?register;preauth=T0k-en_\n", TOKEN),
        ("xmpp:example.org?REGISTER;x=y;PREAUTH=T0k-en_", TOKEN),
        ("xmpp://me@example.net/example.org?register;preauth=T0k-en_", TOKEN),
        ("xmpp:example.org?register;preauth=T0k-en_#part", TOKEN),
        ("xmpp:example.org?register", Invitation("example.org")),
        ("xmpp:anna@example.org?register;preauth=a%2Bb", Invitation("example.org", "a+b", username="anna")),
        ("xmpp:j%C3%BCrgen@example.org?register;preauth=t", Invitation("example.org", "t", username="jürgen")),
        (
            "xmpp:boss@example.org?roster;preauth=t;ibr=y",
            Invitation("example.org", "t", inviter="boss@example.org"),
        ),
        ("https://example.org/invite/#anna@example.org?register;preauth=t", Invitation("example.org", "t", "anna")),
        ("https://xmpp.link/#xmpp:example.org?register;preauth=T0k-en_", TOKEN),
        ("https://xmpp.link/#example.org%3Fregister%3Bpreauth%3DT0k-en_", TOKEN),
    ],
)
def test_invitations(link, means):
    assert parse(link) == means


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("", "that is no link"),
        ("x" * 3000, "that is no link"),
        ("xmpp:example.org?regi\x00ster", "that is no link"),
        ("sip:example.org?register", "that is no invitation"),
        ("example.org", "that is no invitation"),
        ("xmpp:?register;preauth=t", "no server that could be"),
        ("xmpp:a@b@c?register;preauth=t", "no server that could be"),
        ("xmpp:anna@example.org/desk?register;preauth=t", "no server that could be"),
        ("xmpp:anna@example.org", "does not invite to an account"),
        ("xmpp:anna@example.org?message;body=hi", "does not invite to an account"),
        ("xmpp:anna@example.org?roster;preauth=t", "makes anna@example.org a contact"),
        ("xmpp:anna@example.org?roster;ibr=y", "makes anna@example.org a contact"),
        ("https://example.org/invite?t=abc", "copy the link that begins with xmpp:"),
        ("https://[example.org/#anna@example.org?register", "copy the link that begins with xmpp:"),
    ],
)
def test_what_is_no_invitation(link, told):
    with pytest.raises(InvitationError, match=told):
        parse(link)


@given(st.text() | st.text().map("xmpp:{}".format) | st.text().map("https://a/#{}".format))
def test_nonsense_is_refused_or_names_a_server(link):
    with suppress(InvitationError):
        assert parse(link).domain


def test_a_token_is_not_shown():
    assert "T0k-en_" not in repr(TOKEN)


# --- refusals -------------------------------------------------------------------------------------------------


def form(*fields: str, more: str = "") -> Element:
    inner = "".join(f"<{name}/>" for name in fields)
    text = f"<iq xmlns='jabber:client'><query xmlns='jabber:iq:register'>{inner}{more}</query></iq>"
    return fromstring(text)  # noqa: S314 - our own


def test_what_a_server_may_ask():
    assert refusals.of_form(form("instructions", "username", "password"), "h") == ""
    assert "makes no accounts" in refusals.of_form(form(), "h")
    assert "makes no accounts" in refusals.of_form(Element("iq"), "h")
    assert "perhaps that it is human" in refusals.of_form(form(more="<x xmlns='jabber:x:data'/>"), "h")


@pytest.mark.parametrize(
    ("step", "condition", "told"),
    [
        ("token", "item-not-found", "used already"),
        ("token", "forbidden", "used already"),
        ("token", "feature-not-implemented", "does not know invitations"),
        ("token", "resource-constraint", "takes no more accounts for now"),
        ("form", "service-unavailable", "makes no accounts for phones"),
        ("form", "not-acceptable", "makes no accounts for phones"),
        ("account", "not-allowed", "makes no accounts for phones"),
        ("account", "not-acceptable", "try another name"),
        ("account", "internal-server-error", "a fault of its own"),
        ("account", "policy-violation", "takes no more accounts for now"),
    ],
)
def test_refusals_are_plain(step, condition, told):
    assert told in refusals.sentence(step, condition, "", "example.org")
    assert refusals.sentence(step, condition, "No!", "example.org").endswith(" (it says: No!)")


def test_a_servers_own_words_are_cut_to_one_line():
    words = "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'> Go\n away" + "!" * 500 + "\u202e</text>"
    stanza = fromstring(f"<iq xmlns='jabber:client' type='error'><error>{words}</error></iq>")  # noqa: S314 - our own
    assert refusals.words(stanza) == "Go away" + "!" * 193
    assert refusals.words(Element("iq")) == ""
