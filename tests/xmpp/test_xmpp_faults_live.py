"""Why there is no service, as real handshakes and a real resolver tell it."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
import sys
from pathlib import Path

import pytest
from rig.servers_ears import Relay, ScriptedServer, running, signed_in

from phone.demo.certificates import Authority
from phone.demo.prosody import PrivateProsody, ServerError, TurnService, free_ports
from phone.xmpp.api import Account
from phone.xmpp.client import AccountError, XmppClient
from phone.xmpp.keepalive import Pace
from phone.xmpp.outage import name_server_silent

pytestmark = pytest.mark.servers

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
CERTIFICATES = {
    "expired": ({"not_before": NOW - 3 * DAY, "not_after": NOW - DAY}, "bad certificate", "expired"),
    "of tomorrow": ({"not_before": NOW + DAY, "not_after": NOW + 3 * DAY}, "wrong time", "clock says"),
}


@pytest.mark.parametrize("direct", [False, True], ids=["starttls", "direct"])
@pytest.mark.parametrize("case", CERTIFICATES)
async def test_dates_on_the_certificate(tmp_path: Path, case: str, *, direct: bool) -> None:
    dates, name, words = CERTIFICATES[case]
    authority = Authority(tmp_path / "ca")
    await _expect(tmp_path, authority, "localhost", dates, direct, name, words)


@pytest.mark.parametrize("direct", [False, True], ids=["starttls", "direct"])
async def test_certificate_of_another_name(tmp_path: Path, *, direct: bool) -> None:
    await _expect(tmp_path, Authority(tmp_path / "ca"), "other.example", {}, direct, "bad certificate", "is not for")


async def test_certificate_of_a_stranger(tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    async with PrivateProsody(tmp_path, {"alice": "a"}) as server:
        account = Account("alice@localhost", "a", host="127.0.0.1", port=server.port, ca_file=stranger.file)
        async with running(account) as (_, ears):
            assert "not signed by anyone known" in await ears.until_service("bad certificate")
        # The system's store does not know our CA either.
        async with running(Account("alice@localhost", "a", host="127.0.0.1", port=server.port)) as (_, ears):
            await ears.until_service("bad certificate")


async def _expect(
    folder: Path, authority: Authority, host: str, dates: dict[str, dt.datetime], direct: bool, name: str, words: str
) -> None:
    certificate = authority.issue(host, **dates)
    async with PrivateProsody(folder, {"alice": "a"}, certificate=certificate) as server:
        port = server.direct_tls_port if direct else server.port
        account = Account(
            "alice@localhost", "a", host="127.0.0.1", port=port, direct_tls=direct, ca_file=authority.file
        )
        async with running(account) as (_, ears):
            assert words in await ears.until_service(name)


async def test_a_server_that_never_speaks(tmp_path: Path) -> None:
    async with PrivateProsody(tmp_path, {"alice": "a"}) as server, Relay(server.port) as relay:
        relay.silent = True
        account = Account("alice@localhost", "a", host="127.0.0.1", port=relay.port)
        async with running(account, pace=Pace(sign_in=0.3)) as (_, ears):
            assert "does not answer" in await ears.until_service("server away")


async def test_the_host_is_the_domain_unless_told(tmp_path: Path) -> None:
    async with PrivateProsody(tmp_path, {"alice": "a"}) as server:
        account = Account("alice@localhost", "a", port=server.port, ca_file=server.ca_file)
        async with signed_in(account) as (client, _):
            assert client.name_of("bob@localhost") is None


async def test_the_name_service_is_asked_where_nothing_is_told() -> None:
    """`.invalid` never exists (RFC 6761); without a network there is another honest answer."""
    async with running(Account("alice@no-such-host.invalid", "a")) as (_, ears):
        await ears.until(lambda: {"unknown server", "no network"} & set(ears.names()))


async def test_nobody_there(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with running(Account("alice@localhost", "a", host="127.0.0.1", port=port)) as (_, ears):
        await ears.until_service("server away")


@pytest.mark.parametrize(
    ("code", "name"), [(socket.EAI_NONAME, "unknown server"), (socket.EAI_AGAIN, "no network")], ids=["none", "again"]
)
async def test_a_name_that_is_not_found(monkeypatch: pytest.MonkeyPatch, code: int, name: str) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    monkeypatch.setattr("phone.xmpp.outage._has_route", lambda: True)
    async with running(Account("alice@localhost", "a", host="no.such.host.invalid", port=5222)) as (_, ears):
        await ears.until_service(name)


async def test_no_network_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone.xmpp.outage._has_route", lambda: False)
    account = Account("alice@localhost", "a", host="no.such.host.invalid", port=5222)
    async with running(account) as (_, ears):
        await ears.until_service("no network")


async def test_password_never_goes_in_the_clear(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("localhost")
    async with ScriptedServer(pair.both, offers_tls=False) as server:
        async with running(Account("alice@localhost", "a", host="127.0.0.1", port=server.port)) as (_, ears):
            assert "no encryption" in await ears.until_service("bad certificate")
        assert "auth" not in server.heard


async def test_a_wrong_port_for_direct_tls(tmp_path: Path) -> None:
    async with PrivateProsody(tmp_path, {"alice": "a"}) as server:
        account = Account("alice@localhost", "a", host="127.0.0.1", port=server.port, direct_tls=True)
        async with running(account) as (_, ears):
            await ears.until_service("server away")


async def test_credentials_are_renewed_before_they_expire(tmp_path: Path) -> None:
    turn = TurnService("127.0.0.1", 3478, "secret", ttl=4)
    async with PrivateProsody(tmp_path, {"alice": "a"}, turn=turn) as server:
        account = Account("alice@localhost", "a", host="127.0.0.1", port=server.port, ca_file=server.ca_file)
        async with signed_in(account) as (client, ears):
            await ears.until(client.ice_servers)
            first = client.ice_servers()[-1].username
            await ears.until(lambda: client.ice_servers() and client.ice_servers()[-1].username != first)
            assert (client.ice_servers()[-1].expires_in or 0) > 1


def _mute_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the edge of the system's library: a question that is never answered."""
    monkeypatch.setattr("phone.xmpp.outage._has_route", lambda: True)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lambda *_, **__: asyncio.Event().wait())


