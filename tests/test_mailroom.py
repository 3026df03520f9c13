"""The mailroom with a real mailbox, greetings and outbox: what the engine hears of each end of a recording."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest
from rig.spoken import packets

from phone import inbox
from phone.boxkeeper import BoxKeeper
from phone.calls import events as ev
from phone.calls.commands import StartRecording, StopRecording
from phone.calls.model import Call, CallId, Notice, Progress, Trouble
from phone.clock import VirtualClock
from phone.mailnews import BoxChanged, Posted
from phone.mailroom import Mailroom
from phone.media.planrecordings import Recorded, Sound
from phone.remotebox import RemoteBox
from phone.sayings import GREETING
from phone.sending import Sender, notice
from phone.takes import Ended, Takes, Troubled
from phone.ui import menu
from phone.voicemail.box import Mailbox
from phone.voicemail.courier import Courier, GaveUp, Sent, Voice, Waits
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Limits
from phone.voicemail.message import Trouble as CardTrouble
from phone.voicemail.outbox import Outbox
from phone.xmpp.api import UploadError

CALL = Call(CallId("leg"), "ann@a.example/pi", "Ann", outgoing=False, progress=Progress.CONNECTED, since=0.0)
DICTATION = "dictation 7.0"


class Client:
    def __init__(self):
        self.asked, self.voices = [], []

    def ask(self, to, payload, token, *, kind="get"):
        self.asked.append((to, payload.tag, token, kind))

    def send_voice(self, to, message):
        self.voices.append((to, message))

    async def upload(self, path, name, media_type):
        return f"https://x/{name}"


class Room:
    def __init__(self, path):
        self.loop = asyncio.get_running_loop()
        self.news: asyncio.Queue = asyncio.Queue()
        self.client, self.clock = Client(), VirtualClock()
        self.greetings = Greetings(path / "greetings")
        self.keeper = BoxKeeper(Mailbox(path / "box"), self.greetings, self.post)
        outbox, self.sender = Outbox(path / "out"), Sender(self.client)
        courier = Courier(outbox, self.sender.upload, self.sender.send, lambda: True, lambda _: None)
        self.mail = Mailroom(
            takes=Takes(self.post),
            keeper=self.keeper,
            greetings=self.greetings,
            clock=self.clock,
            silence=10.0,
            outbox=outbox,
            courier=courier,
            sender=self.sender,
            remote=RemoteBox("bob@b.example", self.client, self.keeper),
            name={"eve@x": "Eve"}.get,
            known={"ann@a.example"}.__contains__,
        )

    def post(self, news):
        self.loop.call_soon_threadsafe(self.news.put_nowait, news)

    async def until(self, wanted, most=30):
        """The core's events of all news up to one of that kind."""
        events = ()
        async with asyncio.timeout(most):
            while True:
                news = await self.news.get()
                events += self.mail.told(news, 5.0)
                if isinstance(news, wanted):
                    return events

    async def box(self, true):
        """The box as soon as that is so."""
        while not true(self.mail.box):
            await self.until(BoxChanged)
        return self.mail.box

    def say(self, source, seconds=2.0, speech=2000, silent=0):
        return self.mail.sound(Recorded(source, tuple(Sound(p) for p in packets(seconds)), speech, silent))


@pytest.fixture
async def room(tmp_path):
    room = Room(tmp_path)
    room.mail.begin()
    await room.until(BoxChanged)
    yield room
    await asyncio.to_thread(room.mail.close)


async def test_a_callers_words_become_a_letter_and_are_told(room):
    room.mail.record(StartRecording(CALL), "leg")
    assert room.say("leg") == ()
    room.mail.stop(StopRecording(CALL.id, keep=True), 1.0)
    room.mail.all_in("leg")
    assert await room.until(Ended) == (ev.Told(Notice(Trouble.MESSAGE_TAKEN, "Ann"), 5.0),)
    box = await room.box(lambda box: box.new == 1)
    (letter,) = box.letters
    assert (letter.name, letter.address, letter.state) == ("Ann", "ann@a.example", "new")
    assert letter.file.endswith(".opus")


async def test_who_says_nothing_for_long_has_left_and_that_is_told_once(room):
    room.mail.record(StartRecording(CALL), "leg")
    assert room.say("leg", silent=9_999) == ()
    (event,) = room.say("leg", silent=10_000)
    assert (event.id, event.why) == (CALL.id, ev.RecordingEnd.SILENCE)
    assert room.say("leg", silent=10_200) == ()


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (CardTrouble.FULL, ev.RecordingEnd.FULL),
        (CardTrouble.QUOTA, ev.RecordingEnd.FULL),
        (CardTrouble.READ_ONLY, ev.RecordingEnd.FAILED),
    ],
)
async def test_a_card_that_refuses_ends_the_recording(room, trouble, why):
    room.mail.record(StartRecording(CALL), "leg")
    (event,) = room.mail.told(Troubled("leg", trouble), 5.0)
    assert (event.id, event.why) == (CALL.id, why)
    assert room.mail.told(Troubled("stranger", trouble), 5.0) == ()


