"""The composition root: makes the parts, ties them to the engine, runs until told to stop. `phone.begin` calls it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from phone import __version__, inbox, memory, stamp
from phone.alltroubles import all_troubles
from phone.attendant import Attendant
from phone.background import Background
from phone.calllog import CallLog
from phone.catchup import CatchUp, missed_away
from phone.clock import SystemClock
from phone.clockfloor import ClockFloor
from phone.config import Config
from phone.control.claim import CONTROL_SOCKET
from phone.control.server import ControlServer
from phone.drivers.base import Contact
from phone.drivers.desk import Desk, open_desk
from phone.drivers.slot import DisplaySlot
from phone.ears import Ears
from phone.engine import Engine
from phone.jingle.agent import Agent
from phone.jingle.elements import features
from phone.journal import CallWriter, Written
from phone.library import Library
from phone.life import Life, stop_asked
from phone.logring import LogRing
from phone.mailclerk import MailClerk
from phone.mailroom import Mailroom
from phone.mailsetup import mailroom
from phone.media.host import MediaHost
from phone.media.plan import Report
from phone.memory import MemoryWriter
from phone.picture import Picture, local
from phone.policy import Policy
from phone.ports import Ports
from phone.prompts import Prompts, default_folder
from phone.quality import QualityBook
from phone.sayings import Sayings
from phone.sdnotify import Notifier
from phone.selfbench import bench
from phone.settings import account, dial_plan, fresh_phone
from phone.supportclerk import SupportClerk
from phone.trial import Keeper
from phone.ui.draw import draw
from phone.ui.menu import Menu
from phone.ui.spoken import Voice
from phone.ui.texts import Texts, load_texts
from phone.waiting import AwaitingClient
from phone.xmpp.client import XmppClient

if TYPE_CHECKING:
    from phone.front import Front

MEMORY = "memory.json"
QUALITY = "quality.json"
LAST_SEEN = "last-seen"
MISSED_SEEN = "missed-seen"
CLOCK = "clock"


async def run(config: Config, keeper: Keeper, media: MediaHost, reported: Sequence[Report]) -> bool:
    """Run the phone until SIGTERM or SIGINT (False) or until another config is to be run (True). `media` is started,
    and has `reported` that already.

    Raises PhoneError where it cannot start.
    """
    async with AsyncExitStack() as stack:
        stop, early = stop_asked(), list[inbox.Item]()
        ears = Ears(early.append)
        for report in reported:
            ears.post(inbox.MediaTold(report))
        media.tell(lambda r: ears.post(inbox.MediaTold(r)), lambda: ears.post(inbox.MediaRestarted()))
        seen, floor = config.state_dir / LAST_SEEN, ClockFloor(SystemClock(), config.state_dir / CLOCK)
        sign_in, known = account(config), stamp.read(seen)
        kind = XmppClient if config.has_account else AwaitingClient
        client = kind(sign_in, ears, _features(config), last_seen=known, clock_trouble=floor.trouble)
        desk = open_desk(config.hardware)
        front = _front(config, desk)
        desk = front.desk if front else desk
        calls = stack.enter_context(closing(CallLog(config.state_dir / "calls.sqlite")))
        library = Library(client, dial_plan(config), config.contacts)
        client.directory = library.directory()
        prompts = Prompts(default_folder(), config.language)
        mail = mailroom(config, client, prompts, lambda news: engine.post(inbox.MailTold(news)))
        stack.callback(mail.close)
        library.box = lambda: mail.box
        sayings = Sayings(prompts.path)
        engine, catch_up = _engine(config, client, media, desk, calls, library, mail, sayings, floor, stack)
        desk.watch_troubles(lambda: engine.post_from_thread(inbox.TimePassed()))  # so that the display says so
        ears.post, ears.contacts, ears.catch_up = engine.post, library.contacts_changed, catch_up.archived
        for item in early:
            engine.post(item)
        clerk = MailClerk(engine, mail.keeper, client.name_of)
        support = _support(config, engine, stack)
        attendant = Attendant(engine, _address(config), calls, desk.sim, engine.now(), clerk, support)
        attendant.desk_troubles, attendant.trial = desk.troubles, keeper.on_trial
        attendant.reload, keeper.busy, keeper.trouble = keeper.reload, engine.busy, engine.trouble
        if front:
            panel = front.server(config.panel, engine, _address(config), config.state_dir)
            await stack.enter_async_context(panel)
            attendant.panel_url = panel.url
        socket = config.run_dir / CONTROL_SOCKET
        await stack.enter_async_context(ControlServer(socket, attendant.answer, left=attendant.left))
        catch_up.writer.begin()
        mail.begin()
        courier = asyncio.get_running_loop().create_task(mail.courier.run())
        stack.callback(courier.cancel)
        stack.callback(desk.inputs.close)
        desk.inputs.start(partial(_contact, engine))
        notifier = Notifier.from_environment()
        return await Life(engine, client, media, keeper, floor, notifier, seen, desk.troubles).run(stop)


def _engine(
    config: Config,
    client: XmppClient,
    media: MediaHost,
    desk: Desk,
    calls: CallLog,
    library: Library,
    mail: Mailroom,
    sayings: Sayings,
    floor: ClockFloor,
    stack: AsyncExitStack,
) -> tuple[Engine, CatchUp]:
    loop = asyncio.get_running_loop()
    slot = DisplaySlot(desk.display, draw, dim=lambda screen: screen.dim)
    stack.callback(slot.close)
    stack.callback(desk.lamps.close)
    writer = CallWriter(calls, SystemClock(), lambda written: loop.call_soon_threadsafe(told, written))
    stack.callback(writer.close)
    keeper = MemoryWriter(config.state_dir / MEMORY)
    stack.callback(keeper.close)
    texts = load_texts(config.language)
    replies = config.calls.texts or texts.replies
    picture = replace(_picture(config, client, texts), troubles=lambda: all_troubles(engine, desk.troubles))
    policy = Policy.of(config, client)
    ports = Ports(
        agent=Agent(
            config.account.jid, policy=policy.peer, new_id=lambda: str(uuid.uuid4()), transfers=policy.transfer
        ),
        client=client,
        media=media,
        lamps=desk.lamps,
        show=slot.show,
        log_call=writer.write,
        remember=keeper.write,
        compose=picture.compose,
        screen_due=picture.due,
        greet=policy.greeting,
        text=replies.__getitem__,
        clear_log=writer.clear,
        missed_seen=partial(stamp.keep, config.state_dir / MISSED_SEEN),
        book=library.book,
        mail=mail,
        sayings=sayings,
    )
    phone = fresh_phone(config, memory.read(config.state_dir / MEMORY), len(replies))
    seen = stamp.read(config.state_dir / MISSED_SEEN) or 0.0
    menu = Menu(seen=seen, voice=Voice(config.language, local))
    engine = Engine(phone, ports, loop, packet_ms=config.audio.packet_ms, menu=menu)
    background = stack.enter_context(closing(Background("self-test")))
    stack.callback(engine.stop)  # before what it works with is closed
    engine.tester.use(bench(config, engine, client, desk, slot, texts, floor, background))

    def told(written: Written) -> None:
        library.called(written.recents)
        engine.post(inbox.BookChanged())
        if event := missed_away(written.missed, engine.now()):
            engine.post(event)

    own = partial(_own, client, config)
    return engine, CatchUp(own, engine.acts, writer, engine.post, SystemClock().wall)


def _picture(config: Config, client: XmppClient, texts: Texts) -> Picture:
    picture = Picture(texts, _line(config), _about(config), config.display.dim_seconds, account=_address(config))
    if isinstance(client, AwaitingClient):
        return replace(picture, reach=lambda: client.reach)
    return picture


def _front(config: Config, desk: Desk) -> Front | None:
    """The panel, where there is to be one: a phone without does not even import it."""
    if not config.panel.port:
        return None
    from phone.front import Front  # noqa: PLC0415

    return Front.of(desk)


def _support(config: Config, engine: Engine, stack: AsyncExitStack) -> SupportClerk:
    ring = LogRing((config.account.secret(), config.calls.lock_code))
    stack.enter_context(ring.listening())
    clock, ports = SystemClock(), engine.ports
    quality = stack.enter_context(closing(QualityBook(config.state_dir / QUALITY, clock)))
    support = SupportClerk(engine, quality, ring, clock, ports.log_call, ports.clear_log)
    ports.log_call, ports.clear_log = support.call_ended, support.forget_calls
    return support


def _features(config: Config) -> tuple[str, ...]:
    return features(plain=any(peer.plain_rtp for peer in config.peers.values()))


def _own(client: XmppClient, config: Config) -> str:
    return client.full_jid or config.account.jid


def _line(config: Config) -> str:
    """What the idle phone calls itself."""
    return config.account.jid.partition("@")[0]


def _about(config: Config) -> tuple[str, ...]:
    """For the menu's last page."""
    jid = _address(config)
    return *((jid,) if jid else ()), f"phone {__version__}"


def _address(config: Config) -> str:
    """The account's; "": none yet."""
    return config.account.jid if config.has_account else ""


def _contact(engine: Engine, contact: Contact) -> None:
    engine.post_from_thread(inbox.ContactChanged(contact))
