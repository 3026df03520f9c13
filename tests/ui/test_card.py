"""The phone's own address on the display, as a camera reads it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest
import zxingcpp
from gallery import GALLERY, NEW, NOW, page, view
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from phone.calls.model import Notice, Service, Trouble
from phone.ui.card import account_uri, login_uri
from phone.ui.draw import HEIGHT, WIDTH, draw
from phone.ui.fit import broken
from phone.ui.frame import CODE_BYTES, CODE_ROW_CHARS, ROWS, Reach, Screen
from phone.ui.menu import Menu
from phone.ui.pages import Address
from phone.ui.qr import matrix
from phone.ui.screens import lines, screen
from phone.ui.texts import load_texts

TEXTS = load_texts("en")
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_@:/", min_size=1, max_size=80)


def shown(state: object, now: float = NOW, dim: float = 0.0) -> Screen:
    return screen(view(state, TEXTS, now), dim_seconds=dim)


def read(picture: Screen) -> list[str]:
    """What a camera makes of the display."""
    photo = draw(picture).convert("L").resize((4 * WIDTH, 4 * HEIGHT), Image.Resampling.NEAREST)
    return [code.text for code in zxingcpp.read_barcodes(photo, formats=zxingcpp.BarcodeFormat.QRCode)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("address", "xmpp:alice@example.org"),
        ("address-long", "xmpp:anneliese.oberstdoerfer@phones.example.org"),
        ("no-account", "ssh://provision@192.168.178.123"),
    ],
)
def test_a_camera_reads_the_code(name, text):
    assert read(shown(GALLERY[name])) == [text]


def test_what_is_too_long_for_a_code_is_written():
    picture = shown(GALLERY["address-too-long"])
    assert picture.code == ""
    assert "".join(picture.rows) == "anneliese.oberstdoerfer-mueller@phones.example.org"


def test_an_address_without_end_is_cut():
    picture = shown(replace(page(Address()), account="a" * 200 + "@example.org"))
    assert len(picture.rows) == ROWS
    assert picture.rows[-1].endswith("…")


@given(st.text("abcXYZ019!\"#$%&'()*+-./;<=>?[]^_`{|}~üß日🙂 ", min_size=1, max_size=20))
def test_every_account_can_be_read_back(local):
    uri = account_uri(f"{local}@example.org")
    assert uri.isascii()
    assert not set(uri) & set('"<>\\^`{|} #?/')
    assert unquote(uri) == f"xmpp:{local}@example.org"


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=CODE_BYTES))
def test_every_text_that_fits_is_read_by_a_camera(text):
    assert read(Screen("", "", code=text)) == [text]


def test_a_longer_text_than_the_display_has_room_for_is_our_own_fault():
    assert len(matrix("x" * CODE_BYTES)) == 29
    with pytest.raises(ValueError, match="54 bytes is too long"):
        matrix("x" * (CODE_BYTES + 1))


@given(WORDS, st.integers(2, 30))
def test_a_broken_word_is_whole(word, width):
    rows = broken(word, width)
    assert "".join(rows) == word
    assert all(0 < len(row) <= width for row in rows)


def test_addresses_are_broken_behind_their_signs():
    assert broken("192.168.178.123", CODE_ROW_CHARS) == ("192.168.", "178.123")
    assert broken("alice@example.org", CODE_ROW_CHARS) == ("alice@", "example.", "org")


# --- before there is an account -------------------------------------------------------------------------------


def test_an_address_of_ipv6_stands_in_brackets():
    assert login_uri("2001:db8::1") == "ssh://provision@[2001:db8::1]"
    picture = shown(replace(NEW, reach=Reach("", "2001:db8::1")))
    assert read(picture) == ["ssh://provision@[2001:db8::1]"]
    assert picture.rows == ("2001:db8::", "1")


def test_the_longest_address_of_ipv6_is_written_where_no_code_has_room_for_it():
    address = "2001:0db8:85a3:1111:2222:8a2e:0370:7334"
    picture = shown(replace(NEW, reach=Reach("desk", address)))
    assert picture.code == ""
    assert picture.rows == ("desk", "2001:0db8:85a3:1111:", "2222:8a2e:0370:7334")


def test_without_a_network_there_is_nothing_to_scan():
    state = replace(NEW, reach=Reach("desk"))
    assert shown(state).lines == ("no account yet:", "set it up by SSH")
    assert shown(replace(state, menu=page(Address()).menu)).lines == ("no network yet",)


def test_the_menu_shows_the_way_to_a_phone_without_account():
    assert shown(replace(NEW, menu=page(Address()).menu)) == shown(NEW)


def test_nobody_there_and_the_code_does_not_burn_in():
    state = replace(NEW, menu=Menu(touched_at=NOW))
    bright, dark = shown(state, dim=60.0), shown(state, now=NOW + 60.0, dim=60.0)
    assert bright.code
    assert not bright.dim
    assert (dark.code, dark.dim, dark.title) == ("", True, "No account")
    assert dark.shift is not None
    assert dark.lines == ("desk", "192.168.178.123")


def test_the_way_stays_in_sight_whatever_the_user_tries():
    tried = replace(NEW.phone, notice=Notice(Trouble.NO_SERVICE, "204"))
    assert shown(replace(NEW, phone=tried)).code
    assert shown(replace(NEW, phone=replace(NEW.phone, dialled="204"))).big == "204"


def test_only_a_phone_without_account_shows_it():
    for service in Service:
        state = replace(NEW, phone=replace(NEW.phone, service=service))
        assert bool(shown(state).code) is (service is Service.NO_ACCOUNT)


def test_the_status_tells_what_the_code_says():
    told = lines(shown(NEW))
    assert told[-1] == "[QR ssh://provision@192.168.178.123]"
    assert "  192.168." in told


def test_a_volume_key_shows_the_volume():
    state = replace(NEW, phone=replace(NEW.phone, volume_until=NOW + 1))
    assert (shown(state).code, shown(state).volume) == ("", NEW.phone.ringer_volume)
