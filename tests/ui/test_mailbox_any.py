"""The laws of the menu of the messages, whatever happens."""

from __future__ import annotations

from dataclasses import replace

from gallery import Shown, phone, shot
from hypothesis import given
from hypothesis import strategies as st
from letters import book
from mailear import Ear
from menudesk import SPEAKER, TEXTS

from phone.calls.events import DIGITS, Key
from phone.ui.book import Box, Letter
from phone.ui.mailboxstate import Stage
from phone.ui.menu import DeleteLetter, LeaveBox, UndoDelete, deadline, recording
from phone.ui.screens import BIG_CHARS, LINE_CHARS, ROW_CHARS, TITLE_CHARS
from phone.ui.spoken import Voice

TEXT = st.text(max_size=12)
LETTERS = st.builds(
    Letter,
    id=st.sampled_from(["a", "b", "c", "d", "e", "f"]),
    name=TEXT,
    address=TEXT,
    at=st.floats(0, 4e9),
    seconds=st.floats(0, 600),
    state=st.sampled_from(["new", "heard", "kept"]),
    file=st.sampled_from(["", "/x.opus"]),
)
BOXES = st.builds(
    Box,
    new=st.integers(0, 2000),
    old=st.integers(0, 200),
    letters=st.lists(LETTERS, max_size=6, unique_by=lambda m: m.id).map(tuple),
    greeting=st.sampled_from(["", "/g.opus"]),
    own_greeting=st.booleans(),
    trouble=st.sampled_from(["", "the card is full"]),
    draft=st.sampled_from(["", "/d.opus"]),
)
KEYS = st.sampled_from([*DIGITS, Key.OK, Key.BACK, Key.UP, Key.DOWN, Key.TRANSFER, "3", "3", "2"])
ACTS = st.one_of(KEYS, st.sampled_from(["over", "trouble", "wait"]), st.integers(0, 700_000), BOXES)


@given(BOXES, st.lists(ACTS, max_size=40), st.booleans(), st.sampled_from(["de", "en"]))
def test_any_keys_on_any_box(box, acts, on_speaker, language):
    desk = Ear(phone(habits=SPEAKER, off_hook=not on_speaker), book(box))
    desk.menu = replace(desk.menu, voice=Voice(language))
    desk.press(Key.VOICEMAIL)
    for act in acts:
        if desk.mail is None:
            break
        before = desk.mail, desk.speech
        perform(desk, act)
        check(desk, *before, act)


def perform(desk, act):
    match act:
        case "over" | "trouble":
            desk.over("trouble" if act == "trouble" else "")
        case "wait":
            if deadline(desk.menu) is not None:
                desk.wait()
        case int():
            desk.at(act)
        case Box():
            desk.turns(act)
        case _:
            desk.press(act)


def check(desk, before, said_before, act):
    session = desk.mail
    if session is None:
        assert not desk.phone.mailbox or not desk.phone.seized
        assert LeaveBox() in desk.asked
        return
    if not isinstance(act, Box):
        assert session.token - before.token in (0, 1), "not more than one speech an event"
    if session.token == before.token and not isinstance(act, Box):
        assert (desk.speech and desk.speech.parts) == (said_before and said_before.parts)
    waits = recording(desk.menu) or session.draft_awaited
    assert desk.speech is not None or waits, "something is heard"
    shown = shot(Shown(desk.phone, desk.menu, desk.book), TEXTS, desk.now)
    assert shown.big or shown.lines or shown.rows, "something is seen"
    assert len(shown.title) <= TITLE_CHARS
    assert len(shown.big) <= BIG_CHARS
    assert all(len(line) <= LINE_CHARS and line.strip() for line in shown.lines)
    assert all(len(row) <= ROW_CHARS for row in shown.rows)
    assert deadline(desk.menu) is not None, "it ends by itself some day"
    assert 0 <= session.cursor <= max(0, len(session.letters) - 1)
    assert len({m.id for m in session.letters}) == len(session.letters)
    if any(isinstance(request, DeleteLetter) for request in desk.asked):
        assert session.deleted
        again = replace(desk)
        again.press("3")
        assert again.asked[0] == UndoDelete()
        assert again.mail.deleted == ""
        assert again.mail.stage is Stage.CHOSEN


@given(BOXES, st.lists(ACTS, max_size=20))
def test_left_alone_it_ends(box, acts):
    desk = Ear(phone(off_hook=True), book(box)).press(Key.VOICEMAIL)
    for act in acts:
        if desk.mail is not None:
            perform(desk, act)
    rounds = 0
    while desk.mail is not None:
        desk.wait()
        rounds += 1
        assert rounds < 60
    assert not desk.phone.mailbox
