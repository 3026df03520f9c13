"""A stage of real parts: Prosody with our module, `phone voicemail-service` as the process that its operator starts,
and phones that are whole daemons.

There are two account domains: `localhost`, which the service serves, and `elsewhere.localhost`, which has no voicemail
at all. alice and bob are of the first, carol is of the second.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.chat_client import ChatClient, chat_client
from rig.servers import PrivateEjabberd
from rig.servers_services import Services, ServicesProsody

from phone.demo.certificates import KeyPair
from phone.demo.prosody import end_process
from phone.demo.stage import Desk, desk, registered

ROOT = Path(__file__).parents[2]
VM = "vm.localhost"
ELSEWHERE = "elsewhere.localhost"
_START_SECONDS = 40.0
_TAKEN = "the XMPP server took us"
_DELEGATED = "http://jabber.org/protocol/disco#items"
"""As server/ejabberd/voicemail.yml has it."""
Edit = Callable[[str], str]


class TwoDomains(ServicesProsody):
    """Prosody with our module on its first host, and a second host without it."""

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str],
        strangers: Mapping[str, str],
        plugins: Sequence[str] = (),
        websocket: bool = False,
        **services: object,
    ) -> None:
        modules = folder / "modules"
        modules.mkdir(parents=True)
        for source in (ROOT / "server" / "prosody", Path(__file__).with_name("prosody")):
            for module in source.glob("mod_*.lua"):
                shutil.copy(module, modules)
        offers = Services(plugins=("voicemail_disco", *plugins), plugin_folder=modules, **services)
        super().__init__(folder, users, offers, websocket=websocket)
        self._strangers = strangers
        self._elsewhere: KeyPair = self._authority.issue(ELSEWHERE)

    def _config(self) -> str:
        own, far = f'VirtualHost "{self.domain}"', self._elsewhere
        # the first host's block stays the last: what follows it in the text belongs to it
        host = f'VirtualHost "{ELSEWHERE}"\n  ssl = {{ certificate = "{far.certificate}"; key = "{far.key}" }}\n'
        return super()._config().replace(own, host + own)

    def _write_data(self) -> None:
        super()._write_data()
        accounts = self.folder / "data" / ELSEWHERE.replace(".", "%2e") / "accounts"
        accounts.mkdir(parents=True, exist_ok=True)
        for user, password in self._strangers.items():
            (accounts / f"{user}.dat").write_text(f'return {{ password = "{password}" }};\n')


@dataclass
class VoicemailService:
    """The service's process. `spool`: where recordings in progress are."""

    config: Path
    log: Path
    spool: Path
    process: asyncio.subprocess.Process | None = None
    _read: int = 0

    async def start(self) -> None:
        """Return when the XMPP server has let it in."""
        self._read = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "phone", "voicemail-service", "--config", str(self.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        await self.says(_TAKEN, _START_SECONDS)

    async def stop(self) -> None:
        """In order, as systemd does."""
        await end_process(self.process)

    async def kill(self) -> None:
        """kill -9: nothing is put away, and nobody is told."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def says(self, words: str, seconds: float = 20.0) -> None:
        """Return when its log has them, since it was started last."""
        async with asyncio.timeout(seconds):
            while words not in self.log.read_bytes()[self._read :].decode():
                assert self.process is not None
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def recorded(self, more_than: int = 8000) -> None:
        """Return when so many bytes of some recording are on the disk."""
        async with asyncio.timeout(30):
            while not any(part.stat().st_size > more_than for part in self.spool.glob("*.part")):
                await asyncio.sleep(0.05)

    @property
    def store(self) -> Path:
        """An SQLite file."""
        return self.config.with_name("store.sqlite")

    def stored(self, query: str) -> list[tuple[Any, ...]]:
        """What its database answers to an operator who looks into it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as store:
            return store.execute(query).fetchall()

    async def until_stored(self, query: str, seconds: float = 40.0) -> None:
        """Return when the query has an answer."""
        async with asyncio.timeout(seconds):
            while not self.stored(query):
                await asyncio.sleep(0.2)

    def unclean(self) -> list[str]:
        """Lines that tell of a bug of its own, or that hold its secret."""
        marks = ("Traceback", "never retrieved", "a fault of ours", "s3cret")
        return [line for line in self.log.read_text().splitlines() if any(mark in line for mark in marks)]


@dataclass
class ServiceStage:
    """All of it. Phones are put on it by `desk`, chat clients by `chat`."""

    folder: Path
    server: TwoDomains | PrivateEjabberd
    service: VoicemailService
    passwords: Mapping[str, str]
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def desk(self, name: str, resource: str = "", edit: Edit = str) -> Desk:
        """A phone of that person's, registered; carol is known to all by her number 202."""

        def edited(config: str) -> str:
            named = f'[account]\nresource = "{resource}"\n' if resource else "[account]\n"
            known = config.replace("carol@localhost", f"carol@{ELSEWHERE}")
            return edit(known.replace("[account]\n", named))

        folder = self.folder / f"{name}-{resource or 'phone'}"
        made = await self._stack.enter_async_context(desk(folder, name, self.passwords[name], self.server, edited))
        await registered(made)
        return made

    async def chat(self, jid: str, resource: str = "chat") -> ChatClient:
        """A chat client on somebody's account."""
        password = self.passwords[jid.partition("@")[0]]
        return await self._stack.enter_async_context(chat_client(self.server, f"{jid}/{resource}", password))


@contextlib.asynccontextmanager
async def service_stage(
    folder: Path, *, edit: Edit = str, more: str = "", password: str = "", ejabberd: bool = False, **services: object
) -> AsyncIterator[ServiceStage]:
    """The server and the service are up inside. `edit` may change the text of the service's config, `more` is put at
    its end; `password`: everybody's, instead of one for each; `ejabberd`: in Prosody's place, and without carol;
    `services` are those of `rig.servers_services.Services` (`plugins`: beside our module) and `websocket`.
    """
    passwords = {name: password or os.urandom(12).hex() for name in ("alice", "bob", "carol")}
    own = {name: passwords[name] for name in ("alice", "bob")}
    server: TwoDomains | PrivateEjabberd
    if ejabberd:
        place = folder / "ejabberd"
        place.mkdir()
        server = PrivateEjabberd(place, own, services=Services(delegate=_DELEGATED, most=1_000_000, **services))
    else:
        server = TwoDomains(folder / "prosody", own, {"carol": passwords["carol"]}, **services)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        service = _prepared(folder / "service", server, edit, more)
        stack.push_async_callback(service.stop)
        await service.start()
        made = ServiceStage(folder, server, service, passwords, stack)
        yield made
    assert not service.unclean(), service.unclean()


def _prepared(folder: Path, server: TwoDomains | PrivateEjabberd, edit: Edit, more: str) -> VoicemailService:
    folder.mkdir()
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(f"{server.services.secret}\n")
    config = folder / "voicemail-service.toml"
    config.write_text(edit(_CONFIG.format(server=server, folder=folder)) + more)
    return VoicemailService(config, folder / "service.log", folder / "spool")


_CONFIG = """\
[component]
domain = "{server.services.component}"
secret_file = "secret"
port = {server.services.component_port}
ca_file = "{server.ca_file}"

[accounts]
domains = ["{server.domain}"]

[store]
url = "sqlite:///{folder}/store.sqlite"
spool = "spool"

[media]
addresses = ["127.0.0.1"]
processes = 1
"""
