"""Voicemail between whole phones on a wire, in virtual time: the phone answers, messages are left, or dictated."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement

import pytest
from rig.wire import Wire, WirePhone

from phone import inbox
from phone.calls.events import RecordingEnd, RecordingStopped
from phone.calls.model import CallId, Habits, Reason
from phone.calls.outputs import Tone
from phone.jingle.elements import FEATURES
from phone.jingle.gingle_voicemail import DISCO_ITEMS
from phone.mailnews import BoxChanged
from phone.media import plan, planrecordings
from phone.ui.book import Box, Letter
from phone.ui.mailboxstate import MarkHeard

VOICEMAIL = "http://www.google.com/session/voicemail"
INFO = "http://jabber.org/protocol/disco#info"


@pytest.fixture
def bob(wire: Wire) -> WirePhone:
    """He has an answering phone."""
    bob = wire.add("bob")
    bob.engine.phone = replace(bob.engine.phone, habits=Habits(answers=True, has_speaker=True))
    return bob


def legs(phone: WirePhone) -> list[plan.LegPlan]:
    assert phone.media.plan is not None
    return list(phone.media.plan.legs)


def answered_for_him(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    wire.run(24)
    assert bob.out.ringer
    wire.run(2)
    assert alice.talks
    assert not bob.out.ringer


def test_the_phone_answers_greets_records_and_keeps(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    answered_for_him(wire, alice, bob)
    (leg,) = legs(bob)
    assert (leg.feed, leg.say, leg.record) == ("say", ("/prompts/beep.opus",), False)
    wire.run(5)
    (leg,) = legs(bob)
    assert (leg.feed, leg.say, leg.record) == ("silence", (), True)
    assert list(bob.mail.recording) == [leg.id]
    alice.hang_up()
    wire.run()
    assert [each.call.peer for each in bob.mail.kept if each.call] == [alice.full]
    assert not bob.mail.recording
    assert [entry.call.reason for entry in bob.log] == [Reason.NO_ANSWER]
    assert not legs(bob)


def test_the_users_own_greeting_is_heard(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    bob.engine.post(inbox.MailTold(BoxChanged(Box(greeting="/greetings/own.opus"))))
    answered_for_him(wire, alice, bob)
    assert legs(bob)[0].say == ("/greetings/own.opus", "/prompts/beep.opus")


def test_lifting_takes_the_call_over(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    answered_for_him(wire, alice, bob)
    wire.run(5)
    bob.lift()
    wire.run()
    assert bob.talks
    assert alice.talks
    assert len(bob.mail.dropped) == 1
    assert legs(bob)[0].record is False


def test_the_speaker_lets_him_listen_in(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    answered_for_him(wire, alice, bob)
    wire.run(5)
    bob.press("SPEAKER")
    wire.run()
    assert bob.media.plan is not None
    audio = bob.media.plan.audio
    assert (audio.speaker, audio.talk, audio.send) == (True, (), False)
    assert audio.listen == (legs(bob)[0].id,)
    assert legs(bob)[0].record


def test_silence_ends_the_message(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    answered_for_him(wire, alice, bob)
    wire.run(5)
    leg = CallId(legs(bob)[0].id)
    bob.mail.news = (RecordingStopped(leg, RecordingEnd.SILENCE, wire.loop.now),)
    bob.engine.post(inbox.MediaTold(planrecordings.Recorded(leg, (), 4000, 10_000)))
    wire.run()
    assert len(bob.mail.kept) == 1
    assert not alice.talks
    assert not legs(bob)


def test_new_messages_stutter_and_light_the_lamp(wire: Wire, bob: WirePhone) -> None:
    bob.engine.post(inbox.MailTold(BoxChanged(Box(new=2))))
    assert "message" in (bob.engine.levels.lit or ())
    bob.lift()
    assert bob.out.tone is Tone.STUTTER
    bob.hang_up()
    bob.engine.post(inbox.MailTold(BoxChanged(Box(old=2))))
    assert "message" not in (bob.engine.levels.lit or ())


def test_the_lamp_does_not_wait_for_a_messages_sound(wire: Wire, bob: WirePhone) -> None:
    bob.mail.coming = 1
    bob.engine.post(inbox.Published("vm.x", Element("event")))
    assert "message" in (bob.engine.levels.lit or ())
    bob.mail.coming = 0
    bob.engine.post(inbox.MailTold(BoxChanged(Box(new=1))))
    assert "message" in (bob.engine.levels.lit or ())
    bob.engine.post(inbox.MailTold(BoxChanged(Box())))
    assert "message" not in (bob.engine.levels.lit or ())


def test_a_message_is_heard_with_the_handset(wire: Wire, bob: WirePhone) -> None:
    letter = Letter("one", "Ann", "ann@x", 1_700_000_000.0, 5.0, "new", "/box/one.opus")
    bob.engine.post(inbox.MailTold(BoxChanged(Box(new=1, letters=(letter,)))))
    bob.lift()
    bob.press("VOICEMAIL")
    assert bob.media.plan is not None
    play = bob.media.plan.audio.play
    assert play is not None
    *prompts, last = play.files
    assert all(file.startswith("/prompts/") for file in prompts)
    assert last == "/box/one.opus"
    bob.engine.post(inbox.MediaTold(planrecordings.PlayAt(play.token, 4900)))
    wire.run(4)
    assert MarkHeard("one") in bob.mail.requests
    bob.hang_up()
    assert bob.media.plan.audio.play is None


# --- leaving one --------------------------------------------------------------------------------------------------


def knows_voicemail(wire: Wire, callee: str, jid: str, node: str = "voicemail") -> None:
    items = Element(f"{{{DISCO_ITEMS}}}query", {"node": node})
    SubElement(items, f"{{{DISCO_ITEMS}}}item", {"jid": jid})
    wire.answers[callee, node] = items
    info = Element(f"{{{INFO}}}query")
    for feature in (*FEATURES, VOICEMAIL):
        SubElement(info, f"{{{INFO}}}feature", {"var": feature})
    wire.answers[jid, ""] = info


def test_voicemail_while_it_rings_leaves_a_message_with_their_server(
    wire: Wire, alice: WirePhone, bob: WirePhone
) -> None:
    service = wire.add("service", "voicemail")
    knows_voicemail(wire, "bob@x", service.full)
    alice.call("202")
    wire.run(3)
    alice.press("VOICEMAIL")
    wire.run(1)
    assert not bob.out.ringer
    assert service.out.ringer
    initiate = next(p for _, to, p in wire.sent if to == service.full and p.get("action") == "session-initiate")
    regarding = initiate.find(f"{{{VOICEMAIL}}}regarding")
    assert regarding is not None
    assert regarding.get("name") == "bob@x"
    service.lift()
    wire.run(1)
    assert alice.talks
    alice.hang_up()
    wire.run(1)
    assert not legs(alice)
    assert not legs(service)


def test_where_no_server_takes_it_the_message_is_dictated(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    wire.run(3)
    alice.press("VOICEMAIL")
    wire.run(1)
    assert [node for _, node in alice.asked] == ["voicemail", "outgoingvoicemail"]
    assert alice.media.plan is not None
    assert alice.media.plan.audio.play is not None
    assert alice.media.plan.audio.play.files == ("/prompts/leave-message.opus", "/prompts/beep.opus")
    wire.run(4)
    source = alice.media.plan.audio.record
    assert source in alice.mail.recording
    alice.hang_up()
    wire.run(1)
    assert [each.to for each in alice.mail.kept] == ["bob@x"]
    assert alice.media.plan.audio.record == ""


def test_a_voicemail_address_that_cannot_be_called_is_no_end(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    service = wire.add("service", "voicemail")
    knows_voicemail(wire, "bob@x", service.full)
    alice.call("202")
    alice.press("VOICEMAIL")
    wire.run(1)
    service.press("BACK")
    wire.run(1)
    assert alice.engine.phone.dictation is not None


def test_a_service_of_the_google_dialect_needs_plain_rtp_to_be_allowed(
    wire: Wire, alice: WirePhone, bob: WirePhone
) -> None:
    knows_voicemail(wire, "bob@x", "vm.x")
    wire.answers["vm.x", ""] = Element(f"{{{INFO}}}query")
    alice.call("202")
    alice.press("VOICEMAIL")
    wire.run(2)
    assert alice.engine.phone.dictation is not None


def test_giving_up_while_the_address_is_looked_for(wire: Wire, alice: WirePhone, bob: WirePhone) -> None:
    alice.call("202")
    alice.press("VOICEMAIL")
    alice.hang_up()
    wire.run(30)
    assert alice.engine.phone.dictation is None
    assert not alice.engine.phone.busy
    assert not bob.engine.phone.busy
    assert not alice.mail.kept
