"""The figures to reach, and which are reached. A miss is told, never a failed test: machines differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
from rig.chirps import Summary

from bench.model import Result


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and what came of it."""

    name: str
    unit: str
    limit: float
    value: float | None
    """None: not measured in this run."""

    @property
    def met(self) -> bool | None:
        """None: not measured."""
        return None if self.value is None else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class _Target:
    case: str
    name: str
    unit: str
    limit: float
    read: Callable[[Result], float | None]


def _delay(pick: Callable[[Summary], float]) -> Callable[[Result], float | None]:
    def read(result: Result) -> float | None:
        value = pick(Summary.of(result.delays))
        return None if math.isnan(value) else value

    return read


def _load(kind: str, pick: str) -> Callable[[Result], float | None]:
    def read(result: Result) -> float | None:
        loads = [talk.loads[kind] for talk in result.talks if kind in talk.loads]
        return round(fmean(getattr(load, pick) for load in loads), 1) if loads else None

    return read


def _figure(name: str, pick: Callable[[Sequence[float]], float] = median) -> Callable[[Result], float | None]:
    return lambda result: round(pick(result.figures[name]), 2) if result.figures.get(name) else None


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95))


def _lost(result: Result) -> float | None:
    return 100 * result.delays.count(None) / len(result.delays) if result.delays else None


def _row(name: str, column: str) -> Callable[[Result], float | None]:
    return lambda result: result.rows[name][column] if name in result.rows else None


def _dearer(kind: str, column: str) -> Callable[[Result], float | None]:
    """What each of 150 calls costs, in percent of each of 10."""

    def read(result: Result) -> float | None:
        few, many = (_row(f"{kind}, {count} calls", column)(result) for count in (10, 150))
        return round(100 * many / few, 1) if few and many is not None else None

    return read


