"""The systemd unit: systemd takes it, it agrees with the code, and nothing keeps a phone that died from coming back."""

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from rig.confined import settings

from phone.config import Config
from phone.media.audio import PRIORITY
from phone.watchdog import SILENT, STUCK

SYSTEMD = Path(__file__).parents[2] / "systemd"


@pytest.fixture
def unit():
    parser = ConfigParser(interpolation=None, strict=False)  # some settings stand there several times
    parser.optionxform = str
    parser.read(SYSTEMD / "phone.service")
    return parser


def verify(file):
    command = ["systemd-analyze", "verify", "--man=no", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_it_and_would_refuse_nonsense(unit, tmp_path):
    text = (SYSTEMD / "phone.service").read_text("utf-8")
    program = unit["Service"]["ExecStart"].split()[0]
    assert Path(program).is_absolute()
    file = tmp_path / "phone.service"
    file.write_text(text.replace(program, sys.executable))
    done = verify(file)
    assert (done.returncode, done.stderr) == (0, "")
    file.write_text(text.replace(program, sys.executable).replace("Restart=always", "Restart=sometimes"))
    assert "sometimes" in verify(file).stderr


HARDENED = ("phone.service", "phone-voicemail-service.service")
EXPOSURE = 2.0


def exposure(file):
    command = ["systemd-analyze", "--no-pager", "security", "--offline=true", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"SYSTEMD_COLORS": "0"})
    return float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)[1])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("name", HARDENED)
def test_little_is_open_to_who_breaks_in(name, tmp_path):
    assert exposure(SYSTEMD / name) <= EXPOSURE
    soft = tmp_path / name
    soft.write_text(re.sub("(?m)^(Protect|CapabilityBounding|SystemCall).*$", "", (SYSTEMD / name).read_text("utf-8")))
    assert exposure(soft) > EXPOSURE


def test_the_desks_devices_are_open_and_no_others(unit):
    assert unit["Service"]["DevicePolicy"] == "closed"
    assert "PrivateDevices" not in unit["Service"], "it would hide them all"
    allowed = dict(line.split() for line in settings(SYSTEMD / "phone.service", "DeviceAllow"))
    assert allowed == {
        **dict.fromkeys(("char-gpiochip", "char-*gpiomem*", "char-i2c", "char-spi", "char-alsa"), "rw"),
        "char-input": "r",
    }
    groups = unit["Service"]["SupplementaryGroups"].split()
    assert {"audio", "gpio", "i2c", "spi", "input"} == set(groups)
    assert "phone-devices.service" in unit["Unit"]["Wants"].split()
    assert "phone-devices.service" in unit["Unit"]["After"].split(), "a card that comes later would be refused"
    modprobe = settings(SYSTEMD / "phone-devices.service", "ExecStart")[0].split()
    assert {"snd", "i2c_dev", "spidev"} <= set(modprobe)


def test_nothing_waits_for_network_or_time(unit):
    waits = {word for key in ("After", "Wants", "Requires") for word in unit["Unit"].get(key, "").split()}
    assert not waits & {f"{each}.target" for each in ("network", "network-online", "time-sync", "nss-lookup")}


def test_the_watchdog_has_time_for_what_mends_itself(unit):
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["NotifyAccess"] == "main"
    assert float(service["WatchdogSec"]) >= 3 * SILENT, "one look that comes late must not end the phone"
    assert float(service["WatchdogSec"]) > STUCK, "the sound process ends itself before"


def test_the_boards_watchdog_counts_no_longer_than_it_can():
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(SYSTEMD / "phone.system-conf")
    assert 0 < float(parser["Manager"]["RuntimeWatchdogSec"]) <= 15
    assert set(parser["Manager"]) == {"RuntimeWatchdogSec", "RebootWatchdogSec"}


def test_it_comes_back_however_and_however_often_it_died(unit):
    assert unit["Service"]["Restart"] == "always"
    assert float(unit["Service"]["RestartSec"]) <= 1
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_what_it_starts_is_our_command(unit, tmp_path):
    _, *arguments = unit["Service"]["ExecStart"].split()
    assert arguments[:2] == ["run", "--config"]
    missing = tmp_path / "phone.toml"
    command = [sys.executable, "-m", "phone", *arguments[:2], str(missing)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, "a usage error is 2"
    assert str(missing) in done.stderr


def test_its_folders_and_rights_are_those_of_the_code(unit):
    service = unit["Service"]
    assert Path("/run", service["RuntimeDirectory"]) == Config.DEFAULT_RUN_DIR
    assert Path("/var/lib", service["StateDirectory"]) == Config.__dataclass_fields__["state_dir"].default
    assert int(service["LimitRTPRIO"]) >= PRIORITY
    assert service["WorkingDirectory"] == str(Config.DEFAULT_RUN_DIR), "it may write there, and what it leaves goes"


def test_sysusers_makes_all_it_runs_as(unit):
    lines = [line.split() for line in (SYSTEMD / "phone.sysusers").read_text("utf-8").splitlines() if line[0] != "#"]
    made = {(line[0], line[1]) for line in lines}
    assert ("u", unit["Service"]["User"]) in made
    assert {("g", group) for group in unit["Service"]["SupplementaryGroups"].split()} <= made


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd here")
def test_sysusers_takes_its_file(tmp_path):
    (tmp_path / "etc").mkdir()
    file = SYSTEMD / "phone.sysusers"
    done = subprocess.run(["systemd-sysusers", f"--root={tmp_path}", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "phone:" in (tmp_path / "etc/passwd").read_text()
    assert "gpio:" in (tmp_path / "etc/group").read_text()
