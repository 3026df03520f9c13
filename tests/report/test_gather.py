"""A report of a phone that does not run: its files, the machine, and no secret."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from report.archives import CONFIG, phone_files, unpacked

from phone.cli.main import main
from phone.control import CallQuality, ControlError, Request, Status, StatusReply, TrialStatus
from phone.control.server import ControlServer
from phone.report import journal, machine
from phone.report.gather import Gatherer
from phone.report.machine import Machine
from phone.report.parts import Missing, Part

CALL = CallQuality(
    "c1", "2026-01-02T03:04:05+00:00", 12.5, "in", "hang-up", encrypted=True, codec="opus", received=90, lost=10
)


@pytest.fixture(autouse=True)
def _no_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's own say."""
    monkeypatch.setattr(journal, "_journal", lambda *_: "")
    monkeypatch.setattr(machine, "_run", lambda *_: "")


def gather(config: Path) -> tuple[dict[str, str], dict[str, str]]:
    found = tuple(Gatherer(config, config.parent / "run" / "control.sock").found())
    parts = {p.name: "" if p.name.endswith(".png") else p.data.decode() for p in found if isinstance(p, Part)}
    return parts, {m.what: m.why for m in found if isinstance(m, Missing)}


def test_a_phone_that_does_not_run(tmp_path: Path) -> None:
    config = phone_files(tmp_path)
    (tmp_path / "state" / "quality.json").write_bytes(msgspec.json.encode([CALL]))
    (tmp_path / "state" / "selftest.txt").write_text("All is well.\n")
    parts, missing = gather(config)
    assert set(parts) == {"config.toml", "config-check.txt", "calls.json", "calls.png", "selftest.txt", "system.txt"}
    assert parts["config-check.txt"] == "the phone takes it as it is\n"
    assert json.loads(parts["calls.json"])[0]["lost"] == 10
    assert parts["selftest.txt"] == "All is well.\n"
    assert set(missing) == {"status of the running phone", "log"}
    assert "the phone is not running" in missing["log"]


@pytest.mark.parametrize("trial", [None, TrialStatus(7, 6, 45.0, session=False)])
async def test_a_running_phone_with_a_config_on_trial(tmp_path: Path, trial: TrialStatus | None) -> None:
    config = phone_files(tmp_path)
    (tmp_path / "run").mkdir()
    quiet = StatusReply("1", 1.0, "a@b", True, "", False, (), (), None, False, ())  # noqa: FBT003 - its order

    async def answer(request: Request) -> StatusReply:
        if not isinstance(request, Status):
            raise ControlError("this test's phone has nothing else to tell")
        return msgspec.structs.replace(quiet, trial=trial)

    async with ControlServer(tmp_path / "run" / "control.sock", answer):
        found = await asyncio.to_thread(lambda: tuple(Gatherer(config, tmp_path / "run" / "control.sock").found()))
    (status,) = (part for part in found if isinstance(part, Part) and part.name == "status.json")
    assert json.loads(status.data)["trial"] == msgspec.to_builtins(trial)
    assert status.what == "`phone status --json`" + (
        ": version 7 of the config is on trial, after version 6" if trial else ""
    )


def test_no_config_at_all(tmp_path: Path) -> None:
    parts, missing = gather(tmp_path / "gone.toml")
    assert "there is no such file" in missing["config"]
    assert "system.txt" in parts


@pytest.mark.parametrize(
    ("config", "verdict"),
    [
        (CONFIG.replace('"anna@example.org"', "7"), "must be a text in quotes"),
        (CONFIG + "[account]\n", "Cannot declare"),
        (CONFIG.replace("password_file", "pasword_file"), "pasword_file: is no key of [account]"),
    ],
)
def test_a_config_that_the_phone_does_not_take(tmp_path: Path, config: str, verdict: str) -> None:
    parts, _ = gather(phone_files(tmp_path, config))
    assert verdict in parts["config-check.txt"]


