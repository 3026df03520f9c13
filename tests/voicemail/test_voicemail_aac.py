"""What is sent can be played: by other readers than ours, at its pitch and length."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from array import array
from itertools import pairwise

import av
import mutagen
import pytest
from rig.spoken import opus_file, packets, tone

from phone.voicemail import encoding
from phone.voicemail.encoding import Encoded, Labels, encode
from phone.voicemail.message import Failure, Trouble

HERTZ = 440.0
SECONDS = 3.0


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.opus"
    path.write_bytes(opus_file(tone(SECONDS + 0.08, HERTZ)))
    return path


def decoded(path):
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        assert stream.codec_context.profile == "LC"
        resampler = av.AudioResampler(format="s16", layout="mono", rate=stream.rate)
        frames = [frame for each in file.decode(audio=0) for frame in resampler.resample(each)]
        samples = array("h")
        for frame in frames:
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 2])
        return stream.rate, samples


def crossings(samples):
    return sum(a < 0 <= b for a, b in pairwise(samples))


async def test_the_tone_is_heard_at_its_pitch_and_length(source, tmp_path):
    target = tmp_path / "out.m4a"
    labels = Labels("Message for Ann", "Böss", "2026-11-21T10:00:00+00:00")
    made = await encode(source, target, labels)
    assert isinstance(made, Encoded)
    assert made == Encoded(target, SECONDS, target.stat().st_size, hashlib.sha256(target.read_bytes()).digest())
    rate, samples = decoded(target)
    assert rate == 32_000
    assert len(samples) / rate == pytest.approx(SECONDS, abs=0.1)
    middle = samples[rate : 2 * rate]
    assert crossings(middle) == pytest.approx(HERTZ, abs=2)
    assert 6000 < max(middle) < 11_000
    assert list(tmp_path.glob("*.part")) == []


async def test_another_reader_finds_what_players_show(source, tmp_path):
    target = tmp_path / "out.m4a"
    await encode(source, target, Labels("Message for Ann", "Böss", "2026-11-21T10:00:00+00:00"))
    read = mutagen.File(target)
    assert (read.info.codec, read.info.channels, read.info.sample_rate) == ("mp4a.40.2", 1, 32_000)
    assert read.info.length == pytest.approx(SECONDS, abs=0.1)
    assert read.tags["\xa9nam"] == ["Message for Ann"]
    assert read.tags["\xa9ART"] == ["Böss"]
    assert read.tags["\xa9day"][0].startswith("2026-11-21")


async def test_the_index_comes_before_the_sound(source, tmp_path):
    target = tmp_path / "out.m4a"
    await encode(source, target)
    data = target.read_bytes()
    assert data[4:8] == b"ftyp"
    assert data.index(b"moov") < data.index(b"mdat")


async def test_a_minute_stays_small(tmp_path):
    source = tmp_path / "in.opus"
    source.write_bytes(opus_file(tone(5.08) * 12))
    made = await encode(source, tmp_path / "out.m4a")
    assert isinstance(made, Encoded)
    assert made.size < 60 * 36_000 / 8


async def test_a_damaged_packet_costs_itself_and_no_more(tmp_path):
    spoken = tone(SECONDS + 0.08)
    spoken[70:80] = [bytes([spoken[0][0]]) + b"\xff" * 5] * 10
    source = tmp_path / "in.opus"
    source.write_bytes(opus_file(spoken))
    made = await encode(source, tmp_path / "out.m4a")
    assert isinstance(made, Encoded)
    assert made.seconds == pytest.approx(SECONDS, abs=0.3)


@pytest.mark.parametrize("data", [b"", bytes(4096), b"OggS and nothing", opus_file([]), opus_file(packets(2))[:300]])
async def test_what_is_no_sound_is_no_message(tmp_path, data):
    source, target = tmp_path / "in.opus", tmp_path / "out.m4a"
    source.write_bytes(data)
    failed = await encode(source, target)
    assert isinstance(failed, Failure)
    assert failed.trouble is Trouble.UNREADABLE
    assert {each.name for each in tmp_path.iterdir()} == {"in.opus"}


async def test_what_the_card_refuses_is_told(source, tmp_path):
    gone = await encode(tmp_path / "nowhere.opus", tmp_path / "out.m4a")
    assert isinstance(gone, Failure)
    assert gone.trouble is Trouble.FAILED
    assert "No such file" in gone.sentence
    full = await encode(source, tmp_path / "nowhere" / "out.m4a")
    assert isinstance(full, Failure)


def instead(monkeypatch, tmp_path, script):
    """A child that is no encoder."""
    program = tmp_path / "child"
    program.write_text(f"#!{sys.executable}\n{script}")
    program.chmod(0o700)
    monkeypatch.setattr(encoding.sys, "executable", str(program))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("import sys; sys.exit('libav is not there')", "libav is not there"),
        ("print('{\"seconds\": 1}')", "no word"),
        ("print('[]')", "no word"),
        ("import os; os.kill(os.getpid(), 9)", "-9"),
        ('print(\'{"error": "odd", "errno": 1094995529}\'); exit(1)', "odd"),
        ('print(\'{"error": "full", "errno": 28}\'); exit(1)', "make room"),
    ],
)
async def test_a_child_that_dies_is_told(tmp_path, monkeypatch, script, told):
    instead(monkeypatch, tmp_path, script)
    failed = await encode(tmp_path / "in.opus", tmp_path / "out.m4a")
    assert isinstance(failed, Failure)
    assert told in failed.sentence


async def test_a_child_that_cannot_be_started_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding.sys, "executable", str(tmp_path / "no python"))
    failed = await encode(tmp_path / "in.opus", tmp_path / "out.m4a")
    assert isinstance(failed, Failure)
    assert failed.trouble is Trouble.ENCODER


async def test_a_child_that_hangs_is_killed(tmp_path, monkeypatch):
    instead(monkeypatch, tmp_path, "import time; time.sleep(1000)")
    failed = await encode(tmp_path / "in.opus", tmp_path / "out.m4a", patience=0.05)
    assert isinstance(failed, Failure)
    assert "more than 0.05 s" in failed.sentence


async def test_nothing_goes_on_when_nobody_waits(tmp_path, monkeypatch):
    instead(monkeypatch, tmp_path, f"open({str(tmp_path / 'begun')!r}, 'w'); import time; time.sleep(1000)")
    children = []
    spawn = asyncio.create_subprocess_exec

    async def spying(*arguments, **options):
        children.append(await spawn(*arguments, **options))
        return children[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spying)
    task = asyncio.create_task(encode(tmp_path / "in.opus", tmp_path / "out.m4a"))
    while not (tmp_path / "begun").exists():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children[0].returncode == -9
