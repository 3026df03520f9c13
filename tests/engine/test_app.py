"""The parts put together as a daemon does: no server, no card, and still a phone that answers and stops cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from phone import app, begin, config, control, inbox, memory, settings
from phone.calls.model import Memory
from phone.config import Config
from phone.control.claim import CONTROL_SOCKET
from phone.ears import Ears
from phone.jingle.api import PeerPolicy
from phone.mediasetup import media_setup
from phone.policy import Policy
from phone.provision.store import Store
from phone.trial import Keeper

CONFIG = """
state_dir = "state"
run_dir = "run"
ring_seconds = 30
[account]
jid = "Anna@Example.org"
password = "secret"
server = "127.0.0.1:9"
[dial]
inter_digit_seconds = 2.5
[dial.short]
1 = "bob@example.org"
[audio]
packet_ms = 10
[audio.handset]
capture = "hw:CARD=NotThere"
playback = "hw:CARD=NotThere"
[network]
addresses = ["127.0.0.1"]
first_port = 40000
last_port = 40100
stun = false
[peers."PBX.Example.org"]
plain_rtp = true
direct = true
[peers."carol@pbx.example.org"]
direct = true
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Config:
    file = tmp_path / "phone.toml"
    file.write_text(CONFIG)
    return config.load(file)


def keeper(loaded: Config) -> Keeper:
    """Of a phone that was never provisioned."""
    store = Store.of(loaded.state_dir.parent / "phone.toml")
    return Keeper(store, store.present())


@pytest.fixture
async def running(loaded: Config) -> AsyncIterator[Path]:
    """A daemon in this process; its control socket."""
    daemon = asyncio.create_task(begin.begin(lambda: (loaded, keeper(loaded))))
    socket = loaded.run_dir / CONTROL_SOCKET
    while not socket.exists():
        assert not daemon.done(), daemon
        await asyncio.sleep(0.01)
    yield socket
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(daemon, 20)
    assert not socket.exists()


async def _status_when(socket: Path, told: Callable[[control.StatusReply], object]) -> control.StatusReply:
    while not told(status := await asyncio.to_thread(control.ask, socket, control.Status())):
        await asyncio.sleep(0.02)
    return status


async def test_without_server_and_card_the_phone_says_so(running: Path) -> None:
    status = await _status_when(running, lambda s: s.audio_troubles)
    assert not status.registered
    assert status.account == "Anna@Example.org"
    assert "NotThere" in status.audio_troubles[0]
    assert status.faults == 0
    lifted = await asyncio.to_thread(control.ask, running, control.Sim("lift"))
    assert "service" in lifted.lamps
    status = await _status_when(running, lambda s: s.off_hook)  # the contacts have stopped bouncing
    assert status.tone == "no-service"
    with pytest.raises(control.ControlError, match="cannot be called"):
        await asyncio.to_thread(control.ask, running, control.Call("1"))


async def test_the_volume_is_still_there_after_a_restart(running: Path, loaded: Config) -> None:
    await asyncio.to_thread(control.ask, running, control.Sim("press", "VOL+"))
    file = loaded.state_dir / app.MEMORY
    while not file.exists():
        await asyncio.sleep(0.01)
    phone = settings.fresh_phone(loaded, memory.read(file), 3)
    assert (phone.handset_volume, phone.ringer_volume) == (80, 90)


async def test_a_sign_in_that_fails_by_a_bug_ends_the_daemon(loaded: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd starts it again: a phone that can never be called must not look alive."""

    async def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.XmppClient, "run", broken)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(begin.begin(lambda: (loaded, keeper(loaded))), 20)


def test_what_the_config_says_arrives(loaded: Config) -> None:
    account, setup = settings.account(loaded), media_setup(loaded)
    phone = settings.fresh_phone(loaded, Memory(10, 20, "7"), 3)
    assert (account.jid, account.password, account.host, account.port) == ("Anna@Example.org", "secret", "127.0.0.1", 9)
    assert not account.services
    assert (setup.handset.capture, setup.addresses, setup.port_range) == (
        "hw:CARD=NotThere",
        ("127.0.0.1",),
        (40000, 40100),
    )
    assert (phone.timers.ring, phone.timers.inter_digit) == (30, 2.5)
    assert phone.plan.resolve("204") == "204@Example.org"
    assert phone.plan.resolve("1") == "bob@example.org"
    assert phone.memory == Memory(10, 20, "7")
    with_ring = replace(loaded, calls=replace(loaded.calls, ring="/boss.wav"))
    assert settings.fresh_phone(with_ring, Memory(), 3).habits.ring == "/boss.wav"


class Roster:
    """Knows bob."""

    def is_contact(self, jid: str) -> bool:
        return jid.startswith("bob@")


@pytest.mark.parametrize(
    ("jid", "policy"),
    [
        ("bob@example.org/1", PeerPolicy(contact=True)),
        ("200@pbx.example.org/asterisk", PeerPolicy(plain_rtp=True, direct=True)),
        ("carol@pbx.example.org/x", PeerPolicy(direct=True)),
        ("pbx.example.org", PeerPolicy(plain_rtp=True, direct=True)),
    ],
)
def test_the_most_exact_rule_for_a_peer_wins(loaded: Config, jid: str, policy: PeerPolicy) -> None:
    assert Policy.of(loaded, Roster()).peer(jid) == policy


@pytest.mark.parametrize(
    ("told", "host", "port"),
    [
        (None, None, None),
        ("xmpp.example.org", "xmpp.example.org", None),
        ("xmpp.example.org:5223", "xmpp.example.org", 5223),
        ("[2001:db8::1]:5222", "2001:db8::1", 5222),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("2001:db8::1", "2001:db8::1", None),
    ],
)
def test_where_to_connect(loaded: Config, told: str | None, host: str | None, port: int | None) -> None:
    account = settings.account(replace(loaded, account=replace(loaded.account, server=told)))
    assert (account.host, account.port) == (host, port)


def test_all_that_the_xmpp_room_tells_goes_into_the_inbox() -> None:
    items: list[inbox.Item] = []
    others: list[object] = []
    ears, payload = Ears(), Element("x")
    ears.service("online", "before there is an engine")
    ears.post, ears.catch_up = items.append, others.append
    ears.contacts = lambda: others.append("contacts")
    ears.service("online", "")
    assert ears.iq("bob@x/1", "7", payload), "it will be answered"
    ears.message("bob@x/1", "anna@x", payload, carbon=True, sent_by_us=False)
    ears.bounced("bob@x", "id", "service-unavailable")
    ears.replied("token", "timeout")
    ears.unavailable("bob@x/1")
    ears.contacts_changed()
    ears.named("bob@x", "Bob")
    ears.features("bob@x/1", frozenset({"f"}))
    ears.archived(())
    assert items == [
        inbox.ServiceTold("online", ""),
        inbox.IqArrived("bob@x/1", "7", payload),
        inbox.MessageArrived("bob@x/1", "anna@x", payload, carbon=True, sent_by_us=False),
        inbox.Bounced("bob@x", "id", "service-unavailable"),
        inbox.Replied("token", "timeout"),
        inbox.ResourceGone("bob@x/1"),
        inbox.BookChanged(),
        inbox.NameTold("bob@x", "Bob"),
        inbox.FeaturesTold("bob@x/1", frozenset({"f"})),
    ]
    assert others == ["contacts", ()]
