"""What callers and owners of messages do on a stage with a voicemail service."""

from __future__ import annotations

import asyncio
import json
from array import array

import numpy as np
from journeys.listening import Ear
from journeys.shell import phone
from journeys.steps import connected, does, idle
from rig.signals import onset
from rig.words import LIKE_SPEECH, Samples, decoded, likeness, spoken

from phone.control import StatusReply
from phone.demo.hearing import RATE
from phone.demo.stage import Desk
from phone.prompts import default_folder

BEEP_HZ = 1000.0


def assert_words(sentence: str, heard: array[int] | Samples) -> None:
    """The sentence is in there."""
    found = likeness(spoken(sentence), heard)
    assert found > LIKE_SPEECH, f"{found:.2f} like {sentence!r}, of {len(heard) / RATE:.1f} s"


async def calls_his_voicemail(caller: Desk, number: str) -> Ear:
    """Dial, and press VOICEMAIL while it rings; the ear has heard all since the service took it."""
    await caller.lift()
    await does(caller, lambda s: s.tone in ("dial", "stutter"))
    await caller.dial(number)
    await does(caller, lambda s: s.tone == "ringback")
    ear = Ear(caller.handset)
    await caller.press("VOICEMAIL")
    return ear


async def greeted(caller: Desk, ear: Ear) -> None:
    """The call is up, and the beep is over."""
    await does(caller, connected, 20)
    await beeped(ear)


async def beeped(ear: Ear, seconds: float = 25) -> None:
    """The beep was heard, and is over. Speech has a little of every tone: it is a beep if it lasts."""
    deadline = asyncio.get_running_loop().time() + seconds
    while onset(np.array(ear.heard(), np.int16), BEEP_HZ, window=RATE // 5) is None:
        assert asyncio.get_running_loop().time() < deadline, f"{ear.card.name}: no beep"
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)


def hears_greeting(heard: array[int], prompt: str = "greeting") -> None:
    """A built-in one: the phone's own, or `service-greeting`."""
    found = likeness(decoded(default_folder() / "en" / f"{prompt}.opus", "opus"), heard)
    assert found > LIKE_SPEECH, f"{found:.2f} like the greeting"


async def says(caller: Desk, sentence: str) -> None:
    """To the end of the sentence."""
    begin, end = caller.say(spoken(sentence))
    await asyncio.sleep((end - begin) / RATE + 0.6)


async def hangs_up(caller: Desk) -> None:
    """And the phone comes to rest."""
    await caller.hang_up()
    await does(caller, idle)


async def leaves_message(caller: Desk, number: str, sentence: str) -> None:
    """From lifting to hanging up."""
    await greeted(caller, await calls_his_voicemail(caller, number))
    await says(caller, sentence)
    await hangs_up(caller)


def lamp(status: StatusReply) -> bool:
    """The message lamp blinks."""
    return "message" in status.lamps


def dark(status: StatusReply) -> bool:
    """It does not."""
    return not lamp(status)


async def looks_at_calls(owner: Desk) -> None:
    """The lamp tells of missed calls, too, until somebody has looked at them."""
    await owner.press("UP")
    await owner.press("BACK")


async def messages(desk: Desk) -> list[tuple[str, str]]:
    """(state, address) of those in the phone's mailbox, newest first, as `phone voicemail list` tells."""
    outcome = await phone("voicemail", "list", "--json", "--config", desk.config)
    assert outcome.code == 0, outcome
    return [(m["state"], m["address"]) for m in json.loads(outcome.out)["messages"]]


async def has(desk: Desk, *expected: str, seconds: float = 20) -> None:
    """Its mailbox holds messages in these states, newest first."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (found := [state for state, _ in await messages(desk)]) != list(expected):
        assert asyncio.get_running_loop().time() < deadline, f"{desk.name} has {found}, not {expected}"
        await asyncio.sleep(0.3)


async def hears_message(owner: Desk, sentence: str, *, old: bool = False) -> None:
    """Lift, VOICEMAIL (and 1, where nothing is new): it is played; the mailbox stays open."""
    await owner.lift()
    await does(owner, lambda s: s.tone in ("dial", "stutter"))
    ear = Ear(owner.handset)
    await owner.press("VOICEMAIL")
    if old:
        await owner.press("1")
    await heard_at(ear, sentence)


async def heard_at(ear: Ear, sentence: str, seconds: float = 30) -> None:
    """Wait until it has been heard to its end."""
    deadline = asyncio.get_running_loop().time() + seconds
    found = 0.0
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(1.0)
        now = ear.card.now()
        found = await asyncio.to_thread(likeness, spoken(sentence), _heard(ear, now))
        if found > LIKE_SPEECH:
            return
    raise AssertionError(f"{ear.card.name}: {found:.2f} like {sentence!r}")


def _heard(ear: Ear, now: int) -> array[int]:
    """A card forgets what is older than half a minute."""
    return array("h", ear.card.hear(max(ear.began, now - 25 * RATE), now))


async def switch_off(*desks: Desk) -> None:
    """In order, as systemd does at a shutdown."""
    for each in desks:
        each.process.terminate()
        await asyncio.wait_for(each.process.wait(), 20)
