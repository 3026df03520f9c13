"""The voicemail service's systemd unit: systemd takes it, it agrees with the code, and it comes back."""

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from phone.cli.voicemail_service import DEFAULT_CONFIG
from phone.service.values import LimitsConfig, StoreConfig

ROOT = Path(__file__).parents[2]
NAME = "phone-voicemail-service"
UNIT = ROOT / "systemd" / f"{NAME}.service"


@pytest.fixture
def unit():
    """`SystemCallFilter` stands there twice: what is taken, and what of that is not."""
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read(UNIT)
    return parser


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_it(unit, tmp_path):
    program = unit["Service"]["ExecStart"].split()[0]
    file = tmp_path / UNIT.name
    file.write_text(UNIT.read_text("utf-8").replace(program, sys.executable))
    done = run("systemd-analyze", "verify", "--man=no", str(file))
    assert (done.returncode, done.stderr) == (0, "")


def test_it_comes_back_however_often_it_died(unit):
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_what_it_starts_is_our_command(unit, tmp_path):
    _, command, option, config = unit["Service"]["ExecStart"].split()
    assert Path(config) == DEFAULT_CONFIG
    missing = tmp_path / "service.toml"
    done = run(sys.executable, "-m", "phone", command, option, str(missing))
    assert done.returncode == 1, "a usage error is 2"
    assert str(missing) in done.stderr


def test_its_folder_is_that_of_the_code_and_of_the_example(unit):
    folder = Path("/var/lib", unit["Service"]["StateDirectory"])
    assert StoreConfig("sqlite://").spool.parent == folder
    assert f"sqlite:///{folder}/" in (ROOT / "server" / "voicemail-service.example.toml").read_text("utf-8")


def test_it_may_have_as_many_sockets_as_calls_need(unit):
    assert int(unit["Service"]["LimitNOFILE"]) >= 20 * LimitsConfig().calls


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd here")
def test_sysusers_makes_its_user(unit, tmp_path):
    (tmp_path / "etc").mkdir()
    done = run("systemd-sysusers", f"--root={tmp_path}", str(UNIT.with_suffix(".sysusers")))
    assert done.returncode == 0, done.stderr
    assert f"{unit['Service']['User']}:" in (tmp_path / "etc/passwd").read_text()
