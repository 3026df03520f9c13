"""A server with accounts, web space and our module, and services beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

from rig.servers_services import Services, ServicesProsody
from rig.spoken import opus_file

from phone.ogg.opusreader import OpusReader
from phone.ogg.page import OggError
from phone.service.app import Service
from phone.service.values import (
    AccountsConfig,
    ComponentConfig,
    MediaConfig,
    ServiceConfig,
    StoreConfig,
)

ROOT = Path(__file__).parents[2]
USERS = {"ann": "a", "boss": "b"}
DOMAIN = "localhost"
VM = "vm.localhost"
VM2 = "vm2.localhost"


class TwoPlaces(ServicesProsody):
    """For two instances of the service."""

    def _config(self) -> str:
        return super()._config() + f'Component "{VM2}" {{ component_secret = "{self.services.secret}" }}\n'


def prosody(
    folder: Path, users: Mapping[str, str] = USERS, more: tuple[str, ...] = (), **changes: object
) -> ServicesProsody:
    """With `server/prosody/mod_voicemail_disco.lua`, and `more` modules; the component may put files on the web."""
    options = {"voicemail_instances": f'{{ "{VM}", "{VM2}" }}'}
    plugins, modules = ("voicemail_disco", *more), ROOT / "server" / "prosody"
    services = Services(plugins=plugins, plugin_folder=modules, options=options, **changes)
    return TwoPlaces(folder, users, services)


def config(server: ServicesProsody, folder: Path, **changes: object) -> ServiceConfig:
    """Of a service whose greeting is a tenth of a second."""
    folder.mkdir(exist_ok=True)
    greeting = folder / "greeting.opus"
    greeting.write_bytes(opus_file([b"\x08" + bytes(8)] * 9))
    made = ServiceConfig(
        component=ComponentConfig(
            server.services.component,
            secret=server.services.secret,
            port=server.services.component_port,
            ca_file=server.ca_file,
        ),
        accounts=AccountsConfig((server.domain,)),
        store=StoreConfig(f"sqlite:///{folder}/store.sqlite", folder / "spool"),
        media=MediaConfig(("127.0.0.1",), processes=1),
        greeting=greeting,
    )
    return replace(made, **changes)


@contextlib.asynccontextmanager
async def serving(settings: ServiceConfig) -> AsyncIterator[Service]:
    """A service that is connected."""
    async with Service(settings) as service:
        await service.connected.wait()
        yield service


async def recorded(settings: ServiceConfig, seconds: float = 2.0) -> None:
    """Wait until so much of some recording is on the disk."""
    async with asyncio.timeout(60):
        while not any(_seconds(part) >= seconds for part in settings.store.spool.glob("*.part")):
            await asyncio.sleep(0.05)


def _seconds(part: Path) -> float:
    with part.open("rb") as file, contextlib.suppress(OggError):
        return OpusReader(file).seconds
    return 0.0
