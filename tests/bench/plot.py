"""The distributions of mouth-to-ear delay, one row a case: every chirp a dot, a bar from median to 95 %."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from PIL import Image, ImageDraw, ImageFont
from rig.chirps import Summary

from bench.model import Result

_WIDTH, _ROW, _LEFT, _TOP = 1000, 46, 150, 40
_QUALITY_LEFT = 330
_INK, _PALE, _OURS, _THEIRS = "#222222", "#dddddd", "#0b6e4f", "#8a3b12"


def draw(results: Sequence[Result], path: Path, ours: Sequence[str]) -> None:
    """Write a PNG. Cases without a delay are left out."""
    rows = [(r, [d for d in r.delays if d is not None]) for r in results]
    rows = [(r, delays) for r, delays in rows if delays]
    longest = max((max(delays) for _, delays in rows), default=100.0)
    picture = Image.new("RGB", (_WIDTH, _TOP + _ROW * len(rows) + 40), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default()
    scale = (_WIDTH - _LEFT - 30) / longest
    pen.text((_LEFT, 12), "mouth to ear, ms; each dot a chirp, the bar from median to 95 %", _INK, font)
    _grid(pen, longest, scale, picture.height, font)
    for number, (result, delays) in enumerate(rows):
        colour = _OURS if result.case in ours else _THEIRS
        _row(pen, _TOP + _ROW * number, result.case, delays, scale, colour, font)
    picture.save(path)


def draw_quality(results: Sequence[Result], path: Path) -> None:
    """Write a PNG: for each network what of speech is understood (STOI), a bar a program."""
    heard = {r.case: {k: v for k, v in r.figures.items() if k.endswith(": STOI")} for r in results}
    networks = list(dict.fromkeys(name for figures in heard.values() for name in figures))
    rows = [(n, case, fmean(f[n])) for n in networks for case, f in heard.items() if n in f]
    picture = Image.new("RGB", (_WIDTH, _TOP + 30 * len(rows) + 20), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default()
    pen.text((10, 12), "speech understood (STOI, 1 is all of it)", _INK, font)
    for number, (network, case, value) in enumerate(rows):
        y, colour = _TOP + 30 * number, _OURS if case == "quality" else _THEIRS
        pen.text((10, y + 4), f"{network.removesuffix(': STOI')}, {case}", _INK, font)
        pen.rectangle((_QUALITY_LEFT, y, _QUALITY_LEFT + value * (_WIDTH - _QUALITY_LEFT - 70), y + 20), colour)
        pen.text((_WIDTH - 60, y + 4), f"{value:.3f}", colour, font)
    picture.save(path)


def _grid(pen: ImageDraw.ImageDraw, longest: float, scale: float, height: int, font: ImageFont.ImageFont) -> None:
    step = 10 if longest <= 150 else 50
    for ms in range(0, int(longest) + 1, step):
        x = _LEFT + ms * scale
        pen.line((x, _TOP - 6, x, height - 26), _PALE)
        pen.text((x - 6, height - 22), str(ms), _INK, font)


def _row(
    pen: ImageDraw.ImageDraw,
    y: int,
    name: str,
    delays: list[float],
    scale: float,
    colour: str,
    font: ImageFont.ImageFont,
) -> None:
    summary = Summary.of(list(delays))
    middle = y + _ROW // 2
    pen.text((10, y + 8), name, _INK, font)
    pen.text((10, y + 22), f"{summary.median:.0f} / {summary.p95:.0f}", colour, font)
    pen.rectangle((_LEFT + summary.median * scale, middle - 8, _LEFT + summary.p95 * scale + 2, middle + 8), colour)
    for number, delay in enumerate(delays):
        x, dot = _LEFT + delay * scale, middle - 14 + (number * 7) % 29
        pen.ellipse((x - 1, dot - 1, x + 1, dot + 1), colour)
