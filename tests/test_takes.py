"""A recording ends when both sides have said so, or one of them stays away; then once, and on the card."""

from __future__ import annotations

from queue import Queue

import pytest
from rig.spoken import packets

from phone.media.planrecordings import Recorded, Sound
from phone.takes import LEAST_SPEECH, Ended, Takes, Troubled
from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Failure, Message, Trouble

ANN = Caller("ann@a.example", "Ann")


class Room:
    def __init__(self, path):
        self.box = Mailbox(path)
        self.told: Queue = Queue()
        self.takes = Takes(self.told.put)

    def begin(self, source="leg"):
        self.takes.begin(source, lambda: self.box.begin(ANN, 1_700_000_000.0))

    def say(self, seconds=2.0, source="leg", speech=2000):
        sounds = tuple(Sound(each) for each in packets(seconds))
        self.takes.sound(Recorded(source, sounds, speech, 0))

    def next(self):
        return self.told.get(timeout=30)


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path / "box")
    yield room
    room.takes.close()
    room.box.close()


def test_what_was_said_is_a_message_when_both_have_told(room):
    room.begin()
    room.say()
    room.takes.stop("leg", 10.0, keep=True)
    room.say()  # the last of it comes after the caller has hung up
    assert room.told.empty()
    room.takes.all_in("leg")
    ended = room.next()
    assert ended.source == "leg"
    assert isinstance(ended.result, Message)
    assert ended.result.seconds == pytest.approx(4.0, abs=0.1)
    assert ended.result.caller == ANN


def test_the_sound_may_end_before_the_call_does(room):
    room.begin()
    room.say()
    room.takes.all_in("leg")
    assert room.takes.deadline() is None
    room.takes.stop("leg", 10.0, keep=True)
    assert isinstance(room.next().result, Message)


def test_who_takes_the_call_over_leaves_no_message(room):
    room.begin()
    room.say()
    room.takes.stop("leg", 10.0, keep=False)
    room.takes.all_in("leg")
    assert room.next() == Ended("leg", None)
    assert room.box.messages() == ()


def test_a_receiver_put_down_is_no_message(room):
    room.begin()
    room.say(speech=LEAST_SPEECH - 1)
    room.takes.stop("leg", 10.0, keep=True)
    room.takes.all_in("leg")
    assert room.next() == Ended("leg", None)


def test_the_end_of_the_sound_is_not_waited_for_for_ever(room):
    room.begin()
    room.say()
    room.takes.stop("leg", 10.0, keep=True)
    room.takes.expire(room.takes.deadline() - 0.01)
    assert room.takes.deadline() is not None
    room.takes.expire(room.takes.deadline())
    assert isinstance(room.next().result, Message)
    assert room.takes.deadline() is None


def test_the_sound_process_dies_and_nothing_is_lost(room):
    room.begin("one")
    room.begin("two")
    room.say(source="one")
    room.say(source="two")
    room.takes.media_lost()
    room.takes.stop("one", 10.0, keep=True)
    room.takes.stop("two", 10.0, keep=True)
    assert {room.next().source, room.next().source} == {"one", "two"}
    assert len(room.box.messages()) == 2


@pytest.mark.parametrize("keep", [True, False])
def test_a_card_that_refuses_is_told_at_once_and_at_the_end_of_what_was_to_be_kept(room, keep):
    full = Failure(Trouble.FULL, "the card is full")
    room.takes.begin("leg", lambda: full)
    assert room.next() == Troubled("leg", Trouble.FULL)
    room.say()
    room.takes.stop("leg", 10.0, keep=keep)
    room.takes.all_in("leg")
    assert room.next() == Ended("leg", full if keep else None)
    assert room.told.empty()


class Filling:
    """Takes one packet, then the card is full; what there is is kept."""

    def __init__(self):
        self.took = 0

    def packet(self, payload, lost=0):
        self.took += 1
        return Failure(Trouble.FULL, "full") if self.took > 1 else None

    def finish(self, *, interrupted=False):
        return Message("id", ANN, 0.0, 1.0, 10)

    def abandon(self):
        raise AssertionError("what there is must be kept")


def test_what_there_is_is_kept_when_the_card_fills_up(room):
    filling = Filling()
    room.takes.begin("leg", lambda: filling)
    room.say()
    assert room.next() == Troubled("leg", Trouble.FULL)
    room.say()
    room.takes.stop("leg", 10.0, keep=True)
    room.takes.all_in("leg")
    assert isinstance(room.next().result, Message)
    assert room.told.empty()


def test_a_phone_that_is_stopped_keeps_what_was_said(room):
    room.begin()
    room.say()
    room.takes.close()
    assert isinstance(room.next().result, Message)


def test_what_nobody_records_is_let_fall(room):
    room.say(source="stranger")
    room.takes.stop("stranger", 1.0, keep=True)
    room.takes.all_in("stranger")
    assert room.told.empty()
