"""Messages that cannot be played, that come and that go while the user listens."""

from __future__ import annotations

from dataclasses import replace

from gallery import ANNA, phone
from letters import BOX, FIRST, LETTERS, OLD, SECOND, THIRD, book
from mailear import ear
from menudesk import DOWN, UP

from phone.ui.book import Box
from phone.ui.mailboxstate import Note, Stage
from phone.ui.menu import (
    Menu,
    played,
    playing,
)


def test_a_message_that_cannot_be_played():
    desk = ear().over("torn")
    assert desk.said == ["cannot-play"]
    assert desk.asked == []
    assert desk.over().wait().letter == "m2"
    assert ear(box=Box(1, 0, (replace(FIRST, file=""),))).said == ["cannot-play"]


def test_prompts_that_nobody_says_were_heard_are_over_some_day():
    desk = ear().over()
    desk.wait()
    assert desk.mail.told
    assert desk.wait().letter == "m2"


def test_a_message_that_nobody_says_was_heard_is_over_some_day():
    assert ear().wait().said == ["cannot-play"]


def test_what_was_said_of_another_speech_is_nothing():
    desk = ear()
    menu = desk.menu
    assert desk.over(token=0).menu == menu
    assert desk.at(5000, token=0).menu == menu
    assert playing(Menu(), 1, 5, 0.0) == Menu()
    assert played(Menu(), 1, "", phone(), book(), 0.0).menu == Menu()


def test_a_message_that_comes_meanwhile_is_played_behind_the_new_ones():
    came = replace(FIRST, id="m9", name=ANNA, file="/box/m9.opus")
    desk = ear().turns(replace(BOX, letters=(FIRST, SECOND, came, THIRD)))
    assert [m.id for m in desk.mail.letters] == ["m1", "m2", "m9", "m3"]
    assert desk.letter == "m1"
    end = ear(box=Box()).turns(replace(BOX, letters=(came,)))
    assert end.said == ["new", "number-1", "of", "number-1", "m9.opus"]
    assert ear(DOWN, box=OLD).turns(replace(OLD, letters=(came, *OLD.letters))).letter == "m4"


def test_a_message_deleted_elsewhere_is_not_at_hand_any_more():
    desk = ear().turns(replace(BOX, letters=LETTERS[1:]))
    assert desk.said == ["new", "number-1", "of", "number-3", "keys"]
    assert ear().turns(Box()).said == ["no-messages", "keys-empty"]
    assert ear(UP).turns(replace(BOX, letters=LETTERS[:3])).letter == "m3"
    helped = ear("8").turns(replace(BOX, letters=LETTERS[1:]))
    assert helped.said == ["help"]
    assert helped.over().letter == "m2"
    ended = ear("2", "2", "2", "2").turns(replace(BOX, letters=LETTERS[1:]))
    assert ended.mail.stage is Stage.END


def test_notes_go_when_the_message_begins():
    desk = ear()
    assert desk.mail.note is Note.COUNTS
    assert desk.at(0).mail.note is Note.COUNTS
    assert desk.at(200).mail.note is None
