"""Who tries what he may not: refused by the condition that tells him least, and nobody else is disturbed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig.servers_ears import xml
from rig.servers_services import ServicesProsody
from service_caller import Call, Person, speech, two
from service_house import VM, config, prosody, serving

from phone.service import boxes
from phone.service.app import Service
from phone.service.store import Store
from phone.service.values import AccountsConfig, LimitsConfig, MailConfig, ServiceConfig

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

BOX = f"boss@{VM}/voicemail"
OUT = f"outgoing@{VM}/outgoingvoicemail"
VOICEMAIL = "http://www.google.com/session/voicemail"


@dataclass
class Scene:
    server: ServicesProsody
    ann: Person
    boss: Person
    folder: Path

    @contextlib.asynccontextmanager
    async def serving(self, **changes: object) -> AsyncIterator[tuple[Service, Store]]:
        made: ServiceConfig = config(self.server, self.folder / "vm", **changes)
        made = replace(made, media=replace(made.media, plain_rtp=("localhost",)))
        async with serving(made) as service:
            with contextlib.closing(Store(made.store.url)) as store:
                yield service, store


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with prosody(folder) as server, two(server) as (ann, boss):
        yield Scene(server, ann, boss, tmp_path)


def google(sid: str, named: str | None) -> Element:
    session = xml(
        f"<session xmlns='http://www.google.com/session' type='initiate' id='{sid}' initiator='ann@localhost/desk'>"
        "<description xmlns='http://www.google.com/session/phone'><payload-type id='0' name='PCMU' clockrate='8000'/>"
        "</description><transport xmlns='http://www.google.com/transport/p2p'/></session>"
    )
    if named is not None:
        SubElement(session, f"{{{VOICEMAIL}}}regarding", {"name": named})
    return session


def jingle(sid: str, named: str | None) -> Element:
    session = Element("{urn:xmpp:jingle:1}jingle", {"action": "session-initiate", "sid": sid})
    if named is not None:
        SubElement(session, f"{{{VOICEMAIL}}}regarding", {"name": named})
    return session


@pytest.mark.parametrize("initiate", [google, jingle])
async def test_no_name_leads_elsewhere_and_no_address_tells_who_exists(scene, initiate):
    async with scene.serving() as (service, store):
        ann = scene.ann
        for n, named in enumerate(("ann@localhost", "", "boss@localhost/x", "boss@localhost\nx@y.example")):
            assert await ann.set(BOX, initiate(f"a{n}", named)) == "bad-request"
        for n, to in enumerate((f"boss@{VM}/phone", VM, f"boss@{VM}/outgoingvoicemail")):
            assert await ann.set(to, initiate(f"b{n}", None)) == "service-unavailable"
        assert await ann.set(OUT, initiate("c", "x@y.example")) == "service-unavailable"  # there is no [mail]
        store.write_now(partial(boxes.enlist, owner="boss@localhost", now=0.0, on=False))
        assert await ann.set(BOX, initiate("d", "boss@localhost")) == "service-unavailable"
        store.write_now(partial(boxes.enlist, owner="boss@localhost", now=0.0, on=True))
        for who in ("ann@localhost", "localhost"):
            store.write_now(partial(boxes.block, owner="boss@localhost", caller=who, on=True))
            assert await ann.set(BOX, initiate("e", "boss@localhost")) == "service-unavailable"
            store.write_now(partial(boxes.block, owner="boss@localhost", caller=who, on=False))
        nobody = f"nobody@{VM}/voicemail", "nobody@localhost"
        assert await ann.set(nobody[0], initiate("f", nobody[1])) == "service-unavailable"
        assert service.reception.calls == 0
    async with scene.serving(accounts=AccountsConfig(("localhost",), "any")):
        assert await ann.set(nobody[0], initiate("g", nobody[1])) != "service-unavailable"


async def test_listed_mailboxes_alone_when_the_config_says_so(scene):
    async with scene.serving(accounts=AccountsConfig(("localhost",), "listed")) as (_, store):
        unknown = await scene.ann.set(BOX, google("a", "boss@localhost"))
        nobody = await scene.ann.set(f"nobody@{VM}/voicemail", google("b", "nobody@localhost"))
        assert unknown == nobody == "service-unavailable"
        store.write_now(partial(boxes.enlist, owner="boss@localhost", now=0.0, on=True))
        assert await scene.ann.set(BOX, google("c", "boss@localhost")) is None


async def test_strangers_quotas_and_rates(scene):
    """The domain of the accounts is another one: all of this server's are strangers."""
    strict = LimitsConfig(per_hour=3, strangers=False)
    async with scene.serving(accounts=AccountsConfig(("far.example",)), limits=strict):
        assert await scene.ann.set(BOX, google("a", "boss@far.example")) == "forbidden"
    (scene.folder / "vm" / "store.sqlite").unlink()
    async with scene.serving(limits=replace(strict, strangers=True, messages=1)) as (_, store):
        kept = partial(boxes.add, owner="boss@localhost", data=b"x")
        from phone.voicemail.message import Caller, State
        from phone.voicemail.wire import RemoteMessage

        store.write_now(partial(kept, kept=RemoteMessage("m1", State.NEW, Caller("x@y"), 1.8e9, 1.0, 1)))
        assert await scene.ann.set(BOX, google("a", "boss@localhost")) == "resource-constraint"  # full
        other = f"ann@{VM}/voicemail"
        assert await scene.ann.set(other, google("b", "ann@localhost")) is None
        assert await scene.ann.set(other, google("c", "ann@localhost")) is None
        assert await scene.ann.set(other, google("d", "ann@localhost")) == "policy-violation"
        assert await scene.boss.set(other, google("d", "ann@localhost")) is None  # of another caller


