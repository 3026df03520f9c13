"""Accounts that are made by invitation, at a real server."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from rig.servers_ears import Relay, ScriptedServer, signed_in
from rig.servers_inviting import InvitingProsody

from phone.demo.certificates import Authority
from phone.demo.prosody import PrivateProsody, free_ports
from phone.xmpp import registration
from phone.xmpp.api import Account
from phone.xmpp.invite import Invitation, parse
from phone.xmpp.registration import NameTakenError, RegistrationError, UnreachableError, register

pytestmark = pytest.mark.servers


def account(server: PrivateProsody, name: str = "desk", *, direct: bool = False) -> Account:
    port = server.direct_tls_port if direct else server.port
    return Account(
        f"{name}@localhost", "a password", host="127.0.0.1", port=port, direct_tls=direct, ca_file=server.ca_file
    )


async def signs_in(who: Account) -> None:
    async with signed_in(who):
        pass


@pytest.fixture
async def server(tmp_path: Path):
    async with InvitingProsody(tmp_path, {"boss": "b"}) as server:
        yield server


async def test_an_invitation_of_prosodys_own_makes_an_account(server: InvitingProsody) -> None:
    desk = account(server)
    await register(desk, parse(await server.invitation()))
    assert server.accounts() == {"boss", "desk"}
    await signs_in(desk)


async def test_direct_tls(server: InvitingProsody) -> None:
    desk = account(server, direct=True)
    await register(desk, parse(server.invite()))
    await signs_in(desk)


async def test_an_invitation_is_good_once(server: InvitingProsody) -> None:
    link = server.invite()
    await register(account(server), parse(link))
    with pytest.raises(RegistrationError, match="used already, or is too old: ask for a new one"):
        await register(account(server, "desk2"), parse(link))
    assert server.accounts() == {"boss", "desk"}


async def test_an_old_invitation(server: InvitingProsody) -> None:
    with pytest.raises(RegistrationError, match="used already, or is too old"):
        await register(account(server), parse(server.invite(seconds=-10)))


async def test_a_name_that_is_taken_leaves_the_invitation_for_another(server: InvitingProsody) -> None:
    invitation = parse(server.invite())
    with pytest.raises(NameTakenError, match="boss@localhost is taken"):
        await register(account(server, "boss"), invitation)
    await register(account(server, "desk"), invitation)
    await signs_in(account(server, "desk"))
    await signs_in(replace(account(server, "boss"), password="b"))


async def test_the_inviter_and_the_phone_are_each_others_contacts(server: InvitingProsody) -> None:
    invitation = parse(server.invite(inviter="boss"))
    assert invitation.inviter == "boss@localhost"
    await register(account(server), invitation)
    async with signed_in(account(server)) as (desk, ears):
        await ears.until(lambda: desk.is_contact("boss@localhost"))
    async with signed_in(replace(account(server, "boss"), password="b")) as (boss, ears):
        await ears.until(lambda: boss.is_contact("desk@localhost"))


async def test_nobody_makes_an_account_without_invitation(server: InvitingProsody) -> None:
    with pytest.raises(RegistrationError, match=r"try another name .*, or ask for an invitation .*through invitation"):
        await register(account(server), Invitation("localhost"))


async def test_a_server_that_is_open_to_everybody(tmp_path: Path) -> None:
    async with InvitingProsody(tmp_path, {}, registration="open") as server:
        desk = account(server)
        await register(desk, parse("xmpp:localhost?register"))
        await signs_in(desk)
        with pytest.raises(RegistrationError, match="localhost does not know invitations: ask for an account"):
            await register(desk, Invitation("localhost", "token"))


async def test_a_server_that_makes_no_accounts(tmp_path: Path) -> None:
    async with InvitingProsody(tmp_path, {}, registration="closed") as server:
        with pytest.raises(RegistrationError, match="localhost makes no accounts for phones"):
            await register(account(server), Invitation("localhost"))


async def test_nobody_is_there() -> None:
    (port,) = free_ports(1)
    nowhere = Account("desk@localhost", "p", host="127.0.0.1", port=port)
    with pytest.raises(UnreachableError, match="server away"):
        await register(nowhere, Invitation("localhost", "token"))


async def test_a_clock_that_is_wrong(tmp_path: Path) -> None:
    tomorrow, later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=days) for days in (1, 3))
    authority = Authority(tmp_path / "ca")
    certificate = authority.issue("localhost", not_before=tomorrow, not_after=later)
    async with InvitingProsody(tmp_path, {}, certificate=certificate) as server:
        who = replace(account(server), ca_file=authority.file)
        with pytest.raises(UnreachableError, match="wrong time: this phone's clock says"):
            await register(who, parse(server.invite()))
        assert server.accounts() == set()


async def test_a_server_that_falls_silent(server: InvitingProsody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "_PATIENCE", 0.5)
    async with Relay(server.port) as relay:
        relay.silent = True
        with pytest.raises(UnreachableError, match=r"server away: .* does not answer"):
            await register(replace(account(server), port=relay.port), parse(server.invite()))


async def test_an_answer_that_was_lost_on_the_way_loses_no_account(
    server: InvitingProsody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut between the account's making and the word of it."""
    ask = registration._Attempt._ask
    cut = 0

    async def cut_off(self, kind, payload):
        nonlocal cut
        reply = await ask(self, kind, payload)
        if payload.find("{jabber:iq:register}password") is not None:
            cut += 1
            self._stream.drop(ConnectionResetError())
            await asyncio.sleep(60)
        return reply

    monkeypatch.setattr(registration._Attempt, "_ask", cut_off)
    await register(account(server), parse(server.invite()))
    assert cut == 1
    await signs_in(account(server))


async def test_a_server_without_encryption_hears_no_token(tmp_path: Path) -> None:
    async with ScriptedServer(tmp_path, offers_tls=False) as server:
        who = Account("desk@localhost", "p", host="127.0.0.1", port=server.port)
        with pytest.raises(UnreachableError, match="does not sign in in the clear"):
            await register(who, Invitation("localhost", "the-token"))
        assert "the-token" not in server.heard
