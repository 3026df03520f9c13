"""Dictated messages are sent, whatever gets in the way; nobody hears one twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from boxes import NOON, ok
from rig.spoken import packets, tone

from phone.errors import PhoneError
from phone.voicemail import courier as courier_module
from phone.voicemail.courier import FIRST_PAUSE, GIVE_UP, LONGEST_PAUSE, Courier, GaveUp, Sent, Voice, Waits
from phone.voicemail.outbox import Outbox

ANN = ("ann@a.example", "Ann")
BOB = ("bob@b.example", "Bob")
DAY = 86_400.0
SPOKEN = tone(1.5)


class RefusedError(PhoneError):
    def __init__(self, sentence: str, *, lasting: bool) -> None:
        super().__init__(sentence)
        self.lasting = lasting


class Network:
    """A server that takes files and messages, or not."""

    def __init__(self) -> None:
        self.online = True
        self.error: PhoneError | None = None
        self.taken = True
        self.files: list[tuple[str, str, bytes]] = []
        self.messages: list[tuple[str, Voice]] = []
        self.news: list[Sent | Waits | GaveUp] = []
        self.now = 100.0
        self.date = NOON

    async def upload(self, path: Path, name: str, media_type: str) -> str:
        if self.error is not None:
            raise self.error
        self.files.append((name, media_type, path.read_bytes()))
        return f"https://a.example/{len(self.files)}.m4a"

    async def send(self, to: str, message: Voice) -> bool:
        self.messages.append((to, message))
        return self.taken

    def courier(self, outbox: Outbox) -> Courier:
        return Courier(
            outbox,
            self.upload,
            self.send,
            lambda: self.online,
            self.news.append,
            "Boss",
            wall_clock=lambda: self.date,
            clock=lambda: self.now,
        )


@pytest.fixture
def outbox(tmp_path):
    outbox = Outbox(tmp_path / "outbox")
    yield outbox
    outbox.close()


@pytest.fixture
def network():
    return Network()


def dictate(outbox, to=ANN, stamp=NOON, spoken=SPOKEN):
    recording = ok(outbox.begin(*to, stamp))
    for payload in spoken:
        recording.packet(payload)
    return ok(recording.finish())


async def test_a_message_is_converted_uploaded_and_sent(outbox, network):
    message = dictate(outbox)
    assert await network.courier(outbox).work() is None
    ((name, media_type, data),) = network.files
    ((to, voice),) = network.messages
    assert (name, media_type, data[4:8]) == (f"voice-message-{message.id}.m4a", "audio/mp4", b"ftyp")
    assert to == ANN[0]
    assert (voice.url, voice.name, voice.size, voice.id) == ("https://a.example/1.m4a", name, len(data), message.id)
    assert voice.seconds == pytest.approx(1.42, abs=0.1)
    assert network.news == [Sent(*ANN)]
    assert outbox.pending() == ()
    assert list(outbox.sound(message.id).parent.glob("2*")) == []


async def test_it_waits_for_the_service(outbox, network):
    dictate(outbox)
    network.online = False
    courier = network.courier(outbox)
    assert await courier.work() is None
    assert await courier.work() is None
    assert network.news == [Waits(*ANN, "there is no service now")]
    network.online = True
    courier.wake()
    assert await courier.work() is None
    assert network.news[1:] == [Sent(*ANN)]


async def test_an_upload_that_is_refused_is_tried_again_ever_later(outbox, network):
    dictate(outbox)
    network.error = RefusedError("the server is full", lasting=False)
    courier = network.courier(outbox)
    pauses = []
    for _ in range(9):
        pauses.append(await courier.work())
        network.now += pauses[-1]
    assert pauses == [FIRST_PAUSE * 2**n for n in range(7)] + [LONGEST_PAUSE] * 2
    assert network.news == [Waits(*ANN, "the server is full")]
    network.now -= 1
    network.error = None
    assert await courier.work() == pytest.approx(1)
    assert network.files == []
    courier.wake()
    await courier.work()
    assert network.news[1:] == [Sent(*ANN)]


@pytest.mark.parametrize(
    "error", [RefusedError("files may have 1 MB", lasting=True), PhoneError("files may have 1 MB")]
)
async def test_only_what_would_fail_again_is_given_up(outbox, network, error):
    dictate(outbox)
    network.error = error
    await network.courier(outbox).work()
    kind = GaveUp if isinstance(error, RefusedError) else Waits
    assert network.news == [kind(*ANN, "files may have 1 MB")]
    assert len(ok(outbox.failed())) == (kind is GaveUp)


async def test_no_sound_is_given_up(outbox, network):
    message = dictate(outbox)
    outbox.sound(message.id).write_bytes(b"no sound any more")
    await network.courier(outbox).work()
    (news,) = network.news
    assert isinstance(news, GaveUp)
    assert "cannot be read" in news.why


async def test_after_five_days_it_is_given_up(outbox, network):
    dictate(outbox)
    network.error = RefusedError("the server is full", lasting=False)
    courier = network.courier(outbox)
    await courier.work()
    network.date += GIVE_UP - DAY
    courier.wake()
    await courier.work()
    assert len(network.news) == 1
    network.date += 2 * DAY
    courier.wake()
    assert await courier.work() is None
    assert network.news[1:] == [GaveUp(*ANN, "it could not be sent for 5 days: the server is full")]
    assert outbox.pending() == ()


async def test_days_without_service_do_not_count(outbox, network):
    dictate(outbox)
    network.online = False
    courier = network.courier(outbox)
    await courier.work()
    network.date += 30 * DAY
    network.online = True
    await courier.work()
    assert network.news[-1] == Sent(*ANN)


async def test_what_was_not_taken_is_sent_again_but_not_uploaded_again(outbox, network):
    dictate(outbox)
    network.taken = False
    await network.courier(outbox).work()
    assert network.news == [Waits(*ANN, "the server did not take it")]
    network.taken = True
    await network.courier(outbox).work()  # a new process
    assert len(network.files) == 1
    assert network.messages[0] == network.messages[1]
    assert network.news[1:] == [Sent(*ANN)]


async def test_a_server_that_says_nothing_is_not_waited_for(outbox, network, monkeypatch):
    dictate(outbox)
    monkeypatch.setattr(courier_module, "_UPLOAD_PATIENCE", 0.01)
    monkeypatch.setattr(courier_module, "_SEND_PATIENCE", 0.01)
    courier = network.courier(outbox)

    async def silence(*_):
        await asyncio.Event().wait()

    courier.upload = silence
    await courier.work()
    assert network.news == [Waits(*ANN, "the server did not take it within 0.01 s")]
    courier.upload, courier.send = network.upload, silence
    courier.wake()
    await courier.work()
    assert network.news[1:] == [Waits(*ANN, "the server did not take it")]


async def test_nobody_waits_for_anothers_trouble(outbox, network):
    broken = dictate(outbox, ANN, NOON)
    outbox.sound(broken.id).write_bytes(b"no sound any more")
    dictate(outbox, BOB, NOON + 1)
    await network.courier(outbox).work()
    assert [type(news) for news in network.news] == [GaveUp, Sent]
    assert [to for to, _ in network.messages] == [BOB[0]]


async def test_what_was_converted_is_not_converted_again(outbox, network, monkeypatch):
    dictate(outbox)
    network.error = RefusedError("the server is full", lasting=False)
    courier = network.courier(outbox)
    await courier.work()
    network.error = None
    monkeypatch.setattr(courier_module, "encode", None)
    courier.wake()
    await courier.work()
    assert network.news[-1] == Sent(*ANN)


async def test_it_runs_until_it_is_cancelled(outbox, network):
    courier = network.courier(outbox)
    sent = asyncio.Event()
    courier.tell = lambda _: sent.set()
    task = asyncio.create_task(courier.run())
    await asyncio.sleep(0)
    await asyncio.to_thread(dictate, outbox)
    courier.wake()
    async with asyncio.timeout(60):
        await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_bug_of_ours_costs_one_try(outbox, network, monkeypatch, caplog):
    monkeypatch.setattr(courier_module, "LONGEST_PAUSE", 0.01)
    dictate(outbox)
    bugs, sent = [KeyError("bug")], asyncio.Event()

    async def send(to, message):
        if bugs:
            raise bugs.pop()
        return True

    courier = network.courier(outbox)
    courier.send, courier.tell = send, lambda _: sent.set()
    task = asyncio.create_task(courier.run())
    async with asyncio.timeout(60):
        await sent.wait()
    assert "a bug of the phone's own" in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_outbox_that_cannot_be_read_is_tried_later(tmp_path, network):
    outbox = Outbox(tmp_path / "outbox")
    dictate(outbox, spoken=packets(2))
    assert await network.courier(Outbox(tmp_path / "outbox")).work() == LONGEST_PAUSE