async def test_mail_goes_out_for_some_and_so_often(scene):
    mail = MailConfig("localhost", "v@b.example", tls="none", allow=("ann@localhost",), per_day=2)
    async with scene.serving(mail=mail):
        assert await scene.boss.set(OUT, google("a", "x@y.example")) == "forbidden"
        for n, named in enumerate((None, "y.example", "x@y.example,z@y.example", "x@y.example\r\nBcc: z@y.example")):
            assert await scene.ann.set(OUT, google(f"b{n}", named)) == "bad-request"
        assert await scene.ann.set(OUT, google("c", "x@y.example")) is None
        assert await scene.ann.set(OUT, google("d", "x@y.example")) is None
        assert await scene.ann.set(OUT, google("e", "x@y.example")) == "policy-violation"


async def test_a_proposal_that_may_not_be_is_rejected(scene):
    async with scene.serving() as (_, store):
        store.write_now(partial(boxes.enlist, owner="boss@localhost", now=0.0, on=False))
        async with Call(scene.ann, speech(scene.folder / "words", 1.0)) as call:
            call.propose(f"boss@{VM}")
            await call.until_ended()


async def test_there_are_only_so_many_calls(scene):
    for who in (scene.ann, scene.boss):
        who.ears.on_iq = lambda *_: True  # an error in answer to the accept would end the call
    async with scene.serving(limits=LimitsConfig(calls=2)) as (service, _):
        assert await scene.ann.set(BOX, google("a", "boss@localhost")) is None
        assert await scene.boss.set(f"ann@{VM}", google("a", None)) is None
        assert service.reception.calls == 2
        assert await scene.ann.set(BOX, google("b", "boss@localhost")) == "resource-constraint"


async def test_a_flood_of_one_caller_does_not_keep_others_out(scene):
    async with scene.serving() as (service, _):
        for n in range(400):
            scene.ann.client.send_iq(BOX, jingle(f"f{n}", "nobody@localhost"), f"t{n}")
        async with Call(scene.boss, speech(scene.folder / "words", 1.5)) as call:
            call.start(f"ann@{VM}/voicemail", "ann@localhost")
            await call.until_said()
            call.hang_up()
        await scene.ann.until(lambda: all(f"t{n}" in scene.ann.ears.replies for n in range(400)))
        answers = {scene.ann.ears.replies[f"t{n}"][0] for n in range(400)}
        assert answers <= {"bad-request", "service-unavailable", "resource-constraint"}
        assert len(service.reception._callers) <= 2


# --- nonsense -------------------------------------------------------------------------------------------------

_NAMES = st.sampled_from(
    [
        "{urn:xmpp:jingle:1}jingle",
        "{http://www.google.com/session}session",
        "{urn:xmpp:jingle-message:0}propose",
        "{urn:x-deskphone:voicemail:0}sound",
        "{urn:x-deskphone:voicemail:0}mark",
        "{urn:x-deskphone:voicemail:0}greeting",
        "{http://jabber.org/protocol/pubsub}pubsub",
        "{http://jabber.org/protocol/pubsub}items",
        "{http://jabber.org/protocol/pubsub}subscribe",
        "{http://www.google.com/session/voicemail}regarding",
        "{http://jabber.org/protocol/disco#info}query",
        "{http://www.google.com/session/phone}description",
        "{urn:xmpp:jingle:1}content",
    ]
)
_VALUES = st.one_of(
    st.sampled_from(["session-initiate", "initiate", "boss@localhost", "0", "-1", "heard", "a", "9" * 30]),
    st.text("abc@/<&'\"\u00e4 ", max_size=10),
)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(["action", "type", "sid", "id", "name", "node", "jid", "offset", "total", "state", "initiator"]),
    _VALUES,
    max_size=4,
)


def _nest(tag: str, attributes: dict[str, str], children: list[Element]) -> Element:
    made = Element(tag, attributes)
    made.extend(children)
    return made


_ELEMENTS = st.recursive(
    st.builds(Element, _NAMES, _ATTRIBUTES),
    lambda inner: st.builds(_nest, _NAMES, _ATTRIBUTES, st.lists(inner, max_size=3)),
    max_leaves=6,
)


async def test_nonsense_is_answered_and_forgotten(scene, caplog):
    """Drawn by Hypothesis, said through a real server: each is answered once, and the service goes on."""
    drawn: list[tuple[str, Element]] = []
    places = st.sampled_from([VM, BOX, f"boss@{VM}", OUT, f"x@{VM}/y"])

    @settings(max_examples=150, database=None)
    @given(places, _ELEMENTS)
    def draw(to: str, payload: Element) -> None:
        drawn.append((to, payload))

    draw()
    async with scene.serving() as (service, _):
        for n, (to, payload) in enumerate(drawn):
            if n % 2:
                scene.ann.client.send_iq(to, payload, f"n{n}")
            else:
                scene.ann.client.ask(to, payload, f"n{n}")
        ears = scene.ann.ears
        await scene.ann.until(
            lambda: all(f"n{n}" in (ears.replies if n % 2 else ears.answers) for n in range(len(drawn)))
        )
        assert "timeout" not in {each for replies in ears.replies.values() for each in replies}
        assert not service.fault.done()
        assert "fault of ours" not in caplog.text
        async with Call(scene.ann, speech(scene.folder / "words", 1.5)) as call:
            call.start(f"ann@{VM}")
            await call.until_said()
