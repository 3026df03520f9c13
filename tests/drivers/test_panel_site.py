"""Who gets in over HTTP: only who has the token, at the phone's own address, from its own page."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.drivers.panel import Framed, Try, new_token, side_by_side
from phone.drivers.panel.site import Answer, Asked, panel_site

TOKEN = "0123456789abcdefghijklmnop"
HOST = "127.0.0.1:8080"
SITE = panel_site(TOKEN, ())


def page(**more) -> Answer:
    asked = {"path": f"/?token={TOKEN}", "hosts": (HOST,)} | more
    answer = SITE.answer(Asked(**asked))
    assert answer is not None
    return answer


def socket(**more) -> Answer | None:
    asked = {"path": f"/socket?token={TOKEN}", "hosts": (HOST,), "origins": (f"http://{HOST}",), "upgrade": True} | more
    return SITE.answer(Asked(**asked))


def test_the_token_opens_the_page():
    answer = page()
    assert (answer.status, answer.type, answer.refused) == (200, "text/html; charset=utf-8", "")
    assert b'<canvas id="screen"' in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?",
        "/?token=",
        f"/?token={TOKEN}x",
        f"/?token={TOKEN[:-1]}",
        f"/?token={TOKEN}&token={TOKEN}",
        "/?token=ü",
    ],
)
def test_without_the_token_the_page_says_how_to_get_it(path):
    answer = page(path=path)
    assert (answer.status, answer.refused) == (403, "token")
    assert b"phone panel" in answer.body
    assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9000", "localhost", "localhost:1", "[::1]", "[::1]:8080"])
def test_the_phones_own_names_are_known_at_any_port_of_a_tunnel(host):
    assert page(hosts=(host,)).status == 200
    assert socket(hosts=(host,), origins=(f"http://{host}",)) is None


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("",),
        ("evil.example",),
        ("evil.example:8080",),
        ("127.0.0.1.evil.example",),
        ("localhost.evil.example",),
        ("127.0.0.1:8080@evil.example",),
        ("127.0.0.2",),
        ("::1",),
        ("localhost:",),
        (f"{HOST}\n",),
        (HOST, "evil.example"),
        (HOST, HOST),
    ],
)
def test_rebound_names_are_turned_away_token_or_not(hosts):
    for path in (f"/?token={TOKEN}", "/panel.js"):
        answer = page(path=path, hosts=hosts)
        assert (answer.status, answer.refused) == (421, "host")
    refused = socket(hosts=hosts, origins=tuple(f"http://{h}" for h in hosts))
    assert refused is not None
    assert refused.refused == "host"


def test_the_own_page_may_talk():
    assert socket() is None


@pytest.mark.parametrize(
    "origins",
    [
        (),
        ("null",),
        ("http://evil.example",),
        ("https://127.0.0.1:8080",),
        ("http://127.0.0.1",),
        ("http://127.0.0.1:8081",),
        ("http://localhost:8080",),
        (f"http://{HOST}", "http://evil.example"),
    ],
)
def test_other_pages_may_not_talk_token_or_not(origins):
    refused = socket(origins=origins)
    assert refused is not None
    assert (refused.status, refused.refused) == (403, "origin")


@pytest.mark.parametrize("path", ["/socket", "/socket?token=", f"/socket?token={TOKEN}1"])
def test_no_talk_without_the_token(path):
    refused = socket(path=path)
    assert refused is not None
    assert (refused.status, refused.refused) == (403, "token")


def test_only_the_socket_is_a_socket_and_it_is_no_page():
    for answer in (socket(path=f"/?token={TOKEN}"), socket(upgrade=False), page(path="/socket")):
        assert answer is not None
        assert (answer.status, answer.refused) == (404, "path")


@pytest.mark.parametrize(
    "path", ["/panel.py", "/../panel.html", "//panel.js", "/panel.html", "*", "http://[x/", "/%70anel.js"]
)
def test_there_is_nothing_else(path):
    assert page(path=path).status == 404


@given(st.text(), st.text(), st.text(), st.booleans())
def test_nonsense_never_opens_anything(path, host, origin, upgrade):
    answer = SITE.answer(Asked(path, (host,), (origin,), upgrade))
    assert answer is not None
    assert answer.refused or path.startswith("/")
    assert answer.body != page().body


@pytest.mark.parametrize(("path", "kind"), [("/panel.css", "text/css"), ("/panel.js", "text/javascript")])
def test_style_and_script_stand_beside_the_page(path, kind):
    answer = page(path=path)
    assert (answer.status, answer.type) == (200, f"{kind}; charset=utf-8")


def test_the_page_asks_for_nothing_but_what_is_there():
    wanted = re.findall(r'(?:src|href)="(/[^"]*)"', page().body.decode())
    assert sorted(wanted) == ["/panel.css", "/panel.js", "/plot.js", "/sound.js"]
    assert all(page(path=path).status == 200 for path in wanted)


def test_the_page_needs_no_inline_script_or_style():
    html = page().body.decode()
    assert "unsafe" not in page().policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", html)


def test_the_policy_lets_the_page_talk_to_the_phone_only():
    assert "connect-src 'self' ws://127.0.0.1:8080;" in page().policy
    assert "connect-src 'self';" in page(hosts=("[::1]:8080",)).policy
    assert page().policy.startswith("default-src 'none'; script-src 'self';")
    assert page().policy.endswith("frame-ancestors 'self'")


def test_only_named_origins_on_loopback_may_frame_it():
    site = panel_site(TOKEN, ["http://127.0.0.1:7000", "http://localhost"])
    answer = site.answer(Asked(f"/?token={TOKEN}", (HOST,)))
    assert answer is not None
    assert answer.policy.endswith("frame-ancestors 'self' http://127.0.0.1:7000 http://localhost")
    for bad in ("http://evil.example", "https://localhost", "*", "http://localhost; x", "http://[::1]:1", ""):
        with pytest.raises(ValueError, match="may not frame"):
            panel_site(TOKEN, [bad])


def test_tokens_are_long_and_never_the_same():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[\w-]{32}", token) for token in tokens)
    with pytest.raises(ValueError, match="22 characters"):
        panel_site("hunter2", ())


def test_a_token_does_not_get_into_logs():
    assert TOKEN not in repr(SITE)


def test_panels_side_by_side_are_escaped():
    html = side_by_side([Framed("<b>", 'http://127.0.0.1:1/?a=1&b="')], [Try("T & Co", ["1 < 2"])], title="<script>")
    assert "<title>&lt;script&gt;</title>" in html
    assert 'src="http://127.0.0.1:1/?a=1&amp;b=&quot;" title="&lt;b&gt;"' in html
    assert "<h2>T &amp; Co</h2><ol><li>1 &lt; 2</li></ol>" in html
