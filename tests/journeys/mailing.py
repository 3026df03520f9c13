"""Messages that the phone takes for its owner, as callers, the owner at his desk and the owner at a shell meet them."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from journeys.leaving import greeted
from journeys.listening import Ear
from journeys.shell import phone
from journeys.steps import connected, does, idle
from rig.words import LIKE_SPEECH, Samples, decoded, likeness, spoken

from phone.control import StatusReply
from phone.demo.hearing import RATE
from phone.demo.stage import Desk
from phone.prompts import default_folder

_MEMORY = 25
"""Seconds of the past in which something is looked for: a card remembers 30."""
_PATIENCE = 40.0


def answering(*lines: str, **more: str) -> Callable[[str], str]:
    """An edit of configs: `lines` of [voicemail] for all desks, and by name what ends a desk's config. Nobody is
    waited for long.
    """
    common = lines if any(each.startswith("answer_seconds") for each in lines) else ("answer_seconds = 5.0", *lines)
    section = "\n".join(("", "[voicemail]", *common, ""))

    def edit(config: str) -> str:
        own = next((text for name, text in more.items() if f'jid = "{name}@' in config), "")
        return f"{config}{section}{own}\n"

    return edit


# --- callers ---------------------------------------------------------------------------------------------------------


async def calls(caller: Desk, callee: Desk) -> Ear:
    """Lift and dial; all that the caller hears from then on."""
    await caller.lift()
    await does(caller, lambda s: s.tone in ("dial", "stutter"))
    ear = Ear(caller.handset)
    await caller.dial(callee.number)
    return ear


async def reaches_machine(caller: Desk, callee: Desk) -> Ear:
    """Until the beep is over; the ear has heard the greeting before it."""
    ear = await calls(caller, callee)
    await greeted(caller, ear)
    return ear


async def leaves(caller: Desk, callee: Desk, sentence: str) -> None:
    """A message, from lifting to hanging up; it is in the callee's mailbox then."""
    before = len(await letters(callee))
    await reaches_machine(caller, callee)
    await records(callee)
    begin, end = caller.say(spoken(sentence))
    await asyncio.sleep((end - begin) / RATE + 0.6)
    await caller.hang_up()
    await does(caller, idle)
    await mailbox_holds(callee, lambda them: len(them) == before + 1)


async def records(callee: Desk) -> StatusReply:
    """The display says so."""
    return await does(callee, lambda s: s.screen[0].startswith("Recording"))


# --- the owner at a shell -------------------------------------------------------------------------------------------


async def at_shell(desk: Desk, *arguments: str) -> str:
    """`phone voicemail ...` does it, and says so in sentences."""
    outcome = await phone("voicemail", *arguments, "--config", desk.config)
    assert outcome.code == 0, outcome
    assert outcome.plain, outcome
    return outcome.out


async def letters(desk: Desk) -> list[dict[str, Any]]:
    """What `phone voicemail list --json` tells, newest first."""
    found: list[dict[str, Any]] = json.loads(await at_shell(desk, "list", "--json"))["messages"]
    return found


async def mailbox_holds(desk: Desk, true: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """It does, or will soon."""
    deadline = asyncio.get_running_loop().time() + 15
    while not true(found := await letters(desk)):
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"{desk.name}'s mailbox: {found}")
        await asyncio.sleep(0.2)
    return found


async def mailbox_states(desk: Desk, *states: str) -> None:
    """The messages in it, newest first."""
    await mailbox_holds(desk, lambda them: [each["state"] for each in them] == list(states))


# --- the owner at his desk ------------------------------------------------------------------------------------------


async def opens_mailbox(owner: Desk) -> Ear:
    """Lift and press VOICEMAIL; all that is heard from then on."""
    await owner.lift()
    await does(owner, lambda s: s.tone in ("dial", "stutter"))
    ear = Ear(owner.handset)
    await owner.press("VOICEMAIL")
    return ear


async def shows(desk: Desk, *words: str) -> StatusReply:
    """On its display, all of them."""
    return await does(desk, lambda s: all(each in "\n".join(s.screen) for each in words))


# --- ears -----------------------------------------------------------------------------------------------------------


@cache
def prompt(name: str) -> Samples:
    """One of the phone's own sentences: a name in `prompts/texts`."""
    return decoded(default_folder() / "en" / f"{name}.opus", "opus")


async def heard(ear: Ear, reference: array[int] | Samples, seconds: float = _PATIENCE) -> None:
    """Wait until it has been heard to its end."""
    deadline = asyncio.get_running_loop().time() + seconds
    found = 0.0
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.5)
        found = await asyncio.to_thread(likeness, reference, lately(ear))
        if found > LIKE_SPEECH:
            return
    pytest.fail(f"{ear.card.name} has not heard that: {found:.2f}; {len(reference) / RATE:.1f} s long")


async def is_told(ear: Ear, *names: str) -> None:
    """The phone says these sentences."""
    for each in names:
        await heard(ear, prompt(each))


def lately(ear: Ear) -> array[int]:
    """What it has heard, as far as its card remembers."""
    now = ear.card.now()
    return array("h", ear.card.hear(max(ear.began, now - _MEMORY * RATE), now))


def unlike(ear: Ear, sentence: str) -> bool:
    """The sentence has not been heard, nor much of it."""
    return likeness(spoken(sentence), lately(ear)) < LIKE_SPEECH / 1.5


async def talking(*desks: Desk) -> None:
    """Each is in an encrypted call of its owner's."""
    for each in desks:
        await does(each, connected)
