"""A caller by himself, without server and media: what he does twice, or out of turn, costs him and nobody else."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from types import SimpleNamespace
from xml.etree.ElementTree import Element

import pytest
from rig.servers_ears import xml

from phone.jingle.api import StanzaError
from phone.media.planrecordings import Recorded
from phone.service.addresses import Addresses, Mailbox
from phone.service.admission import SERVER_SHARE, Errand, Rules
from phone.service.caller import Caller, Heard
from phone.service.chat import ChatCarrier, Sounds
from phone.service.courier import Later
from phone.service.desk import Admitted, Desk
from phone.service.duties import Delivery, Kind
from phone.service.guest import Guest
from phone.service.values import LimitsConfig
from phone.service.visit import Phase, Terms
from phone.service.wording import load_wording

BOX = "boss@vm.b.example/voicemail"
ANN = "ann@b.example/desk"
PROPOSE = xml(
    "<propose xmlns='urn:xmpp:jingle-message:0' id='p1'>"
    "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>"
)
GOOGLE = xml(
    "<session xmlns='http://www.google.com/session' type='initiate' sid='p1' id='g1' initiator='ann@b.example/desk'>"
    "<description xmlns='http://www.google.com/session/phone'><payload-type id='0' name='PCMU' clockrate='8000'/>"
    "</description><transport xmlns='http://www.google.com/transport/p2p'/></session>"
)


class Tapes:
    def __init__(self) -> None:
        self.begun: list[SimpleNamespace] = []

    def begin(self, *_: object) -> SimpleNamespace:
        self.begun.append(SimpleNamespace(add=lambda _: None, abandon=lambda: None))
        return self.begun[-1]


class OpenDesk:
    def __init__(self) -> None:
        addresses = Addresses("vm.b.example", ("b.example",))
        limits = {"listed": False, "strangers": True, "per_hour": 20, "mail_per_day": 0}
        self.rules = Rules(addresses, **limits, may_mail=lambda _: False)
        self.asked: list[Errand] = []

    async def admit(self, wanted: Errand) -> Admitted | StanzaError:
        self.asked.append(wanted)
        return Admitted(wanted, (), 1 << 20)


class Component:
    is_online = True

    def __init__(self) -> None:
        self.answers: list[tuple[str, object]] = []
        self.chats: list[str] = []

    def send_chat(self, frm: str, to: str, body: str, *, message_id: str = "") -> str:
        self.chats.append(body)
        return message_id

    async def taken(self, _: str) -> bool:
        return True

    def reply(self, frm: str, to: str, iq_id: str, error: object) -> None:
        self.answers.append((iq_id, error))

    def send_iq(self, frm: str, to: str, payload: Element, token: str) -> None: ...

    def send_message(self, *_: object, **__: object) -> None: ...


@pytest.fixture
def house() -> SimpleNamespace:
    return SimpleNamespace(
        component=Component(),
        studio=SimpleNamespace(set=lambda _: None, drop=lambda _: None),
        desk=OpenDesk(),
        tapes=Tapes(),
        terms=Terms(180.0, 10.0),
        plain_rtp=lambda _: True,
        room=lambda: True,
    )


async def test_a_greeting_that_ends_twice_begins_one_recording(house):
    wanted = Errand(Mailbox("boss@b.example"), "boss@b.example", "boss@b.example", "ann@b.example")
    guest = Guest(house, "leg", Admitted(wanted, (), 1 << 20), 0.0, lambda _: None, lambda: None)
    guest.said(1.0)
    guest.recorded(Recorded("leg", (), 2000, 0), 2.0)
    guest.said(3.0)  # another codec was agreed on, and the media process begins anew
    assert len(house.tapes.begun) == 1
    assert guest._visit.phase is Phase.RECORDING


async def test_no_session_comes_in_by_anothers_invitation(house):
    caller = Caller(house, BOX, ANN, {})
    serving = asyncio.create_task(caller.run())
    caller.hear(Heard(BOX, "", PROPOSE))
    caller.hear(Heard(BOX, "iq1", GOOGLE))
    async with asyncio.timeout(20):
        while not house.component.answers and not serving.done():
            await asyncio.sleep(0.01)
    assert house.component.answers == [("iq1", None)]
    assert len(house.desk.asked) == 2
    assert caller.calls == 2
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await caller.close()


async def test_no_room_for_a_file_leaves_the_text_and_another_try(monkeypatch, tmp_path, store):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "away"))
    component, told = Component(), []
    carrier = ChatCarrier(component, OpenDesk().rules.addresses, load_wording("en"), Sounds(store))

    async def tell() -> None:
        told.append(True)

    about = ("boss@b.example", "boss@b.example", "ann@b.example", "", 1.8e9, 3.0)
    assert isinstance(await carrier.carry(Delivery("d", Kind.CHAT, "s", *about), tell), Later)
    assert told == [True]
    assert len(component.chats) == 1


async def test_who_has_a_server_of_his_own_has_not_any_number_of_callers(store):
    async def greeting(_: str) -> tuple[str, ...]:
        return ()

    rules = replace(OpenDesk().rules, per_hour=1)
    desk = Desk(store, rules, LimitsConfig(), greeting)

    async def refused(caller: str) -> bool:
        boss = "boss@b.example"
        return not isinstance(await desk.admit(Errand(Mailbox(boss), boss, boss, caller)), Admitted)

    assert [await refused(f"u{n}@junk.example") for n in range(SERVER_SHARE + 1)] == [False] * SERVER_SHARE + [True]
    assert not await refused("ann@a.example")
    assert not any([await refused(f"u{n}@b.example") for n in range(SERVER_SHARE + 1)])
