"""The user's manual, a message for whom one cannot reach: no server takes it, so it is dictated here and sent."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from journeys.leaving import assert_words, beeped, says
from journeys.listening import Ear
from journeys.mailing import calls, is_told, shows
from journeys.steps import does, idle
from rig.chat_client import ChatClient, Said, chat_client
from rig.servers_ears import download
from rig.servers_services import Services, ServicesProsody

from phone.demo.hearing import RATE
from phone.demo.prosody import free_ports
from phone.demo.stage import Desk, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "The old castle is closed on Mondays and on Tuesdays."
N = {
    "sfs": "urn:xmpp:sfs:0",
    "file": "urn:xmpp:file:metadata:0",
    "hash": "urn:xmpp:hashes:2",
    "url": "http://jabber.org/protocol/url-data",
}


class Road:
    """The way to the server's web space, which may be shut."""

    def __init__(self, to: int) -> None:
        self.to, (self.port,) = to, free_ports(1)
        self.shut = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            if not self.shut:
                there = await asyncio.open_connection("127.0.0.1", self.to)
                await asyncio.gather(self._copy(reader, there[1]), self._copy(there[0], writer))
        writer.close()

    @staticmethod
    async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                target.write(data)
                await target.drain()
            target.write_eof() if target.can_write_eof() else target.close()


class Office(ServicesProsody):
    """Prosody with a web space that is reached by a road."""

    def __init__(self, folder: Path, users: Mapping[str, str]) -> None:
        super().__init__(folder, users, Services())
        self.road = Road(self.services.web_port)

    def _config(self) -> str:
        straight = f"https://localhost:{self.services.web_port}/"
        assert straight in super()._config()
        return super()._config().replace(straight, f"https://localhost:{self.road.port}/")


@dataclass(frozen=True, slots=True)
class Scene:
    server: Office
    alice: Desk
    bob: Desk
    passwords: Mapping[str, str]

    def chat(self) -> contextlib.AbstractAsyncContextManager[ChatClient]:
        """A chat client of bob's."""
        return chat_client(self.server, "bob@localhost", self.passwords["bob"])


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """bob's phone rings on and on."""
    passwords = {name: os.urandom(12).hex() for name in ("alice", "bob")}
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Office(tmp_path / "prosody", passwords))
        await stack.enter_async_context(await asyncio.start_server(server.road.carry, "127.0.0.1", server.road.port))
        edits = {"alice": "", "bob": "\n[voicemail]\nanswer = false\n"}
        made = [
            await stack.enter_async_context(
                desk(tmp_path / name, name, passwords[name], server, lambda text, more=more: text + more)
            )
            for name, more in edits.items()
        ]
        await asyncio.gather(*map(registered, made))
        yield Scene(server, *made, passwords)


async def test_dictated_and_sent(scene: Scene) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob = scene.alice, scene.bob
    async with scene.chat() as chat:
        await offered_and_sent_with_hash(alice, bob)
        await chat.until(lambda c: c.voices)
        await is_a_voice_message(scene, chat, chat.voices[0])
        await thought_better_of(alice, bob)
        await sent_by_hanging_up(alice, bob)
        await chat.until(lambda c: len(c.voices) == 2)
        assert_words(WORDS, await chat.listen(chat.voices[1]))
        assert chat.texts == []
        assert [(e.kind, e.reason) for e in await bob.calls()] == [("missed", "cancelled")] * 3


async def test_the_web_space_is_away(scene: Scene) -> None:
    alice, bob, road = scene.alice, scene.bob, scene.server.road
    road.shut = True
    async with scene.chat() as chat:
        await dictates(alice, bob)
        await alice.hang_up()
        await shows(alice, "Bob: message is", "sent later")
        road.shut = False
        await does(alice, lambda s: "message sent" in " ".join(s.screen), 40)
        await chat.until(lambda c: c.voices)
        assert_words(WORDS, await chat.listen(chat.voices[0]))
        await asyncio.sleep(6)  # longer than the first pause between tries
        assert len(chat.seen) == 1


