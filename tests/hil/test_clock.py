"""The wall clock of a machine that is set: by a year in a call, which nobody notices; and from 1970, as a Pi starts
whose time nobody has told it yet.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hil.household import Household, household
from journeys.listening import handsets, hears
from journeys.steps import all_idle, connected, does, put_through

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATIENCE = 60.0
BOTH = "alice>bob bob>alice"
YEAR = 365 * 86_400


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Household]:
    async with household(tmp_path_factory.mktemp("home"), "bob") as home:
        await does(home.alice, lambda s: s.registered, PATIENCE)
        yield home
        print(home.pi.run("journalctl -b --no-pager -u phone").out)


def step(home: Household, seconds: int) -> None:
    """Set the Pi's wall clock forward, or back."""
    home.pi.run(f"date --set=@$(( $(date +%s) + ({seconds}) ))").check()


async def test_a_year_to_and_fro_in_a_call(home: Household) -> None:
    alice, bob = home.alice, home.neighbours["bob"]
    before = await alice.status()
    await put_through(alice, bob)
    await asyncio.to_thread(alice.listen)
    for seconds in (YEAR, -YEAR):
        await asyncio.to_thread(step, home, seconds)
        await hears(BOTH, handsets(alice, bob))
        status = await alice.status()
        assert connected(status)
        assert status.registered
        assert 0 < status.calls[0].seconds < 100
        assert before.uptime_seconds < status.uptime_seconds < before.uptime_seconds + 200
    await alice.hang_up()
    await bob.hang_up()
    await all_idle(alice, bob)
    (entry,) = json.loads(home.pi.run("phone log --json").check())["entries"]
    assert 0 < entry["seconds"] < 100
    assert "Traceback" not in home.pi.run("journalctl -b --no-pager -u phone").out
    assert home.pi.run("systemctl show phone -p NRestarts --value").check() == "0\n"


async def test_a_clock_of_1970(home: Household) -> None:
    """It says so to who looks, calls or lifts the handset; once the time is set, it registers by itself."""
    alice = home.alice
    now = int(home.pi.run("date +%s").check())
    home.pi.run("systemctl stop phone && date --set=@120 && systemctl start phone").check()
    wrong = await does(alice, lambda s: s.why.startswith("wrong time"), PATIENCE)
    assert "1970-01-01" in wrong.why
    assert not wrong.registered
    assert f"not registered: {wrong.why}" in home.pi.run("phone status").out
    await alice.lift()
    lifted = await does(alice, lambda s: s.tone == "no-service", PATIENCE)
    assert any("No service" in line for line in lifted.screen), lifted.screen
    assert any("clock" in line for line in lifted.screen), lifted.screen
    refused = home.pi.run("phone call 201")
    assert refused.code == 1
    assert "201 cannot be called" in refused.out
    await alice.hang_up()
    home.pi.run(f"date --set=@{now + 60}").check()
    await does(alice, lambda s: s.registered, PATIENCE)
    assert "Traceback" not in home.pi.run("journalctl --no-pager -u phone").out
