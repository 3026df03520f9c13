"""Sound through NAT: a relay between caller and service, and which servers are asked for one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rig.servers import PrivateCoturn, PrivateEjabberd
from rig.servers_services import Services, ServicesProsody
from service_caller import Call, person, speech
from service_house import USERS, VM, config, prosody, serving

from phone.errors import ConfigError
from phone.media.planprobes import IceServer
from phone.service.checkup import Part, checkup
from phone.service.traversal import Traversal
from phone.service.values import AccountsConfig, ComponentConfig, IceConfig, MediaConfig, ServiceConfig, StoreConfig
from phone.xmpp.api import IceServerFact

BOX = f"boss@{VM}/voicemail"
NOW = 1_800_000_000.0
NAMED = (IceServerFact("stun", "stun.b.example", 3478),)
needs_coturn = pytest.mark.skipif(shutil.which("turnserver") is None, reason="apt install coturn")
ITEMS = "http://jabber.org/protocol/disco#items"


# --- which servers --------------------------------------------------------------------------------------------------


def test_what_the_xmpp_server_names_is_used_unless_the_config_says_no():
    assert Traversal(IceConfig()).servers(NAMED, NOW) == (IceServer("stun", "stun.b.example", 3478),)
    assert Traversal(IceConfig(discover=False)).servers(NAMED, NOW) == ()


def test_what_the_config_names_comes_first(tmp_path):
    (tmp_path / "password").write_text("pst\n")
    ice = IceConfig(stun="one.example", turn="two.example:99", transport="tcp", user="me")
    found = Traversal(replace(ice, password_file=tmp_path / "password")).servers(NAMED, NOW)
    assert [(each.kind, each.host, each.port) for each in found] == [
        ("stun", "one.example", 3478),
        ("turn", "two.example", 99),
        ("stun", "stun.b.example", 3478),
    ]
    assert (found[1].transport, found[1].username, found[1].password) == ("tcp", "me", "pst")


@pytest.mark.parametrize(("value", "port"), [("[2001:db8::1]", 3478), ("[2001:db8::1]:99", 99)])
def test_an_ipv6_address_has_brackets_in_the_config_alone(value, port):
    assert Traversal(IceConfig(stun=value)).servers((), NOW) == (IceServer("stun", "2001:db8::1", port),)


def test_credentials_by_a_shared_secret_last_longer_than_a_call(tmp_path):
    (tmp_path / "secret").write_text("north\n")
    traversal = Traversal(IceConfig(turn="turn.example", secret_file=tmp_path / "secret"))
    for now in (NOW, NOW + 3599.9, NOW + 3600):
        (server,) = traversal.servers((), now)
        expiry, _, name = server.username.partition(":")
        assert 3600 <= int(expiry) - now <= 7200
        digest = hmac.new(b"north", server.username.encode(), hashlib.sha1).digest()
        assert (name, base64.b64decode(server.password)) == ("voicemail", digest)


def test_a_secret_that_is_gone_is_told_at_the_start(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Traversal(IceConfig(turn="turn.example", secret_file=tmp_path / "none"))


# --- calls ----------------------------------------------------------------------------------------------------------


def relayed_alone(settings, google):
    media = replace(settings.media, plain_rtp=("localhost",) if google else ())
    return replace(settings, media=media, ice=replace(settings.ice, relay_only=True))


async def leaves_a_message(server, settings, folder: Path, *, google: bool) -> None:
    """The service gives no other address of its own than the relay's, and hears him by it."""
    async with serving(settings), person(server, "ann", "a") as ann, person(server, "boss", "b") as boss:
        async with Call(ann, speech(folder / "words", 2.0), plain=google) as call:
            call.start(BOX, "boss@localhost", google=google)
            await call.until_said()
            call.hang_up()
            await boss.until(lambda: len(boss.chats) == 2)
        assert call.ways == {"relay"}


@pytest.mark.servers
@needs_coturn
@pytest.mark.timeout(300)
@pytest.mark.parametrize("google", [False, True], ids=["jingle", "google"])
async def test_a_message_by_the_relay_that_the_config_names(tmp_path, google):
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with PrivateCoturn(tmp_path) as turn, prosody(folder) as server:
        (tmp_path / "secret").write_text(f"{turn.service.secret}\n")
        ice = IceConfig(discover=False, turn=f"127.0.0.1:{turn.port}", secret_file=tmp_path / "secret")
        settings = replace(config(server, tmp_path / "vm"), ice=ice)
        await leaves_a_message(server, relayed_alone(settings, google), tmp_path, google=google)


class NamesServices(ServicesProsody):
    """Prosody as server/prosody/voicemail.cfg.lua has it: the component may ask, too."""

    def _config(self) -> str:
        return f'external_service_access = {{ "localhost", "{VM}" }}\n{super()._config()}'


@pytest.mark.servers
@needs_coturn
@pytest.mark.timeout(300)
@pytest.mark.parametrize("make", [NamesServices, PrivateEjabberd], ids=["prosody", "ejabberd"])
async def test_a_message_by_the_relay_that_the_xmpp_server_names(tmp_path, make):
    """XEP-0215, with nothing in the config of the service."""
    folder = tmp_path / "server"
    folder.mkdir()
    async with (
        PrivateCoturn(tmp_path) as turn,
        make(folder, USERS, services=Services(most=1_000_000), turn=turn.service) as server,
    ):
        accounts = AccountsConfig((server.domain,), "any")
        settings = relayed_alone(config(server, tmp_path / "vm", accounts=accounts), google=False)
        await leaves_a_message(server, settings, tmp_path, google=False)


@pytest.mark.servers
@needs_coturn
async def test_the_checkup_asks_the_servers_of_the_config(tmp_path):
    async with PrivateCoturn(tmp_path) as turn:
        place = f"127.0.0.1:{turn.port}"
        secret = tmp_path / "secret"
        secret.write_text(f"{turn.service.secret}\n")
        settings = ServiceConfig(
            ComponentConfig(VM, secret="s", port=1),
            AccountsConfig(("localhost",)),
            StoreConfig("sqlite://", tmp_path / "spool"),
            media=MediaConfig(("127.0.0.1",)),
            ice=IceConfig(stun=place, turn=place, secret_file=secret),
        )
        part = await asked(settings)
        assert part.ok
        assert part.sentence.startswith("stun: we are 127.0.0.1:")
        assert "turn: we are 127.0.0.1:" in part.sentence
        secret.write_text("another\n")
        part = await asked(settings)
        assert not part.ok
        assert part.sentence.startswith(f"turn {place} gives us no address")
        secret.unlink()
        assert "cannot be read" in (await asked(settings)).sentence


async def asked(settings: ServiceConfig) -> Part:
    found = await asyncio.to_thread(checkup, settings)
    return next(part for part in found.parts if part.name == "ice")
