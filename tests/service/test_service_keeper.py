"""From the spool into the store: whatever is away, and whenever the power goes, each message comes in once."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path

import pytest
from rig.spoken import packets
from sqlalchemy.exc import OperationalError

from phone.service import boxes, duties
from phone.service.duties import Kind
from phone.service.keeper import Keeper
from phone.service.spool import Label, Spool, SpoolError
from phone.service.store import Store
from phone.voicemail.message import Caller, Failure, Message

BOSS = "boss@b.example"
LABEL = Label(Kind.CHAT, BOSS, BOSS, Caller("ann@a.example"), 1_800_000_000.0)
MAIL = Label(Kind.MAIL, BOSS, "friend@far.example", Caller(BOSS), 1_800_000_000.0)


@pytest.fixture
def spool(tmp_path):
    with contextlib.closing(Spool(tmp_path / "spool")) as made:
        yield made


def record(spool, label=LABEL, seconds=3.0):
    recording = spool.begin(label, 1 << 20)
    for packet in packets(seconds):
        assert recording.packet(packet) is None
    return recording


def whole(spool, label=LABEL):
    kept = record(spool, label).finish()
    assert isinstance(kept, Message)
    return spool.find(kept.id)


class News:
    def __init__(self) -> None:
        self.changed: list[tuple[str, str]] = []
        self.due = 0

    async def change(self, owner: str, id: str) -> None:
        self.changed.append((owner, id))

    def more(self) -> None:
        self.due += 1


def keeper(spool, store, news):
    return Keeper(spool, store, news.change, news.more, retry=0.05)


def messages(store):
    return store.read_now(partial(boxes.page, owner=BOSS, after="", limit=99))


# --- the spool ------------------------------------------------------------------------------------------------


def test_a_recording_comes_back_with_its_label(spool):
    found = whole(spool, MAIL)
    assert (found.label, list(spool.waiting())) == (MAIL, [found])
    assert found.seconds == pytest.approx(3.0, abs=0.2)
    assert len(spool.read(found.id)) == found.size
    spool.remove(found.id)
    assert list(spool.waiting()) == []


def test_what_a_crash_cut_off_is_a_message_of_what_is_there(tmp_path):
    first = Spool(tmp_path / "spool")
    record(first)
    record(first, seconds=0.2)
    first.close()  # as dead as any
    with contextlib.closing(Spool(tmp_path / "spool")) as second:
        second.recover()
        (found,) = second.waiting()
        assert found.label == LABEL
        assert 1.0 <= found.seconds <= 3.0


def test_a_spool_is_one_instances(spool, tmp_path):
    with pytest.raises(SpoolError, match="another instance's"):
        Spool(tmp_path / "spool")


def test_a_folder_of_no_use_is_told_of(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SpoolError, match=r"store\.spool"):
        Spool(tmp_path / "file" / "spool")


def test_what_is_too_short_or_too_long_ends(spool):
    assert isinstance(record(spool, seconds=0.5).finish(), Failure)
    small = spool.begin(LABEL, 3000)
    assert any(small.packet(packet) for packet in packets(20))
    assert isinstance(small.finish(), Message)
    record(spool).abandon()
    assert len(list(spool.waiting())) == 1


def test_a_file_that_is_no_recording_is_left_alone(spool, tmp_path):
    stray = tmp_path / "spool" / "20260101T000000Z-12345678.opus"
    stray.write_bytes(b"nonsense")
    assert list(spool.waiting()) == []
    assert stray.exists()


# --- the way in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("label", "kind"), [(LABEL, "chat"), (MAIL, "mail")])
async def test_a_message_comes_in_once_however_often_it_is_found(spool, store, label, kind):
    news = News()
    found = whole(spool, label)
    copy = spool.read(found.id)
    assert await keeper(spool, store, news).keep(found)
    assert list(spool.waiting()) == []
    assert store.read_now(duties.waiting) == {kind: 1}
    store.write_now(partial(duties.claim, holder="x", now=2e9, most=9))
    store.write_now(partial(duties.settle, holder="x", id=found.id))
    # the crash came between the store's yes and the removal
    Path(spool._folder.whole(found.id)).write_bytes(copy)
    assert await keeper(spool, store, news).keep(found)
    assert list(spool.waiting()) == []
    assert store.read_now(duties.waiting) == {}
    assert news.due == 1
    assert news.changed == ([(BOSS, found.id)] if kind == "chat" else [])
    assert await keeper(spool, store, news).keep(found)  # and who comes too late finds it kept


async def test_a_message_waits_for_a_store_that_is_away(spool, store, monkeypatch):
    news = News()
    found = whole(spool)
    away = True

    inner = Store._do
    monkeypatch.setattr("phone.service.store._PAUSE", 0.0)

    def do(self, work, *, writes):
        return inner(self, _failing if away else work, writes=writes)

    monkeypatch.setattr(Store, "_do", do)
    made = keeper(spool, store, news)
    assert not await made.keep(found)
    assert [each.id for each in spool.waiting()] == [found.id]
    task = asyncio.create_task(made.run())
    await asyncio.sleep(0.2)
    away = False
    async with asyncio.timeout(20):
        while not news.changed:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [each.id for each in messages(store)] == [found.id]


def _failing(_connection):
    raise OperationalError("", {}, Exception("away"))


async def test_a_full_card_ends_a_recording_and_keeps_what_there_is(spool, monkeypatch):
    full = False
    monkeypatch.setattr(type(spool._folder), "free", lambda _: 0 if full else 1 << 40)
    recording = record(spool)
    full = True
    stopped = [recording.packet(packet) for packet in packets(10)]
    assert stopped[-1] is not None
    assert isinstance(recording.finish(), Message)
    assert len(list(spool.waiting())) == 1


def test_what_comes_into_the_store_meanwhile_is_no_trouble(spool):
    one, two = whole(spool), whole(spool)
    found = spool.waiting()
    first = next(found)
    spool.remove(one.id if first == two else two.id)
    assert list(found) == []


async def test_a_disk_that_fails_for_a_moment_does_not_end_the_service(spool, store, monkeypatch):
    news = News()
    found = whole(spool)
    inner, failures = Spool.find, [OSError(5, "Input/output error")]

    def find(self, id):
        if failures:
            raise failures.pop()
        return inner(self, id)

    monkeypatch.setattr(Spool, "find", find)
    task = asyncio.create_task(keeper(spool, store, news).run())
    async with asyncio.timeout(20):
        while not news.changed and not task.done():
            await asyncio.sleep(0.01)
    assert news.changed == [(BOSS, found.id)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
