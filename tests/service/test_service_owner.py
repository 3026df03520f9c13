"""The owner's phones: news, lists, sound, marks and greetings, through a real Prosody; and nobody else's."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from rig.servers_services import ServicesProsody
from rig.spoken import opus_file, tone
from service_caller import PADDED, Call, Person, person, speech, two
from service_house import VM, config, prosody, serving

from phone.service import boxes, duties
from phone.service.store import Store
from phone.voicemail import pubsub, wire
from phone.voicemail.message import Caller, State
from phone.voicemail.pubsub import Event, Items, Subscribe, Unsubscribe, node_of
from phone.voicemail.wire import CHUNK, GreetingPart, GreetingRemoved, Mark, RemoteMessage, SoundWanted

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

BOSS = "boss@localhost"
BOX = f"boss@{VM}/voicemail"
NODE = node_of(BOSS)
SOUND = bytes(range(256)) * 300


@dataclass
class Scene:
    server: ServicesProsody
    store: Store
    ann: Person
    boss: Person
    folder: Path


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Two messages are there."""
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with prosody(folder) as server, two(server) as (ann, boss):
        settings = config(server, tmp_path / "vm")
        async with serving(settings):
            with contextlib.closing(Store(settings.store.url)) as store:
                for number in (1, 2):
                    kept = RemoteMessage(
                        f"m{number}", State.NEW, Caller("ann@localhost"), 1.8e9 + number, 7.5, len(SOUND)
                    )
                    store.write_now(partial(boxes.add, owner=BOSS, kept=kept, data=SOUND))
                yield Scene(server, store, ann, boss, tmp_path)


async def ask(who: Person, request: object, to: str = BOX) -> Element | None:
    is_node = isinstance(request, Items | Subscribe | Unsubscribe)
    encode = pubsub.request_element if is_node else wire.request_element
    kind = "get" if isinstance(request, Items | SoundWanted) else "set"
    return await who.ask(VM if is_node else to, encode(request), kind)


async def refused(who: Person, request: object, to: str = BOX) -> str | None:
    """The condition, None: it was done."""
    is_node = isinstance(request, Items | Subscribe | Unsubscribe)
    encode = pubsub.request_element if is_node else wire.request_element
    return await who.set(VM if is_node else to, encode(request))


def events(who: Person) -> list[Event]:
    return [pubsub.parse_event(event) for sender, event in who.ears.events if sender == VM]


async def test_what_one_phone_hears_the_other_knows(scene):
    boss = scene.boss
    async with person(scene.server, "boss", "b", "home") as home:
        for who, name in ((boss, "desk"), (home, "home")):
            answer = await ask(who, Subscribe(NODE, f"{BOSS}/{name}"))
            assert answer[0].get("subscription") == "subscribed"
        listed = pubsub.parse_listed(await ask(boss, Items(NODE)), NODE)
        assert [each.id for each in listed.messages] == ["m1", "m2"]
        assert listed.count == 2
        assert await refused(boss, Mark("m1", State.HEARD)) is None
        await home.until(lambda: events(home))
        await boss.until(lambda: events(boss))
        assert events(home) == events(boss)
        (event,) = events(home)
        assert [(each.id, each.state) for each in event.published] == [("m1", State.HEARD)]
        assert await refused(home, Mark("m1", State.DELETED)) is None
        await boss.until(lambda: len(events(boss)) == 2)
        assert events(boss)[1].retracted == ("m1",)
        assert pubsub.parse_listed(await ask(boss, Items(NODE)), NODE).count == 1
        assert await refused(home, Mark("m1", State.NEW)) is None  # taken back
        await boss.until(lambda: len(events(boss)) == 3)
        assert events(boss)[2].published[0].id == "m1"
        assert await refused(home, Unsubscribe(NODE, f"{BOSS}/home")) is None
        assert await refused(home, Unsubscribe(NODE, f"{BOSS}/home")) == "unexpected-request"
        assert await refused(boss, Mark("m2", State.KEPT)) is None
        await boss.until(lambda: len(events(boss)) == 4)
        assert len(events(home)) == 3


