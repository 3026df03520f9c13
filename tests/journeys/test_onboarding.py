"""A phone out of its box: no account, an invitation, an account."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zxingcpp
from journeys.shell import Outcome, phone
from PIL import Image
from rig.servers_ears import signed_in
from rig.servers_inviting import InvitingProsody

from phone.demo.stage import Desk, desk
from phone.waiting import here
from phone.xmpp.api import Account

pytestmark = pytest.mark.servers


def without_account(config: str) -> str:
    return re.sub(r"\[account\]\n.*?\n\n", "", config, flags=re.DOTALL)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[InvitingProsody]:
    async with InvitingProsody(tmp_path / "prosody", {"boss": "b"}) as server:
        yield server


@pytest.fixture
async def fresh(tmp_path: Path, server: InvitingProsody) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "desk", "alice", "", server, without_account) as fresh:
        assert await fresh.until(lambda s: s.why.startswith("no account: ") and bool(s.screen), 20)
        yield fresh


async def onboard(desk: Desk, server: InvitingProsody, link: str, *options: str) -> Outcome:
    place = ("--server", f"127.0.0.1:{server.port}", "--ca-file", server.ca_file)
    arguments = ("onboard", "--json", "--config", desk.config, *place, *options)
    return await phone(*arguments, environment=desk.environment, stdin=f"\n{link}\n", seconds=90)


async def scanned(desk: Desk) -> list[str]:
    """What a mobile's camera sees on the display, where it is held until it sees something."""
    async with asyncio.timeout(20):
        while True:
            picture = Image.open(io.BytesIO(base64.b64decode(await desk.screen_png()))).convert("L")
            codes = zxingcpp.read_barcodes(picture.resize((512, 256), Image.Resampling.NEAREST))
            if codes:
                return [code.text for code in codes]
            await asyncio.sleep(0.1)


async def test_from_the_box_to_the_first_account(fresh: Desk, server: InvitingProsody) -> None:
    assert await scanned(fresh) == [f"ssh://provision@{here().address}"]
    status = await fresh.status()
    assert (status.account, status.registered) == ("", False)
    told = await phone("status", "--config", fresh.config)
    assert told.out.startswith("no account: set it up")

    await fresh.lift()
    status = await fresh.status()
    assert status.tone != "dial"
    assert status.screen[1:] == ("no account yet:", "set it up by SSH")
    await fresh.hang_up()
    await fresh.press("4")
    assert await fresh.until(lambda s: "4" in s.screen, 5)
    await fresh.press("BACK")

    link = server.invite(inviter="boss")
    told = await onboard(fresh, server, link, "--name", "anna")
    assert told.code == 0, told
    assert json.loads(told.out) == {
        "account": "anna@localhost",
        "registered": True,
        "why": "",
        "changed": True,
        "ok": True,
    }
    for key in ("OK", "UP", "UP", "OK"):
        await fresh.press(key)
    assert await scanned(fresh) == ["xmpp:anna@localhost"]

    boss = Account("boss@localhost", "b", host="127.0.0.1", port=server.port, ca_file=server.ca_file)
    async with signed_in(boss) as (client, ears):
        await ears.until(lambda: client.resources("anna@localhost"))

    token = re.search(r"preauth=([^;]+)", link)[1]
    password = re.search(r'password = "(.*)"', fresh.config.read_text())[1]
    assert len(password) >= 32
    for secret in (token, password):
        assert secret not in fresh.log.read_text() + told.out + told.err


async def test_a_phone_without_account_takes_other_settings(fresh: Desk) -> None:
    """There is nothing that it could register, so nothing is waited for, or taken back."""
    arguments = ("provision", "apply", "--merge", "--within", "50s", "--config", fresh.config)
    told = await phone(*arguments, environment=fresh.environment, stdin='language = "de"\n', seconds=45)
    assert (told.code, told.out.splitlines()[-1]) == (0, "changed: version 2 is confirmed"), told
    assert await fresh.until(lambda s: bool(s.screen) and s.screen[0].startswith("Kein Konto"), 20)


async def test_an_invitation_that_was_used_changes_nothing(fresh: Desk, server: InvitingProsody) -> None:
    before = fresh.config.read_text()
    told = await onboard(fresh, server, server.invite(seconds=-60))
    assert (told.code, told.plain) == (1, True), told
    assert "the invitation was used already, or is too old: ask for a new one" in told.err
    assert fresh.config.read_text() == before

    told = await onboard(fresh, server, link := server.invite(), "--name", "boss")
    assert told.code == 1
    assert "the name boss@localhost is taken: give another name by --name; the invitation is still good" in told.err
    assert (await onboard(fresh, server, link, "--name", "desk")).code == 0
    told = await onboard(fresh, server, server.invite(), "--name", "desk2")
    assert "this phone has the account desk@localhost already: --replace gives it another one" in told.err
    assert server.accounts() == {"boss", "desk"}
