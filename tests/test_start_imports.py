"""What the phone imports before it has a dial tone, for which its user waits: nothing that it needs only later."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LATER = {
    "slixmpp": "the network comes after the dial tone",
    "aiodns": "the network comes after the dial tone",
    "aiohttp": "only a message with sound is uploaded",
    "email": "importlib.metadata brings it: the version is phone.__version__",
    "http": "nothing of the web",
    "importlib.metadata": "the version is phone.__version__",
    "phone.drivers.panel": "only where there is a panel",
    "segno": "only a phone without an account shows a code",
    "ifaddr": "only a phone without an account waits",
    "tomlkit": "the config is read, not written",
    "numpy": "no part of the phone",
}


def imported(*modules: str) -> set[str]:
    """What is there once they are."""
    code = f"import json, sys, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def before_dial_tone() -> set[str]:
    modules = ("phone.cli.main", "phone.cli.run", "phone.begin", "phone.config.loader", "phone.mediasetup", "phone.app")
    return imported(*modules)


@pytest.mark.parametrize("module", LATER)
def test_it_waits_for_nothing_it_needs_later(before_dial_tone: set[str], module: str) -> None:
    assert module not in before_dial_tone, LATER[module]


def test_pins_bring_no_parser_of_mail() -> None:
    assert not imported("phone.drivers.gpiochip") & {"importlib.metadata", "email", "zipfile", "csv"}


def test_the_sound_process_waits_for_nothing_that_only_calls_need() -> None:
    needless = {"aioice", "ifaddr", "opuslib", "pylibsrtp", "phone.media.leg", "phone.media.dtls", "ssl", "_ssl"}
    assert not imported("phone.media.process") & needless


def test_the_sound_process_starts_before_the_phone_is_imported() -> None:
    begun = imported("phone.cli.main", "phone.cli.run", "phone.begin")
    later = {"phone.app", "phone.engine", "phone.xmpp", "phone.jingle", "phone.voicemail", "PIL", "sqlite3"}
    assert not begun & {*later, "phone.config.loader", "cattrs", "phone.cli.status"}
