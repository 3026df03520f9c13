"""The first steps of `phone run`. The media process is started before the config is read and the rest of the phone is
even imported: the dial tone waits for all three, and on a slow card each takes seconds.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from phone.media.host import MediaHost
from phone.media.plan import Report
from phone.unjoined import Unjoined

if TYPE_CHECKING:
    from phone.config import Config
    from phone.trial import Keeper


def run(load: Callable[[], tuple[Config, Keeper]]) -> bool:
    """Run the phone until SIGTERM or SIGINT (False) or until another config is to be run (True). Whoever calls it
    has claimed the control socket.

    Raises PhoneError where it cannot start, and what `load` raises.
    """
    return asyncio.run(begin(load))


async def begin(load: Callable[[], tuple[Config, Keeper]]) -> bool:
    """As `run`, in a running loop."""
    asyncio.get_running_loop().set_default_executor(Unjoined())
    reported: list[Report] = []
    # A restart that early is news to nobody: there are no calls to be lost.
    media = MediaHost(reported.append, lambda: None)
    await media.start()
    try:
        with _no_collecting():
            config, keeper = load()
            from phone.mediasetup import media_setup  # noqa: PLC0415 - knows the config's values

            media.set_up(media_setup(config))
            from phone import app  # noqa: PLC0415 - the whole phone

        return await app.run(config, keeper, media, reported)
    finally:
        await media.close()


@contextmanager
def _no_collecting() -> Iterator[None]:
    """What imports make is no garbage: to look for some among it would be a tenth of their time, then and whenever all
    objects are looked at.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
