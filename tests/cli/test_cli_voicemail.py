"""`phone voicemail` against a real control socket, as a user types it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from phone.cli.main import main
from phone.control import (
    ControlError,
    Done,
    VoicemailDelete,
    VoicemailFile,
    VoicemailList,
    VoicemailMessage,
    VoicemailPlay,
    VoicemailReply,
    VoicemailSave,
)

SOUND = b"OggS and so on" * 1000
IDS = ("20261121T100000Z-0badcafe", "20261121T090000Z-0badcaff", "20261120T090000Z-0badca00")
MESSAGES = (
    VoicemailMessage(IDS[0], "new", "ann@x", "Ann\x1b[2J", "2026-11-21T11:00:00+01:00", 12.3, 45_678),
    VoicemailMessage(IDS[1], "new", "bob@x", "", "2026-11-21T10:00:00+01:00", 61.0, 100, interrupted=True),
    VoicemailMessage(IDS[2], "kept", "c@x", "Carol", "2026-11-20T10:00:00+01:00", 3.0, 99),
)
LIST = VoicemailList(1000)


@pytest.fixture
def fake(fake, tmp_path):
    sound = tmp_path / "message.opus"
    sound.write_bytes(SOUND)
    fake.replies |= {
        VoicemailList: VoicemailReply(MESSAGES, 3),
        VoicemailPlay: Done("playing on the speaker"),
        VoicemailDelete: Done("deleted"),
        VoicemailSave: VoicemailFile(str(sound), len(SOUND)),
    }
    return fake


def test_list(fake, capsys):
    assert main(["voicemail", "list"]) == 0
    assert main(["voicemail", "list", "--state", "kept"]) == 0
    assert main(["voicemail", "list", "--limit", "1"]) == 0
    assert main(["voicemail", "list", "--state", "heard"]) == 0
    assert fake.asked == [LIST] * 4
    assert capsys.readouterr().out.splitlines() == [
        f"1  new   2026-11-21 11:00:00  Ann\N{REPLACEMENT CHARACTER}[2J  ann@x  0:12           {IDS[0]}",
        f"2  new   2026-11-21 10:00:00  bob@x           1:01  cut off  {IDS[1]}",
        f"3  kept  2026-11-20 10:00:00  Carol    c@x    0:03           {IDS[2]}",
        f"3  kept  2026-11-20 10:00:00  Carol  c@x  0:03    {IDS[2]}",
        f"1  new  2026-11-21 11:00:00  Ann\N{REPLACEMENT CHARACTER}[2J  ann@x  0:12    {IDS[0]}",
        "... and 2 more: give --limit",
        "no heard messages",
    ]


def test_a_list_that_is_empty_or_too_long(fake, capsys):
    fake.replies[VoicemailList] = VoicemailReply(())
    assert main(["voicemail", "list"]) == 0
    fake.replies[VoicemailList] = VoicemailReply(MESSAGES[:1], 4000)
    assert main(["voicemail", "list"]) == 0
    empty, _, more = capsys.readouterr().out.splitlines()
    assert empty == "no messages"
    assert more == "... and 3999 older than these 1000: delete some, or ask with --state and --json"


def test_list_for_machines(fake, capsys):
    assert main(["voicemail", "list", "--json", "--state", "new", "--limit", "7"]) == 0
    assert fake.asked == [VoicemailList(7, "new")]
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == 3
    assert told["messages"][1] == {
        "id": IDS[1],
        "state": "new",
        "address": "bob@x",
        "name": "",
        "began": "2026-11-21T10:00:00+01:00",
        "seconds": 61.0,
        "size": 100,
        "interrupted": True,
    }


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], [VoicemailPlay()]),
        (["2"], [LIST, VoicemailPlay(IDS[1])]),
        (["new"], [LIST, VoicemailPlay(IDS[1])]),
        (["20261120"], [LIST, VoicemailPlay(IDS[2])]),
        ([IDS[0]], [LIST, VoicemailPlay(IDS[0])]),
    ],
)
def test_play(fake, capsys, arguments, asked):
    assert main(["voicemail", "play", *arguments]) == 0
    assert fake.asked == asked
    assert capsys.readouterr().out == "playing on the speaker\n"


@pytest.mark.parametrize(
    ("act", "text", "why"),
    [
        ("play", "2026", "2026 could be any of 3 messages: give more of the id, or the number"),
        ("play", "4", "there is no message 4: see phone voicemail list"),
        ("play", "0", "there is no message 0: see phone voicemail list"),
        ("play", "heard", "there is no heard message: see phone voicemail list"),
        ("play", "all", "one message at a time: give its number (phone voicemail list)"),
        ("delete", "nobody", "there is no message nobody: see phone voicemail list"),
    ],
)
def test_what_is_not_clearly_a_message(fake, capsys, act, text, why):
    assert main(["voicemail", act, text]) == 1
    assert capsys.readouterr().err == f"phone: {why}\n"
    assert fake.asked == [LIST]


@pytest.mark.parametrize(
    ("texts", "ids", "told"),
    [
        (["1"], IDS[:1], "1 message deleted"),
        (["new", "1"], IDS[:2], "2 messages deleted"),
        (["all"], IDS, "3 messages deleted"),
        (["heard"], (), "0 messages deleted"),
    ],
)
def test_delete(fake, capsys, texts, ids, told):
    assert main(["voicemail", "delete", *texts]) == 0
    assert fake.asked == [LIST, *map(VoicemailDelete, ids)]
    assert capsys.readouterr().out == f"{told}\n"


def test_nothing_is_deleted_if_one_of_them_is_not_there(fake, capsys):
    assert main(["voicemail", "delete", "1", "9", "--json"]) == 1
    assert fake.asked == [LIST]
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_save(fake, capsys, tmp_path):
    target = tmp_path / "copy.opus"
    target.write_bytes(b"an older one")
    assert main(["voicemail", "save", "1", str(target)]) == 0
    assert target.read_bytes() == SOUND
    assert fake.asked == [LIST, VoicemailSave(IDS[0])]
    told = f"saved as {target}: {len(SOUND)} bytes of Ogg Opus; the phone keeps the message, too"
    assert capsys.readouterr().out == f"{told}\n"
    assert not list(tmp_path.glob("*.part"))
    assert main(["voicemail", "save", "new", "/dev/null", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_save_to_standard_output(fake):
    command = [sys.executable, "-m", "phone", "voicemail", "save", "1", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == SOUND
    assert done.stderr == b""


def test_sound_is_kept_off_a_terminal(fake):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "phone", "voicemail", "save", "1", "-"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 1
    assert "not for a terminal" in done.stderr
    assert fake.asked == []


def test_a_message_that_cannot_be_copied(fake, capsys, tmp_path, monkeypatch):
    assert main(["voicemail", "save", "1", str(tmp_path / "nowhere" / "copy.opus")]) == 1
    assert "No such file" in capsys.readouterr().err
    fake.replies[VoicemailSave] = VoicemailFile(str(tmp_path / "gone.opus"), 5)
    assert main(["voicemail", "save", "1", str(tmp_path / "copy.opus")]) == 1
    assert f"it is in {tmp_path / 'gone.opus'}" in capsys.readouterr().err
    assert not (tmp_path / "copy.opus").exists()


def test_a_card_that_fills_up_leaves_what_was_there(fake, capsys, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    target = tmp_path / "copy.opus"
    target.write_bytes(b"an older one")
    monkeypatch.setattr("phone.cli.voicemail.shutil.copyfileobj", full)
    assert main(["voicemail", "save", "1", str(target)]) == 1
    assert "No space left" in capsys.readouterr().err
    assert target.read_bytes() == b"an older one"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("whose", ["source", "target"])
def test_who_may_not_is_told_what_to_do(fake, capsys, tmp_path, monkeypatch, whose):
    source, target = tmp_path / "message.opus", tmp_path / "copy.opus"
    denied = {"source": source, "target": tmp_path / "copy.opus.part"}[whose]
    opened = type(source).open

    def refuse(self, *arguments, **options):
        if self == denied:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **options)

    monkeypatch.setattr(type(source), "open", refuse)
    assert main(["voicemail", "save", "1", str(target)]) == 1
    assert ("sudo -u" if whose == "source" else "give another file") in capsys.readouterr().err


def test_what_the_phone_refuses_is_told(fake, capsys):
    fake.replies[VoicemailPlay] = ControlError("there is a call: end it first")
    assert main(["voicemail", "play"]) == 1
    assert capsys.readouterr().err == "phone: there is a call: end it first\n"


@pytest.mark.parametrize("act", ["list", "play", "save", "delete"])
def test_help_has_examples(capsys, act):
    with pytest.raises(SystemExit):
        main(["voicemail", act, "--help"])
    assert f"examples:\n  phone voicemail {act}" in capsys.readouterr().out


def test_alone_it_says_what_there_is(capsys):
    with pytest.raises(SystemExit):
        main(["voicemail"])
    assert "list|play|save|delete" in capsys.readouterr().err
