"""The tour's first half: one call from lifting to hanging up, played by nobody, checked at the physical side.

Keys and hook are pressed, screens are photographed, and what each ear heard is compared with what the other mouth
said; no step believes a phone's own word where its sound or picture can be had.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from pathlib import Path

from phone.control import StatusReply
from phone.demo.hearing import RATE, Match, find, first_sound, loudness, samples, steady_share, write_wav
from phone.demo.record import Record, Stopwatch
from phone.demo.speech import speak
from phone.demo.stage import Desk, Stage
from phone.drivers.vcard import Card

DIAL_TONE_HZ = 425.0
LIKE_SPEECH = 0.6
"""Correlation above which the far mouth's sentence is taken as heard; another sentence stays below 0.4."""
_PATIENCE = 3
"""Times that a sentence is said before it counts as not heard."""
ALICE_SAYS = "Hello Bob, this is Alice. Can you hear me well?"
BOB_SAYS = "Good morning Alice. Yes, loud and clear, thank you."


async def play(scene: Stage, record: Record) -> None:
    """Play it. Faults are steps that are not ok; only a broken stage raises."""
    alice, bob = scene.desks["alice"], scene.desks["bob"]
    await _idle(record, alice, bob)
    await _dial_tone(record, alice)
    await _ring(record, alice, bob)
    await _answer(record, alice, bob)
    await hears(record, alice, bob, ALICE_SAYS, "en-gb")
    await hears(record, bob, alice, BOB_SAYS, "en-us")
    await _mute(record, alice, bob)
    await _hang_up(record, alice, bob)


async def _idle(record: Record, *desks: Desk) -> None:
    for desk in desks:
        watch = Stopwatch()
        status = await desk.until(lambda s: s.registered, 10)
        got = "registered" if status else (await desk.status()).why
        record.add(f"{desk.name}: in service", "registered", got, watch.ms, ok=status is not None)
    record.picture(f"{desks[0].name}-idle", await desks[0].screen_png())


async def _dial_tone(record: Record, desk: Desk) -> None:
    watch = Stopwatch()
    at = desk.handset.sample_at(watch.started)
    await desk.lift()
    heard = await _sound_of(desk.handset, at)
    first = first_sound(heard)
    share = steady_share(heard[first:], DIAL_TONE_HZ) if first is not None else 0.0
    delay = first * 1000 / RATE if first is not None else watch.ms
    got = f"{share:.0%} of the sound at {DIAL_TONE_HZ:.0f} Hz" if share else "silence"
    record.add(f"{desk.name} lifts: dial tone in the ear", "a 425 Hz tone", got, delay, ok=share > 0.8)
    record.picture(f"{desk.name}-dial-tone", await desk.screen_png())


async def _sound_of(card: Card, at: int) -> array[int]:
    """What it says from `at` until half a second after its first sound, if one comes."""
    for _ in range(100):
        if first_sound(samples(card.hear(at, card.now()))) is not None:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    return samples(card.hear(at, card.now()))


async def _ring(record: Record, caller: Desk, callee: Desk) -> None:
    await caller.dial(callee.number[:-1])
    record.picture(f"{caller.name}-dialling", await caller.screen_png())
    watch = Stopwatch()
    at = callee.ringer.sample_at(watch.started)
    await caller.press(callee.number[-1])
    rings = await expect(record, callee, f"{callee.name}: rings", "offered", watch, lambda s: s.ringer)
    first = first_sound(await _sound_of(callee.ringer, at))
    delay = first * 1000 / RATE if first is not None else watch.ms
    got = "sounds" if first is not None else "silent"
    record.add(f"{callee.name}: bell sounds", "sounds", got, delay, ok=rings and first is not None)
    record.picture(f"{callee.name}-rings", await callee.screen_png())
    await expect(record, caller, f"{caller.name}: hears ringback", "ringback", watch, lambda s: s.tone == "ringback")
    record.picture(f"{caller.name}-ringback", await caller.screen_png())