async def test_a_new_message_lights_the_lamp(scene):
    await ask(scene.boss, Subscribe(NODE, f"{BOSS}/desk"))
    async with Call(scene.ann, speech(scene.folder / "words", 2.0)) as call:
        call.start(BOX, BOSS)
        await call.until_said()
        call.hang_up()
        await scene.boss.until(lambda: events(scene.boss))
    (new,) = events(scene.boss)[0].published
    assert (new.state, new.caller.jid) == (State.NEW, "ann@localhost")
    assert new.seconds > 1
    data = b""
    while len(data) < new.size:
        part = wire.parse_sound(await ask(scene.boss, SoundWanted(new.id, len(data))))
        assert (part.total, part.offset) == (new.size, len(data))
        data += part.data
    assert data.startswith(b"OggS")


async def test_a_phone_that_news_cannot_reach_is_told_no_more(scene):
    await ask(scene.boss, Subscribe(NODE, f"{BOSS}/desk"))
    told = partial(duties.subscribers, owner=BOSS, service=VM)
    assert scene.store.read_now(told) == (f"{BOSS}/desk",)
    bounce = Element("{jabber:client}message", {"to": VM, "type": "error", "id": "x"})
    scene.boss.client._bridge._send(bounce)
    error = SubElement(bounce, "{jabber:client}error", {"type": "cancel"})
    SubElement(error, "{urn:ietf:params:xml:ns:xmpp-stanzas}service-unavailable")
    await scene.boss.until(lambda: scene.store.read_now(told) == ())


async def test_sound_comes_in_chunks(scene):
    data = b""
    while len(data) < len(SOUND):
        part = wire.parse_sound(await ask(scene.boss, SoundWanted("m1", len(data))))
        assert len(part.data) == min(CHUNK, len(SOUND) - len(data))
        data += part.data
    assert data == SOUND
    assert await ask(scene.boss, SoundWanted("m1", len(SOUND))) is None
    assert await ask(scene.boss, SoundWanted("m9", 0)) is None


async def test_a_greeting_is_taken_in_chunks_and_heard_by_callers(scene):
    greeting = opus_file(tone(4.0))
    assert len(greeting) > CHUNK / 2
    half = len(greeting) // 2
    first, second = GreetingPart(0, len(greeting), greeting[:half]), GreetingPart(half, len(greeting), greeting[half:])
    assert await refused(scene.boss, second) == "bad-request"  # out of order
    assert await refused(scene.boss, first) is None
    assert await refused(scene.boss, second) is None
    kept = partial(boxes.greeting_of, owner=BOSS, known="")
    assert scene.store.read_now(kept)[1] == greeting
    nonsense = GreetingPart(0, 5, b"12345")
    assert await refused(scene.boss, nonsense) == "bad-request"
    assert scene.store.read_now(kept)[1] == greeting
    async with Call(scene.ann, speech(scene.folder / "words", 1.5)) as call:
        call.start(BOX, BOSS)
        await call.until_said()
        files = list((scene.folder / "vm" / "spool" / "greetings").glob("*.opus"))
    assert [file.read_bytes() for file in files] == [greeting]
    assert await refused(scene.boss, GreetingRemoved()) is None
    assert scene.store.read_now(kept) == ("", None)


