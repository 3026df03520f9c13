"""[voicemail] of the config file: each setting is where it acts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from rig.spoken import opus_file

from phone.config import load
from phone.mailsetup import _limits as limits
from phone.mailsetup import mailroom
from phone.memory import Memory
from phone.prompts import Prompts
from phone.settings import fresh_phone
from phone.voicemail.message import Limits

CONFIG = """\
country = "de"
state_dir = "{folder}/state"
run_dir = "{folder}/run"
[account]
jid = "anna@example.org"
password = "secret"
[audio.handset]
capture = "null"
playback = "null"
[audio.ringer]
playback = "null"
[voicemail]
{voicemail}
"""


def loaded(folder: Path, voicemail: str):
    file = folder / "phone.toml"
    file.write_text(CONFIG.format(folder=folder, voicemail=voicemail))
    file.chmod(0o600)
    return load(file)


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("answer = false", {"answers": False}),
        ("busy = false", {"answers_busy": False}),
        ("dnd = false", {"answers_dnd": False}),
        ("answer_seconds = 7.0", {"answer": 7.0}),
        ("longest_seconds = 60.0", {"longest_message": 60.0}),
    ],
)
def test_what_the_call_core_decides(tmp_path, line, changed):
    plain, phone = (fresh_phone(loaded(tmp_path, text), Memory(), 3) for text in ("", line))
    assert plain.habits.answers
    assert plain.habits.answers_busy
    assert plain.habits.answers_dnd
    assert (plain.timers.answer, plain.timers.longest_message) == (25, 180)
    if set(changed) <= {"answer", "longest_message"}:
        assert phone.timers == replace(plain.timers, **changed)
    else:
        assert phone.habits == replace(plain.habits, **changed)


class NoClient:
    def is_contact(self, jid):
        return False

    def name_of(self, jid):
        return ""


async def test_what_the_mailroom_decides(tmp_path):
    own = tmp_path / "own.opus"
    own.write_bytes(opus_file([b"\x08" + bytes(8)] * 9))
    lines = 'silence_seconds = 4.0\nmost_megabytes = 20\ndays = 30.0\ngreeting = "own.opus"'
    config = loaded(tmp_path, lines)
    room = mailroom(config, NoClient(), Prompts(tmp_path, "en"), lambda _: None)
    try:
        assert room.silence == 4.0
        assert room.greetings.heard() == own
    finally:
        await asyncio.to_thread(room.close)
    assert limits(config) == replace(Limits(), bytes=20 << 20, days=30.0)
