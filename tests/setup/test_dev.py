"""`./dev` where the machine is not as it should be. The good way is proved by whoever reads this."""

import os
import subprocess
from pathlib import Path

import pytest

DEV = Path(__file__).parents[2] / "dev"


def dev(*arguments, **environment):
    return subprocess.run(
        [DEV, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}, cwd="/"
    )


@pytest.fixture
def machine(tmp_path):
    """A PATH with the few tools that `dev` needs, and what a test adds to it."""
    for tool in ("cat", "dirname", "grep", "sed", "sh"):
        (tmp_path / tool).symlink_to(next(p for p in (Path("/usr/bin", tool), Path("/bin", tool)) if p.exists()))

    def add(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    add.path = str(tmp_path)
    return add


def test_help_names_every_command():
    done = dev("--help")
    assert done.returncode == 0
    for command in ("demo", "test", "interop", "bench", "lint", "shell", "install", "package", "lock"):
        assert f"./dev {command}" in done.stdout


def test_an_unknown_command_is_a_usage_error():
    done = dev("dance")
    assert (done.returncode, done.stdout) == (2, "")
    assert "./dev test" in done.stderr


def test_elsewhere_than_on_debian_it_says_what_it_needs(machine):
    done = dev("demo", PATH=machine.path)
    assert done.returncode == 1
    assert "needs Debian 12 or newer" in done.stderr
    assert "prosody" in done.stderr


def test_without_rights_it_says_what_root_must_do(machine):
    machine("dpkg-query", "printf 'gcc ii \\nprosody rc \\n'; exit 1")
    machine("id", "echo 1000")
    done = dev("demo", PATH=machine.path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "there is no sudo. As root: apt-get install " in line
    assert "prosody" in line.split()
    assert "gcc" not in line.split()


def test_sudo_is_used_only_for_what_is_missing(machine):
    machine("dpkg-query", "for p; do case $p in -*) ;; gcc) ;; *) echo $p ii ;; esac; done")
    machine("id", "echo 1000")
    machine("sudo", 'echo "sudo $*"; exit 1')
    done = dev("demo", PATH=machine.path)
    assert done.returncode == 1
    assert done.stdout == "sudo sh -s gcc\n"
    assert "Try it yourself: apt-get install gcc" in done.stderr


def test_too_old_a_python_is_refused(machine, tmp_path):
    machine("dpkg-query", "for p; do echo $p ii; done")
    machine("cksum", "echo 1")
    machine("old", 'case $1 in -V) echo "Python 3.9.2" ;; *) exit 1 ;; esac')
    done = dev("demo", PATH=machine.path, PYTHON=str(tmp_path / "old"))
    assert done.returncode == 1
    assert "older than 3.11" in done.stderr
