"""Leaving a message where Google Talk's document is the law: a foreign server in its dialect, with the slips it has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from journeys.listening import Ear
from journeys.mailing import heard
from journeys.steps import does, idle
from peers.google_end import Checks, GiceEnd
from peers.google_house import at_8_khz, at_48_khz, phone_at
from peers.google_peer import G, candidates_in, description, payload_type, reasons, session
from peers.google_server import DOMAIN, Came, GoogleServer, Mailbox, box_end, google_server, seed_prosody, taken
from peers.told import connected
from rig.words import LIKE_SPEECH, likeness, spoken

from phone.demo.hearing import RATE
from phone.demo.stage import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CALLEE = f"fortinbras@{DOMAIN}"
THEIRS = f"hamlet@{DOMAIN}/voicemail"
"""The document answers for fortinbras with hamlet's: it is opaque."""
OURS = f"voicemail@{DOMAIN}"
"""The document finds `voicemail@denmark.lit/outgoingvoicemail` and then calls the bare address."""
WORDS = "The blue train leaves at seven in the evening."
GREETING = "Nobody is here. Please speak after the tone."
OTHER = "My green bicycle stands behind the old library."


@dataclass(frozen=True)
class Scene:
    desk: Desk
    server: GoogleServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("seed")
    async with (
        seed_prosody(folder, OURS) as prosody,
        google_server(prosody.services) as server,
        phone_at(folder / "alice", prosody, f'\n[peers."{DOMAIN}"]\nplain_rtp = true\n') as desk,
    ):
        yield Scene(desk, server)


@pytest_asyncio.fixture(loop_scope="module")
async def alice(scene: Scene) -> AsyncIterator[Desk]:
    scene.server.came.clear()
    scene.server.asked.clear()
    scene.server.items = {(CALLEE, "voicemail"): THEIRS}
    scene.server.refuses = lambda _: ""
    before = (await scene.desk.status()).faults
    yield scene.desk
    await scene.desk.press("BACK")  # what was dictated is not sent
    await scene.desk.hang_up()
    status = await does(scene.desk, idle)
    assert status.faults == before, scene.desk.log.read_text()[-3000:]


@pytest.fixture
def server(scene: Scene) -> GoogleServer:
    return scene.server


async def leaves(alice: Desk, callee: str = CALLEE) -> None:
    """VOICEMAIL while it calls out."""
    await alice.lift()
    await does(alice, lambda s: s.tone in {"dial", "stutter"})
    await alice.call(callee)
    await does(alice, lambda s: bool(s.calls) and s.tone != "dial")
    await alice.press("VOICEMAIL")


async def says_it(alice: Desk, end: GiceEnd) -> None:
    """And it is recognised in what the mailbox recorded; another sentence is not."""
    end.forget()
    begin, stop = alice.say(spoken(WORDS))
    await asyncio.sleep((stop - begin) / RATE + 1.0)
    recorded = at_48_khz(end.all_heard())
    assert likeness(spoken(WORDS), recorded) > LIKE_SPEECH
    assert likeness(spoken(OTHER), recorded) < LIKE_SPEECH / 1.5


async def hangs_up(alice: Desk, box: Mailbox) -> None:
    """Which delivers the message."""
    await alice.hang_up()
    end = await box.server.got("terminate")
    assert (end.to, end.payload.get("id"), end.payload.get("initiator")) == (box.own, box.sid, box.caller)
    assert reasons(end.payload)[0] == "call-ended"
    await does(alice, idle)


def is_the_seed_s(came: Came, to: str, regarding: str) -> None:
    """The initiate, as the document wants it."""
    initiate = came.payload
    assert came.to == to
    assert initiate.get("initiator") == "alice@localhost/phone"
    about = initiate.find("v:regarding", G)
    assert about is not None, "a direct child"
    assert about.get("name") == regarding
    types = initiate.findall("a:description/a:payload-type", G)
    assert [(t.get("id"), t.get("name")) for t in types] == [("0", "PCMU"), ("8", "PCMA"), ("101", "telephone-event")]
    assert initiate.find("p:transport", G) is not None
    assert candidates_in(initiate) == []


FORMS = {
    "gtalk4": ("transport-info",),
    "gtalk3": ("candidates",),
    "both": ("transport-info", "candidates"),
}


@pytest.mark.parametrize("form", FORMS)
async def test_first_try_at_the_address_that_his_server_names(alice: Desk, server: GoogleServer, form: str) -> None:
    async with box_end(cookie=form == "gtalk3") as end:
        await leaves(alice)
        box, came = await taken(server, end)
        is_the_seed_s(came, THEIRS, CALLEE)
        assert server.asked == [(CALLEE, "voicemail")]
        told = await box.takes_it(FORMS[form])
        assert set(told) <= {"transport-info", "candidates"}
        await connected(alice, encrypted=False)
        ear = Ear(alice.handset)
        end.say(at_8_khz(spoken(GREETING)))
        await heard(ear, spoken(GREETING))
        await says_it(alice, end)
        await hangs_up(alice, box)
        assert end.rtcp == end.mistaken == 0


