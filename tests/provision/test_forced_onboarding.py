"""Whoever may provision may onboard: by a link on stdin, and by nothing that names a file or a server."""

import pytest

from phone.provision.forced import ForbiddenError, arguments


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("phone onboard", ["onboard"]),
        ("phone onboard --json --replace", ["onboard", "--json", "--replace"]),
        ("phone onboard --name 'anna desk'", ["onboard", "--name=anna desk"]),
        ("phone onboard --name=--config", ["onboard", "--name=--config"]),
        ("phone onboard --show", ["onboard", "--show"]),
        ("phone onboard --help", ["onboard", "--help"]),
    ],
)
def test_what_the_forced_command_lets_through(command, allowed):
    assert arguments(command) == allowed


@pytest.mark.parametrize("word", ["--config=x", "--ca-file /etc/shadow", "--server evil", "x", "--name=", "; sh", "-v"])
def test_and_what_not(word):
    with pytest.raises(ForbiddenError):
        arguments(f"phone onboard {word}")
