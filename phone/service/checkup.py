"""`phone voicemail-service check`: each part is tried, and told of in a sentence."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from xml.etree.ElementTree import Element

import msgspec

from phone.errors import ConfigError, PhoneError
from phone.media.serverprobe import ask_all
from phone.media.sockets import local_addresses
from phone.prompts import Prompts, default_folder
from phone.service.chat import Sounds
from phone.service.post import MailCarrier
from phone.service.store import Store
from phone.service.traversal import Traversal
from phone.service.values import ServiceConfig
from phone.service.wording import load_wording
from phone.voicemail.files import Folder
from phone.xmpp.component import XmppComponent
from phone.xmpp.component_api import InnerIq, IqKind

_PATIENCE = 15.0


class Part(msgspec.Struct, frozen=True):
    """One part of the service."""

    name: str
    ok: bool
    sentence: str


class Checkup(msgspec.Struct, frozen=True):
    """All of them."""

    ok: bool
    parts: tuple[Part, ...]


def checkup(config: ServiceConfig) -> Checkup:
    """Of a config that was read without a fault."""
    parts = (_store(config), _spool(config.store.spool), _prompts(config), *asyncio.run(_servers(config)))
    return Checkup(all(part.ok for part in parts), parts)


def _store(config: ServiceConfig) -> Part:
    try:
        store = Store(config.store.url)
        try:
            store.prepare()
        finally:
            store.close()
    except PhoneError as error:
        return Part("store", ok=False, sentence=str(error))
    return Part("store", ok=True, sentence="answers")


def _spool(path: Path) -> Part:
    """Without its lock, which the service may have."""
    above = next((each for each in (path, *path.parents) if each.exists()), path)
    if os.access(above, os.W_OK):
        return Part("spool", ok=True, sentence=f"{path} can be written")
    return Part("spool", ok=False, sentence=f"{path} cannot be written by this user: store.spool names another folder")


def _runs(spool: Path) -> bool:
    """Whether the instance whose spool it is does."""
    try:
        os.close(Folder(spool).lock())
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _prompts(config: ServiceConfig) -> Part:
    prompts = Prompts(default_folder(), config.language)
    if prompts.path("beep") and (config.greeting or prompts.path("service-greeting")):
        return Part("greeting", ok=True, sentence="is there")
    return Part("greeting", ok=False, sentence="is not there: run `python -m phone.prompts.build` once")


async def _servers(config: ServiceConfig) -> tuple[Part, ...]:
    parts = [await _xmpp(config)]
    if config.ice.stun or config.ice.turn:
        parts.append(await _ice(config))
    if config.mail is not None:
        parts.append(await _mail(config))
    return tuple(parts)


async def _ice(config: ServiceConfig) -> Part:
    try:
        servers = Traversal(config.ice).servers((), time.time())
    except ConfigError as error:
        return Part("ice", ok=False, sentence=str(error))
    media = config.media
    addresses = media.addresses or local_addresses()
    answers = await ask_all(servers, addresses, (media.first_port, media.last_port))
    silent = [f"{each.kind} {each.host}:{each.port}" for each in answers if not each.address]
    if silent:
        told = f"{' and '.join(silent)} gives us no address: look after its name, port and secret in [ice]"
        return Part("ice", ok=False, sentence=told)
    return Part("ice", ok=True, sentence=", ".join(f"{each.kind}: we are {each.address}" for each in answers))


async def _mail(config: ServiceConfig) -> Part:
    if config.mail is None:
        raise AssertionError("asked only with [mail]")
    store = Store("sqlite://")
    try:
        await MailCarrier(config.mail, load_wording(config.language), Sounds(store)).check()
    except ConfigError as error:
        return Part("mail", ok=False, sentence=str(error).removeprefix("mail: "))
    finally:
        store.close()
    return Part("mail", ok=True, sentence=f"{config.mail.host} lets us in")


async def _xmpp(config: ServiceConfig) -> Part:
    ears = _Ears()
    wanted = config.component
    component = XmppComponent(wanted.domain, wanted.password(), wanted.host, wanted.port, ears)
    task = asyncio.create_task(component.run())
    try:
        async with asyncio.timeout(_PATIENCE):
            sentence = await ears.told
    except TimeoutError:
        sentence = f"{wanted.host}:{wanted.port} does not answer"
    finally:
        task.cancel()
        await asyncio.wait((task,))
    if sentence.startswith("another component") and await asyncio.to_thread(_runs, config.store.spool):
        # the server looks at the secret first: what it has against us is that the service is there already
        return Part("xmpp", ok=True, sentence=f"this service runs, and is connected as {wanted.domain}")
    return Part("xmpp", ok=not sentence, sentence=sentence or f"{wanted.host} takes us as {wanted.domain}")


class _Ears:
    """Waits for the first word."""

    def __init__(self) -> None:
        self.told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def online(self) -> None:
        self._tell("")

    def offline(self, sentence: str) -> None:
        self._tell(sentence)

    def iq(self, sender: str, to: str, iq_id: str, kind: IqKind, payload: Element) -> bool:
        del sender, to, iq_id, kind, payload
        return False

    def replied(self, token: str, error: str | None) -> None: ...

    def answered(self, token: str, payload: Element | None) -> None: ...

    def message(self, sender: str, to: str, stanza: Element) -> None: ...

    def presence(self, sender: str, to: str, kind: str) -> None: ...

    def delegated(self, server: str, iq_id: str, inner: InnerIq) -> bool:
        del server, iq_id, inner
        return False

    def _tell(self, sentence: str) -> None:
        if not self.told.done():
            self.told.set_result(sentence)
