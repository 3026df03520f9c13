"""Sound that comes and goes in chunks: messages from the service, the greeting to it."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from remotes import wired
from twin import OWNER, SOUND, Phone, Service, left, settle, tell

from phone.voicemail import wire
from phone.voicemail.asking import FIRST_PAUSE, LONGEST_PAUSE, Ask
from phone.voicemail.follow import Follower
from phone.voicemail.greeting import Owed
from phone.voicemail.listing import REFRESH_SECONDS
from phone.voicemail.message import State
from phone.voicemail.remote import Followed


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def phone(service):
    return Phone("desk", service)


def test_what_cannot_be_fetched_does_not_keep_others_waiting(service, phone, caplog):
    left(service, "good", "broken")
    service.sounds["broken"] = b""
    phone.sign_in()
    settle([phone])
    for _ in range(3):
        phone.wait(LONGEST_PAUSE)
        settle([phone])
    assert list(phone.here) == ["good"]
    assert "broken cannot be fetched" in caplog.text
    service.sounds["broken"] = SOUND
    phone.wait(REFRESH_SECONDS)
    settle([phone])
    assert set(phone.here) == {"good", "broken"}


@pytest.mark.parametrize(
    "part",
    [
        wire.SoundPart("m2", wire.CHUNK, 9 * wire.CHUNK, b"x"),
        wire.SoundPart("m1", 0, len(SOUND) + 2, b"x"),
        wire.SoundPart("m1", wire.CHUNK, len(SOUND) + 3, b"x"),
    ],
)
def test_a_chunk_that_was_not_asked_for_begins_it_anew(service, phone, part):
    left(service, "m1")
    phone.sign_in()
    for _ in range(5):
        phone.answer_one([phone])
    ask = phone.waiting.pop()
    assert wire.parse_request(ask.payload) == wire.SoundWanted("m1", wire.CHUNK)
    phone.do(phone.follower.answered(ask.token, wired(wire.sound_element(part)), 0.0))
    phone.wait(FIRST_PAUSE)
    assert wire.parse_request(phone.waiting[0].payload) == wire.SoundWanted("m1", 0)
    settle([phone])
    assert phone.sounds == service.sounds


def test_nonsense_instead_of_a_chunk_costs_a_pause(service, phone):
    left(service, "m1")
    phone.sign_in()
    for _ in range(5):
        phone.answer_one([phone])
    phone.do(phone.follower.answered(phone.waiting.pop().token, Element("x"), 0.0))
    phone.wait(FIRST_PAUSE)
    settle([phone])
    assert phone.sounds == service.sounds


def test_one_that_is_deleted_while_it_is_fetched_is_left(service, phone):
    left(service, "m1", "m2")
    phone.sign_in()
    for _ in range(5):
        phone.answer_one([phone])
    _, event = service.mark("m2", State.DELETED)
    tell(event, service, [phone])
    settle([phone])
    phone.wait(FIRST_PAUSE)
    settle([phone])
    assert list(phone.here) == ["m1"]


def test_the_next_is_fetched_when_the_one_before_is_in_the_mailbox(service):
    left(service, "m1", "m2")
    ids = iter(map(str, range(99)))
    follower = Follower(OWNER, lambda: next(ids))
    follower.local(Followed(), 0.0)
    steps = list(follower.online(f"{OWNER}/desk", 0.0))
    seen = []
    while asks := [step for step in steps if isinstance(step, Ask)]:
        seen += steps
        steps = follower.answered(asks[0].token, service.answer(asks[0])[0], 0.0)
    fetched = [step.message.id for step in (*seen, *steps) if hasattr(step, "sound")]
    assert fetched == ["m2"]
    (ask,) = follower.local(Followed(frozenset({"m2"})), 0.0)
    assert wire.parse_request(ask.payload) == wire.SoundWanted("m1", 0)


def greeted(phone, sound):
    phone.do(phone.follower.greeting(Owed(sound), phone.now))


def test_a_greeting_goes_to_the_service_and_is_removed_there(service, phone):
    greeted(phone, SOUND)
    assert phone.waiting == []
    phone.sign_in()
    settle([phone])
    assert service.greeting == SOUND
    greeted(phone, None)
    settle([phone])
    assert service.greeting is None
    assert phone.greetings == [Owed(SOUND), Owed(None)]
    assert phone.follower.deadline == REFRESH_SECONDS


def test_a_greeting_that_is_refused_begins_anew(service, phone):
    phone.sign_in()
    settle([phone])
    greeted(phone, SOUND)
    phone.answer_one([phone])
    phone.do(phone.follower.answered(phone.waiting.pop().token, None, 0.0))
    service.part = b"what another phone sends"
    phone.wait(FIRST_PAUSE)
    greeted(phone, SOUND)
    assert len(phone.waiting) == 1
    settle([phone])
    assert service.greeting == SOUND


def test_the_last_greeting_wins(service, phone):
    phone.sign_in()
    settle([phone])
    greeted(phone, SOUND)
    greeted(phone, b"short")
    settle([phone])
    assert service.greeting == b"short"
    greeted(phone, SOUND)
    phone.do(phone.follower.greeting(None, 0.0))
    settle([phone])
    assert service.greeting == b"short"
    assert phone.greetings == [Owed(b"short")]
    greeted(phone, SOUND)
    phone.answer_one([phone])
    phone.sign_out()
    phone.sign_in()
    settle([phone])
    assert service.greeting == SOUND