async def test_whom_there_is_no_room_for_the_user_is_told_of(room, tmp_path):
    room.keeper.mailbox.close()
    room.keeper.mailbox = Mailbox(tmp_path / "box", Limits(messages=1))
    stranger = replace(CALL, peer="eve@x/desk", name="Eve")
    room.mail.record(StartRecording(stranger), "leg")  # half of one message is none
    (event,) = await room.until(Troubled)
    assert event.why is ev.RecordingEnd.FULL
    room.mail.stop(StopRecording(CALL.id, keep=True), 1.0)
    room.mail.all_in("leg")
    assert await room.until(Ended) == (ev.Told(Notice(Trouble.NO_MESSAGE, "Eve"), 5.0),)
    room.mail.record(StartRecording(CALL), "leg")  # there is for whom he knows
    room.say("leg")
    room.mail.stop(StopRecording(CALL.id, keep=True), 1.0)
    room.mail.all_in("leg")
    assert await room.until(Ended) == (ev.Told(Notice(Trouble.MESSAGE_TAKEN, "Ann"), 5.0),)


async def test_a_dictation_that_begins_before_the_last_one_is_on_the_card_ends_like_it(room):
    for number in (7.0, 8.0):
        room.mail.record(StartRecording(None, "eve@x"), f"dictation {number}")
        room.say(f"dictation {number}")
        if number == 8.0:
            await room.until(Ended)  # the first one, by now
        room.mail.stop(StopRecording(None, keep=True), 1.0)
        room.mail.all_in(f"dictation {number}")
    await room.until(Ended)
    assert len(await asyncio.to_thread(room.mail.outbox.pending)) == 2


async def test_a_box_that_cannot_be_used_says_so_on_the_display(room, tmp_path):
    room.keeper.mailbox.close()
    other = Mailbox(tmp_path / "box")  # another program has it
    assert other.counts()
    room.keeper.refresh()
    box = await room.box(lambda box: box.trouble)
    assert "another program" in box.trouble
    other.close()


async def test_a_dictation_waits_in_the_outbox_and_goes_out(room):
    room.mail.record(StartRecording(None, "eve@x"), DICTATION)
    room.say(DICTATION)
    room.mail.stop(StopRecording(None, keep=True), 1.0)
    room.mail.all_in(DICTATION)
    assert await room.until(Ended) == ()
    (waiting,) = await asyncio.to_thread(room.mail.outbox.pending)
    assert (waiting.to, waiting.name) == ("eve@x", "Eve")


async def test_a_dictation_without_a_word_is_told(room):
    room.mail.record(StartRecording(None, "eve@x"), DICTATION)
    room.say(DICTATION, speech=0)
    room.mail.stop(StopRecording(None, keep=True), 1.0)
    room.mail.all_in(DICTATION)
    assert await room.until(Ended) == (ev.Told(Notice(Trouble.NO_MESSAGE, "Eve"), 5.0),)


async def test_the_sound_process_dies_while_somebody_dictates(room):
    assert room.mail.media_lost() == ()
    room.mail.record(StartRecording(None, "eve@x"), DICTATION)
    room.say(DICTATION)
    (event,) = room.mail.media_lost()
    assert (event.id, event.why) == (None, ev.RecordingEnd.FAILED)


async def test_a_greeting_is_recorded_heard_and_taken(room):
    room.mail.request(menu.RecordGreeting(), 1.0)
    room.say(GREETING)
    room.mail.request(menu.StopGreeting(), 2.0)
    room.mail.all_in(GREETING)
    box = await room.box(lambda box: box.draft)
    assert not box.own_greeting
    room.mail.request(menu.UseGreeting(), 3.0)
    box = await room.box(lambda box: box.own_greeting)
    assert box.greeting
    room.mail.request(menu.RemoveGreeting(), 4.0)
    box = await room.box(lambda box: not box.own_greeting)
    assert box.greeting == ""


async def test_a_greeting_that_is_dropped_leaves_nothing(room):
    room.mail.request(menu.RecordGreeting(), 1.0)
    room.say(GREETING)
    room.mail.request(menu.DropGreeting(), 2.0)
    room.mail.all_in(GREETING)
    assert await room.until(Ended) == ()
    assert room.mail.box.draft == ""


