"""What alice's phone says of itself while a test goes on."""

from __future__ import annotations

import asyncio

from phone.control.messages import CallStatus, LogEntry
from phone.demo.stage import Desk


async def told(alice: Desk, progress: str, within: float = 10) -> CallStatus:
    """The phone's one call, once it is that far."""
    status = await alice.until(lambda s: [c.progress for c in s.calls] == [progress], within)
    assert status is not None, f"not {progress} within {within:g} s, but {(await alice.status()).calls}"
    return status.calls[0]


async def connected(alice: Desk, *, encrypted: bool) -> CallStatus:
    """In a call whose lock tells the truth: on the status and on the screen."""
    await told(alice, "connected")
    lock = "[encrypted]" if encrypted else "[not encrypted]"
    status = await alice.until(lambda s: lock in s.screen[0] and any(c.codec for c in s.calls), 5)
    assert status is not None, (await alice.status()).screen
    (call,) = status.calls
    assert call.encrypted is encrypted
    assert any("not encrypted" in line for line in status.screen[1:]) is not encrypted
    return call


async def rings(alice: Desk) -> None:
    """The bell, and the call on the screen."""
    await told(alice, "offered")
    assert (await alice.status()).ringer


async def calls(alice: Desk, address: str) -> None:
    """Lift and dial."""
    await alice.lift()
    assert await alice.until(lambda s: s.tone == "dial", 5)
    await alice.call(address)


async def ended(alice: Desk, reason: str, screen: str) -> LogEntry:
    """The call is over for that reason, and the display says so."""
    status = await alice.until(lambda s: screen in " ".join(s.screen) and not _live(s.calls), 8)
    assert status is not None, (await alice.status()).screen
    for _ in range(50):
        (entry, *_) = await alice.calls()
        if entry.reason == reason:
            return entry
        await asyncio.sleep(0.05)
    raise AssertionError(f"the log says {entry}")


async def shows(alice: Desk, words: str) -> None:
    """On the display."""
    status = await alice.until(lambda s: words in " ".join(s.screen), 5)
    assert status is not None, (await alice.status()).screen


def _live(calls: tuple[CallStatus, ...]) -> bool:
    return any(c.progress != "ended" for c in calls)