async def test_both_forms_are_told_until_one_is_seen(alice: Desk, server: GoogleServer) -> None:
    async with box_end() as end:
        await leaves(alice)
        box, _ = await taken(server, end)
        both = [(await server.got(form)).payload for form in FORMS["both"]]
        first, second = ([dict(c.attrib) for c in candidates_in(payload)] for payload in both)
        assert first == second != []
        end.meets(*both)
        server.came.clear()
        await box.says("accept", "")
        await box.server.got("terminate")


async def test_second_try_at_our_own_server(alice: Desk, server: GoogleServer) -> None:
    """Its item is a bare address, in a namespace with a space before it; it answers from a resource."""
    server.items = {(CALLEE, "voicemail"): ""}
    async with box_end(Checks.ASTERISK) as end:
        await leaves(alice)
        box, came = await taken(server, end, resource="/outgoingvoicemail")
        is_the_seed_s(came, OURS, CALLEE)
        await box.takes_it()
        await connected(alice, encrypted=False)
        await says_it(alice, end)
        await hangs_up(alice, box)


async def test_a_callee_whose_server_is_not_there(alice: Desk, server: GoogleServer) -> None:
    """An error of whatever kind is no."""
    async with box_end() as end:
        await leaves(alice, "boss@nowhere.example")
        box, came = await taken(server, end)
        is_the_seed_s(came, OURS, "boss@nowhere.example")
        await box.takes_it()
        await connected(alice, encrypted=False)
        await says_it(alice, end)
        await hangs_up(alice, box)


async def test_a_server_that_never_checks(alice: Desk, server: GoogleServer) -> None:
    async with box_end(Checks.NONE) as end:
        await leaves(alice)
        box, _ = await taken(server, end)
        await box.takes_it()
        await connected(alice, encrypted=False)
        await says_it(alice, end)
        await hangs_up(alice, box)


async def test_digits_reach_its_menu(alice: Desk, server: GoogleServer) -> None:
    async with box_end() as end:
        await leaves(alice)
        box, _ = await taken(server, end)
        await box.takes_it()
        await connected(alice, encrypted=False)
        for key in "1#":
            await alice.press(key, 0.15)
        assert await alice.until(lambda _: end.digits == [1, 11], 5), end.digits
        await hangs_up(alice, box)


@pytest.mark.parametrize("goodbye", ["", "<call-ended/>", "<reason><success/></reason>", "<insufficient-funds/>"])
async def test_the_server_ends_it_when_it_is_full(alice: Desk, server: GoogleServer, goodbye: str) -> None:
    async with box_end() as end:
        await leaves(alice)
        box, _ = await taken(server, end)
        await box.takes_it()
        await connected(alice, encrypted=False)
        await box.says("terminate", goodbye)
        await does(alice, lambda s: not any(c.progress != "ended" for c in s.calls))
        assert (await alice.status()).tone in {"busy", "reorder"}
        assert "terminate" not in [each.payload.get("type") for each in server.came]


# --- where nobody takes it: the user dictates here ------------------------------------------------------------------

REFUSALS = {
    "it does not know the protocol": "<feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>",
    "nobody there": "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>",
    "libjingle's redirect": "<redirect xmlns='http://www.google.com/session'>xmpp:mallory@evil.example</redirect>",
    "nothing at all": " ",
}


async def dictates(alice: Desk) -> None:
    """The phone takes the message itself."""
    await does(alice, lambda s: not s.calls and s.screen[0].startswith("Message to"), 15)


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_mailbox_that_refuses(alice: Desk, server: GoogleServer, name: str) -> None:
    server.refuses = lambda _: REFUSALS[name]
    await leaves(alice)
    await server.got("initiate", 15)
    await dictates(alice)


@pytest.mark.parametrize("inner", ["", "<decline/>"])
async def test_a_mailbox_that_rejects(alice: Desk, server: GoogleServer, inner: str) -> None:
    async with box_end() as end:
        await leaves(alice)
        box, _ = await taken(server, end)
        await box.says("reject", inner)
        await dictates(alice)


async def test_a_mailbox_that_sends_elsewhere_is_not_followed(alice: Desk, server: GoogleServer) -> None:
    """libjingle 0.4's redirect: to whom calls go, the user says."""
    async with box_end() as end:
        await leaves(alice)
        box, _ = await taken(server, end)
        await box.says("redirect", f"<target name='mallory@{DOMAIN}/x'/><cookie><regarding name='x@y'/></cookie>")
        await dictates(alice)
        assert "initiate" not in [each.payload.get("type") for each in server.came]


async def test_a_mailbox_to_which_plain_rtp_is_not_allowed_is_not_called(alice: Desk, server: GoogleServer) -> None:
    server.items = {(CALLEE, "voicemail"): "hamlet@denmark.example/voicemail"}
    await leaves(alice)
    await dictates(alice)
    assert server.came == []


async def test_a_mailbox_that_answers_with_no_codec_of_ours(alice: Desk, server: GoogleServer) -> None:
    async with box_end() as end:
        await leaves(alice)
        box, _ = await taken(server, end)
        isac = description(payload_type(103, "ISAC", 16000))
        await box.server.acked(box.own, box.caller, session("accept", box.sid, box.initiator, isac))
        await server.got("terminate")
        await dictates(alice)
