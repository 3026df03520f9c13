"""`phone install` and the Debian package, on a copy of this machine that is thrown away (needs root, and overlayfs)."""

import json
import os
import shutil
import stat
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from phone.cli.main import main
from phone.drivers.profilebook import shipped
from phone.install import layout, package
from phone.install.plan import Wish, install
from phone.install.steps import InstallError
from phone.install.venv import unready
from phone.prompts.texts import languages

ROOT = Path(__file__).parents[2]
IN_OVERLAY = Path(__file__).with_name("in_overlay")
SITE = f"opt/phone/.venv/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),  # once, libraries come from the network
    pytest.mark.skipif(bool(unready(ROOT)), reason="; ".join(unready(ROOT))),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no Debian here"),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """What `phone install --root` lays. Libraries come from ~/.cache/phone, or, once, from the network."""
    folder = tmp_path_factory.mktemp("stage")
    report = install(Wish(root=folder))
    assert report.changed
    return folder


@pytest.fixture(scope="module")
def deb(stage, tmp_path_factory):
    copy = tmp_path_factory.mktemp("deb") / "stage"
    shutil.copytree(stage, copy, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        made = package.pack(ROOT, copy, copy.with_name("out"), level=1)
    shutil.rmtree(copy)
    return made


@pytest.fixture(scope="module")
def overlay():
    """Run a shell script as root of a copy of this machine; what it printed."""
    probe = subprocess.run([IN_OVERLAY, "/usr"], input="true", capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"no overlay here: {probe.stderr.strip()}")

    clean = """
        dpkg --purge phone
        for user in phone provision phone-voicemail; do userdel $user; done
        rm -rf /opt/phone /etc/phone /var/lib/phone* /var/lib/provision /usr/bin/phone
    """

    def run(given, script):
        script = f"( {clean} ) >/dev/null 2>&1 || true\n{script}"
        done = subprocess.run([IN_OVERLAY, given], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def unit(folder, name):
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read(folder / "usr/lib/systemd/system" / name)
    return parser


def test_what_the_units_and_sshd_start_is_laid(stage):
    for name in (layout.UNIT, layout.SERVICE_UNIT):
        program = Path(unit(stage, name)["Service"]["ExecStart"].split()[0])
        assert os.access(stage / program.relative_to("/"), os.X_OK)
    assert (stage / "usr/bin/phone").readlink() == layout.VENV / "bin" / "phone"
    assert "ForceCommand /usr/bin/phone provision-shell" in (stage / "etc/ssh/sshd_config.d/phone.conf").read_text()


def test_every_file_of_the_folder_systemd_has_a_place():
    for file in (ROOT / "systemd").iterdir():
        assert layout.placed(file.name).name
    with pytest.raises(InstallError, match="PLACES"):
        layout.placed("phone.dance")


def test_the_first_boot_of_an_image_starts_the_phone_and_not_the_service(stage, tmp_path):
    """systemd enables all units then, but those that a preset names."""
    root = tmp_path / "root"
    for folder in ("system", "system-preset"):
        shutil.copytree(stage / "usr/lib/systemd" / folder, root / "usr/lib/systemd" / folder)
    subprocess.run(["systemctl", f"--root={root}", "preset-all"], check=True, capture_output=True)
    wanted = root / "etc/systemd/system/multi-user.target.wants"
    assert [path.name for path in wanted.iterdir()] == [layout.UNIT]


def test_the_venv_knows_nothing_of_where_it_was_made(stage):
    venv = stage / "opt/phone/.venv"
    for file in [
        *venv.glob("bin/phone"),
        *venv.glob("pyvenv.cfg"),
        *venv.rglob("*.pyc"),
        *venv.rglob("direct_url.json"),
    ]:
        assert str(stage).encode() not in file.read_bytes(), file


def test_it_has_the_prompts_and_the_profiles_and_is_compiled(stage):
    site = stage / SITE
    for language in languages():
        assert len([*(site / "phone/prompts/built" / language).glob("*.opus")]) > 100
    for profile in shipped():
        assert (site / f"phone/drivers/profiles/{profile}.toml").is_file()
    assert int((site / "phone" / "built").read_text()) >= 1_700_000_000
    tag = sys.implementation.cache_tag
    assert (site / f"phone/__pycache__/app.{tag}.pyc").is_file()
    for unneeded in ("pip", "setuptools", "pytest", "cryptography"):
        assert not (site / unneeded).exists()


def test_a_second_run_changes_nothing(stage):
    assert not install(Wish(root=stage)).changed


def test_a_file_that_was_changed_is_mended_alone(stage):
    unit_file = stage / "usr/lib/systemd/system/phone.service"
    unit_file.write_text("[Unit]\n")
    changed = [step.title for step in install(Wish(root=stage)).steps if step.changed]
    assert changed == [str(unit_file)]


def test_a_dry_run_touches_nothing(tmp_path, capsys):
    assert main(["install", "--root", str(tmp_path), "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["changed"]
    assert {"title": str(tmp_path / "usr/lib/systemd/system/phone.service"), "changed": True} in said["steps"]
    assert not [*tmp_path.iterdir()]


def test_the_whole_installation_twice(stage, overlay):
    script = f"""
        cp -a /given/. /
        cd {ROOT}
        {sys.executable} -m phone install --no-start --profile zero-i2s --json >/run/first
        sed -i 's/country = "de"/country = "fr"/' /etc/phone/phone.toml
        {sys.executable} -m phone install --no-start --json >/run/second
        cat /run/first
        echo ----
        cat /run/second
        echo ----
        cat /etc/phone/phone.toml
        echo ----
        phone uninstall --dry-run --json
        phone uninstall >/dev/null
        test ! -e /usr/bin/phone && test ! -e /opt/phone && test ! -e /usr/share/phone
        test -e /etc/phone/phone.toml && test -e /var/lib/phone
    """
    first, second, config, removed = overlay(stage, script).split("----\n")
    done = {step["title"]: step["changed"] for step in json.loads(first)["steps"]}
    gone = {step["title"] for step in json.loads(removed)["steps"] if step["changed"]}
    assert gone >= {"phone.service is disabled", "/usr/bin/phone is removed", "/opt/phone is removed"}
    assert not [title for title in gone if title.startswith(("/etc/phone", "/var/lib"))]
    assert done["users and groups"]
    assert not [step for step in json.loads(second)["steps"] if step["changed"]]
    assert 'profile = "zero-i2s"' in config
    assert 'country = "fr"' in config
    assert not [line for line in config.splitlines() if line.startswith(("capture =", "playback ="))]


def test_the_package_says_what_it_needs_and_lays_the_same(stage, deb):
    control = subprocess.run(["dpkg-deb", "--field", deb], capture_output=True, text=True, check=True).stdout
    major, minor = sys.version_info[:2]
    assert f"python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1})" in control
    assert "libasound2t64" in control
    listing = subprocess.run(["dpkg-deb", "--contents", deb], capture_output=True, text=True, check=True).stdout
    listed = {
        line.split(maxsplit=5)[5].split(" -> ")[0].removeprefix("./").rstrip("/") for line in listing.splitlines()
    }
    laid = {str(path.relative_to(stage)) for path in stage.rglob("*")}
    assert laid < listed
    assert all(line.split()[1] == "root/root" for line in listing.splitlines())


def test_the_package_comes_is_upgraded_and_goes(deb, overlay):
    """One shell script; each line of its end stands for what must be so."""
    state = "stat -c '%a %U:%G %n'"
    script = f"""
        export DEBIAN_FRONTEND=noninteractive
        dpkg --force-depends -i /given/{deb.name} >/run/log 2>&1 || {{ cat /run/log; exit 1; }}
        {state} /etc/phone /var/lib/phone /var/lib/phone-provision /var/lib/provision /etc/phone/phone.toml
        {state} /etc/phone-voicemail
        id -gn provision
        test -L /etc/systemd/system/multi-user.target.wants/phone.service
        test ! -e /etc/systemd/system/multi-user.target.wants/phone-voicemail-service.service
        dpkg --verify phone
        cd /tmp  # lgpio leaves a FIFO where it is
        export RPI_LGPIO_REVISION=c03114  # a Pi 4: rpi-lgpio refuses to be imported elsewhere
        runuser -u phone -- /opt/phone/.venv/bin/python -I -c '
