"""The tour's second half: three people hold, swap, confer and transfer, checked at their ears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from phone.control import StatusReply
from phone.demo.hearing import loudness, write_wav
from phone.demo.record import Record, Stopwatch
from phone.demo.stage import Desk, Stage
from phone.demo.tour import expect, hears

AUDIBLE = 100.0
"""Loudness that nobody takes for silence (the tune is about twenty times that)."""
_LONG = 1.2
"""Seconds: HOLD held down joins a conference after 0.8."""


async def play(scene: Stage, record: Record) -> None:
    """Play it. The three phones are idle before and after."""
    alice, bob, carol = (scene.desks[name] for name in ("alice", "bob", "carol"))
    await _call(record, alice, bob)
    await _hold(record, alice, bob)
    await _wait_and_swap(record, alice, bob, carol)
    await _confer(record, alice, bob, carol)
    await _transfer(record, alice, bob, carol)
    for desk in (bob, carol):
        await desk.hang_up()
        await desk.until(_idle, 5)
    await _call(record, carol, alice)
    await _transfer_unattended(record, alice, carol, bob)
    await _end(record, alice, bob, carol)


async def _call(record: Record, caller: Desk, callee: Desk) -> None:
    watch = Stopwatch()
    await caller.lift()
    await caller.dial(callee.number)
    await callee.until(lambda s: s.ringer, 10)
    await callee.lift()
    await expect(record, callee, f"{callee.name} answers {caller.name}", "connected", watch, _talks_to(caller))
    await caller.until(_talks_to(callee), 10)


async def _hold(record: Record, holder: Desk, held: Desk) -> None:
    watch = Stopwatch()
    await holder.press("HOLD")
    await _hears_tune(record, held, f"{holder.name} presses HOLD: {held.name} hears a tune", watch)
    record.picture(f"{holder.name}-holds", await holder.screen_png())
    record.picture(f"{held.name}-is-held", await held.screen_png())
    await holder.press("HOLD")
    await hears(record, holder, held, "Here I am again.", "en-gb")
    await hears(record, held, holder, "Nice music you have there.", "en-us")


async def _wait_and_swap(record: Record, alice: Desk, bob: Desk, carol: Desk) -> None:
    watch = Stopwatch()
    await carol.lift()
    await carol.dial(alice.number)
    knocks = f"{carol.name} calls: {alice.name} hears her knock"
    await expect(record, alice, knocks, "call-waiting", watch, lambda s: s.tone == "call-waiting")
    record.picture(f"{alice.name}-waiting", await alice.screen_png())
    watch = Stopwatch()
    await alice.press("HOLD")
    await expect(record, alice, f"HOLD answers {carol.name}", "connected", watch, _talks_to(carol))
    await hears(record, carol, alice, "This is Carol.", "en-us")
    await _hears_tune(record, bob, f"{bob.name} hears the tune meanwhile", Stopwatch())
    await alice.press("HOLD")
    await hears(record, bob, alice, "Is it my turn again?", "en-us")
    record.picture(f"{alice.name}-swapped", await alice.screen_png())


async def _confer(record: Record, alice: Desk, bob: Desk, carol: Desk) -> None:
    watch = Stopwatch()
    await alice.press("HOLD", _LONG)
    joined = f"HOLD held down: {alice.name} joins both"
    await expect(record, alice, joined, "a conference", watch, lambda s: sum(c.conference for c in s.calls) == 2)
    record.picture(f"{alice.name}-confers", await alice.screen_png())
    await hears(record, carol, bob, "Hello Bob, can you hear Carol?", "en-us")
    await hears(record, bob, carol, "Yes Carol, I can.", "en-gb")
    await carol.hang_up()
    await alice.until(lambda s: len(s.calls) == 1, 5)
    await hears(record, alice, bob, "She has left, we go on.", "en-gb")


async def _transfer(record: Record, alice: Desk, bob: Desk, carol: Desk) -> None:
    await alice.press("TRANSFER")
    await alice.until(lambda s: s.tone == "dial", 5)
    record.picture(f"{alice.name}-transfers", await alice.screen_png())
    await alice.dial(carol.number)
    await carol.until(lambda s: s.ringer, 10)
    await carol.lift()
    await alice.until(_talks_to(carol), 10)
    record.picture(f"{alice.name}-announces", await alice.screen_png())
    await hears(record, alice, carol, "I have Bob for you.", "en-gb")
    watch = Stopwatch()
    await alice.hang_up()
    handed = f"{alice.name} hangs up: {bob.name} talks to {carol.name}"
    await expect(record, bob, handed, "connected", watch, _talks_to(carol))
    await hears(record, bob, carol, "Hello Carol, Bob here.", "en-us")
    await hears(record, carol, bob, "Good to hear you, Bob.", "en-gb")
    record.picture(f"{carol.name}-got-bob", await carol.screen_png())


async def _transfer_unattended(record: Record, asker: Desk, handed: Desk, target: Desk) -> None:
    await asker.press("TRANSFER")
    await asker.until(lambda s: s.tone == "dial", 5)
    await asker.dial(target.number)
    await target.until(lambda s: s.ringer, 10)
    record.picture(f"{asker.name}-sends-{handed.name}-on", await asker.screen_png())
    watch = Stopwatch()
    await asker.hang_up()
    rings = f"{asker.name} hangs up while it rings: {handed.name} calls {target.name}"
    await expect(record, target, rings, "offered", watch, _is_called_by(handed))
    record.picture(f"{target.name}-gets-{handed.name}", await target.screen_png())
    watch = Stopwatch()
    await target.lift()
    answers = f"{target.name} answers {handed.name}"
    await expect(record, target, answers, "connected", watch, _talks_to(handed))
    await hears(record, handed, target, "Alice has sent me on to you.", "en-us")
    await hears(record, target, handed, "That is just like her.", "en-gb")
    record.picture(f"{handed.name}-talks-to-{target.name}", await handed.screen_png())


async def _end(record: Record, *desks: Desk) -> None:
    watch = Stopwatch()
    for desk in reversed(desks):
        await desk.hang_up()
    for desk in desks:
        await expect(record, desk, f"{desk.name}: idle", "no call", watch, _idle)


def _idle(status: StatusReply) -> bool:
    return not status.calls and not status.tone


def _talks_to(other: Desk) -> Callable[[StatusReply], bool]:
    def talks(status: StatusReply) -> bool:
        at_the_ear = (c for c in status.calls if not c.held_by_us and not c.handover and not c.bridged_to)
        return any(c.progress == "connected" and c.peer.startswith(f"{other.name}@") for c in at_the_ear)

    return talks


def _is_called_by(other: Desk) -> Callable[[StatusReply], bool]:
    def called(status: StatusReply) -> bool:
        offered = (c for c in status.calls if c.progress == "offered")
        return status.ringer and any(c.peer.startswith(f"{other.name}@") for c in offered)

    return called


async def _hears_tune(record: Record, ear: Desk, name: str, watch: Stopwatch) -> None:
    await asyncio.sleep(0.3)
    start = ear.handset.now()
    await asyncio.sleep(1.0)
    heard = ear.heard(start, ear.handset.now())
    level = loudness(heard)
    record.add(name, "a tune", f"loudness {level:.0f}", watch.ms, ok=level > AUDIBLE)
    write_wav(record.folder / f"{ear.name}-on-hold.wav", heard)
