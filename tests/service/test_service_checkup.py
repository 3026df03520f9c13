"""`phone voicemail-service check` and its brothers, as the operator of a service types them and reads the answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from service_house import VM, config, prosody, serving

from phone.cli.main import main
from phone.demo.prosody import free_ports
from phone.service.checkup import Part, checkup
from phone.service.values import MailConfig, ServiceConfig


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a service whose XMPP server and mail server are away."""
    path = tmp_path / "service.toml"
    xmpp, mail = free_ports(2)
    path.write_text(
        f"""\
[component]
domain = "vm.b.example"
secret = "s3cret"
port = {xmpp}
[accounts]
domains = ["b.example"]
[store]
url = "sqlite:///{tmp_path}/store.sqlite"
spool = "{tmp_path}/spool"
[mail]
host = "localhost"
port = {mail}
sender = "voicemail@b.example"
"""
    )
    path.chmod(0o600)
    return path


def test_each_part_is_told_of_once_and_what_is_wrong_alone_is_read(file, capsys, caplog):
    assert main(["voicemail-service", "check", "--config", str(file)]) == 1
    told, beside = capsys.readouterr()
    parts = [line.split(": ") for line in told.splitlines()]
    assert [part[0] for part in parts] == ["store", "spool", "greeting", "xmpp", "mail"]
    assert parts[-1][1].startswith("localhost does not let us in")
    assert beside == ""
    assert not caplog.records, "what stands in the table is not told beside it as well"


@pytest.mark.parametrize("before", [False, True])
def test_the_config_may_be_named_before_and_behind_the_command(file, capsys, before):
    named = ["--config", str(file)]
    command = [*named, "status", "--json"] if before else ["status", "--json", *named]
    assert main(["voicemail-service", *command]) == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 0


def test_no_listed_mailboxes_is_said(file, capsys):
    command = ["voicemail-service", "--config", str(file), "user", "list"]
    assert main(command) == 0
    told = "none is listed: every account that b.example vouches for has one (accounts.mailboxes)\n"
    assert capsys.readouterr().out == told
    file.write_text(file.read_text().replace("[store]", 'mailboxes = "any"\n[store]'))
    assert main(["voicemail-service", "user", "list", "--config", str(file)]) == 0
    assert capsys.readouterr().out == 'none is listed: every name at b.example has one (accounts.mailboxes = "any")\n'
    file.write_text(file.read_text().replace('mailboxes = "any"', 'mailboxes = "listed"'))
    assert main(command) == 0
    assert capsys.readouterr().out == "none is listed: nobody has one (accounts.mailboxes)\n"
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_who_is_blocked_can_be_read_again(file, capsys):
    def done(*words: str) -> str:
        assert main(["voicemail-service", *words, "--config", str(file)]) == 0
        return capsys.readouterr().out

    assert done("block", "boss@b.example", "pest@a.example") == ""
    assert done("block", "boss@b.example", "spam.example") == ""
    assert done("block", "boss@b.example") == "pest@a.example\nspam.example\n"
    assert json.loads(done("unblock", "boss@b.example", "pest@a.example", "--json")) == ["spam.example"]
    assert done("block", "ann@b.example") == ""


async def xmpp(settings: ServiceConfig) -> Part:
    found = await asyncio.to_thread(checkup, settings)
    return next(part for part in found.parts if part.name == "xmpp")


@pytest.mark.servers
async def test_a_service_that_runs_is_no_trouble(tmp_path):
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with prosody(folder) as server:
        settings = replace(config(server, tmp_path / "vm"), mail=MailConfig("localhost", "v@b.example"))
        async with serving(settings):
            assert await xmpp(settings) == Part("xmpp", True, f"this service runs, and is connected as {VM}")  # noqa: FBT003
            wrong = replace(settings, component=replace(settings.component, secret="wrong"))
            assert "refuses the secret" in (await xmpp(wrong)).sentence
            elsewhere = replace(settings, store=replace(settings.store, spool=tmp_path / "other"))
            other = await xmpp(elsewhere)
            assert not other.ok
            assert "each needs a domain of its own" in other.sentence
        assert (await xmpp(settings)).ok
