"""The load bench of the recording path, on a load that any machine carries: what it says of losses must be true."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bench.model import Options, Result
from bench.recordings import drops, measure
from bench.recordings_callers import pour
from bench.recordings_service import KINDS
from bench.table import as_json, as_text
from bench.targets import verdicts


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_three_calls_are_recorded_whole(tmp_path: Path, kind: object) -> None:
    load = await measure(kind, 3, 1.2, tmp_path)  # type: ignore[arg-type]
    assert (load.lost, load.dropped) == (0, 0)
    assert load.media_ms > 0


def test_what_the_kernel_drops_is_counted() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as full,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        full.bind(("127.0.0.1", 0))
        before = drops([os.getpid()])
        for _ in range(3000):
            far.sendto(bytes(1000), full.getsockname())
        assert drops([os.getpid()]) > before


def test_lines_are_poured_evenly_and_each_in_its_order() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        ear.bind(("127.0.0.1", 0))
        lines = [(far, ear.getsockname(), [f"{name}{n}".encode() for n in range(5)]) for name in "ab"]
        poured = pour(lines, ["a", "b"])
        ear.settimeout(1)
        assert [ear.recv(10) for _ in range(10)] == [f"{name}{n}".encode() for n in range(5) for name in "ab"]
        assert poured.sent == {"a": 5, "b": 5}


def row(cost: float, lost: float) -> dict[str, float]:
    return {"media ms/s": cost, "lost": lost}


def test_rows_are_a_table_and_what_becomes_dearer_is_told() -> None:
    rows = {"gice PCMU, 10 calls": row(8.0, 0), "gice PCMU, 150 calls": row(10.0, 3)}
    result = Result("recordings", rows=rows)
    text = as_text([result])
    assert "gice PCMU, 150 calls" in text
    assert text.count("media ms/s") == 1
    told = {verdict.name: (verdict.value, verdict.met) for verdict in verdicts([result])}
    assert told["150 recorded at once, gice PCMU, lost"] == (3, False)
    assert told["a call of 150 to one of 10, gice PCMU, CPU"] == (125.0, False)
    assert told["150 recorded at once, ICE DTLS Opus, lost"] == (None, None)
    assert as_json([result], Options(Path("/nonexistent")))["results"][0]["rows"] == rows  # type: ignore[index]
