from __future__ import annotations

import pytest
from gallery import GALLERY, ID, RINGING, call, phone, talking
from hypothesis import given
from hypothesis import strategies as st

from phone.calls.model import Notice, Progress, Reason, Service, Trouble
from phone.ui import fit
from phone.ui.icons import Icon
from phone.ui.screens import LINE_CHARS, duration, lines, next_change, screen
from phone.ui.texts import load_texts

TEXTS = load_texts("en")


def shown(state, now=133.4):
    return screen(state, clock_text="14:05", now=now, texts=TEXTS)


def test_the_lock_tells_the_truth():
    assert Icon.LOCK_CLOSED in shown(talking(encrypted=True)).icons
    assert Icon.LOCK_OPEN in shown(talking(encrypted=False)).icons
    assert "not encrypted" in shown(talking(encrypted=False)).lines
    for state in (
        talking(encrypted=None),
        talking(encrypted=True, progress=Progress.ALERTING),
        talking(encrypted=True, progress=Progress.ENDED, reason=Reason.HANGUP),
        phone(calls=(call(**RINGING),)),
        phone(),
    ):
        assert not {Icon.LOCK_CLOSED, Icon.LOCK_OPEN} & set(shown(state).icons)


def test_no_service_is_said_with_its_reason():
    for service in Service:
        if service is not Service.ONLINE:
            for off_hook in (True, False):
                said = shown(phone(service=service, off_hook=off_hook))
                assert " ".join(said.lines) == TEXTS.get("service", service)
                assert Icon.NO_SERVICE in said.icons


def test_a_number_dialled_without_service_says_why_it_is_not_called():
    notice = Notice(Trouble.NO_SERVICE, "204")
    offline = phone(off_hook=True, service=Service.NO_NETWORK, notice=notice)
    assert shown(offline).lines == ("no network",)
    assert shown(phone(off_hook=True, notice=notice)).lines == ("cannot call 204", "now")


def test_a_failed_call_is_told():
    assert shown(GALLERY["idle-busy"]).lines == ("Bob is busy",)
    assert shown(GALLERY["busy"]).lines == ("is busy",)


def test_the_line_of_an_ended_call_without_a_reason():
    assert shown(talking(progress=Progress.ENDED)).lines == ("the call failed",)


def test_a_call_whose_name_is_its_address_says_it_once():
    assert shown(talking(name="bob@example.org", peer="bob@example.org/phone")).lines == ()


def test_connected_without_an_answers_time_counts_from_then():
    assert shown(talking(answered_at=None, progressed_at=100.0), now=107).title == "00:07"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "00:00"), (0.9, "00:00"), (59.99, "00:59"), (3599, "59:59"), (3600, "1:00:00")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_next_change_is_the_calls_next_second():
    state = talking(answered_at=10.0)
    assert next_change(state, 133.4) == 134.0
    assert next_change(state, 9.0) == 11.0
    assert next_change(state, 134.0) == 135.0
    assert next_change(phone(), 1.0) is None
    assert next_change(talking(progress=Progress.ALERTING), 1.0) is None


def test_lines_are_the_screen_in_words():
    assert lines(shown(GALLERY["talking-volume"])) == ("02:03 [encrypted] [service]", "Bob", "Volume", "70 %")
    assert lines(shown(GALLERY["no-service"])) == ("No service [no service]", "the password is", "wrong")


def test_a_call_without_a_name_shows_its_address():
    assert shown(talking(name="\u200b", peer="b@x.org")).big == "b@x.org"


@given(st.text(), st.text(), st.text(max_size=80), st.booleans())
def test_nothing_that_comes_from_outside_breaks_a_screen(name, peer, dialled, off_hook):
    for state in (
        talking(name=name, peer=peer),
        phone(calls=(call(name=name, peer=peer, **RINGING),)),
        phone(dialled=dialled, off_hook=off_hook),
        phone(notice=Notice(Reason.BUSY, name)),
    ):
        said = shown(state)
        assert all(len(line) <= LINE_CHARS for line in said.lines)
        assert all(line.isprintable() or not line.isascii() for line in lines(said))
        assert "\n" not in "".join(lines(said))


# --- fitting ---


@given(st.text(), st.integers(2, 40))
def test_cut_and_cut_start_fit_and_keep_their_side(text, width):
    assert len(fit.cut(text, width)) <= width
    assert len(fit.cut_start(text, width)) <= width
    if len(text) > width:
        assert fit.cut_start(text, width) == "…" + text[1 - width :]


@given(st.text(alphabet="ab  c", max_size=60), st.integers(1, 20))
def test_wrap_loses_nothing(text, width):
    wrapped = fit.wrap(text, width)
    assert all(0 < len(line) <= width for line in wrapped)
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")


def test_clean():
    assert fit.clean("u\u0308 a\tb\n\u202ec\u0301\u0301") == "ü a b ć"
    assert fit.clean("\ud800x\x00y") == "xy"


def test_a_sentence_too_long_even_without_its_name_is_cut():
    assert fit.sentence(lambda who: "long " * 20 + who, "bob", 18, 2) == ("long long long", "long long long")


def test_ids_of_the_gallery():
    assert talking().focus == ID
