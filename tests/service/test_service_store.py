"""The store by example, on SQLite and on PostgreSQL; two instances that race for one delivery."""

import threading
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import insert, update

from phone.service import boxes, duties, schema
from phone.service.duties import LEASE, Delivery, Kind
from phone.service.store import Store, StoreError
from phone.voicemail.message import Caller, State
from phone.voicemail.wire import RemoteMessage

BOSS = "boss@b.example"
ANN = Caller("ann@a.example", "Ann")
NOW = 1_800_000_000.0
DAY = 86_400.0


def message(number, stamp=NOW, **changed):
    return replace(RemoteMessage(f"m{number:03}", State.NEW, ANN, stamp, 12.3, 4), **changed)


def add(store, *messages, owner=BOSS):
    for each in messages:
        store.write_now(partial(boxes.add, owner=owner, kept=each, data=b"Ogg" + bytes([int(each.id[1:]) % 256])))


def chat(number, **changed):
    made = Delivery(f"d{number}", Kind.CHAT, f"m{number:03}", BOSS, BOSS, ANN.jid, ANN.name, NOW, 12.3)
    return replace(made, **changed)


def enqueue(store, *deliveries, due=NOW):
    for each in deliveries:
        store.write_now(partial(duties.enqueue, wanted=each, due=due))


def claim(store, holder, now=NOW, most=10):
    return store.write_now(partial(duties.claim, holder=holder, now=now, most=most))


def page(store, after="", limit=10, owner=BOSS):
    return store.read_now(partial(boxes.page, owner=owner, after=after, limit=limit))


# --- messages -------------------------------------------------------------------------------------------------