def test_what_root_alone_may_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = phone_files(tmp_path)
    opened, opened_plainly = Path.open, os.open

    def refuse(path: Path, *args: object, **more: object) -> object:
        if path.parent.name == "state":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **more)  # type: ignore[call-overload]

    def refuse_plainly(path: str | Path, flags: int, *args: int, **more: int | None) -> int:
        if Path(path).parent.name == "state":
            raise PermissionError(13, "Permission denied")
        return opened_plainly(path, flags, *args, **more)

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(os, "open", refuse_plainly)
    _, missing = gather(config)
    for what in ("selftest.txt", "quality of the last calls"):
        assert missing[what] == "Permission denied; ask as root: sudo phone report"


def test_who_may_not_read_the_config_is_not_told_that_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = phone_files(tmp_path)
    opened = Path.open

    def refuse(path: Path, *args: object, **more: object) -> object:
        if path == config:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    _, missing = gather(config)
    for what in ("status of the running phone", "log"):
        assert "not running" not in missing[what]
        assert "not allowed to read" in missing[what]
        assert "sudo phone report, or join the group phone" in missing[what]


def test_a_selftest_file_that_is_cut_off(tmp_path: Path) -> None:
    config = phone_files(tmp_path)
    (tmp_path / "state" / "selftest.json").write_bytes(b'{"a": "\xff')
    assert json.loads(gather(config)[0]["selftest.json"]).startswith('{"a": "')


def test_a_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    root = tmp_path / "root"
    for name, text in {
        "proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0",
        "etc/os-release": 'NAME="x"\nPRETTY_NAME="Raspberry Pi OS 13"\n',
        "proc/meminfo": "MemTotal: 512 kB\nMemFree: 1 kB\n",
        "proc/asound/cards": " 0 [Handset ]: USB-Audio\n",
        "sys/class/thermal/thermal_zone0/temp": "48312\n",
        "etc/resolv.conf": "search secret.example\nnameserver 192.0.2.53\n",
        "dev/i2c-1": "",
        "dev/gpiochip0": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    told = Machine(root).told([tmp_path, tmp_path / "gone"])
    for line in (
        "Raspberry Pi Zero 2 W Rev 1.0",
        "system Raspberry Pi OS 13",
        "MemTotal: 512 kB",
        " 0 [Handset ]: USB-Audio",
        "thermal_zone0: 48.3 C",
        "nameserver 192.0.2.53",
        f"{tmp_path / 'gone'}: No such file or directory",
    ):
        assert f"\n{line}" in told
    assert "MemFree" not in told
    assert "secret.example" not in told
    assert f"{root}/dev/i2c-1 mode" in told
    assert "MiB free" in told
    assert "no GPIO, I2C" in Machine(tmp_path / "empty").told([])


def test_the_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = ["usb 1-1: reset", "wlan0: associated, usb", "random: crng", "Under-voltage detected!"]
    monkeypatch.setattr(journal, "_journal", lambda *wanted: "\n".join(lines) if "--dmesg" in wanted else "the log")
    parts, missing = gather(phone_files(tmp_path))
    assert parts["log.txt"] == "the log\n"
    assert parts["kernel.txt"] == "usb 1-1: reset\nUnder-voltage detected!\n"
    assert "log" not in missing


def test_journalctl_that_fails_or_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nowhere")
    assert journal.of_unit() == ""
    assert journal.of_kernel() == ""


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, out = phone_files(tmp_path), tmp_path / "report.tar.xz"
    out.write_text("an older one")
    out.chmod(0o644)
    assert main(["report", "--config", str(config), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == str(out)
    assert set(told["missing"]) == {"status of the running phone", "log"}
    assert out.stat().st_mode & 0o777 == 0o600
    files = unpacked(out)
    assert set(files) == {"README.txt", *told["parts"]}
    for name in told["parts"]:
        assert f"\n  {name}" in files["README.txt"]
    assert "Could not be had:\n  - status of the running phone: the phone is not running" in files["README.txt"]


def test_the_command_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = phone_files(tmp_path)
    assert main(["report", "--config", str(config), "--out", str(tmp_path / "no" / "file")]) == 1
    assert "name another file with --out" in capsys.readouterr().err
    assert main(["report", "--config", str(config), "--out", "-", "--json"]) == 1
    (tmp_path / "folder").mkdir()
    assert main(["report", "--config", str(config), "--out", str(tmp_path / "folder")]) == 1
    assert not list(tmp_path.glob(".*.part"))


def test_the_command_to_stdout(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["report", "--config", str(phone_files(tmp_path)), "--out", "-"]) == 0
    out, err = capfdbinary.readouterr()
    (tmp_path / "piped.tar.xz").write_bytes(out)
    assert "README.txt" in unpacked(tmp_path / "piped.tar.xz")
    assert b"Secrets were taken out" in err


# --- secrets ----------------------------------------------------------------------------------------------------

texts = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="*"), min_size=8, max_size=24)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    password=texts,
    code=st.text("0123456789", min_size=8, max_size=12),
    in_file=texts,
    token=st.text("abcXYZ-_059", min_size=32, max_size=32),
    unknown=texts,
    comment=texts,
    broken=st.booleans(),
)
@example(
    password="pass word\"'\\#",
    code="4711471147",
    in_file="ünicode & <x>",
    token="t" * 32,
    unknown="[section]",
    comment="# x = 1",
    broken=False,
)
def test_secrets_are_nowhere_in_the_archive(
    password: str, code: str, in_file: str, token: str, unknown: str, comment: str, *, broken: bool
) -> None:
    secrets = [s for s in (password, code, in_file, token, unknown, comment) if s.strip() == s]
    folder = Path(tempfile.mkdtemp())
    try:
        _plant(folder, password, code, in_file, token, unknown, comment)
        if broken:
            with (folder / "phone.toml").open("a") as file:
                file.write("\nand = this is = no TOML\n")
            secrets = [s for s in (in_file,) if s in secrets]
        bare, _ = gather(_bare(folder))
        parts, missing = gather(folder / "phone.toml")
    finally:
        shutil.rmtree(folder)
    everything = "\n".join((*parts.values(), *missing, *missing.values()))
    known = "\n".join(bare.values())
    for secret in secrets:
        assert secret not in everything or secret in known, secret