async def test_what_the_first_sign_in_waits_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _mute_name_server(monkeypatch)
    account = Account("alice@example.org", "a", host="xmpp.example.org", port=5222)
    async with running(account, pace=Pace(patience=0.1, lookup=0.1, sign_in=60.0)) as (_, ears):
        assert "no answer from the name server" in await ears.until_service("no network")
        assert ears.services[:2] == [("starting", ""), ("looking up", "looking for the server xmpp.example.org")]
        assert "network cable" in ears.services[-1][1]


async def test_a_name_server_that_never_answers_is_what_is_wrong_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    _mute_name_server(monkeypatch)
    monkeypatch.setattr("phone.xmpp.outage._LOOKUP_SECONDS", 0.1)
    account = Account("alice@example.org", "a", host="xmpp.example.org", port=5222)
    async with running(account, pace=Pace(patience=60.0, sign_in=0.1)) as (_, ears):
        assert "no answer from the name server" in await ears.until_service("no network")


async def test_a_server_that_is_found_and_silent_is_waited_for_by_name(tmp_path: Path) -> None:
    async with PrivateProsody(tmp_path, {"alice": "a"}) as server, Relay(server.port) as relay:
        relay.silent = True
        account = Account("alice@localhost", "a", host="127.0.0.1", port=relay.port)
        async with running(account, pace=Pace(patience=0.3, sign_in=60.0)) as (_, ears):
            await ears.until(lambda: ("starting", "waiting for 127.0.0.1 to answer") in ears.services)


async def test_the_name_of_services_alone_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    monkeypatch.setattr("phone.xmpp.outage._has_route", lambda: True)
    assert await name_server_silent("example.org", 1.0) is None


_STOPPED_WHILE_ASKING = """
import asyncio, socket, sys, time
import aiodns
from slixmpp.xmlstream import xmlstream
from rig.servers_ears import running
from phone.xmpp.api import Account

async def ask():
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mute.bind(("127.0.0.1", 0))
    mute.setblocking(False)
    place = "127.0.0.1:%d" % mute.getsockname()[1]
    xmlstream.default_resolver = lambda loop: aiodns.DNSResolver([place], loop=loop, tries=1, timeout=1.0)
    async with running(Account("alice@example.org", "a")):
        await asyncio.get_running_loop().sock_recv(mute, 512)

asyncio.run(ask())
time.sleep(1.5)  # until it would have been given up
"""


async def test_a_phone_that_stops_while_it_asks_for_the_server_stops_asking() -> None:
    """The resolver's own thread would tell a loop that is closed."""
    tests = Path(__file__).parents[1]
    script = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _STOPPED_WHILE_ASKING, cwd=tests, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}"},
    )  # fmt: skip
    _, complaints = await script.communicate()
    assert script.returncode == 0, complaints.decode()
    assert b"closed" not in complaints, complaints.decode()


@pytest.mark.parametrize("jid", ["", "localhost", "alice@localhost/phone", "@@", "alice@"])
async def test_an_account_that_is_none(jid: str) -> None:
    with pytest.raises(AccountError, match="must read like"):
        XmppClient(Account(jid, "a"), object(), ())


async def test_a_ca_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match="cannot be used"):
        XmppClient(Account("alice@localhost", "a", ca_file=tmp_path / "none.pem"), object(), ())


async def test_a_server_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match="apt install prosody"):
        async with PrivateProsody(tmp_path, {}):
            pass


async def test_a_server_that_does_not_start(tmp_path: Path) -> None:
    server = PrivateProsody(tmp_path, {}, domain='"broken')
    with pytest.raises(ServerError, match="did not start"):
        async with server:
            pass
