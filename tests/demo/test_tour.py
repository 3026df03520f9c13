"""`phone demo --tour` to its end: every step held, and what it leaves is there to be seen and heard."""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from pathlib import Path

import pytest
from PIL import Image

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]


async def test_every_step_of_the_tour_holds(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "phone", "demo", "--tour", "--json", "--out", str(tmp_path / "tour"))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    told = json.loads(out)
    assert [step for step in told["steps"] if not step["ok"]] == []
    assert (process.returncode, told["ok"]) == (0, True)
    names = " ".join(step["name"] for step in told["steps"])
    words = ("MUTE", "HOLD", "knock", "joins both", "hangs up while it rings", "VOICEMAIL and hears", "deleted")
    assert all(word in names for word in words)
    for screen in told["screens"]:
        with Image.open(tmp_path / "tour" / screen) as image:
            assert image.size == (128, 64)
    lengths = []
    for name in ("alice", "bob", "carol"):
        with wave.open(str(tmp_path / "tour" / f"{name}-ear.wav")) as ear:
            lengths.append(ear.getnframes() / ear.getframerate())
            assert any(ear.readframes(ear.getnframes()))
    assert min(lengths) > 30, "longer than a card remembers"
    with Image.open(tmp_path / "tour" / "sheet.png") as sheet:
        assert sheet.width > 1000
