"""What the bench tells: targets, ratios, table, picture. What it measures is no test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from bench import namespace
from bench.model import Case, Load, Options, Result, Talk
from bench.phones import _growth
from bench.plot import draw, draw_quality
from bench.run import CASES, chosen, measure, parser
from bench.table import as_json, as_text
from bench.targets import verdicts

OPTIONS = Options(Path("/nonexistent"))


def talk(*delays: float | None, **loads: Load) -> Talk:
    half = len(delays) // 2
    return Talk(list(delays[:half]), list(delays[half:]), loads, 0, 0, 12.5)


OURS = Result("phone", "", 20, [talk(40.0, 50.0, 45.0, None, media=Load(30.0, 34.0, 5), control=Load(9.0, 95.0, 4))])
PEER = Result("baresip", "1.0", 20, [talk(200.0, 240.0, 220.0, 210.0, whole=Load(15.0, 12.0, 9))])
MUTE = Result("linphone", "5.1", 20, [talk(None, None, whole=Load(4.0, 60.0, 9))])


def verdict(results: list[Result], name: str) -> tuple[float | None, bool | None]:
    found = next(v for v in verdicts(results) if v.name == name)
    return found.value, found.met


def test_reached_missed_and_not_measured() -> None:
    assert verdict([OURS], "mouth to ear, 20 ms packets, median") == (45.0, True)
    assert verdict([OURS], "control process, resident") == (95.0, False)
    assert verdict([OURS], "chirps not heard") == (25.0, False)
    assert verdict([OURS], "lift to dial tone") == (None, None)
    assert verdict([PEER], "mouth to ear, 20 ms packets, median") == (None, None)


def test_ahead_of_the_peers_of_the_same_run() -> None:
    assert verdict([OURS, PEER], "mouth to ear, ahead of baresip") == (45.0, True)
    assert not any("linphone" in v.name for v in verdicts([OURS, MUTE])), "nothing was heard there"
    assert verdict([Result("phone"), PEER], "mouth to ear, ahead of baresip") == (None, None)


def test_json_holds_all_and_no_nan() -> None:
    told = json.loads(json.dumps(as_json([OURS, PEER, MUTE], OPTIONS), allow_nan=False))
    assert told["ratios"] == {"baresip / phone": round(215 / 45, 2)}
    assert told["results"][0]["talks"][0]["raw"] == [[40.0, 50.0], [45.0, None]]
    assert told["results"][2]["mouth_to_ear_ms"]["median"] is None
    assert {t["name"]: t["met"] for t in told["targets"]}["media process, resident"] is True


def test_the_table_names_misses() -> None:
    moments = Result("phone-moments", figures={"lift to dial tone, ms": [60.0, 70.0]})
    text = as_text([OURS, PEER, moments, Result("media", error="not measured: no card")])
    assert "MISSED" in text
    assert "not measured: no card" in text
    assert "median    65.00" in text


def test_the_picture_has_a_row_a_case(tmp_path: Path) -> None:
    draw([OURS, PEER, MUTE], tmp_path / "two.png", ["phone"])
    draw([OURS], tmp_path / "one.png", ["phone"])
    draw([MUTE], tmp_path / "none.png", [])
    heights = [Image.open(tmp_path / f"{name}.png").height for name in ("two", "one", "none")]
    assert heights[0] > heights[1] > heights[2]


def test_clarity_is_compared_on_each_network(tmp_path: Path) -> None:
    ours = Result("quality", figures={"clean: STOI": [0.98, 1.0], "bad: STOI": [0.7], "clean: PESQ": [3.9]})
    theirs = Result("quality-linphone", figures={"clean: STOI": [0.9], "bad: STOI": [0.8]})
    told = {v.name: v.met for v in verdicts([ours, theirs]) if v.met is not None}
    assert told == {"bad, clearer than linphone": False, "clean, clearer than linphone": True}
    assert not [v for v in verdicts([ours]) if v.met is not None]
    draw_quality([ours, theirs, PEER], tmp_path / "clear.png")
    assert Image.open(tmp_path / "clear.png").height > Image.new("1", (1, 150)).height


def test_growth_of_a_long_call() -> None:
    talks = [talk(40.0 + n, 40.0 + n) for n in range(6)]
    looks = [(30.0 * n, 34.0 + 0.1 * n, 50.0, 60) for n in range(6)]
    growth = _growth(talks, looks)
    assert growth["growth of delay, ms"] == [4.0]
    assert growth["growth of media, MB an hour"] == [pytest.approx(12.0)]
    assert growth["growth of control, MB an hour"] == [pytest.approx(0.0)]
    assert growth["growth of descriptors"] == [0.0]
    assert _growth(talks[:2], looks[:2]) == {}


def test_a_case_that_fails_does_not_end_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(options: Options, say: object) -> Result:
        raise RuntimeError("the far end never rang")

    results = measure([Case("bad", "", fail), Case("good", "", lambda options, say: Result("good"))], OPTIONS)
    assert [result.error for result in results] == ["not measured: the far end never rang", ""]
    assert "2/2 done" in capsys.readouterr().err


def test_a_private_network_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_PRIVATE_NETWORK", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert namespace.way() is None
    peer = next(case for case in CASES if case.private_network)
    assert "needs a network namespace" in measure([peer], OPTIONS)[0].error


def test_the_long_call_is_only_run_when_asked_for() -> None:
    def names(*arguments: str) -> list[str]:
        return [case.name for case in chosen(parser().parse_args(arguments))]

    assert not {"endurance", "quality"} & {*names()}
    assert {"quality", "quality-linphone"} <= {*names("--quality")}
    assert "endurance" in names("--endurance", "60")
    assert names("--only", "media", "--only", "baresip") == ["baresip", "media"]
    assert names("--only", "endurance") == ["endurance"]