def _plant(folder: Path, password: str, code: str, in_file: str, token: str, unknown: str, comment: str) -> None:
    """Each secret where it is at home, and all of them where a clumsy log or self-test might put them."""
    (folder / "state").mkdir()
    everywhere = [password, code, in_file, token, unknown]
    (folder / "password").write_text(f"{in_file}\n")
    (folder / "state" / "panel-token").write_text(f"{token}\n")
    (folder / "state" / "selftest.txt").write_text("\n".join(f"seen: {each} there" for each in everywhere))
    (folder / "state" / "selftest.json").write_text(json.dumps({each: [each] for each in everywhere}))
    quality = CallQuality(" ".join(everywhere), "", 0.0, "in", "", encrypted=None)
    (folder / "state" / "quality.json").write_bytes(msgspec.json.encode([quality]))
    quoted = json.dumps(password, ensure_ascii=False).replace("\x7f", "\\u007f")
    config = CONFIG.replace("password_file", f"password = {quoted} # {comment}\npassword_file")
    extra = json.dumps(unknown, ensure_ascii=False).replace("\x7f", "\\u007f")
    config += f'\n[calls]\nlock_code = "{code}" # {comment}\n# {comment}\n[extra]\nkey = [{extra}]\n'
    (folder / "phone.toml").write_text(config)


def _bare(folder: Path) -> Path:
    """A phone without any secret: what is in its report is there by chance, or is ours."""
    bare = folder / "bare"
    bare.mkdir()
    return phone_files(bare)


@pytest.mark.timeout(20)
def test_root_reads_no_link_and_waits_for_no_pipe_of_the_daemons_user(tmp_path: Path) -> None:
    config = phone_files(tmp_path)
    (tmp_path / "shadow").write_text("root's own")
    (tmp_path / "state" / "selftest.txt").symlink_to(tmp_path / "shadow")
    os.mkfifo(tmp_path / "state" / "selftest.json")
    parts, missing = gather(config)
    assert "root's own" not in "".join(parts.values())
    assert missing["selftest.json"].startswith("it is no plain file")
    assert "selftest.txt" in missing
