"""One mailbox on several phones."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from remotes import remote, xml
from twin import MAILBOX, NODE, OWNER, SERVICE, SOUND, Phone, Service, left, settle, tell

from phone.voicemail import pubsub, wire
from phone.voicemail.asking import ANSWER_SECONDS, FIRST_PAUSE, Question
from phone.voicemail.fetching import TRIES
from phone.voicemail.finding import DISCO_INFO, DISCO_ITEMS, Mailbox, is_ours, mailbox_in
from phone.voicemail.listing import ABSENT_SECONDS, REFRESH_SECONDS
from phone.voicemail.message import State
from phone.voicemail.remote import Snapshot


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def phone(service):
    return Phone("desk", service)


def test_what_is_there_is_listed_page_by_page_and_fetched(service, phone):
    left(service, "m1", "m2", "m3", "m4", "m5")
    phone.sign_in()
    settle([phone])
    assert phone.here == dict.fromkeys(service.messages, State.NEW)
    assert phone.sounds == service.sounds
    assert service.asked == ["Subscribe", "Items", "Items", "Items"]
    assert service.subscribers == {phone.jid}
    assert phone.snapshots == [Snapshot(tuple(service.messages.values()))]


def test_new_ones_are_fetched_first_the_latest_before_others(service, phone):
    left(service, "heard", state=State.HEARD)
    left(service, "m1", "m2")
    phone.sign_in()
    settle([phone])
    assert list(phone.sounds) == ["m2", "m1", "heard"]


def test_what_is_left_later_comes_by_event(service, phone):
    phone.sign_in()
    settle([phone])
    tell(service.leave(remote("m1"), SOUND), service, [phone])
    settle([phone])
    assert phone.sounds == {"m1": SOUND}


def test_a_new_message_is_counted_before_its_sound_is_here_and_until_it_is_in_the_mailbox(service, phone):
    assert phone.follower.coming == 0
    phone.sign_in()
    settle([phone])
    tell(service.leave(remote("m1"), SOUND), service, [phone])
    tell(service.leave(remote("m2", State.HEARD), SOUND), service, [phone])
    phone.hear_one()
    while not phone.here:
        assert phone.follower.coming == 1
        (ask,) = phone.waiting
        phone.waiting.clear()
        steps = phone.follower.answered(ask.token, service.answer(ask)[0], phone.now)
        assert phone.follower.coming == 1
        phone.do(steps)
    assert phone.follower.coming == 0
    settle([phone])
    assert set(phone.here) == {"m1", "m2"}
    assert phone.follower.coming == 0


def test_what_cannot_be_fetched_is_not_counted(service, phone):
    phone.sign_in()
    settle([phone])
    tell(service.leave(remote("m1"), SOUND), service, [phone])
    phone.hear_one()
    for _ in range(TRIES):
        assert phone.follower.coming == 1
        phone.do(phone.follower.answered(phone.waiting.pop().token, None, phone.now))
        phone.wait(100 * FIRST_PAUSE)
    assert phone.follower.coming == 0


def test_heard_on_one_dark_on_both_deleted_on_one_gone_on_both(service, phone):
    other = Phone("kitchen", service)
    left(service, "m1", "m2")
    for each in (phone, other):
        each.sign_in()
    settle([phone, other])
    phone.user("m1", State.HEARD)
    other.user("m2", State.DELETED)
    settle([phone, other])
    assert phone.here == other.here == {"m1": State.HEARD}
    assert phone.marks == other.marks == {}
    assert phone.snapshots[-1].deleted == {"m2"}


def test_what_was_done_without_service_is_told_after_the_sign_in(service, phone):
    left(service, "m1", "m2")
    phone.sign_in()
    settle([phone])
    phone.sign_out()
    phone.user("m1", State.HEARD)
    phone.user("m2", State.DELETED)
    assert phone.waiting == []
    phone.sign_in()
    settle([phone])
    assert {id_: m.state for id_, m in service.messages.items()} == {"m1": State.HEARD}
    assert phone.marks == {}
    assert phone.here == {"m1": State.HEARD}


def test_marks_that_need_not_be_told_are_not(service, phone):
    left(service, "m1", state=State.HEARD)
    phone.here = {"m1": State.HEARD, "gone": State.KEPT}
    phone.marks = {"m1": State.HEARD, "gone": State.KEPT}
    phone.do(phone.follower.local(phone.followed, 0.0))
    phone.sign_in()
    settle([phone])
    assert phone.marks == {}
    assert phone.here == {"m1": State.HEARD, "gone": State.KEPT}


def test_the_last_mark_wins_while_the_one_before_is_on_its_way(service, phone):
    left(service, "m1", state=State.HEARD)
    phone.sign_in()
    settle([phone])
    phone.user("m1", State.KEPT)
    phone.user("m1", State.HEARD)
    settle([phone])
    assert service.messages["m1"].state is State.HEARD
    assert phone.marks == {}


def test_a_mark_that_is_refused_is_told_again_after_the_others(service, phone):
    left(service, "m1", "m2")
    phone.sign_in()
    settle([phone])
    phone.user("m1", State.HEARD)
    phone.user("m2", State.HEARD)
    (ask,) = phone.waiting
    phone.waiting.clear()
    phone.do(phone.follower.answered(ask.token, None, 0.0))
    assert phone.waiting == []
    assert phone.follower.deadline == FIRST_PAUSE
    phone.wait(FIRST_PAUSE)
    assert wire.parse_request(phone.waiting[0].payload) == wire.Mark("m2", State.HEARD)
    phone.do(phone.follower.answered(phone.waiting.pop().token, None, phone.now))
    phone.wait(2 * FIRST_PAUSE)
    settle([phone])
    assert phone.marks == {}


def test_what_the_user_deleted_is_not_fetched_again(service, phone):
    left(service, "m1")
    phone.marks = {"m1": State.DELETED}
    phone.do(phone.follower.local(phone.followed, 0.0))
    phone.sign_in()
    settle([phone])
    assert service.wanted == []
    assert service.messages == {}


def test_a_service_that_is_down_is_asked_again_ever_later(service, phone):
    service.up = False
    phone.sign_in()
    pauses = []
    for _ in range(12):
        settle([phone])
        pauses.append(phone.follower.deadline - phone.now)
        phone.wait(pauses[-1])
    assert pauses == [min(ABSENT_SECONDS, FIRST_PAUSE * 2**n) for n in range(12)]
    service.up = True
    settle([phone])
    assert service.subscribers == {phone.jid}
    assert phone.snapshots == [Snapshot()]


def test_a_server_without_voicemail_is_left_in_peace(phone):
    phone.sign_in()
    (ask,) = phone.waiting
    assert (ask.to, ask.payload.get("node"), ask.kind) == (OWNER, "voicemail", "get")
    for payload in (None, Element(f"{{{DISCO_ITEMS}}}query")):
        phone.do(phone.follower.answered(phone.waiting.pop().token, payload, phone.now))
        assert phone.waiting == []
        phone.wait(phone.follower.deadline - phone.now)
    assert len(phone.waiting) == 1


def test_a_service_of_another_kind_is_left_in_peace(phone):
    phone.sign_in()
    phone.do(phone.follower.answered(phone.waiting.pop().token, phone.service.items(), 0.0))
    (ask,) = phone.waiting
    assert (ask.to, ask.payload.tag) == (SERVICE, f"{{{DISCO_INFO}}}query")
    phone.waiting.clear()
    phone.do(phone.follower.answered(ask.token, ask.payload, 0.0))
    assert phone.waiting == []


def test_a_mailbox_that_has_moved_is_another(service, phone):
    left(service, "m1")
    phone.sign_in()
    settle([phone])
    listing = phone.follower._listing
    listing._rest(phone.now)
    phone.wait(FIRST_PAUSE)
    moved = xml(f"<query xmlns='{DISCO_ITEMS}'><item jid='other.example'/></query>")
    phone.do(phone.follower.answered(phone.waiting.pop().token, moved, phone.now))
    assert listing.messages is None
    assert phone.waiting.pop().to == "other.example"


@pytest.mark.parametrize("phase", ["subscription", "list"])
def test_what_goes_wrong_is_tried_anew_from_the_beginning(service, phone, phase):
    left(service, "m1")
    phone.sign_in()
    for _ in range(2 + (phase == "list")):
        phone.answer_one([phone])
    phone.do(phone.follower.answered(phone.waiting.pop().token, None, 0.0))
    assert phone.snapshots == []
    phone.wait(FIRST_PAUSE)
    settle([phone])
    assert list(phone.here) == ["m1"]


def test_a_list_that_is_nonsense_is_tried_anew(service, phone):
    phone.sign_in()
    for _ in range(3):
        phone.answer_one([phone])
    phone.do(phone.follower.answered(phone.waiting.pop().token, Element("list"), 0.0))
    phone.wait(FIRST_PAUSE)
    settle([phone])
    assert phone.snapshots == [Snapshot()]


def test_silence_is_an_answer(service, phone):
    left(service, "m1")
    phone.sign_in()
    phone.lose_one()
    assert phone.follower.deadline == ANSWER_SECONDS
    phone.wait(ANSWER_SECONDS)
    assert phone.waiting == []
    phone.wait(FIRST_PAUSE)
    settle([phone])
    phone.user("m1", State.HEARD)
    phone.lose_one()
    phone.wait(ANSWER_SECONDS)
    phone.wait(FIRST_PAUSE)
    settle([phone])
    assert service.messages["m1"].state is State.HEARD


def test_every_half_hour_the_list_is_made_anew(service, phone):
    phone.sign_in()
    settle([phone])
    left(service, "m1")  # its event was lost
    service.subscribers.clear()
    assert phone.follower.deadline == REFRESH_SECONDS
    phone.wait(REFRESH_SECONDS)
    settle([phone])
    assert list(phone.here) == ["m1"]
    assert service.subscribers == {phone.jid}


EVENT = pubsub.Event(NODE, (remote("m1"),))


@pytest.mark.parametrize(
    ("sender", "payload"),
    [
        ("evil.example", pubsub.event_element(EVENT)),
        ("boss@vm.b.example", pubsub.event_element(EVENT)),
        (SERVICE, pubsub.event_element(pubsub.Event("other", (remote("m1"),)))),
        (SERVICE, Element("event")),
    ],
)
def test_events_of_others_and_nonsense_are_ignored(service, phone, sender, payload):
    phone.sign_in()
    settle([phone])
    phone.do(phone.follower.published(sender, payload, 0.0))
    assert phone.snapshots == [Snapshot()]
    assert phone.waiting == []


def test_events_before_the_list_count_and_without_a_service_do_not(service, phone):
    assert phone.follower.published(SERVICE, pubsub.event_element(EVENT), 0.0) == ()
    phone.sign_in()
    for _ in range(3):
        phone.answer_one([phone])
    phone.do(phone.follower.published("VM.b.example", pubsub.event_element(EVENT), 0.0))
    assert phone.snapshots == []


def test_answers_to_others_are_none_of_ours(phone):
    assert phone.follower.answered("7", None, 0.0) == ()
    assert phone.follower.deadline is None
    assert phone.follower.expire(1e9) == ()


def test_a_question_is_asked_once_at_a_time():
    question = Question(lambda: "t")
    assert question.idle
    assert question.ask("a@b", Element("x"), 5.0).token == "t"
    assert not question.idle
    assert not question.rested(1e9)
    assert not question.silent(5.0)
    assert not question.answers("other")
    assert question.answers("t")
    assert not question.answers("t")
    assert question.idle


@pytest.mark.parametrize(
    ("jid", "mailbox"),
    [
        (MAILBOX, Mailbox(MAILBOX)),
        (" vm.b.example ", Mailbox("vm.b.example")),
        ("", None),
        ("a@", None),
        ("a b@c", None),
        ("a\u200b@c", None),
        ("a@" + "c" * 4000, None),
    ],
)
def test_which_address_is_one(jid, mailbox):
    query = Element(f"{{{DISCO_ITEMS}}}query")
    query.append(Element(f"{{{DISCO_ITEMS}}}item", {"jid": jid}))
    assert mailbox_in(query) == mailbox
    assert not is_ours(query)