def test_messages_come_back_as_they_were_kept_in_pages_by_time(store):
    kept = [message(n, NOW + n // 2) for n in range(5)]
    add(store, *reversed(kept))
    assert page(store) == tuple(kept)
    assert page(store, limit=2) == tuple(kept[:2])
    assert page(store, after="m001", limit=2) == tuple(kept[2:4])
    assert page(store, after="m004") == ()
    assert page(store, after="nobody") is None
    assert page(store, owner="ann@a.example") == ()
    assert store.read_now(partial(boxes.count, owner=BOSS)) == len(kept)
    assert store.read_now(partial(boxes.count, owner="ann@a.example")) == 0


def test_a_recording_found_twice_is_one_message(store):
    add(store, message(1))
    add(store, message(1, seconds=99.0))
    assert page(store) == (message(1),)


def test_marks_are_kept_and_a_deleted_message_can_be_had_back(store):
    add(store, message(1))
    for state in (State.HEARD, State.KEPT, State.NEW):
        marked = store.write_now(partial(boxes.mark, owner=BOSS, id="m001", state=state, now=NOW))
        assert marked == message(1, state=state) == page(store)[0]
    assert store.write_now(partial(boxes.mark, owner=BOSS, id="m001", state=State.DELETED, now=NOW)) is not None
    assert page(store) == ()
    assert store.read_now(partial(boxes.get, owner=BOSS, id="m001")) is None
    assert store.write_now(partial(boxes.mark, owner=BOSS, id="m001", state=State.HEARD, now=NOW)) is not None
    assert page(store) == (message(1, state=State.HEARD),)
    assert store.write_now(partial(boxes.expired, now=NOW + 2 * boxes.UNDO_SECONDS, days=0)) == ()


def test_one_owner_cannot_touch_the_message_of_another(store):
    add(store, message(1))
    assert store.write_now(partial(boxes.mark, owner="ann@a.example", id="m001", state=State.HEARD, now=NOW)) is None
    assert store.read_now(partial(boxes.part_of, owner="ann@a.example", id="m001", offset=0, count=9)) is None
    assert page(store) == (message(1),)


def test_sound_comes_in_pieces_and_only_of_what_is_not_deleted(store):
    add(store, message(7))
    part = partial(boxes.part_of, owner=BOSS, id="m007")
    assert store.read_now(partial(part, offset=0, count=3)) == (b"Ogg", 4)
    assert store.read_now(partial(part, offset=3, count=3)) == (b"\x07", 4)
    assert store.read_now(partial(part, offset=4, count=3)) == (b"", 4)
    store.write_now(partial(boxes.mark, owner=BOSS, id="m007", state=State.DELETED, now=NOW))
    assert store.read_now(partial(part, offset=0, count=3)) is None


def test_what_is_deleted_counts_until_it_is_gone_and_takes_its_sound_with_it(store):
    add(store, message(1), message(2))
    store.write_now(partial(boxes.mark, owner=BOSS, id="m001", state=State.DELETED, now=NOW))
    assert store.read_now(partial(boxes.used, owner=BOSS)) == boxes.Used(2, 8)
    gone = store.write_now(partial(boxes.expired, now=NOW + boxes.UNDO_SECONDS + 1, days=0))
    assert gone == ((BOSS, "m001", False),)
    assert store.read_now(partial(boxes.used, owner=BOSS)) == boxes.Used(1, 4)
    assert store.read_now(partial(boxes.sound_of, id="m001")) is None
    assert store.read_now(partial(boxes.sound_of, id="m002")) is not None


def test_old_messages_expire_but_for_kept_ones(store):
    add(store, message(1), message(2), message(3, NOW + 5 * DAY))
    store.write_now(partial(boxes.mark, owner=BOSS, id="m002", state=State.KEPT, now=NOW))
    assert store.write_now(partial(boxes.expired, now=NOW + 10.5 * DAY, days=10)) == ((BOSS, "m001", True),)
    assert [each.id for each in page(store)] == ["m002", "m003"]
    assert store.write_now(partial(boxes.expired, now=NOW + 1000 * DAY, days=0)) == ()


def test_a_sound_that_still_is_to_be_sent_by_mail_outlives_its_message(store):
    add(store, message(1), message(2))
    enqueue(store, chat(1), chat(2, kind=Kind.MAIL))
    for each in ("m001", "m002"):
        store.write_now(partial(boxes.mark, owner=BOSS, id=each, state=State.DELETED, now=NOW))
    store.write_now(partial(boxes.expired, now=NOW + boxes.UNDO_SECONDS + 1, days=0))
    assert store.read_now(partial(boxes.sound_of, id="m001")) is None
    assert store.read_now(partial(boxes.sound_of, id="m002")) is not None
    (left,) = claim(store, "one", now=NOW)
    assert left.kind is Kind.MAIL
    store.write_now(partial(duties.settle, holder="one", id=left.id))
    assert store.read_now(partial(boxes.sound_of, id="m002")) is None


# --- who has a mailbox ----------------------------------------------------------------------------------------


def test_mailboxes_are_listed_disabled_and_struck(store):
    assert store.read_now(partial(boxes.enabled, owner=BOSS)) is None
    store.write_now(partial(boxes.enlist, owner=BOSS, now=NOW, on=True))
    store.write_now(partial(boxes.enlist, owner="ann@b.example", now=NOW, on=True))
    store.write_now(partial(boxes.enlist, owner=BOSS, now=NOW + 1, on=False))
    assert store.read_now(partial(boxes.enabled, owner=BOSS)) is False
    assert store.read_now(boxes.listed) == (("ann@b.example", True), (BOSS, False))
    assert store.write_now(partial(boxes.strike, owner=BOSS))
    assert not store.write_now(partial(boxes.strike, owner=BOSS))


@pytest.mark.parametrize("who", ["ann@a.example", "a.example"])
def test_a_caller_or_all_of_his_server_can_be_blocked(store, who):
    blocked = partial(boxes.is_blocked, owner=BOSS, caller="ann@a.example")
    for on in (True, True, False, False):
        store.write_now(partial(boxes.block, owner=BOSS, caller=who, on=on))
        assert store.read_now(blocked) is on
    store.write_now(partial(boxes.block, owner="other@b.example", caller=who, on=True))
    assert not store.read_now(blocked)


def test_a_greeting_is_read_again_only_when_it_has_changed(store):
    hear = partial(boxes.greeting_of, owner=BOSS)
    assert store.read_now(partial(hear, known="")) == ("", None)
    store.write_now(partial(boxes.greet, owner=BOSS, data=b"one", version="1"))
    store.write_now(partial(boxes.greet, owner=BOSS, data=b"two", version="2"))
    assert store.read_now(partial(hear, known="1")) == ("2", b"two")
    assert store.read_now(partial(hear, known="2")) == ("2", None)
    store.write_now(partial(boxes.greet, owner=BOSS, data=None, version=""))
    assert store.read_now(partial(hear, known="2")) == ("", None)


# --- deliveries -----------------------------------------------------------------------------------------------


def test_a_delivery_is_one_instances_until_its_lease_is_over(store):
    enqueue(store, chat(1))
    enqueue(store, chat(1, name="twice"))
    assert claim(store, "one", NOW - 1) == ()
    assert claim(store, "one") == (chat(1),)
    assert claim(store, "two", NOW + LEASE - 1) == ()
    assert claim(store, "two", NOW + LEASE) == (chat(1),)
    assert not store.write_now(partial(duties.renew, holder="one", id="d1", now=NOW + LEASE))
    assert store.write_now(partial(duties.renew, holder="two", id="d1", now=NOW + LEASE + 30))
    assert claim(store, "one", NOW + 2 * LEASE) == ()


def test_what_did_not_go_is_tried_again_when_it_is_due(store):
    enqueue(store, chat(1))
    claim(store, "one")
    store.write_now(partial(duties.say_told, holder="one", id="d1"))
    store.write_now(partial(duties.postpone, holder="one", id="d1", due=NOW + 90))
    assert claim(store, "two", NOW + 89) == ()
    assert claim(store, "two", NOW + 90) == (chat(1, told=True, attempts=1),)


def test_who_lost_a_delivery_cannot_settle_it(store):
    enqueue(store, chat(1))
    claim(store, "one")
    claim(store, "two", NOW + LEASE)
    store.write_now(partial(duties.settle, holder="one", id="d1"))
    store.write_now(partial(duties.postpone, holder="one", id="d1", due=NOW))
    assert store.read_now(duties.waiting) == {"chat": 1}
    store.write_now(partial(duties.settle, holder="two", id="d1"))
    assert store.read_now(duties.waiting) == {}


def test_one_delivery_can_follow_another_and_an_orderly_end_leaves_the_rest(store):
    enqueue(store, chat(1, kind=Kind.MAIL), chat(2))
    claim(store, "one", NOW, 10)
    bounce = chat(1, id="d1-bounce", kind=Kind.BOUNCE)
    store.write_now(partial(duties.settle, holder="one", id="d1", then=bounce, now=NOW))
    store.write_now(partial(duties.release, holder="one"))
    assert {each.id for each in claim(store, "two")} == {"d1-bounce", "d2"}


def test_two_instances_that_race_send_each_delivery_once(url):
    first, second = Store(url), Store(url)
    first.prepare()
    second.prepare()
    enqueue(first, *(chat(n) for n in range(60)))
    taken: Counter[str] = Counter()
    mutex = threading.Lock()

    def work(store, holder):
        while claimed := claim(store, holder, most=3):
            for each in claimed:
                with mutex:
                    taken[each.id] += 1
                store.write_now(partial(duties.settle, holder=holder, id=each.id))

    threads = [threading.Thread(target=work, args=(s, f"{n}")) for n, s in enumerate((first, second, first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 60
    assert set(taken.values()) == {1}
    assert first.read_now(duties.waiting) == {}
    first.close()
    second.close()


def test_two_instances_may_start_together(url):
    stores = [Store(url) for _ in range(4)]
    threads = [threading.Thread(target=store.prepare) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].read_now(duties.waiting) == {}
    for store in stores:
        store.close()


# --- counting, following --------------------------------------------------------------------------------------


def test_each_period_is_counted_anew(store):
    count = partial(duties.count, kind="call", who=ANN.jid, seconds=3600.0)
    assert [store.write_now(partial(count, now=NOW + n)) for n in range(3)] == [1, 2, 3]
    assert store.write_now(partial(count, now=NOW + 3600)) == 1
    assert store.write_now(partial(duties.count, kind="mail", who=ANN.jid, seconds=3600.0, now=NOW)) == 1
    store.write_now(partial(duties.sweep, now=NOW + 30 * DAY))
    assert store.write_now(partial(count, now=NOW)) == 1


def test_subscribers_are_told_by_the_component_that_they_subscribed_at(store):
    for jid in ("boss@b.example/desk", "boss@b.example/home", "boss@b.example/desk"):
        store.write_now(partial(duties.subscribe, owner=BOSS, jid=jid, service="vm1", now=NOW))
    store.write_now(partial(duties.subscribe, owner=BOSS, jid="boss@b.example/car", service="vm2", now=NOW))
    told = partial(duties.subscribers, owner=BOSS, service="vm1")
    assert store.read_now(told) == ("boss@b.example/desk", "boss@b.example/home")
    assert store.write_now(partial(duties.unsubscribe, owner=BOSS, jid="boss@b.example/home", service="vm1"))
    assert not store.write_now(partial(duties.unsubscribe, owner=BOSS, jid="boss@b.example/home", service="vm1"))
    store.write_now(partial(duties.forget, jid="boss@b.example/desk"))
    assert store.read_now(told) == ()


def test_the_devices_that_came_last_are_those_that_are_told(store):
    for number in range(duties.FOLLOWERS + 3):
        join = partial(duties.subscribe, owner=BOSS, jid=f"{BOSS}/{number:02}", service="vm1")
        store.write_now(partial(join, now=NOW + number))
    store.write_now(partial(duties.subscribe, owner="x@b.example", jid="x@b.example/1", service="vm1", now=NOW))
    told = store.read_now(partial(duties.subscribers, owner=BOSS, service="vm1"))
    assert told == tuple(f"{BOSS}/{number:02}" for number in range(3, duties.FOLLOWERS + 3))
    assert len(store.read_now(partial(duties.subscribers, owner="x@b.example", service="vm1"))) == 1


def test_other_components_hear_what_changed(store):
    store.write_now(partial(duties.note, id="c1", owner=BOSS, message="m1", service="vm1", now=NOW))
    assert store.read_now(partial(duties.noted, service="vm2", since=NOW - 30)) == (("c1", BOSS, "m1"),)
    assert store.read_now(partial(duties.noted, service="vm1", since=NOW - 30)) == ()
    assert store.read_now(partial(duties.noted, service="vm2", since=NOW + 1)) == ()
    store.write_now(partial(duties.sweep, now=NOW + duties.CHANGES_KEPT + 1))
    assert store.read_now(partial(duties.noted, service="vm2", since=0)) == ()


# --- trouble --------------------------------------------------------------------------------------------------


def test_half_of_some_work_is_never_kept(store):
    def torn(connection):
        connection.execute(insert(schema.mailbox).values(owner=BOSS, enabled=True, created=NOW))
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        store.write_now(torn)
    assert store.read_now(boxes.listed) == ()


def test_the_store_of_a_newer_program_is_left_alone(url, store):
    store.write_now(lambda connection: connection.execute(update(schema.about).values(version=99)))
    other = Store(url)
    with pytest.raises(StoreError, match="newer than this program"):
        other.prepare()
    other.close()


def test_a_store_that_is_away_is_told_of_without_its_secrets(tmp_path):
    away = Store(f"postgresql+psycopg://phone:word@/nobody?host={tmp_path}")
    with pytest.raises(StoreError) as told:
        away.read_now(boxes.listed)
    assert "look after the database" in str(told.value)
    assert "word" not in str(told.value)
    away.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql+nonsense://x", "postgresql+psycopg:/"])
def test_a_url_of_no_use_says_what_one_looks_like(url):
    with pytest.raises(StoreError, match="write sqlite:"):
        Store(url)


async def test_work_runs_beside_the_loop(store):
    await store.write(partial(boxes.enlist, owner=BOSS, now=NOW, on=True))
    assert await store.read(partial(boxes.enabled, owner=BOSS)) is True
