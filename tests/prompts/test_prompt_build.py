"""Making prompts: what is missing or has changed, and no more."""

from __future__ import annotations

import io
import subprocess
from array import array
from dataclasses import replace

import numpy as np
import pytest

from phone.media.codecs.opus import OpusCodec
from phone.ogg.opusreader import OpusReader
from phone.prompts import Prompts, default_folder
from phone.prompts import build as building
from phone.prompts.build import build, main
from phone.prompts.synthesis import TONES, encoded, made
from phone.prompts.texts import Script, Speaker, languages, load_script

SPEAKER = Speaker("de", "150", "42")
TEXTS = {"number-2": "zwei", "no-messages": "Sie haben keine Nachrichten."}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def heard(path):
    """48 kHz samples, as a player has them."""
    with path.open("rb") as file:
        codec, out = OpusCodec(), array("h")
        for packet in OpusReader(file).packets():
            samples = array("h", codec.decode(packet.payload))
            out += samples[max(0, -packet.at) : packet.samples]
    return np.array(out, dtype=float)


@pytest.fixture
def script(monkeypatch):
    """Makes the builder know these texts alone."""

    def known(texts, speaker=SPEAKER):
        monkeypatch.setattr(building, "load_script", lambda _: Script(speaker, texts))

    known(TEXTS)
    return known


def times(folder):
    return {path.stem: path.stat().st_mtime_ns for path in folder.glob("de/*.opus")}


def test_all_are_made_then_none_and_then_those_that_changed(tmp_path, script):
    out = io.StringIO()
    assert build(tmp_path, "de", out) == 4
    assert out.getvalue() == "prompts de: 4 made\n"
    first = times(tmp_path)
    assert set(first) == {*TEXTS, *TONES}
    assert build(tmp_path, "de", out) == 0
    assert times(tmp_path) == first
    script(TEXTS | {"number-2": "zwo"})
    assert build(tmp_path, "de", out) == 1
    changed = times(tmp_path)
    assert {name for name in first if changed[name] != first[name]} == {"number-2"}
    (tmp_path / "de/beep.opus").unlink()
    assert build(tmp_path, "de", out) == 1
    script(TEXTS, replace(SPEAKER, pitch="60"))
    assert build(tmp_path, "de", out) == 4
    script({"number-2": "zwei"})
    build(tmp_path, "de", out)
    assert set(times(tmp_path)) == {"number-2", *TONES}


@pytest.mark.parametrize("stamp", ["", "[1]", "nonsense"])
def test_a_broken_stamp_means_that_all_are_made(tmp_path, script, stamp):
    build(tmp_path, "de", io.StringIO())
    (tmp_path / "de/stamp.json").write_text(stamp)
    assert build(tmp_path, "de", io.StringIO()) == 4


def test_progress_is_seen_at_a_terminal(tmp_path, script):
    out = Terminal()
    build(tmp_path, "de", out)
    assert "prompts de [" in out.getvalue()
    assert "4/4" in out.getvalue()


def test_the_same_text_gives_the_same_bytes():
    assert made("number-2", "zwei", SPEAKER) == made("number-2", "zwei", SPEAKER)


def test_what_is_played_is_what_was_put_in(tmp_path):
    (tmp_path / "x").write_bytes(encoded("beep", TONES["beep"]))
    out = heard(tmp_path / "x")
    assert 0.4 <= len(out) / 48_000 <= 0.43
    spectrum = np.abs(np.fft.rfft(out[2000:17_000]))
    assert spectrum.argmax() * 48_000 / 15_000 == pytest.approx(1000, abs=5)


def test_without_espeak_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([str(tmp_path)]) == 1
    assert "apt-get install espeak-ng" in capsys.readouterr().err


def test_what_espeak_complains_of_is_passed_on(tmp_path, script, capsys, monkeypatch):
    fake = tmp_path / "espeak-ng"
    fake.write_text("#!/bin/sh\n[ $1 = --version ] || { echo no voice >&2; exit 3; }\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert main([str(tmp_path), "--language", "de"]) == 1
    assert "espeak-ng failed (3): no voice" in capsys.readouterr().err


@pytest.mark.parametrize("language", languages())
def test_espeak_has_the_voice(language):
    """It speaks with another one, and says nothing of it, where it has not."""
    listed = subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True, check=True).stdout
    assert f" {load_script(language).speaker.name} " in listed


def test_a_text_without_sound_is_a_fault(tmp_path, script, capsys):
    script({"nothing": " "})
    assert main([str(tmp_path), "--language", "de"]) == 1
    assert "says nothing" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file")]) == 1
    assert "name another folder" in capsys.readouterr().err


def test_paths(tmp_path, caplog, monkeypatch):
    (tmp_path / "en").mkdir()
    (tmp_path / "en/beep.opus").write_bytes(b"")
    prompts = Prompts(tmp_path, "en")
    assert prompts.path("beep") == str(tmp_path / "en/beep.opus")
    assert [prompts.path("nonsense") for _ in range(3)] == ["", "", ""]
    assert len(caplog.records) == 1
    assert "phone.prompts.build" in caplog.text
    monkeypatch.setenv("PHONE_PROMPTS", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("PHONE_PROMPTS")
    assert default_folder().name == "built"


@pytest.fixture(scope="session")
def built():
    """All of them, where `./dev` makes them; made now where something is new."""
    folder = default_folder()
    for language in languages():
        build(folder, language, io.StringIO())
    return folder


@pytest.mark.parametrize("language", languages())
def test_every_prompt_is_heard_at_once_as_loud_as_the_others_and_unclipped(built, language):
    most = 32768 * 10 ** (-2.5 / 20)  # -3, and something for another espeak-ng and another libopus
    for name in {*load_script(language).texts, *TONES} - {"pause"}:
        samples = heard(built / language / f"{name}.opus")
        windows = np.sqrt((samples[: len(samples) // 240 * 240].reshape(-1, 240) ** 2).mean(axis=1))
        assert (windows[:6] > 100).any(), f"{name} does not begin within 30 ms"
        powers = windows[: len(windows) // 4 * 4].reshape(-1, 4) ** 2
        said = powers.mean(axis=1)
        level = 10 * np.log10(said[said > said.max() / 100].mean() / 32768**2)
        assert -23 < level < -18, f"{name} has {level:.1f} dBFS"
        assert np.abs(samples).max() < most, f"{name} has peaks above -2.5 dBFS"


@pytest.mark.parametrize("language", languages())
def test_the_pause_is_silent(built, language):
    assert np.abs(heard(built / language / "pause.opus")).max() < 30
