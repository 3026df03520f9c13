"""A Raspberry Pi (arm64) can install what the locks pin: wheels for both Pythons, but for a few small C sources.

Networked and slow, so it runs only when asked: PHONE_ARM64=1 ./dev test tests/setup/test_arm64.py
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"

FROM_SOURCE = {
    "run": {"opuslib", "pyalsaaudio"},  # pure Python; C with libasound2-dev
    "demo": {"opuslib", "pyalsaaudio"},
    "dev": {"opuslib", "pyalsaaudio"},
    "hardware": {"opuslib", "pyalsaaudio"},
    "service": {"opuslib", "pyalsaaudio"},
}
FROM_SOURCE_ON_313 = {"lgpio"}  # no wheel yet: built with swig and liblgpio-dev
PLATFORMS = ["manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64", "manylinux_2_34_aarch64"]
"""Debian 12 has glibc 2.36, Debian 13 has 2.41."""


def pins(name: str) -> dict[str, str]:
    """Package -> its pin, hashes and all."""
    text = (REQUIREMENTS / f"{name}.txt").read_text("utf-8")
    return {
        re.match(r"[\w.-]+", pin)[0]: pin for pin in re.findall(r"^\S.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    }


@pytest.mark.parametrize("name", ["build", "run", "demo", "dev", "hardware", "service"])
def test_every_pin_is_exact_and_hashed(name):
    for pin in pins(name).values():
        assert re.match(r"[a-z0-9-]+==\S+", pin)
        assert "--hash=sha256:" in pin
        assert "://" not in pin


def test_the_others_add_to_run_and_change_nothing():
    for package, pin in pins("run").items():
        assert pins("demo")[package] == pin
        assert pins("hardware")[package] == pin
        assert pins("service")[package] == pin
    for package, pin in pins("demo").items():
        assert pins("dev")[package] == pin


@pytest.mark.skipif("PHONE_ARM64" not in os.environ, reason="networked: set PHONE_ARM64=1")
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("python", ["3.11", "3.13"])
@pytest.mark.parametrize("name", ["run", "demo", "dev", "hardware", "service"])
def test_wheels_resolve_for_arm64(name, python, tmp_path):
    wheels = tmp_path / "wheels.txt"
    sources = FROM_SOURCE[name] | (FROM_SOURCE_ON_313 if python == "3.13" else set())
    wheels.write_text("".join(pin for package, pin in pins(name).items() if package not in sources))
    platforms = [option for platform in PLATFORMS for option in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--no-deps"]
    command += ["--target", str(tmp_path / "target"), "--python-version", python, "--implementation", "cp", *platforms]
    command += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(wheels)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
