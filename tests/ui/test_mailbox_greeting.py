"""Recording a greeting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from letters import BOX, OWN
from mailear import ear
from menudesk import BACK, OK

from phone.calls import events as ev
from phone.calls.events import Key
from phone.ui.book import Box
from phone.ui.mailboxmoves import DRAFT_WAIT, LONGEST_GREETING
from phone.ui.mailboxstate import Stage
from phone.ui.menu import (
    DropGreeting,
    LeaveBox,
    RecordGreeting,
    RemoveGreeting,
    StopGreeting,
    UseGreeting,
    deadline,
    recording,
)

DRAFTED = replace(BOX, draft="/box/draft.opus")


def recorded(*keys):
    """Up to the draft."""
    return ear("0").over().press("#").turns(DRAFTED).press(*keys)


def test_it_is_told_how_then_recorded_after_the_tone():
    desk = ear("0")
    assert desk.said == ["record", "beep"]
    assert not recording(desk.menu)
    desk.over()
    assert desk.asked == [RecordGreeting()]
    assert recording(desk.menu)
    assert desk.speech is None
    assert deadline(desk.menu) == desk.now + LONGEST_GREETING


@pytest.mark.parametrize("key", ["#", OK])
def test_hash_and_ok_end_it_and_it_is_heard(key):
    desk = ear("0").over().press("5", key)
    assert desk.asked == [StopGreeting()]
    assert not recording(desk.menu)
    assert desk.speech is None
    assert desk.press("2").asked == [], "it has not come yet"
    assert desk.turns(DRAFTED).said == ["your-greeting", "draft.opus", "draft-keys"]


def test_too_long_a_greeting_ends():
    desk = ear("0").over().wait()
    assert desk.asked == [StopGreeting()]


def test_nothing_recorded():
    desk = ear("0").over().press("#")
    began = desk.now
    desk.wait()
    assert desk.now == pytest.approx(began + DRAFT_WAIT)
    assert desk.said[0] == "not-recorded"
    assert desk.asked == [DropGreeting()]


def test_heard_again_used_or_recorded_anew():
    assert recorded("1").said == ["your-greeting", "draft.opus", "draft-keys"]
    assert recorded("7").said == ["draft-keys"]
    used = recorded("2")
    assert used.asked == [UseGreeting()]
    assert used.said[0] == "in-use"
    anew = recorded("3")
    assert anew.asked == [DropGreeting()]
    assert anew.said == ["record", "beep"]


@pytest.mark.parametrize("key", ["*", BACK])
def test_back_drops_it(key):
    desk = ear("0").over().press(key)
    assert desk.asked == [DropGreeting()]
    assert desk.mail.stage is Stage.CHOSEN
    assert recorded(key).asked == [DropGreeting()]
    assert ear("0", key).asked == []
    assert ear("0", key).letter == "m1"


def test_leaving_drops_what_is_not_decided_upon():
    for desk in (ear("0").over(), recorded()):
        desk.happen(ev.HookReplaced(desk.now))
        assert desk.asked == [DropGreeting(), LeaveBox()]
    other = ear("0").over()
    other.happen(ev.MailboxOpened("m2", other.now + 1))
    assert other.asked == [DropGreeting()]
    assert other.letter == "m2"


def test_the_keys_of_a_draft_are_repeated_then_it_is_dropped():
    desk = recorded().over().wait()
    assert desk.said == ["draft-keys"]
    desk.over().wait()
    assert desk.asked == [DropGreeting(), LeaveBox()]


def test_ones_own_greeting_can_be_heard_replaced_and_removed():
    assert ear("0", box=OWN).said == ["greeting-keys"]
    assert ear("0", "1", box=OWN).said == ["greeting.opus", "greeting-keys"]
    assert ear("0", "2", box=OWN).said == ["record", "beep"]
    gone = ear("0", "3", box=OWN)
    assert gone.asked == [RemoveGreeting()]
    assert gone.said[0] == "built-in"
    assert ear("0", BACK, box=OWN).letter == "m1"
    assert ear("0", Key.DOWN, box=OWN).said == ["greeting-keys"]
    assert ear("0", box=OWN).over().wait().said == ["greeting-keys"]


def test_without_messages():
    desk = ear("0", BACK, box=Box())
    assert desk.said == ["no-messages", "keys-empty"]


def test_a_message_deleted_elsewhere_meanwhile():
    desk = ear("0").turns(replace(BOX, letters=BOX.letters[1:]))
    assert desk.said == ["record", "beep"]
    assert desk.press(BACK).letter == "m2"
