"""What does not work now, all of it: the sentences of `phone status`, for the display and for `systemctl status`."""

from __future__ import annotations

from collections.abc import Callable

from phone.calls.model import Service
from phone.engine import Engine


def all_troubles(engine: Engine, desk_troubles: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """The service first, if there is to be one, then sound, keys, lamps and display, and the messages."""
    fresh = engine.phone.service is Service.NO_ACCOUNT
    fresh = fresh or (engine.phone.service is Service.STARTING and not engine.service_detail)
    service = "" if fresh else engine.trouble()
    return tuple(filter(None, (service, *part_troubles(engine, desk_troubles))))


def part_troubles(engine: Engine, desk_troubles: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """As `all_troubles`, but for the service."""
    told = (*engine.measured.troubles.values(), *desk_troubles(), engine.book.box.trouble)
    return tuple(filter(None, told))