_TARGETS = (
    _Target("phone", "mouth to ear, 20 ms packets, median", "ms", 55, _delay(lambda s: s.median)),
    _Target("phone", "mouth to ear, 20 ms packets, 95 %", "ms", 75, _delay(lambda s: s.p95)),
    _Target("phone", "chirps not heard", "%", 1, _lost),
    _Target("phone-10", "mouth to ear, 10 ms packets, median", "ms", 40, _delay(lambda s: s.median)),
    _Target("phone-moments", "lift to far speech in the ear", "ms", 100, _figure("lift to far speech, ms")),
    _Target("phone-moments", "lift to own speech in the far ear", "ms", 100, _figure("lift to own speech, ms")),
    _Target("phone-moments", "lift to dial tone", "ms", 50, _figure("lift to dial tone, ms")),
    _Target("phone-moments", "# to stanza on the wire", "ms", 20, _figure("# to stanza, ms")),
    _Target("phone-moments", "start to registered", "s", 2.5, _figure("start to registered, s")),
    _Target("phone", "media process, resident", "MB", 35, _load("media", "resident_mb")),
    _Target("phone", "media process, CPU a call second", "ms", 45, _load("media", "cpu_ms_per_s")),
    _Target("phone", "control process, resident", "MB", 90, _load("control", "resident_mb")),
    _Target("idle", "idle, CPU of the whole phone", "% of a core", 1, _figure("both processes, idle, CPU %")),
    _Target("idle", "idle, resident, whole phone", "MB", 110, _figure("both processes, idle, MB")),
    _Target("idle", "process start to dial tone", "s", 1.5, _figure("start to dial tone, s")),
    _Target("board", "key to event, real drivers", "ms", 25, _figure("key of the matrix to event, ms", max)),
    _Target(
        *("board", "key to event while pictures are drawn, real drivers", "ms", 25),
        _figure("key of the matrix to event while pictures are drawn, ms", max),
    ),
    _Target("board", "hook to event, real drivers", "ms", 25, _figure("hook to event, ms", max)),
    _Target("board-phone", "power-on to dial tone, virtual Pi", "s", 3, _figure("power-on to dial tone, s")),
    _Target(
        "board-phone", "hook to dial tone, virtual Pi", "ms", 60, _figure("hook to dial tone on the board, ms", _p95)
    ),
    _Target(
        *("board-phone", "packet moved while pictures are drawn, virtual Pi", "ms", 5),
        _figure("packet too early or late while pictures are drawn, ms", max),
    ),
    _Target("board-phone", "idle, CPU, virtual Pi", "% of a core", 1, _figure("phone on the board, idle, CPU %")),
    _Target("board-phone", "idle, resident, virtual Pi", "MB", 110, _figure("phone on the board, idle, MB")),
    _Target("board", "bouncing presses lost", "", 0, _figure("bouncing presses lost")),
    _Target("board", "bouncing presses doubled", "", 0, _figure("bouncing presses doubled")),
    _Target("endurance", "growth of delay", "ms", 5, _figure("growth of delay, ms")),
    _Target("endurance", "growth of media process", "MB an hour", 6, _figure("growth of media, MB an hour")),
    _Target("endurance", "growth of control process", "MB an hour", 6, _figure("growth of control, MB an hour")),
    _Target("endurance", "growth of file descriptors", "", 0, _figure("growth of descriptors")),
)
_OWN_EAR = (
    "digit to its tone in the own ear",
    "MUTE to silence in the far ear",
    "MUTE to speech in the far ear",
    "SPEAKER to sound at the speaker",
    "SPEAKER to sound in the handset",
    "HOLD to silence in the own ear",
    "HOLD again to speech in the own ear",
    "HOLD to silence of the other in the own ear",
    "swap to the other in the own ear",
)
"""The phone itself does it, or it is far away by one way of speech."""
_FAR_EAR = (
    "HOLD to music in the far ear",
    "HOLD again to speech in the far ear",
    "HOLD to who knocked in the own ear",
    "HOLD to speech in the ear of who knocked",
    "swap to speech in the other's ear",
)
"""A stanza is on its way first, and then speech."""
_PASSED_ON = tuple(
    (f"manners-{kind}", f"{kind} {act} to {whom} ear")
    for kind in ("transfer", "bridge")
    for act in ("attended, hang-up", "unattended, lift")
    for whom in ("caller in callee's", "callee in caller's")
)
_BRIDGED = "manners-bridge"
_STATES = "manners-conference"
_MANNERS = (
    *(_Target("manners-keys", name, "ms", 50, _figure(f"{name}, ms", _p95)) for name in _OWN_EAR),
    *(_Target("manners-keys", name, "ms", 100, _figure(f"{name}, ms", _p95)) for name in _FAR_EAR),
    *(_Target(case, name, "ms", 300, _figure(f"{name}, ms", _p95)) for case, name in _PASSED_ON),
    _Target(_BRIDGED, "bridge adds, transparent", "ms", 30, _figure("bridge transparent adds, ms", max)),
    _Target(_BRIDGED, "bridge adds, transcoding", "ms", 30, _figure("bridge transcoding adds, ms", max)),
    _Target(_BRIDGED, "bridge, CPU a second, media process", "ms", 60, _load("media", "cpu_ms_per_s")),
    _Target(_BRIDGED, "bridge, resident, media process", "MB", 35, _load("media", "resident_mb")),
    _Target(_STATES, "conference of three, CPU a second, media process", "ms", 120, _load("media", "cpu_ms_per_s")),
    _Target(_STATES, "conference of three, resident, media process", "MB", 35, _load("media", "resident_mb")),
    *(
        _Target(_STATES, f"{state}, resident, media process", "MB", 35, _figure(f"media process, {state}, MB"))
        for state in ("idle", "in a call", "holding, with music")
    ),
    _Target(_STATES, "panel open, resident, control process", "MB", 90, _figure("control process, panel open, MB")),
    _Target("manners-core", "step at 8 calls, 95 %", "us", 50, _figure("step at 8 calls, wall, us", _p95)),
    *(
        _Target("manners-core", f"{what}, 95 %", "ms", 10, _figure(f"{what}, wall, ms", _p95))
        for what in (
            "key of a name in the telephone book, 10000 people",
            "key of a name typed on-hook, 10000 people",
        )
    ),
)
"""Of a phone with several calls: 95 % of all trials, where there are several."""
_RECORDED = ("gice PCMU", "ICE DTLS Opus")
_RECORDINGS = tuple(
    target
    for kind in _RECORDED
    for target in (
        _Target("recordings", f"150 recorded at once, {kind}, lost", "packets", 0, _row(f"{kind}, 150 calls", "lost")),
        _Target("recordings", f"a call of 150 to one of 10, {kind}, CPU", "%", 100, _dearer(kind, "media ms/s")),
    )
)
_MESSAGES = tuple(
    _Target(f"voicemail-{kind}", name, "ms", limit, _figure(f"{name}, ms", _p95))
    for kind in ("phone", "service")
    for name, limit in (
        ("VOICEMAIL to the first word in the handset", 150),
        ("VOICEMAIL to the first word at the speaker", 150),
        ("VOICEMAIL while it rings to the service's first word", 150),
        ("hang-up to lamp", 200),
    )
)
"""Of messages: 95 % of all trials. Only a service has the third."""
PEERS = ("baresip", "baresip-10", "linphone", "linphone-low")
_PEERS_AT_20 = ("baresip", "linphone", "linphone-low")


def verdicts(results: Sequence[Result]) -> list[Verdict]:
    """Every target, then being ahead of each peer that was measured in the same run."""
    by_case = {result.case: result for result in results}
    told = [
        Verdict(t.name, t.unit, t.limit, t.read(by_case[t.case]) if t.case in by_case else None)
        for t in (*_TARGETS, *_MANNERS, *_RECORDINGS, *_MESSAGES)
    ]
    mine = _TARGETS[0].read(by_case["phone"]) if "phone" in by_case else None
    for peer in _PEERS_AT_20:
        theirs = _TARGETS[0].read(by_case[peer]) if peer in by_case else None
        if theirs is not None:
            told.append(Verdict(f"mouth to ear, ahead of {peer}", "ms", theirs, mine))
    return [*told, *_sounding_better(by_case)]


def _sounding_better(by_case: Mapping[str, Result]) -> list[Verdict]:
    """On each network: what is not understood of speech (1 - STOI), against each peer."""
    told = []
    ours = by_case["quality"].figures if "quality" in by_case else {}
    for peer in ("baresip", "linphone"):
        theirs = by_case[f"quality-{peer}"].figures if f"quality-{peer}" in by_case else {}
        for name in sorted(name for name in {*ours} & {*theirs} if name.endswith(": STOI")):
            limit, value = (round(100 * (1 - fmean(figures[name])), 1) for figures in (theirs, ours))
            told.append(Verdict(f"{name.removesuffix(': STOI')}, clearer than {peer}", "% lost", limit, value))
    return told
