"""Two phones of one user follow the same mailbox: heard on one, dark on both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys.leaving import (
    dark,
    has,
    hears_message,
    lamp,
    leaves_message,
    looks_at_calls,
    switch_off,
)
from journeys.steps import does, idle
from rig.service_stage import ServiceStage, service_stage

from phone.demo.stage import Desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]

FIRST = "The blue train leaves at seven in the evening."
SECOND = "Please bring nine yellow roses to the office."


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[ServiceStage]:
    async with service_stage(tmp_path) as scene:
        yield scene


async def test_two_phones_of_one_user(scene: ServiceStage) -> None:
    """In one go, since a stage is slow to set."""
    alice, desk, office = await scene.desk("alice"), await scene.desk("bob", "desk"), await scene.desk("bob", "office")
    await blinks_on_both(alice, desk, office)
    await heard_on_one_is_dark_on_both(desk, office)
    await kept_and_deleted_while_the_other_is_off(alice, desk, office)
    await nothing_comes_back(desk, office)


async def blinks_on_both(alice: Desk, desk: Desk, office: Desk) -> None:
    """He is at neither, and she does not wait."""
    await leaves_message(alice, desk.number, FIRST)
    for each in (desk, office):
        await does(each, idle)
        await does(each, lambda s: s.new_messages == 1)
        await looks_at_calls(each)
        await does(each, lamp)


async def heard_on_one_is_dark_on_both(desk: Desk, office: Desk) -> None:
    await hears_message(office, FIRST)
    await does(office, lambda s: s.new_messages == 0)
    await office.hang_up()
    for each in (office, desk):
        await does(each, dark)
        await has(each, "heard")


async def kept_and_deleted_while_the_other_is_off(alice: Desk, desk: Desk, office: Desk) -> None:
    """2 keeps the first, 3 deletes the second; the other phone finds it so when it is back."""
    await leaves_message(alice, desk.number, SECOND)
    for each in (desk, office):
        await does(each, lambda s: s.new_messages == 1)
    await has(office, "new", "heard")
    await switch_off(office)
    await hears_message(desk, SECOND)
    await desk.press("3")
    await does(desk, lambda s: s.new_messages + s.old_messages == 1)
    await desk.hang_up()
    await hears_message(desk, FIRST, old=True)
    await desk.press("2")
    await has(desk, "kept")
    await desk.hang_up()
    await office.start_again()
    await registered(office)
    await has(office, "kept")
    await looks_at_calls(office)
    await does(office, dark)


async def nothing_comes_back(desk: Desk, office: Desk) -> None:
    """Both were off, and one of them knows nothing of before."""
    await switch_off(desk, office)
    for each in (desk, office):
        await each.start_again()
        await registered(each)
    for each in (desk, office):
        await has(each, "kept")