async def _answer(record: Record, caller: Desk, callee: Desk) -> None:
    watch = Stopwatch()
    await callee.lift()
    for desk in (callee, caller):
        await expect(record, desk, f"{desk.name}: connected and encrypted", "connected", watch, _talking)
        record.picture(f"{desk.name}-talks", await desk.screen_png())


def _talking(status: StatusReply) -> bool:
    return any(c.progress == "connected" and c.encrypted for c in status.calls)


async def hears(record: Record, mouth: Desk, ear: Desk, sentence: str, voice: str) -> None:
    """Let one speak, and look for the sentence in the other's ear. What a busy machine has chopped is said again."""
    spoken = await asyncio.to_thread(speak, sentence, voice)
    match, times = Match(0.0, 0.0), 0
    while match.correlation < LIKE_SPEECH and times < _PATIENCE:
        heard = await _said(mouth, ear, spoken)
        match = await asyncio.to_thread(find, spoken, heard)
        times += 1
    record.add(
        f"{ear.name} hears {mouth.name} say: {sentence}",
        f"correlation of at least {LIKE_SPEECH}",
        f"correlation {match.correlation:.2f}{f', said {times} times' if times > 1 else ''}",
        match.delay_ms,
        ok=match.correlation >= LIKE_SPEECH,
    )
    write_wav(record.folder / f"{ear.name}-hears-{mouth.name}.wav", heard)


async def _said(mouth: Desk, ear: Desk, spoken: array[int]) -> array[int]:
    """Say it; what that ear heard from that instant on."""
    begin, end = mouth.say(spoken)
    start = ear.handset.sample_at(mouth.handset.monotonic_at(begin))
    await asyncio.sleep((end - begin) / RATE + 0.9)
    return ear.heard(start, start + (end - begin) + RATE * 6 // 10)


async def _mute(record: Record, mouth: Desk, ear: Desk) -> None:
    await mouth.press("MUTE")
    await asyncio.sleep(0.5)
    spoken = await asyncio.to_thread(speak, "You must not hear this.")
    begin, end = mouth.say(spoken)
    start = ear.handset.sample_at(mouth.handset.monotonic_at(begin))
    await asyncio.sleep((end - begin) / RATE + 0.5)
    level = loudness(ear.heard(start, start + end - begin))
    lamp = "mute" in (await mouth.status()).lamps
    got = f"loudness {level:.0f}, lamp {'lit' if lamp else 'dark'}"
    record.add(
        f"{mouth.name} presses MUTE: {ear.name} hears nothing", "silence, lamp lit", got, 0, ok=level < 20 and lamp
    )
    record.picture(f"{mouth.name}-muted", await mouth.screen_png())
    await mouth.press("MUTE")


async def _hang_up(record: Record, first: Desk, last: Desk) -> None:
    watch = Stopwatch()
    await first.hang_up()
    await expect(record, last, f"{last.name}: hears that {first.name} has gone", "busy", watch, _gone)
    record.picture(f"{last.name}-ended", await last.screen_png())
    watch = Stopwatch()
    await last.hang_up()
    for desk in (first, last):
        await expect(record, desk, f"{desk.name}: idle again", "no call", watch, lambda s: not s.calls and not s.tone)


def _gone(status: StatusReply) -> bool:
    return status.tone in {"busy", "reorder"}


async def expect(
    record: Record, desk: Desk, name: str, expected: str, watch: Stopwatch, true: Callable[[StatusReply], bool]
) -> bool:
    """Wait for it and note what came."""
    found = await desk.until(true, 10)
    ms = watch.ms
    status = found or await desk.status()
    calls = ", ".join(f"{c.progress}{' encrypted' if c.encrypted else ''} {c.name}" for c in status.calls)
    got = "; ".join(filter(None, (calls or "no call", status.tone and f"tone {status.tone}")))
    return record.add(name, expected, got, ms, ok=found is not None)


def new_record(folder: Path, tell: Callable[..., None]) -> Record:
    """An empty record in a folder that is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return Record(folder, tell)
