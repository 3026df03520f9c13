"""What the self-test is given of this phone: tied together once, at the start."""

from __future__ import annotations

from collections.abc import Callable

from phone import inbox
from phone.background import Background
from phone.calls.model import Service
from phone.clockfloor import ClockFloor
from phone.config import Config
from phone.drivers.desk import Desk
from phone.drivers.slot import DisplaySlot
from phone.engine import Engine
from phone.equipment import equipment
from phone.selftasks import Bench
from phone.selftest.model import Finding
from phone.selftest.steps import Told
from phone.settings import account
from phone.ui.screens import Screen
from phone.ui.texts import Texts
from phone.xmpp.client import XmppClient
from phone.xmpp.jids import domain


def bench(
    config: Config,
    engine: Engine,
    client: XmppClient,
    desk: Desk,
    slot: DisplaySlot[Screen],
    texts: Texts,
    floor: ClockFloor,
    background: Background,
) -> Bench:
    """Raises ConfigError for a profile that cannot be read."""

    def why_offline() -> str:
        if engine.phone.service is Service.ONLINE:
            return ""
        return ": ".join(filter(None, (engine.phone.service.value, engine.service_detail)))

    def in_thread(measure: Callable[[], Finding]) -> None:
        background.do(lambda: engine.post_from_thread(inbox.SelfTestTold(Told(measure(), engine.now()))))

    return Bench(
        equipment=equipment(config),
        texts=texts,
        state_dir=config.state_dir,
        account=config.account.jid if config.has_account else "",
        server=(account(config).host or domain(config.account.jid)) if config.has_account else "",
        desk_troubles=desk.troubles,
        sound_troubles=lambda: tuple(engine.measured.troubles.items()),
        frames=lambda: slot.frames,
        session=lambda: client.session,
        why_offline=why_offline,
        book=lambda: engine.book,
        clock_trouble=floor.trouble,
        in_thread=in_thread,
        keep=background.do,
    )
