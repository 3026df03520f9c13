"""What is unplugged, killed or loses power at a real phone: the rest goes on, its user is told, and all comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hil.household import Household, Watched, household
from hil.seat import NAME
from journeys.listening import handsets, hears
from journeys.steps import all_idle, connected, does, idle
from PIL import Image

from phone.control import StatusReply
from phone.demo.hearing import RATE
from phone.demo.speech import speak
from phone.demo.stage import Desk

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]

PATIENCE = 60.0
AT_ONCE = 10.0
"""Seconds, and not with the idle clock's next minute."""
DIAL_TONE = Path(__file__).parents[1] / "ui" / "golden" / "en" / "dial-tone.png"
BOTH = "alice>bob bob>alice"
_RESTARTS = "systemctl show phone -p NRestarts --value"
_MEDIA = "pgrep -P $(systemctl show phone -p MainPID --value) -f phone.media.process"
_MAIL = "/var/lib/phone/voicemail"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Household]:
    async with household(tmp_path_factory.mktemp("home"), "bob") as home:
        await does(home.alice, lambda s: s.registered, PATIENCE)
        yield home


@pytest.fixture
def alice(home: Household) -> Watched:
    return home.alice


@pytest.fixture
def bob(home: Household) -> Desk:
    return home.neighbours["bob"]


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def _from_rest(home: Household, alice: Watched, bob: Desk) -> AsyncIterator[None]:
    """And nothing of the phone's own goes wrong."""
    await at_rest(alice, bob)
    await does(alice, lambda s: s.registered, PATIENCE)
    yield
    journal = home.pi.run("journalctl -b --no-pager -u phone").out
    assert "Traceback" not in journal, journal
    assert "a bug of the phone's own" not in journal, journal


async def at_rest(alice: Watched, bob: Desk) -> None:
    for each in (alice, bob):
        await each.hang_up()
    for each in (alice, bob):
        await does(each, idle, PATIENCE)


async def put_through(caller: Desk | Watched, callee: Desk | Watched) -> None:
    """They talk, however long a machine with too much to do takes for it."""
    await caller.lift()
    await caller.dial(callee.number)
    await does(callee, lambda s: s.ringer, PATIENCE)
    await callee.lift()
    for each in (callee, caller):
        await does(each, connected, PATIENCE)


def over(status: StatusReply) -> bool:
    """Its user was told, by a tone, that the call is over."""
    return any(c.progress == "ended" for c in status.calls) and status.tone in {"reorder", "busy", "howler"}


def dial_tone_is_shown(glass: Image.Image) -> bool:
    with Image.open(DIAL_TONE) as golden:
        return glass.tobytes() == golden.convert("1").tobytes()


async def test_a_display_that_is_unplugged(home: Household, alice: Watched) -> None:
    """Tones and keys go on, the status tells, and the picture is back to the pixel."""
    display = home.pi.display
    await asyncio.to_thread(display.unplug)
    troubled = await does(alice, lambda s: bool(s.desk_troubles), PATIENCE)
    assert troubled.desk_troubles[0].startswith("The display is out of order: no answer from address 0x3c")
    await does(alice, lambda s: "1 trouble: menu" in s.screen, AT_ONCE)
    await alice.lift()
    await does(alice, lambda s: s.tone == "dial", PATIENCE)
    await asyncio.to_thread(display.plug_in)
    await does(alice, lambda s: not s.desk_troubles, PATIENCE)
    await asyncio.to_thread(display.wait, dial_tone_is_shown)
    await alice.hang_up()
    await does(alice, idle, PATIENCE)


async def test_a_card_that_is_pulled_out_in_a_call(home: Household, alice: Watched, bob: Desk) -> None:
    """The call stays, and its sound comes back with the card."""
    await put_through(bob, alice)
    await asyncio.to_thread(alice.listen)
    await hears(BOTH, handsets(alice, bob))
    await asyncio.to_thread(home.pi.cards.pull_out, NAME)
    mute = await does(alice, lambda s: any("unplugged" in why for why in s.audio_troubles), PATIENCE)
    assert connected(mute)
    await asyncio.to_thread(home.pi.cards.plug_in, NAME)
    whole = await does(alice, lambda s: not s.audio_troubles, PATIENCE)
    assert connected(whole)
    await asyncio.to_thread(alice.listen)
    await hears(BOTH, handsets(alice, bob))
    await at_rest(alice, bob)


async def test_a_network_that_goes_for_a_moment(home: Household, alice: Watched, bob: Desk) -> None:
    """On the cradle and in a call: what there was goes on."""
    for talking in (False, True):
        if talking:
            await put_through(alice, bob)
        await asyncio.to_thread(home.pi.cable.plug, plugged=False)
        await asyncio.sleep(3)
        await asyncio.to_thread(home.pi.cable.plug, plugged=True)
    await asyncio.to_thread(alice.listen)
    await hears(BOTH, handsets(alice, bob))
    await at_rest(alice, bob)