import phone.app, phone.media.process, phone.service, phone.cli.main
import alsaaudio, av, gpiod, gpiozero, lgpio, luma.oled.device, opuslib, psycopg, RPi.GPIO, sqlalchemy'
        runuser -u phone -- phone --version
        echo '# mine' >>/etc/phone/phone.toml
        touch /var/lib/phone/message
        systemctl --quiet disable phone.service
        install -m 600 -o phone-voicemail /dev/null /etc/phone/voicemail-service.toml
        dpkg -i /given/{deb.name} >/run/log 2>&1 || {{ cat /run/log; exit 1; }}
        {state} /etc/phone-voicemail/voicemail-service.toml
        test ! -e /etc/phone/voicemail-service.toml
        tail -1 /etc/phone/phone.toml
        test -e /var/lib/phone/message
        test ! -e /etc/systemd/system/multi-user.target.wants/phone.service
        dpkg -r phone >/run/log 2>&1 || {{ cat /run/log; exit 1; }}
        test ! -e /opt/phone && test ! -e /usr/bin/phone
        test -e /var/lib/phone/message && test -e /etc/phone/phone.toml
        dpkg -P phone >/run/log 2>&1 || {{ cat /run/log; exit 1; }}
        test ! -e /var/lib/phone && test ! -e /etc/phone && test ! -e /etc/phone-voicemail
        test ! -e /etc/ssh/sshd_config.d/phone.conf
        echo gone
    """
    said = overlay(deb.parent, script).splitlines()
    assert said == [
        "2771 phone:phone /etc/phone",
        "700 phone:phone /var/lib/phone",
        "2770 phone:phone /var/lib/phone-provision",
        "700 provision:phone /var/lib/provision",
        "660 phone:phone /etc/phone/phone.toml",
        "750 root:phone-voicemail /etc/phone-voicemail",
        "phone",
        *said[7:8],
        "600 phone-voicemail:phone-voicemail /etc/phone-voicemail/voicemail-service.toml",
        "# mine",
        "gone",
    ]
    assert said[7].startswith("phone ")


def test_modes_are_those_of_a_public_program(deb, tmp_path):
    subprocess.run(["dpkg-deb", "--control", deb, tmp_path], check=True)
    for name in ("postinst", "prerm", "postrm"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o755
        assert subprocess.run(["sh", "-n", tmp_path / name], check=False).returncode == 0
    assert (tmp_path / "conffiles").read_text() == "/etc/ssh/sshd_config.d/phone.conf\n"