async def test_letters_are_marked_deleted_and_brought_back(room):
    room.mail.record(StartRecording(CALL), "leg")
    room.say("leg")
    room.mail.stop(StopRecording(CALL.id, keep=True), 1.0)
    room.mail.all_in("leg")
    (letter,) = (await room.box(lambda box: box.new == 1)).letters
    room.mail.request(menu.MarkHeard(letter.id), 1.0)
    assert (await room.box(lambda box: box.old == 1)).letters[0].state == "heard"
    room.mail.request(menu.KeepLetter(letter.id), 1.0)
    assert (await room.box(lambda box: box.letters[0].state == "kept")).new == 0
    room.mail.request(menu.DeleteLetter(letter.id), 1.0)
    await room.box(lambda box: not box.letters)
    room.mail.request(menu.UndoDelete(), 1.0)
    await room.box(lambda box: box.letters)
    room.mail.request(menu.DeleteLetter(letter.id), 1.0)
    room.mail.request(menu.LeaveBox(), 1.0)
    await room.box(lambda box: not box.letters)
    room.mail.request(menu.UndoDelete(), 1.0)
    await room.until(BoxChanged)
    assert not room.mail.box.letters


async def test_now_and_then_the_mailbox_is_brought_in_order(room):
    due = room.mail.deadline()
    room.mail.expire(due)
    await room.until(BoxChanged)
    assert room.mail.deadline() > due


async def test_service_asks_for_the_servers_mailbox(room):
    room.mail.online("bob@b.example/desk", 5.0)
    assert room.client.asked[0][0] in {"bob@b.example", ""}
    asked = len(room.client.asked)
    room.mail.answered("stranger's token", Element("x"), 6.0)
    room.mail.published("eve@x", Element("event"), 6.0)
    assert len(room.client.asked) == asked
    assert room.sender.online
    room.mail.offline()
    assert not room.sender.online


async def test_a_message_counts_as_sent_when_the_server_has_it(room):
    voice = Voice("https://x/a.m4a", "a.m4a", "audio/mp4", 10, 2.0, b"", "message-1")
    sending = asyncio.create_task(room.sender.send("eve@x", voice))
    await asyncio.sleep(0)
    ((to, message),) = room.client.voices
    assert (to, message.url, message.id) == ("eve@x", "https://x/a.m4a", "message-1")
    (_, tag, token, _) = room.client.asked[-1]
    assert tag == "{urn:xmpp:ping}ping"
    room.mail.answered(token, Element("pong"), 6.0)
    assert await sending is True
    sending = asyncio.create_task(room.sender.send("eve@x", voice))
    await asyncio.sleep(0)
    room.mail.answered(room.client.asked[-1][2], None, 6.0)  # who knows no pings has had the message before it as well
    assert await sending is True
    assert await room.sender.upload(None, "b.m4a", "audio/mp4") == "https://x/b.m4a"


async def test_a_message_is_sent_again_where_the_server_says_nothing(room, monkeypatch):
    monkeypatch.setattr("phone.sending._PATIENCE", 0.01)
    voice = Voice("https://x/a.m4a", "a.m4a", "audio/mp4", 10, 2.0, b"", "message-1")
    assert await room.sender.send("eve@x", voice) is False
    room.mail.answered(room.client.asked[-1][2], None, 6.0)  # too late


async def test_nothing_expires_by_a_clock_that_no_server_has_agreed_with(room, monkeypatch):
    settled = []
    monkeypatch.setattr(room.keeper.mailbox, "expire", settled.append)
    room.mail.expire(room.mail.deadline())
    await room.until(BoxChanged)
    assert settled == []
    room.mail.online("bob@b.example/desk", 5.0)
    room.mail.expire(room.mail.deadline() + 1e6)
    await room.until(BoxChanged)
    assert settled == [room.clock.wall()]


@pytest.mark.parametrize(
    ("news", "why"),
    [
        (Sent("eve@x", "Eve"), Trouble.MESSAGE_SENT),
        (Waits("eve@x", "Eve", "no service"), Trouble.MESSAGE_WAITS),
        (GaveUp("eve@x", "Eve", "refused"), Trouble.MESSAGE_NOT_SENT),
    ],
)
async def test_the_display_says_what_became_of_it(room, news, why):
    posted = Posted(notice(news))
    assert room.mail.told(posted, 5.0) == (ev.Told(Notice(why, "Eve"), 5.0),)


async def test_what_is_the_same_stays_the_same_object(room):
    """The menu compares by identity."""
    box = room.mail.box
    room.mail.told(BoxChanged(replace(box)), 5.0)
    assert room.mail.box is box
    assert inbox.MailTold(BoxChanged(box)).news.box is box


@pytest.mark.parametrize(
    ("error", "lasting"),
    [
        (UploadError("forbidden", lasting=True), False),
        (UploadError("too large", unfit=True), True),
        (UploadError("no connection"), False),
    ],
)
async def test_only_what_no_server_would_take_is_given_up_at_once(room, error, lasting):
    async def refuse(path, name, media_type):
        raise error

    room.client.upload = refuse
    with pytest.raises(UploadError, match=str(error)) as told:
        await room.sender.upload(None, "a.m4a", "audio/mp4")
    assert told.value.lasting is lasting