async def test_nobody_else_gets_at_a_mailbox(scene):
    """And what is no mailbox at all answers so to everyone."""
    requests = (
        *(Items(NODE), Subscribe(NODE, "ann@localhost/desk"), Unsubscribe(NODE, f"{BOSS}/desk")),
        *(Mark("m1", State.DELETED), GreetingRemoved(), GreetingPart(0, 1, b"x")),
    )
    for request in requests:
        assert await refused(scene.ann, request) == "forbidden"
    assert await ask(scene.ann, SoundWanted("m1", 0)) is None
    assert await ask(scene.ann, Items(NODE)) is None
    assert await refused(scene.boss, Subscribe(NODE, "ann@localhost/desk")) == "bad-request"
    assert await refused(scene.boss, Mark("m1", State.HEARD), f"nobody@{VM}/voicemail") == "forbidden"
    assert await refused(scene.boss, Mark("m1", State.HEARD), f"outgoing@{VM}") == "service-unavailable"
    assert await refused(scene.boss, Items(f"{wire.NS}#x@elsewhere.example")) == "item-not-found"
    listed = pubsub.parse_listed(await ask(scene.boss, Items(NODE)), NODE)
    assert [each.state for each in listed.messages] == [State.NEW, State.NEW]


@pytest.mark.parametrize(
    ("inner", "namespace", "condition"),
    [
        ("create", pubsub.PUBSUB, "feature-not-implemented"),
        ("publish", pubsub.PUBSUB, "feature-not-implemented"),
        ("configure", f"{pubsub.PUBSUB}#owner", "feature-not-implemented"),
        ("affiliations", pubsub.PUBSUB, "feature-not-implemented"),
        (None, pubsub.PUBSUB, "bad-request"),
    ],
)
async def test_the_node_is_no_pubsub_service_for_all(scene, inner, namespace, condition):
    payload = Element(f"{{{namespace}}}pubsub")
    if inner:
        SubElement(payload, f"{{{namespace}}}{inner}", {"node": NODE})
    assert await scene.boss.set(VM, payload) == condition


async def test_a_disabled_mailbox_is_as_unavailable_as_none(scene):
    scene.store.write_now(partial(boxes.enlist, owner=BOSS, now=0.0, on=False))
    assert await refused(scene.boss, Mark("m1", State.HEARD)) == "service-unavailable"
    assert await refused(scene.boss, Subscribe(NODE, f"{BOSS}/desk")) == "service-unavailable"


async def test_what_the_service_is_can_be_discovered(scene):
    info = Element("{http://jabber.org/protocol/disco#info}query")
    for to in (VM, BOX, f"boss@{VM}", f"nobody@{VM}/voicemail", f"outgoing@{VM}/outgoingvoicemail"):
        answer = await scene.ann.ask(to, info)
        features = {each.get("var") for each in answer}
        assert {wire.NS, "http://www.google.com/session/voicemail", "urn:xmpp:jingle:1"} <= features
        assert "http://www.google.com/xmpp/protocol/voice/v1" not in features  # nobody may speak without encryption
        assert answer[0].attrib == {"category": "component", "type": "generic", "name": "Voicemail"}
        items = await scene.ann.ask(to, Element("{http://jabber.org/protocol/disco#items}query"))
        assert len(items) == 0
    assert await scene.ann.ask(f"boss@{VM}/phone", info) is None
    assert await scene.ann.ask(VM, Element(info.tag, {"node": "x"})) is None
    assert (await scene.ann.ask(VM, Element("{urn:xmpp:ping}ping"))) is not None
    assert await scene.ann.ask(VM, Element("{urn:example}x")) is None
    assert await scene.ann.set(VM, Element("{urn:example}x")) == "feature-not-implemented"


async def test_the_servers_own_nodes_lead_to_the_service(scene):
    """`server/prosody/mod_voicemail_disco.lua`."""
    ann, boss = scene.ann, scene.boss
    assert await ann.address(BOSS) == await boss.address(BOSS) == BOX
    assert await boss.address(BOSS, "outgoingvoicemail") == f"outgoing@{VM}/outgoingvoicemail"
    assert await boss.address("", "outgoingvoicemail") == f"outgoing@{VM}/outgoingvoicemail"
    assert await ann.address(BOSS, "outgoingvoicemail") == ""
    assert await ann.address(BOSS, query=PADDED) == BOX
    assert await ann.address("nobody@localhost") == ""
    assert await ann.address("nobody@localhost", "outgoingvoicemail") == ""
