"""The bench's findings as JSON and as text."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean, median

import numpy as np
from rig.chirps import Summary

from bench.model import Options, Result
from bench.targets import PEERS, Verdict, verdicts

Json = dict[str, object]


def as_json(results: Sequence[Result], options: Options) -> Json:
    """Everything, raw delays included. NaN becomes null."""
    told = verdicts(results)
    return {
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "sched_fifo_priority": options.priority,
        },
        "results": [_result(result) for result in results],
        "ratios": _ratios(results),
        "targets": [{**asdict(verdict), "met": verdict.met} for verdict in told],
    }


def _result(result: Result) -> Json:
    return {
        **{key: getattr(result, key) for key in ("case", "version", "packet_ms", "error", "figures", "rows")},
        "mouth_to_ear_ms": _summary(Summary.of(result.delays)) if result.talks else None,
        "talks": [
            {
                "a_to_b_ms": _summary(Summary.of(talk.a_to_b)),
                "b_to_a_ms": _summary(Summary.of(talk.b_to_a)),
                "raw": [[None if d is None else round(d, 2) for d in way] for way in (talk.a_to_b, talk.b_to_a)],
                "loads": {kind: asdict(load) for kind, load in talk.loads.items()},
                **{key: getattr(talk, key) for key in ("xruns", "late_frames", "busy_percent")},
            }
            for talk in result.talks
        ],
    }


def _summary(summary: Summary) -> Json:
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(summary).items()}


def _ratios(results: Sequence[Result]) -> Json:
    """The peers' median delay by ours: over 1, we are ahead."""
    medians = {r.case: Summary.of(r.delays).median for r in results if r.talks}
    heard = {case: value for case, value in medians.items() if not math.isnan(value)}
    ours = {case: value for case, value in heard.items() if case in ("phone", "phone-10", "media", "media-10")}
    peers = {case: value for case, value in heard.items() if case in PEERS}
    return {f"{peer} / {mine}": round(theirs / own, 2) for mine, own in ours.items() for peer, theirs in peers.items()}


def as_text(results: Sequence[Result]) -> str:
    """For people."""
    lines = [f"{'':14}{'mouth to ear, ms':^40}{'CPU ms/s':>10}{'MB':>8}{'xruns':>7}{'busy':>6}"]
    lines.append(f"{'case':14}{'median':>8}{'95 %':>8}{'lowest':>8}{'highest':>8}{'lost':>8}")
    for result in results:
        lines += _lines(result)
    lines += ["", "peers' median by ours:"]
    lines += [f"  {name:32} {ratio:6}" for name, ratio in _ratios(results).items()]
    lines += ["", "targets:"]
    lines += [_verdict(verdict) for verdict in verdicts(results) if verdict.met is not None]
    return "\n".join(lines)


def _lines(result: Result) -> list[str]:
    lines = []
    if result.error or not result.talks:
        lines.append(f"{result.case:14}{result.error}")
    if result.talks:
        s = Summary.of(result.delays)
        busy = fmean(talk.busy_percent for talk in result.talks)
        xruns = sum(talk.xruns for talk in result.talks)
        row = f"{result.case:14}{s.median:8.1f}{s.p95:8.1f}{s.lowest:8.1f}{s.highest:8.1f}{s.lost:5}/{s.lost + s.count}"
        for number, kind in enumerate(result.talks[0].loads):
            loads = [talk.loads[kind] for talk in result.talks]
            cpu, resident = fmean(x.cpu_ms_per_s for x in loads), fmean(x.resident_mb for x in loads)
            cells = f"{cpu:10.1f}{resident:8.1f}"
            lines.append(f"{row}{cells}{xruns:7}{busy:5.0f} %" if number == 0 else f"{'':54}{cells}")
            lines[-1] += "" if kind == "whole" else f"  {kind}"
    for name, values in result.figures.items():
        lines.append(f"  {name:62}{_spread(values)}")
    return [*lines, *_table(result.rows)]


def _table(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    columns = next(iter(rows.values()), {})
    lines = [f"  {'':26}" + "".join(f"{column:>15}" for column in columns)] if rows else []
    return lines + [f"  {name:26}" + "".join(f"{value:15g}" for value in row.values()) for name, row in rows.items()]


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"       {values[0]:8.2f}"
    p95 = float(np.percentile(values, 95))
    return f"median {median(values):8.2f}   95 % {p95:8.2f}   lowest {min(values):8.2f}   highest {max(values):8.2f}"


def _verdict(verdict: Verdict) -> str:
    word = "reached" if verdict.met else "MISSED"
    value = "" if verdict.value is None else f"{verdict.value:.1f}"
    return f"  {verdict.name:62}{value:>8} of {verdict.limit:7.1f} {verdict.unit:10} {word}"
