"""Passing a caller on: from the act that completes it to hearing each other, and what a bridge adds and costs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from statistics import median

from bench.acts import PATHS, connect, part, send_on
from bench.daemon import Daemon, phones
from bench.ears import comes, seats, sing
from bench.manners import Moments, keep, told
from bench.model import Case, Options, Result, Say, Talk
from bench.talk import Pair, converse

ALLOW = '[transfer]\nallow = ["localhost"]\n'
"""Whoever is of this server needs no yes of the user, who would take longer than all the rest."""
_TRIALS = 2
"""Of each kind, a round."""
SPEECH = 8.0
"""Seconds in which speech and costs are measured."""
SETTLE = 3.0
_WAIT = 1.5
"""Seconds of listening behind the act."""
_LIFE = 0.4


async def _pass_on(kind: str, caller: Daemon, attendant: Daemon, callee: Daemon, *, attended: bool) -> Moments:
    """Attended: from the attendant's handset on the cradle on; else from the callee's lifting on."""
    await send_on(caller, attendant, callee, attended=attended)
    if not attended:
        await attendant.hang_up()
        await asyncio.sleep(PATHS)
    sing(2 * _LIFE + _WAIT, caller, callee)
    await asyncio.sleep(_LIFE)
    done = await (attendant.hang_up() if attended else callee.lift())
    await asyncio.sleep(_WAIT)
    act = "attended, hang-up" if attended else "unattended, lift"
    return {
        f"{kind} {act} to caller in callee's ear": comes(callee.card, caller, done, _WAIT),
        f"{kind} {act} to callee in caller's ear": comes(caller.card, callee, done, _WAIT),
    }


async def _transfers(options: Options, say: Say) -> Result:
    """By XEP-0251."""
    result, missing, names = Result("manners-transfer", packet_ms=20), set[str](), ("alice", "bob", "carol")
    folder, trials = options.folder / "transfer", _TRIALS * options.rounds
    with seats(folder, *names, more=dict.fromkeys(names, ALLOW)) as places:
        async with phones(folder, places, options) as (alice, bob, carol):
            for number in range(2 * trials):
                say(f"transfer, {number + 1} of {2 * trials}")
                missing |= keep(result, await _pass_on("transfer", bob, alice, carol, attended=number % 2 == 0))
                await part(alice, bob, carol)
    return told(result, missing)


# --- bridged ----------------------------------------------------------------------------------------------------


async def _bridges(options: Options, say: Say) -> Result:
    """bob and dave know no transfer, dave knows no Opus either."""
    result, missing = Result("manners-bridge", packet_ms=20), set[str]()
    folder, trials = options.folder / "bridge", _TRIALS * options.rounds
    lacks = {"bob": ("transfer",), "dave": ("transfer", "opus")}
    with seats(folder, "alice", "bob", "carol", "dave", lacks=lacks) as places:
        async with phones(folder, places, options) as (alice, bob, carol, dave):
            say("bridge: a direct call, to compare with")
            await connect(bob, carol)
            direct = await talk(options, bob, carol, bob, carol)
            await part(bob, carol)
            for number in range(2 * trials):
                say(f"bridge, {number + 1} of {2 * trials}")
                missing |= keep(result, await _pass_on("bridge", bob, alice, carol, attended=number % 2 == 0))
                if number < 2 * trials - 1:
                    await part(alice, bob, carol)
            result.talks.append(await talk(options, bob, carol, alice))
            await part(alice, bob, carol)
            say("bridge: G.711 on one side")
            missing |= keep(result, await _pass_on("bridge G.711", dave, alice, carol, attended=True))
            transcoded = await talk(options, dave, carol, alice)
            await part(alice, dave, carol)
    _compare(result, direct, transcoded)
    return told(result, missing)


async def talk(options: Options, a: Daemon, b: Daemon, *measured: Daemon) -> Talk:
    """Chirps between the ears of `a` and `b`, and what the media and control processes of `measured` cost meanwhile."""
    await asyncio.sleep(SETTLE)
    cards = Pair(a.card, b.card, {}, {})
    pids = {
        "media": [each.media_pid() for each in measured],
        "control": [each.process.pid for each in measured],
    }
    short = Options(options.folder, SPEECH, 1, options.priority)
    return await asyncio.to_thread(converse, cards, lambda: pids, short, 20)


def costs_of(result: Result, what: str, one: Talk) -> None:
    """The media process's, as figures."""
    result.figures[f"media process, {what}, CPU ms/s"] = [one.loads["media"].cpu_ms_per_s]
    result.figures[f"media process, {what}, MB"] = [one.loads["media"].resident_mb]


def _compare(result: Result, direct: Talk, transcoded: Talk) -> None:
    bridged = result.talks[0]
    for what, one in (("direct", direct), ("G.711 bridged", transcoded)):
        result.figures[f"{what}, mouth to ear, ms"] = _heard(one.a_to_b, one.b_to_a)
    for what, one in (("transparent", bridged), ("transcoding", transcoded)):
        result.figures[f"bridge {what} adds, ms"] = _added(direct, one)
        costs_of(result, f"bridge {what}", one)


def _added(direct: Talk, bridged: Talk) -> list[float]:
    """Median against median, in each direction."""
    ways = ((direct.a_to_b, bridged.a_to_b), (direct.b_to_a, bridged.b_to_a))
    return [median(_heard(through)) - median(_heard(without)) for without, through in ways]


def _heard(*ways: Sequence[float | None]) -> list[float]:
    """Raises RuntimeError where nothing was."""
    delays = [delay for way in ways for delay in way if delay is not None]
    if not delays:
        raise RuntimeError("not one chirp was heard")
    return delays


CASES = (
    Case(
        "manners-transfer",
        "a caller passed on by XEP-0251: until both hear each other",
        lambda options, say: asyncio.run(_transfers(options, say)),
    ),
    Case(
        "manners-bridge",
        "a caller passed on by a bridge: until both hear each other, delay added, costs",
        lambda options, say: asyncio.run(_bridges(options, say)),
    ),
)