async def test_a_network_that_is_gone(home: Household, alice: Watched, bob: Desk) -> None:
    """The call ends at both ends, the display says what is missing, a lifted handset too; then it registers again."""
    await put_through(alice, bob)
    await asyncio.to_thread(home.pi.cable.plug, plugged=False)
    for each in (alice, bob):
        ended = await does(each, over, PATIENCE)
        assert "connection lost" in ended.screen
    away = await does(alice, lambda s: not s.registered, PATIENCE)
    assert away.why.startswith(("server away", "no network"))
    assert away.lamps == ("service",)
    await alice.hang_up()
    await alice.lift()
    told = await does(alice, lambda s: s.tone == "no-service", PATIENCE)
    assert "no service" in told.screen[0]
    await asyncio.to_thread(home.pi.cable.plug, plugged=True)
    await at_rest(alice, bob)
    await does(alice, lambda s: s.registered, PATIENCE)


async def test_a_media_process_that_is_killed_in_a_call(home: Household, alice: Watched, bob: Desk) -> None:
    """The far end is told at once; the next call has sound."""
    await put_through(alice, bob)
    old = home.pi.run(_MEDIA).check()
    home.pi.run(f"kill -9 {old}").check()
    for each in (alice, bob):
        ended = await does(each, over, PATIENCE)
        assert "the call failed" in ended.screen
    await at_rest(alice, bob)
    assert home.pi.run(_MEDIA).check() != old
    assert home.pi.run(_RESTARTS).check() == "0\n"
    await put_through(bob, alice)
    await asyncio.to_thread(alice.listen)
    await hears(BOTH, handsets(alice, bob))
    await at_rest(alice, bob)


async def test_a_daemon_that_is_killed_in_a_call(home: Household, alice: Watched, bob: Desk) -> None:
    """systemd starts it again: it registers, its handset, still up, has a dial tone; the far end is told."""
    await put_through(alice, bob)
    old = home.pi.run(_MEDIA).check()
    home.pi.run("kill -9 $(systemctl show phone -p MainPID --value)").check()
    again = await does(alice, lambda s: s.registered and s.tone == "dial", PATIENCE)
    assert again.off_hook
    assert not again.calls
    assert home.pi.run(f"kill -0 {old}").code, "its media process lives on"
    assert home.pi.run(_RESTARTS).check() == "1\n"
    assert "connection lost" in (await does(bob, over, PATIENCE)).screen
    await at_rest(alice, bob)


async def test_power_that_goes_while_a_message_is_recorded(home: Household, alice: Watched, bob: Desk) -> None:
    """The message before it is there, and its lamp lit; of this one there is no half."""
    pi = home.pi
    pi.run("phone dnd on").check()  # callers are answered at once
    await message(alice, bob)
    await bob.hang_up()
    await does(alice, lambda s: s.new_messages == 1, PATIENCE)
    kept = whole(home)
    assert len(kept) == 1
    await does(bob, idle, PATIENCE)
    await message(alice, bob)
    assert len(home.pi.run(f"ls {_MAIL}/*.part").check().split()) == 1
    await asyncio.to_thread(pi.cut_power)
    await asyncio.to_thread(pi.boot)
    status = await does(alice, lambda s: s.registered, PATIENCE)
    assert "message" in status.lamps
    assert alice.lit("message")
    assert home.pi.run(f"ls {_MAIL}/*.part").code, "a half message"
    messages = whole(home)
    assert kept[0] in messages
    assert status.new_messages == len(messages)
    # What there is of the second is a message of its own, or was too short for one.
    for number in range(1, len(messages) + 1):
        home.pi.run(f"phone voicemail save {number} /run/{number}.opus").check()
    assert "connection lost" in (await does(bob, over, PATIENCE)).screen
    await bob.hang_up()
    await all_idle(alice, bob)


async def message(alice: Watched, bob: Desk) -> None:
    """Bob leaves one, and does not hang up yet."""
    await bob.lift()
    await bob.dial(alice.number)
    await does(alice, lambda s: any(c.answering == "recording" for c in s.calls), PATIENCE)
    spoken = await asyncio.to_thread(speak, "Please call me back about the garden, it is important.")
    begin, end = bob.say(spoken)
    await asyncio.sleep((end - begin) / RATE)


def whole(home: Household) -> list[str]:
    return sorted(Path(name).stem for name in home.pi.run(f"ls {_MAIL}").check().split() if name.endswith(".opus"))
