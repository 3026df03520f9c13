"""Secrets out of texts."""

from __future__ import annotations

import base64
import json
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phone.report.blot import MASK, Blotter

# with the mask's own character one could come together of the mask and what stands beside it
secrets = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="*"), min_size=4, max_size=20)
words = st.text("abc {}=:\"'/\n", max_size=12)


@given(secrets, words, words)
def test_no_known_secret_is_left_however_it_is_written(secret: str, before: str, after: str) -> None:
    blotter = Blotter([secret])
    forms = (
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        escape(secret),
        quote(secret),
        quote_plus(secret),
    )
    for form in forms:
        assert form not in blotter.text(f"{before}{form}{after}")


@given(st.text("abcdefgh0123!?äß", min_size=8, max_size=30), st.text("uvw", min_size=0, max_size=9))
def test_sasl_plain_is_seen_through(secret: str, user: str) -> None:
    told = base64.b64encode(f"\0{user}\0{secret}".encode()).decode()
    left = Blotter([secret]).text(f"<auth>{told}</auth>")
    assert MASK in left
    assert told not in left


@given(st.lists(secrets, max_size=4), st.text(max_size=50))
@example(["hunter", "hunter2"], "my hunter2!")
def test_one_secret_may_be_the_beginning_of_another(known: list[str], text: str) -> None:
    left = Blotter(known).text("|".join([*known, text]))
    assert not any(secret in left for secret in known if not set(secret) & set("*|"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("open http://127.0.0.1:8080/?token=Abc-d_9&x=1", "open http://127.0.0.1:8080/?token=***&x=1"),
        ("password = 'a b c' next", "password = '***' next"),
        ('{"turn_password": "x", "user": "me"}', '{"turn_password": "***", "user": "me"}'),
        ("IceServer(username='me', password='lent out')", "IceServer(username='me', password='***')"),
        ("<password>lent</password><host>x</host>", "<password>***</password><host>x</host>"),
        ("xmpp:me@example.org?register;preauth=TOKEN;ibr=y", "xmpp:me@example.org?register;preauth=***;ibr=y"),
        ("call 1234 digit 7 heard", "call 1234 digit *** heard"),
        ("service ONLINE -> BAD_PASSWORD the server says no", "service ONLINE -> BAD_PASSWORD the server says no"),
        ("account.password_file: is missing", "account.password_file: is missing"),
    ],
)
def test_what_looks_like_a_secret(text: str, left: str) -> None:
    assert Blotter([]).text(text) == left


def test_trees_are_blotted_through_and_through() -> None:
    tree = {"hunter2": ["x hunter2", 1, None, {"deep": ("hunter2",)}], "ok": True}
    assert Blotter(["hunter2"]).tree(tree) == {"***": ["x ***", 1, None, {"deep": ["***"]}], "ok": True}


def test_short_ones_are_left() -> None:
    assert Blotter(["a", ""]).text("banana") == "banana"