async def test_the_server_and_then_the_power_fail(scene: Scene) -> None:
    """What was dictated is sent when both are back."""
    alice, bob, server = scene.alice, scene.bob, scene.server
    await calls(alice, bob)
    await does(bob, lambda s: s.ringer)
    await server.kill()
    await does(alice, lambda s: not s.registered, 20)
    await dictates(alice, bob, called=True)
    await alice.press("#")
    await does(alice, lambda s: s.tone == "no-service")
    await alice.hang_up()
    await shows(alice, "Bob: message is", "sent later")
    await switched_off(alice)
    await server.start()
    async with scene.chat() as chat:
        await alice.start_again()
        await chat.until(lambda c: c.voices, 60)
        assert_words(WORDS, await chat.listen(chat.voices[0]))


async def test_the_power_fails_while_one_dictates(scene: Scene) -> None:
    """Half a sentence is not sent to anybody."""
    alice, bob = scene.alice, scene.bob
    async with scene.chat() as chat:
        await dictates(alice, bob)
        await switched_off(alice)
        await alice.start_again()
        await registered(alice)
        await alice.hang_up()
        await dictates(alice, bob)
        await alice.press("#")
        await chat.until(lambda c: c.voices)
        assert_words(WORDS, await chat.listen(chat.voices[0]))
        assert len(chat.seen) == 1
        outbox = alice.config.parent / "state" / "outgoing"
        async with asyncio.timeout(10):
            while left := [path.name for path in outbox.iterdir() if path.suffix in (".opus", ".part", ".m4a")]:
                await asyncio.sleep(0.1)
        assert not left


# --- steps ----------------------------------------------------------------------------------------------------------


async def dictates(alice: Desk, bob: Desk, *, called: bool = False) -> None:
    """VOICEMAIL while it rings; then the prompt, the tone, and the sentence."""
    if not called:
        await calls(alice, bob)
        await does(bob, lambda s: s.ringer)
    ear = Ear(alice.handset)
    await alice.press("VOICEMAIL")
    await shows(alice, "Message to", "Bob")
    await is_told(ear, "leave-message")
    await beeped(ear)
    await shows(alice, "Recording", "#: send", "BACK: delete")
    await does(alice, lambda s: bool(s.dictating))
    await says(alice, WORDS)


async def offered_and_sent_with_hash(alice: Desk, bob: Desk) -> None:
    await calls(alice, bob)
    await does(bob, lambda s: s.ringer)
    await does(alice, lambda s: "leave a message?" in " ".join(s.screen), 40)
    await dictates(alice, bob, called=True)
    await does(bob, idle)
    await alice.press("#")
    await does(alice, lambda s: s.tone == "dial")
    await does(alice, lambda s: "message sent" in " ".join(s.screen))
    await alice.hang_up()


async def thought_better_of(alice: Desk, bob: Desk) -> None:
    await dictates(alice, bob)
    await alice.press("BACK")
    await does(alice, lambda s: s.tone == "dial")
    await alice.hang_up()
    await does(alice, idle)


async def sent_by_hanging_up(alice: Desk, bob: Desk) -> None:
    await dictates(alice, bob)
    await alice.hang_up()
    await does(alice, lambda s: "message sent" in " ".join(s.screen))


async def is_a_voice_message(scene: Scene, chat: ChatClient, said: Said) -> None:
    """Clients that know nothing of it show a link (XEP-0066), others how long and how large it is (XEP-0447)."""
    assert said.sender.startswith("alice@localhost/")
    words = await chat.listen(said)
    assert_words(WORDS, words)
    data, _ = await download(said.url, scene.server.ca_file)
    shared = said.xml.find("sfs:file-sharing", N)
    assert shared is not None
    assert shared.findtext("file:file/file:media-type", "", N) == "audio/mp4"
    assert shared.findtext("file:file/file:size", "", N) == str(len(data))
    digest = shared.find("file:file/hash:hash[@algo='sha-256']", N)
    assert digest is not None
    assert digest.text == b64encode(hashlib.sha256(data).digest()).decode()
    told = int(shared.findtext("file:file/file:length", "", N)) / 1000
    assert abs(told - len(words) / RATE) < 0.3
    source = shared.find("sfs:sources/url:url-data", N)
    assert source is not None
    assert source.get("target") == said.url


async def switched_off(alice: Desk) -> None:
    """kill -9."""
    alice.process.kill()
    await alice.process.wait()
