"""What `server/` ships, read by the real servers as it stands: ports, folders and certificates alone are the test's."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from rig.servers import PrivateEjabberd
from rig.servers_ears import Server, download
from rig.servers_services import Services, ejabberd_listeners
from rig.spoken import opus_file
from service_caller import Call, Person, person, speech
from service_house import ROOT, USERS, serving

from phone.demo.certificates import Authority
from phone.demo.prosody import PrivateProsody, free_ports
from phone.service.checks import load

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

DOMAIN, VM = "b.example", "vm.b.example"
BOX = f"boss@{VM}/voicemail"
SECRET = "the secret of voicemail-service.toml"
SHIPPED = ROOT / "server"


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, f"no longer shipped: {old}"
        text = text.replace(old, new, 1)
    return text


class ShippedProsody(PrivateProsody):
    """`server/prosody/voicemail.cfg.lua` before the block of the host, as an operator may put it."""

    def __init__(self, folder: Path, users: Mapping[str, str]) -> None:
        super().__init__(folder, users, domain=DOMAIN)
        self.component_port, self._web_port = free_ports(2)
        self._web = self._authority.issue("localhost")

    def _ports(self) -> list[int]:
        return [*super()._ports(), self.component_port, self._web_port]

    def _config(self) -> str:
        shipped = changed((SHIPPED / "prosody" / "voicemail.cfg.lua").read_text(), ("/opt/phone", str(ROOT)))
        mine = (
            f'component_ports = {{ {self.component_port} }}\ncomponent_interfaces = {{ "127.0.0.1" }}\n'
            f'https_interfaces = {{ "127.0.0.1" }}\nhttp_external_url = "https://localhost:{self._web_port}/"\n'
            f'https_ssl = {{ certificate = "{self._web.certificate}"; key = "{self._web.key}" }}\n'
            # the web space answers under the name that its address has here
            'http_host = "localhost"\n'
        )
        host = f'VirtualHost "{DOMAIN}"\n  ssl'
        web = f"https_ports = {{ {self._web_port} }}"
        return changed(super()._config(), ("https_ports = {}", web), (host, f"{mine}{shipped}{host}"))


class ShippedEjabberd(PrivateEjabberd):
    """`server/ejabberd/voicemail.yml`, merged into the sections that are there."""

    def __init__(self, folder: Path, users: Mapping[str, str]) -> None:
        super().__init__(folder, users, domain=DOMAIN, services=Services())
        self.component_port = self.services.component_port
        authority = Authority(folder / "web")
        self._web = authority.issue("localhost")
        with self.ca_file.open("ab") as trusted:
            trusted.write(authority.file.read_bytes())

    def _config(self) -> str:
        offered, self.services = self.services, None
        own = f'certfiles: ["{self._certificate.both}"'
        merged = changed(super()._config(), (own, f'{own}, "{self._web.both}"'))
        self.services = offered
        # of the listeners that an ejabberd has anyway, the one of its web space
        web = ejabberd_listeners(offered).partition(f"  - port: {offered.web_port}")
        shipped = changed(
            (SHIPPED / "ejabberd" / "voicemail.yml").read_text(),
            ("port: 5347", f"port: {self.component_port}"),
            ("@HOST@:5443", f"localhost:{offered.web_port}"),
        )
        sections = dict(re.findall(r"^(\w+):\n((?:(?: .*)?\n)+)", f"{shipped}\n", re.MULTILINE))
        assert set(sections) == {"listen", "acl", "access_rules", "modules"}
        sections["listen"] += f"{web[1]}{web[2]}"
        for name, lines in sections.items():
            found = f"\n{name}:\n"
            merged = merged.replace(found, found + lines) if found in merged else f"{merged}{name}:\n{lines}"
        return merged


@pytest.fixture(params=[ShippedProsody, ShippedEjabberd], ids=["prosody", "ejabberd"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    if request.param is ShippedProsody and shutil.which("prosody") is None:
        pytest.skip("Prosody is not installed: apt install prosody")
    folder = tmp_path / "server"
    folder.mkdir()
    async with request.param(folder, USERS) as running:
        yield running


def configured(server: ShippedProsody | ShippedEjabberd, folder: Path) -> Path:
    """`server/voicemail-service.example.toml`, on this machine."""
    folder.mkdir()
    (folder / "voicemail.secret").write_text(SECRET)
    (folder / "mail.secret").write_text("word")
    (folder / "greeting.opus").write_bytes(opus_file([b"\x08" + bytes(8)] * 9))
    for each in folder.iterdir():
        each.chmod(0o600)
    config = folder / "voicemail-service.toml"
    text = (SHIPPED / "voicemail-service.example.toml").read_text()
    config.write_text(
        changed(
            text.replace("/etc/phone-voicemail/", f"{folder}/").replace(
                "/var/lib/phone-voicemail-service/", f"{folder}/"
            ),
            ("# port = 5347", f"port = {server.component_port}"),
            ('# ca_file = "/etc/ssl/own-ca.pem"', f'ca_file = "{server.ca_file}"'),
            ("# spool =", "spool ="),
            ("# greeting =", "greeting ="),
            ("# [media]", "[media]"),
            ('# addresses = ["192.0.2.10"]', 'addresses = ["127.0.0.1"]'),
        )
    )
    return config


async def heard(server: Server, ann: Person, boss: Person, folder: Path) -> None:
    """A message of ann's is in boss's chat, and can be fetched."""
    async with Call(ann, speech(folder / "words", 2.0)) as call:
        call.start(BOX, f"boss@{DOMAIN}")
        await call.until_said()
        call.hang_up()
        await boss.until(lambda: len(boss.chats) == 2)
    data, kind = await download(boss.bodies()[1], server.ca_file)
    assert (kind, data[4:8]) == ("audio/mp4", b"ftyp")


async def test_what_is_shipped_makes_a_voicemail_and_takes_nothing_away(server, tmp_path):
    async with (
        serving(load(configured(server, tmp_path / "vm"))),
        person(server, "ann", USERS["ann"]) as ann,
        person(server, "boss", USERS["boss"]) as boss,
    ):
        assert await ann.address(boss.jid.partition("/")[0]) == BOX
        assert await boss.address("", "outgoingvoicemail") == f"outgoing@{VM}/outgoingvoicemail"
        await heard(server, ann, boss, tmp_path)
        # who has an account puts files on the web as before: photos of the chat, and the phone's own voice messages
        url = await ann.client.upload(tmp_path / "words", "words.opus", "audio/ogg")
        data, _ = await download(url, server.ca_file)
        assert data == (tmp_path / "words").read_bytes()
