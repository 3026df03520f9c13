"""Messages by the clock: from the VOICEMAIL key to the first spoken word, from hanging up to the callee's lamp.

Two phones alone, one of which answers for its owner; then with the service, which takes what is left and tells the
owner's phone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from rig.service_stage import service_stage
from rig.signals import first_sound, onset, speech_delay
from rig.words import Samples, decoded

from bench.daemon import NUMBERS, SECRET, Daemon, is_idle, phones, phones_at
from bench.ears import heard, seats, sing
from bench.manners import Moments, keep, told
from bench.model import Case, Options, Result, Say
from phone.control import Dnd, Status, StatusReply, ask
from phone.drivers.vcard import RATE, Card
from phone.prompts import default_folder

_TRIALS = 12
"""A round."""
_WAIT = 2.0
"""Seconds in which the first word comes, or it does not count."""
_WORD = RATE * 3 // 10
"""So much of a sentence tells it from all else: a dial tone goes on until it begins."""
_LIKE = 0.5
_SPOKEN = 1.6
"""Seconds of a message."""
_BEEP_HZ = 1000.0
_PATIENCE = 20.0
_QUIET = 0.4
_GREETING = default_folder() / "en" / "you-have.opus"
"""Real speech, and short: a figure is wanted many times."""
_MACHINE = f'[voicemail]\ngreeting = "{_GREETING}"\n'

Leave = Callable[[Daemon, Daemon], Awaitable[Moments]]


@cache
def _sentence(file: Path) -> tuple[Samples, int]:
    """Its beginning, and where in that the first sound is."""
    begin = decoded(file, "opus")[:_WORD]
    return begin, first_sound(begin) or 0


def first_word(card: Card, file: Path, since: float) -> float | None:
    """Milliseconds after `since` when that prompt begins to be heard; None: it is not."""
    return word_in(heard(card, since, _WAIT), file)


def word_in(sound: Samples, file: Path) -> float | None:
    """The same in what was heard, from its beginning on."""
    begin, silent = _sentence(file)
    match = speech_delay(begin, sound)
    return match.delay_ms + silent / RATE * 1e3 if match.likeness > _LIKE else None


async def beep_over(caller: Daemon, since: float) -> None:
    """Wait for the tone after the greeting. Raises RuntimeError."""
    while time.monotonic() < since + _PATIENCE:
        seconds = time.monotonic() - since
        if onset(heard(caller.card, since, seconds), _BEEP_HZ, window=RATE // 5) is not None:
            await asyncio.sleep(_QUIET)
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{caller.name} heard no tone to speak after")


async def hang_up_to_lamp(caller: Daemon, callee: Daemon) -> float:
    """Milliseconds. The status is asked again and again: what it tells of is a few milliseconds old."""
    before = (await callee.status()).new_messages
    hung_up = asyncio.create_task(caller.hang_up())

    def lit() -> float:
        while time.monotonic() < began + _PATIENCE:
            status = ask(callee.control, Status())
            if status.new_messages > before and "message" in status.lamps:
                return time.monotonic()
        raise RuntimeError(f"{callee.name}'s lamp stays dark")

    began = time.monotonic()
    seen = await asyncio.to_thread(lit)
    return (seen - await hung_up) * 1e3


async def message_left(caller: Daemon, callee: Daemon, since: float) -> float:
    """Speak after the tone, and hang up: milliseconds to the lamp."""
    await beep_over(caller, since)
    sing(_SPOKEN, caller)
    await asyncio.sleep(_SPOKEN + 0.2)
    lamp = await hang_up_to_lamp(caller, callee)
    await caller.until(is_idle, "idle")
    return lamp


async def at_the_phone(alice: Daemon, bob: Daemon) -> Moments:
    """bob does not want to be disturbed: his phone answers at once."""
    await alice.lift()
    since = await alice.dial(NUMBERS[bob.name] + "#")
    return {"hang-up to lamp": await message_left(alice, bob, since)}


async def at_the_service(alice: Daemon, bob: Daemon) -> Moments:
    """She does not wait for him to answer."""
    await alice.lift()
    await alice.dial(NUMBERS[bob.name] + "#")
    await bob.until(lambda status: status.ringer, "ringing")
    await asyncio.sleep(_QUIET)
    pressed = await alice.press("VOICEMAIL")
    await asyncio.sleep(_WAIT)
    word = first_word(alice.card, _GREETING, pressed)
    lamp = await message_left(alice, bob, pressed)
    return {"VOICEMAIL while it rings to the service's first word": word, "hang-up to lamp": lamp}


async def own_messages(owner: Daemon) -> Moments:
    """By the handset, then by the speaker."""
    prompt = default_folder() / "en" / "you-have.opus"
    await owner.lift()
    await owner.until(lambda status: status.tone == "stutter", "at stutter tone")
    handset = await owner.press("VOICEMAIL")
    await asyncio.sleep(_WAIT)
    await owner.hang_up()
    await owner.until(_closed, "on hook")
    await asyncio.sleep(_QUIET)
    speaker = await owner.press("VOICEMAIL")
    await asyncio.sleep(_WAIT)
    await owner.press("BACK")
    await owner.until(_closed, "out of the mailbox")
    assert owner.speaker is not None
    return {
        "VOICEMAIL to the first word in the handset": first_word(owner.card, prompt, handset),
        "VOICEMAIL to the first word at the speaker": first_word(owner.speaker, prompt, speaker),
    }


def _closed(status: StatusReply) -> bool:
    return not status.mailbox and is_idle(status)


async def _trials(result: Result, leave: Leave, alice: Daemon, bob: Daemon, options: Options, say: Say) -> Result:
    missing = set[str]()
    for number in range(_TRIALS * options.rounds):
        say(f"{result.case}, {number + 1} of {_TRIALS * options.rounds}")
        missing |= keep(result, await leave(alice, bob))
        missing |= keep(result, await own_messages(bob))
    return told(result, missing)


async def _phone(options: Options, say: Say) -> Result:
    folder = options.folder / "voicemail-phone"
    with seats(folder, "alice", "bob", speakers=("bob",), more={"bob": _MACHINE}) as places:
        async with phones(folder, places, options) as (alice, bob):
            await asyncio.to_thread(ask, bob.control, Dnd(on=True))
            return await _trials(Result("voicemail-phone", packet_ms=20), at_the_phone, alice, bob, options, say)


async def _service(options: Options, say: Say) -> Result:
    folder = options.folder / "voicemail-service"

    def own_greeting(config: str) -> str:
        return f'greeting = "{_GREETING}"\n{config}\n[limits]\nper_hour = 10000\n'

    with seats(folder, "alice", "bob", speakers=("bob",)) as places:
        async with (
            service_stage(folder / "stage", edit=own_greeting, password=SECRET) as scene,
            phones_at(scene.server, folder, places, options) as (alice, bob),
        ):
            return await _trials(Result("voicemail-service", packet_ms=20), at_the_service, alice, bob, options, say)


def _run(measured: Callable[[Options, Say], Awaitable[Result]]) -> Callable[[Options, Say], Result]:
    async def measure(options: Options, say: Say) -> Result:
        return await measured(options, say)

    return lambda options, say: asyncio.run(measure(options, say))


CASES = (
    Case("voicemail-phone", "VOICEMAIL to the first word, hang-up to the lamp: the phone answers", _run(_phone)),
    Case("voicemail-service", "the same: the service takes the message", _run(_service)),
)
