"""The tour's last part: a call goes to the machine, and its owner hears the message and deletes it. Checked at ears."""

from __future__ import annotations

import asyncio

from phone.control import StatusReply
from phone.demo.hearing import RATE, Match, find, tone_share, write_wav
from phone.demo.record import Record, Stopwatch
from phone.demo.speech import speak
from phone.demo.stage import Desk, Stage
from phone.demo.tour import LIKE_SPEECH, expect

SAYS = "It is Carol. Lunch at noon?"
BEEP_HZ = 1000.0
_PART = RATE // 10
_BACK = RATE * 6 // 5
"""The message began so long before it is spoken, at most: its silence is played, too."""


async def play(scene: Stage, record: Record) -> None:
    """Play it. The phones are idle before and after."""
    owner, caller = scene.desks["alice"], scene.desks["carol"]
    await _sent_to_the_machine(record, owner, caller)
    await _greeted(record, owner, caller)
    await _leaves_message(record, owner, caller)
    await _heard(record, owner, caller)
    await _deleted(record, owner)


async def _sent_to_the_machine(record: Record, owner: Desk, caller: Desk) -> None:
    await caller.lift()
    await caller.dial(owner.number)
    await owner.until(lambda s: s.ringer, 10)
    watch = Stopwatch()
    await owner.press("VOICEMAIL")
    sent = f"{owner.name} presses VOICEMAIL while it rings: the phone answers {caller.name}"
    await expect(record, owner, sent, "connected, no bell", watch, lambda s: _up(s) and not s.ringer)
    record.picture(f"{owner.name}-greets-{caller.name}", await owner.screen_png())


async def _greeted(record: Record, owner: Desk, caller: Desk) -> None:
    """The tone behind the greeting lasts; speech has a little of it now and then."""
    watch = Stopwatch()
    at = caller.handset.sample_at(watch.started)
    share = 0.0
    for _ in range(200):
        share = max(share, await asyncio.to_thread(_beep, caller, at))
        if share > 0.8:
            break
        at = max(at, caller.handset.now() - 5 * _PART)
        await asyncio.sleep(0.1)
    got = f"{share:.0%} of the sound at {BEEP_HZ:.0f} Hz"
    record.add(f"{caller.name} hears the greeting and the tone", "a tone", got, watch.ms, ok=share > 0.8)
    await owner.until(lambda s: s.screen[0].startswith("Recording"), 5)
    record.picture(f"{owner.name}-records-{caller.name}", await owner.screen_png())


def _beep(caller: Desk, at: int) -> float:
    heard = caller.heard(at, caller.handset.now())
    parts = (heard[begin : begin + _PART] for begin in range(0, len(heard) - _PART + 1, _PART // 2))
    return max((tone_share(part, BEEP_HZ) for part in parts), default=0.0)


async def _leaves_message(record: Record, owner: Desk, caller: Desk) -> None:
    spoken = await asyncio.to_thread(speak, SAYS)
    begin, end = caller.say(spoken)
    await asyncio.sleep((end - begin) / RATE + 0.3)
    watch = Stopwatch()
    await caller.hang_up()
    name = f"{caller.name} has left a message: {owner.name}'s lamp"
    await expect(record, owner, name, "one new message", watch, lambda s: s.new_messages == 1 and "message" in s.lamps)
    record.picture(f"{owner.name}-has-a-message", await owner.screen_png())


async def _heard(record: Record, owner: Desk, caller: Desk) -> None:
    watch = Stopwatch()
    await owner.lift()
    await expect(record, owner, f"{owner.name} lifts: stutter tone", "stutter", watch, lambda s: s.tone == "stutter")
    await owner.press("VOICEMAIL")
    await owner.until(lambda s: s.mailbox, 5)
    record.picture(f"{owner.name}-listens", await owner.screen_png())
    spoken = await asyncio.to_thread(speak, SAYS)
    match, times = Match(0.0, 0.0), 0
    while match.correlation < LIKE_SPEECH and times < 3:
        start = owner.handset.now()
        await owner.press("1")
        await asyncio.sleep((len(spoken) + _BACK) / RATE + 0.6)
        heard = owner.heard(start, start + len(spoken) + _BACK)
        match, times = await asyncio.to_thread(find, spoken, heard), times + 1
    record.add(
        f"{owner.name} presses VOICEMAIL and hears {caller.name} say: {SAYS}",
        f"correlation of at least {LIKE_SPEECH}",
        f"correlation {match.correlation:.2f}{f', played {times} times' if times > 1 else ''}",
        match.delay_ms,
        ok=match.correlation >= LIKE_SPEECH,
    )
    write_wav(record.folder / f"{owner.name}-hears-message.wav", heard)


async def _deleted(record: Record, owner: Desk) -> None:
    watch = Stopwatch()
    await owner.press("3")
    await expect(record, owner, f"{owner.name} presses 3: deleted", "no message", watch, _no_messages)
    record.picture(f"{owner.name}-deletes", await owner.screen_png())
    watch = Stopwatch()
    await owner.hang_up()
    await expect(record, owner, f"{owner.name}: idle, no lamp", "no call", watch, lambda s: not s.calls and not s.lamps)


def _up(status: StatusReply) -> bool:
    return any(c.progress == "connected" for c in status.calls)


def _no_messages(status: StatusReply) -> bool:
    return status.new_messages == 0 and status.old_messages == 0
