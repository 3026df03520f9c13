"""The composition root: makes the parts, ties them to the engine, runs until told to stop."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from functools import partial
from xml.etree.ElementTree import Element

from phone import inbox, memory
from phone.attendant import Attendant
from phone.calllog import CallLog
from phone.calls.model import IdSource, Memory, Phone, Timers
from phone.calls.numbers import DialPlan
from phone.clock import SystemClock
from phone.config import Config, PeerConfig
from phone.control.server import ControlServer
from phone.drivers.base import Contact
from phone.drivers.desk import Desk, open_desk
from phone.drivers.slot import DisplaySlot
from phone.engine import Engine
from phone.jingle.agent import Agent
from phone.jingle.api import PeerPolicy
from phone.jingle.elements import FEATURES
from phone.journal import CallWriter
from phone.media import plan
from phone.media.host import MediaHost
from phone.memory import MemoryWriter
from phone.picture import Picture
from phone.ports import Ports
from phone.ui.draw import draw
from phone.ui.texts import load_texts
from phone.xmpp.api import Account, Client, ServiceName
from phone.xmpp.client import XmppClient
from phone.xmpp.jids import bare, canonical, domain

log = logging.getLogger(__name__)

CONTROL_SOCKET = "control.sock"
MEMORY = "memory.json"


def run(config: Config) -> int:
    """Run the phone until SIGTERM or SIGINT. Raises PhoneError where it cannot start."""
    asyncio.run(_run(config))
    return 0


@dataclass(slots=True)
class _Ears:
    """The xmpp room's listener: everything becomes an inbox item."""

    engine: Engine | None = None

    def service(self, name: ServiceName, detail: str) -> None:
        self._post(inbox.ServiceTold(name, detail))

    def iq(self, sender: str, iq_id: str, payload: Element) -> bool:
        self._post(inbox.IqArrived(sender, iq_id, payload))
        return True

    def message(self, sender: str, to: str, payload: Element, *, carbon: bool, sent_by_us: bool) -> None:
        self._post(inbox.MessageArrived(sender, to, payload, carbon, sent_by_us))

    def bounced(self, sender: str, proposal: str, condition: str) -> None:
        self._post(inbox.Bounced(sender, proposal, condition))

    def replied(self, token: str, error: str | None) -> None:
        self._post(inbox.Replied(token, error))

    def unavailable(self, full_jid: str) -> None:
        self._post(inbox.ResourceGone(full_jid))

    def _post(self, item: inbox.Item) -> None:
        if self.engine is not None:
            self.engine.post(item)


async def _run(config: Config) -> None:
    async with AsyncExitStack() as stack:
        ears = _Ears()
        client = XmppClient(_account(config), ears, FEATURES)
        desk = open_desk(config.hardware)
        calls = stack.enter_context(closing(CallLog(config.state_dir / "calls.sqlite")))
        engine, media = _engine(config, client, desk, calls, stack)
        ears.engine = engine
        attendant = Attendant(engine, config.account.jid, calls, desk.sim, engine.now())
        await stack.enter_async_context(ControlServer(config.run_dir / CONTROL_SOCKET, attendant.answer))
        await media.start(_setup(config))
        stack.push_async_callback(media.close)
        stack.callback(desk.inputs.close)
        desk.inputs.start(partial(_contact, engine))
        await _until_stopped(client, engine)


def _engine(
    config: Config, client: XmppClient, desk: Desk, calls: CallLog, stack: AsyncExitStack
) -> tuple[Engine, MediaHost]:
    media = MediaHost(lambda report: engine.post(inbox.MediaTold(report)), lambda: engine.post(inbox.MediaRestarted()))
    slot = DisplaySlot(desk.display, draw)
    stack.callback(slot.close)
    stack.callback(desk.lamps.close)
    writer = CallWriter(calls, SystemClock())
    stack.callback(writer.close)
    keeper = MemoryWriter(config.state_dir / MEMORY)
    stack.callback(keeper.close)
    picture = Picture(load_texts(config.language))
    ports = Ports(
        agent=Agent(
            config.account.jid, policy=partial(_policy, _peers(config), client), new_id=lambda: str(uuid.uuid4())
        ),
        client=client,
        media=media,
        lamps=desk.lamps,
        show=slot.show,
        log_call=writer.write,
        remember=keeper.write,
        compose=picture.compose,
        screen_due=picture.due,
    )
    engine = Engine(
        _phone(config, memory.read(config.state_dir / MEMORY)),
        ports,
        asyncio.get_running_loop(),
        packet_ms=config.audio.packet_ms,
    )
    return engine, media


async def _until_stopped(client: XmppClient, engine: Engine) -> None:
    """Stay signed in until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    signed_in = loop.create_task(client.run())
    stopped = loop.create_task(stop.wait())
    done, _ = await asyncio.wait({signed_in, stopped}, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping")
    engine.stop()
    for task in (signed_in, stopped):
        task.cancel()
    await asyncio.gather(signed_in, stopped, return_exceptions=True)
    if signed_in in done:
        signed_in.result()  # it never returns by itself: raise what ended it


def _contact(engine: Engine, contact: Contact) -> None:
    engine.post_from_thread(inbox.ContactChanged(contact))


def _account(config: Config) -> Account:
    host, port = _server(config.account.server)
    return Account(
        jid=config.account.jid,
        password=config.account.secret(),
        resource=config.account.resource,
        host=host,
        port=port,
        direct_tls=config.account.direct_tls,
        ca_file=config.account.ca_file,
        services=config.network.stun,
    )


def _server(server: str | None) -> tuple[str | None, int | None]:
    if server is None:
        return None, None
    host, colon, port = server.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return server.strip("[]"), None


def _setup(config: Config) -> plan.Setup:
    handset, ringer, network = config.audio.handset, config.audio.ringer, config.network
    return plan.Setup(
        handset=plan.Device(handset.capture, handset.playback),
        ringer=plan.Device("", ringer.playback),
        country=config.country,
        addresses=network.addresses,
        relay_only=network.relay_only,
        opus_complexity=config.audio.opus_complexity,
        port_range=(network.first_port, network.last_port),
        log_level=config.log_level,
    )


def _phone(config: Config, remembered: Memory) -> Phone:
    host = config.dial.domain or domain(config.account.jid)
    return Phone(
        ids=IdSource(secrets.token_bytes(32)),
        last_dialled=remembered.last_dialled,
        handset_volume=remembered.handset_volume,
        ringer_volume=remembered.ringer_volume,
        plan=DialPlan.of(host, config.dial.gateway, config.dial.digit_map, config.dial.short),
        timers=Timers(
            inter_digit=config.dial.inter_digit_seconds,
            ring=config.ring_seconds,
            no_answer=config.no_answer_seconds,
        ),
        country=config.country,
    )


def _peers(config: Config) -> dict[str, PeerConfig]:
    """[peers] by canonical address: an operator may write them with capitals."""
    return {canonical(key) or key: entry for key, entry in config.peers.items()}


def _policy(peers: Mapping[str, PeerConfig], client: Client, jid: str) -> PeerPolicy:
    """The most exact entry wins: full JID, bare JID, then domain."""
    entry = next((peers[key] for key in (jid, bare(jid), domain(jid)) if key in peers), PeerConfig())
    return PeerPolicy(plain_rtp=entry.plain_rtp, direct=entry.direct, contact=client.is_contact(jid))
