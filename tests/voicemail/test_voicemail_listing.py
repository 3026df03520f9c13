"""Lists of the service's mailbox that end too early, or never."""

from __future__ import annotations

import pytest
from remotes import remote, wired, xml
from twin import NODE, OWNER, SERVICE, Phone, Service, left, settle, tell

from phone.voicemail import pubsub
from phone.voicemail.asking import FIRST_PAUSE, LONGEST_PAUSE
from phone.voicemail.listing import REFRESH_SECONDS
from phone.voicemail.message import State
from phone.voicemail.remote import Snapshot


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def phone(service):
    return Phone("desk", service)


def told_list(phone, *pages):
    """The service's list is in these pages; nothing else is answered."""
    for page in pages:
        ask = next(
            each for each in phone.waiting if each.to == SERVICE and pubsub.RSM in str(list(each.payload.iter()))
        )
        phone.waiting.remove(ask)
        phone.do(phone.follower.answered(ask.token, page, phone.now))


def page_of(*ids, more="", count=None, nonsense=0):
    page = wired(pubsub.listed_element(NODE, pubsub.Listed(tuple(map(remote, ids)), more, count=count)))
    page[0].extend(xml(f"<item xmlns='{pubsub.PUBSUB}' id='x{n}'/>") for n in range(nonsense))
    return page


def lists(phone):
    """Until it asks for the list."""
    phone.sign_in()
    for _ in range(3):
        phone.answer_one([phone])


CUT_OFF = [
    pytest.param([page_of("m1", more="m1"), page_of("m1", more="m1")], id="it does not grow"),
    pytest.param([page_of("m1", more="m1"), page_of("m1", nonsense=1, more="m1")], id="nor by nonsense"),
    pytest.param([page_of("m1", count=2)], id="less than was counted"),
    pytest.param([page_of("m1", more="m1", count=2), page_of(count=2)], id="an empty page"),
]


@pytest.mark.parametrize("pages", CUT_OFF)
def test_a_list_that_is_cut_off_is_known_for_that_and_asked_for_again(service, phone, pages):
    left(service, "m1", "m2")
    phone.here = {"m1": State.NEW, "m2": State.NEW, "m3": State.HEARD}
    lists(phone)
    told_list(phone, *pages)
    assert phone.snapshots == [Snapshot((remote("m1"),), whole=False)]
    assert set(phone.here) == {"m1", "m2", "m3"}
    assert phone.follower.deadline == FIRST_PAUSE
    phone.wait(FIRST_PAUSE)
    settle([phone])
    assert phone.snapshots[-1] == Snapshot(tuple(service.messages.values()))
    assert set(phone.here) == {"m1", "m2"}
    assert phone.follower.deadline == phone.now + REFRESH_SECONDS


def test_a_list_that_is_cut_off_again_and_again_is_asked_for_ever_later(service, phone):
    lists(phone)
    pauses = []
    for _ in range(9):
        told_list(phone, page_of("m1", count=2))
        phone.waiting.clear()
        pauses.append(phone.follower._listing.due - phone.now)
        phone.wait(pauses[-1])
        for _ in range(3):
            phone.waiting = [each for each in phone.waiting if each.to in {OWNER, SERVICE}]
            phone.answer_one([phone])
    assert pauses == [min(LONGEST_PAUSE, FIRST_PAUSE * 2**n) for n in range(9)]


def test_what_was_known_before_a_list_was_cut_off_is_known_still(service, phone):
    left(service, "m1", "m2")
    phone.sign_in()
    settle([phone])
    phone.wait(REFRESH_SECONDS)
    phone.answer_one([phone])
    told_list(phone, page_of("m1", count=2))
    assert [each.id for each in phone.snapshots[-1].messages] == ["m1", "m2"]
    assert not phone.snapshots[-1].whole
    tell(pubsub.Event(NODE, (), ("m2",)), service, [phone])
    phone.hear_one()
    assert set(phone.here) == {"m1"}


def test_what_the_user_did_is_told_though_the_list_was_cut_off_before_it(service, phone):
    """That the message is not in the list does not say that the service has it no more."""
    left(service, "m1", "m2")
    phone.here = {"m1": State.NEW, "m2": State.NEW}
    phone.user("m2", State.DELETED)
    lists(phone)
    told_list(phone, page_of("m1", count=2))
    settle([phone])
    assert set(service.messages) == {"m1"}
    assert phone.marks == {}


@pytest.mark.parametrize("count", [None, 0, 2])
def test_a_list_of_standard_services_has_a_last_one_on_each_page(service, phone, count):
    """XEP-0059: the end is an empty page."""
    lists(phone)
    told_list(phone, page_of("m1", more="m1", count=count), page_of("m2", more="m2", count=count), page_of(count=count))
    assert phone.snapshots == [Snapshot((remote("m1"), remote("m2")))]


def test_nothing_is_deleted_here_for_nonsense_there(service, phone, caplog):
    caplog.set_level("INFO")
    phone.here = {"m1": State.NEW, "x0": State.NEW}
    lists(phone)
    told_list(phone, page_of("m1", nonsense=1, count=2))
    assert phone.snapshots == [Snapshot((remote("m1"),), whole=False)]
    assert set(phone.here) == {"m1", "x0"}
    assert phone.follower._listing.due == REFRESH_SECONDS
    assert "1 messages that are nonsense" in caplog.text
