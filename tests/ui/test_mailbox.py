"""What the keys do among the messages, with the real call core behind them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gallery import B, phone
from letters import BOX, FIRST, LETTERS, NAMELESS, OLD, book
from mailear import Ear, ear
from menudesk import BACK, DOWN, OK, SPEAKER, UP

from phone.calls import events as ev
from phone.calls.events import Key
from phone.calls.model import Progress
from phone.ui.book import Box
from phone.ui.mailboxmoves import ADVANCE, LEAVE, PAUSED, REPEAT
from phone.ui.mailboxstate import Stage
from phone.ui.menu import (
    DeleteLetter,
    KeepLetter,
    LeaveBox,
    MarkHeard,
    SkipBy,
    UndoDelete,
    deadline,
)

# --- begin ------------------------------------------------------------------------------------------------------------


def test_new_messages_are_counted_announced_and_played_at_once():
    desk = ear()
    assert desk.said == [
        *("you-have", "number-2", "some-new", "and", "number-2", "some-old"),
        *("new", "number-1", "of", "number-4", "m1.opus"),
    ]
    assert desk.speech.start_ms == 0
    assert desk.speech.speed == 100


def test_old_messages_wait_for_a_key():
    desk = ear(box=OLD)
    assert desk.said == ["you-have", "number-2", "some-old", "kept", "number-1", "of", "number-2", "keys"]
    assert desk.press(OK).said == ["m3.opus"]


def test_no_messages():
    desk = ear(box=Box())
    assert desk.said == ["no-messages", "keys-empty"]
    for key in ("1", "3", OK, DOWN, "5"):
        assert desk.press(key).said[-1] == "keys-empty"


def test_a_message_that_was_asked_for_is_played_at_once():
    desk = ear()
    desk.happen(ev.MailboxOpened("m3", desk.now + 1))
    assert desk.said == ["kept", "number-3", "of", "number-4", "m3.opus"]
    desk.happen(ev.MailboxOpened("nonsense", desk.now + 2))
    assert desk.letter == "m1"


def test_trouble_is_told():
    assert ear(box=Box(trouble="no card")).said == ["trouble", "keys-empty"]
    assert ear(box=replace(BOX, trouble="full")).said[:2] == ["trouble", "you-have"]
    desk = ear(box=Box(trouble="no card"))
    assert desk.turns(BOX).said[-1] == "m1.opus", "it works again"
    assert desk.press("2").letter == "m2", "and is not begun anew"


def test_on_hook_without_a_speaker_it_begins_with_lifting():
    desk = Ear(phone(), book())
    desk.press(Key.VOICEMAIL)
    assert desk.mail is None
    desk.lift()
    assert desk.said[0] == "you-have"


def test_on_hook_it_begins_at_the_speaker():
    desk = Ear(phone(habits=SPEAKER), book())
    assert desk.press(Key.VOICEMAIL).said[-1] == "m1.opus"


# --- playing ----------------------------------------------------------------------------------------------------------


def test_after_a_message_the_next_new_one_follows_by_itself_and_then_nothing():
    desk = ear().over()
    assert desk.asked == [MarkHeard("m1")]
    assert desk.said == ["end-of-message", "keys"]
    desk.over()
    assert deadline(desk.menu) == desk.now + ADVANCE
    assert desk.wait().said == ["new", "number-2", "of", "number-4", "m2.opus"]
    assert desk.over().over().wait().said == ["no-more-new", "keys"]
    assert desk.letter == "m2"


def test_silence_repeats_the_keys_once_and_then_the_session_is_over():
    desk = ear().over().over().wait().over().over().wait().over()
    begun = desk.now
    assert desk.wait().now == begun + REPEAT
    assert desk.said == ["keys"]
    desk.over()
    desk.wait()
    assert desk.now == begun + REPEAT + LEAVE
    assert desk.told[0] == ev.MailboxLeft(desk.now)
    assert not desk.phone.mailbox
    assert desk.asked == [LeaveBox()]
    assert desk.speech is None


def test_a_message_of_which_enough_was_heard_is_marked_once():
    desk = ear().at(0).at(2999)
    assert desk.asked == []
    assert desk.at(3000).asked == [MarkHeard("m1")]
    assert desk.at(4000).asked == []
    assert desk.turns(BOX).asked == [], "the box does not know it yet"
    assert desk.mail.letter.state == "heard"
    short = ear(box=replace(BOX, letters=(replace(FIRST, seconds=1.0),))).at(499)
    assert short.asked == []
    assert short.at(500).asked == [MarkHeard("m1")]


def test_what_nobody_heard_is_not_marked():
    desk = ear("2", "2", "2", "2")
    assert desk.mail.stage is Stage.END
    assert not any(isinstance(asked, MarkHeard | KeepLetter) for asked in desk.asked)
    assert desk.said == ["no-more", "keys-end"]
    assert desk.press("1").said[-1] == "m1.opus"
    assert desk.press(UP, UP).letter == "m3", "round and round"
    assert desk.press("2", "2", UP).letter == "m4"
    assert desk.press("2", DOWN).letter == "m1"


def test_1_plays_again():
    desk = ear().at(7000)
    token = desk.mail.token
    assert desk.press("1").said == ["m1.opus"]
    assert (desk.mail.token, desk.mail.ms) == (token + 1, 0)
    assert desk.over().press("1").said == ["m1.opus"]


def test_2_keeps_what_was_heard_and_goes_on():
    desk = ear().at(30_000).press("2")
    assert desk.asked == [KeepLetter("m1")]
    assert desk.said == ["saved", "new", "number-2", "of", "number-4", "m2.opus"]
    assert desk.turns(BOX).mail.letters[0].state == "kept"
    desk.press("2")
    assert desk.asked == []
    assert desk.letter == "m3"
    assert desk.at(8000).press("2").asked == [], "it is kept already"
    assert desk.said[0] == "saved"


def test_3_deletes_and_brings_back():
    desk = ear("3")
    assert desk.asked == [DeleteLetter("m1")]
    assert desk.said == ["erased"]
    desk.turns(replace(BOX, letters=LETTERS[1:]))
    assert desk.letter == "m1", "it is not gone yet"
    desk.press("3")
    assert desk.asked == [UndoDelete()]
    assert desk.said == ["restored", "new", "number-1", "of", "number-4", "keys"]
    assert desk.turns(replace(BOX, letters=LETTERS[1:])).letter == "m1", "the box does not know it yet"
    assert desk.turns(BOX).letter == "m1"
    assert desk.press("3").asked == [DeleteLetter("m1")]


def test_after_a_deleted_message_the_next_one_follows():
    desk = ear("3").over().wait()
    assert desk.letter == "m2"
    old = ear("3", box=OLD).over().wait()
    assert old.letter == "m4"
    assert old.press("3").over().wait().said == ["no-more", "keys-end"]


def test_a_deleted_message_can_be_found_again_until_another_one_is_deleted():
    desk = ear("3").over().wait().press(UP)
    assert desk.said == ["deleted", "number-1", "of", "number-4", "keys-deleted"]
    assert desk.press("8", "2").asked == []
    desk.press("3")
    assert desk.asked == [DeleteLetter("m2")]
    assert [m.id for m in desk.mail.letters] == ["m2", "m3", "m4"]
    desk.turns(BOX)
    assert [m.id for m in desk.mail.letters] == ["m2", "m3", "m4"], "the box does not know it yet"
    desk.press("2", "2", "2")
    assert desk.mail.stage is Stage.END
    assert desk.press("3").asked == [UndoDelete()]
    assert desk.letter == "m2"


def test_a_deleted_message_is_not_marked():
    assert ear("3", "1").at(5000).asked == []


def test_4_tells_when_and_who():
    desk = ear().at(7000).press("4")
    assert desk.said == [
        *("weekday-6", "day-21", "month-11", "at", "number-9", "number-30", "am"),
        *("from", "letter-b", "letter-o", "letter-b", "m1.opus"),
    ]
    assert desk.speech.start_ms == 7000
    assert desk.over().press("4").said[-1] == "letter-b", "it is over and does not begin again"
    assert desk.mail.stage is Stage.CHOSEN


def test_5_calls_back():
    desk = ear("5")
    assert desk.told == [ev.DialRequested("bob@example.org", desk.now)]
    assert desk.callee == "bob@example.org"
    assert desk.mail is None
    assert desk.asked == [LeaveBox()]


def test_who_has_no_address_cannot_be_called_back():
    desk = ear("5", box=Box(0, 1, (NAMELESS,)))
    assert desk.said == ["no-call-back"]
    assert desk.told == []
    assert ear("1", "5", box=Box(0, 1, (NAMELESS,))).said == ["no-call-back", "m4.opus"]


def test_6_and_ok_pause():
    desk = ear().at(7000)
    token = desk.mail.token
    for key, paused in (("6", True), (OK, False), (OK, True)):
        desk.press(key)
        assert desk.speech.paused is paused
        assert desk.speech.token == token
    assert deadline(desk.menu) == desk.now + PAUSED
    desk.wait()
    assert not desk.phone.mailbox


def test_7_and_9_change_the_speed_which_stays():
    desk = ear()
    token = desk.mail.token
    speeds = [desk.press(key).speech.speed for key in "9999777777"]
    assert speeds == [125, 150, 200, 200, 150, 125, 100, 75, 75, 75]
    assert desk.mail.token == token
    assert desk.press("2").speech.speed == 75
    assert desk.press("3").speech.speed == 100, "prompts alone are not stretched"
    assert desk.press("9").mail.speed == 100


def test_star_and_hash_skip():
    desk = ear().at(7000)
    token = desk.mail.token
    assert desk.press("#").asked == [SkipBy(token, 5000)]
    assert desk.mail.ms == 12_000
    assert desk.press("*", "*", "*").asked == [SkipBy(token, -5000)]
    assert desk.mail.ms == 0
    assert desk.mail.token == token


def test_skipping_before_the_message_begins_cuts_the_announcement_short():
    desk = ear("#")
    assert (desk.said, desk.speech.start_ms) == (["m1.opus"], 5000)
    assert desk.press("*").speech.start_ms == 0


def test_skipping_after_the_end():
    desk = ear().over().press("*")
    assert (desk.said, desk.speech.start_ms) == (["m1.opus"], 37_400)
    assert ear().over().press("#").letter == "m2"


def test_8_tells_the_keys_and_the_message_goes_on():
    desk = ear().at(7000).press("8")
    assert desk.said == ["help"]
    assert desk.over().said == ["m1.opus"]
    assert desk.speech.start_ms == 7000
    assert desk.press("8", BACK).said == ["m1.opus"]
    assert desk.press("8", "2").letter == "m2", "any other key does what it says"
    desk.over().press("8").over()
    assert desk.mail.stage is Stage.CHOSEN
    assert ear("8", box=Box()).over().said == ["no-messages", "keys-empty"]


def test_up_and_down_choose():
    desk = ear(DOWN)
    assert desk.said == ["new", "number-2", "of", "number-4", "keys"]
    assert desk.press(UP, UP).letter == "m4"
    assert desk.press("6").said == ["m4.opus"]


def test_any_other_key_tells_the_keys():
    desk = ear().at(2000)
    assert desk.press(Key.TRANSFER).said == ["keys", "m1.opus"]
    assert desk.speech.start_ms == 2000


def test_back_leaves():
    desk = ear(BACK)
    assert not desk.phone.mailbox
    assert desk.phone.seized
    assert desk.asked == [LeaveBox()]


def test_the_next_session_goes_on_counting_what_is_said():
    desk = ear(BACK)
    before = desk.menu.token
    assert desk.press(Key.VOICEMAIL).mail.token > before


@pytest.mark.parametrize("key", [Key.VOL_UP, Key.MUTE, Key.VOICEMAIL, Key.HOLD, Key.SPEAKER])
def test_keys_that_are_the_cores(key):
    desk = ear()
    desk.happen(ev.KeyPressed(key, desk.now))
    assert desk.told == [ev.KeyPressed(key, desk.now)]


def test_calls_come_first():
    desk = ear()
    desk.happen(ev.Offered(B, "carol@example.org", "Carol", desk.now))
    for key in (OK, BACK):
        again = replace(desk)
        again.happen(ev.KeyPressed(key, desk.now))
        assert again.told == [ev.KeyPressed(key, desk.now)]
    desk.happen(ev.KeyPressed(OK, desk.now))
    assert desk.phone.call(B).progress is Progress.CONNECTING
    assert desk.mail is None
