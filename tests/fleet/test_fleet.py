"""Three phones out of their boxes, looked after at once: a real ansible-playbook, three sshds, one server."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import os
import re
import shutil
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from rig.sshd import PrivateSshd

from phone.config import values
from phone.config.loader import load_file
from phone.demo.prosody import PrivateProsody
from phone.demo.stage import Desk, desk

ANSIBLE = Path(__file__).parents[2] / "image-build" / "ansible"
PLAYBOOK = shutil.which("ansible-playbook")
PASSWORDS = {"alice": 'pass one ü"\\', "bob": "word two 🙂", "carol": "three"}

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.skipif(PLAYBOOK is None, reason="ansible-playbook is not there: apt install ansible-core"),
]


@dataclass(slots=True)
class Fleet:
    """The phones, the ways to them, and an inventory that names them."""

    desks: dict[str, Desk]
    ways: dict[str, PrivateSshd]
    configs: dict[str, dict[str, object]]
    folder: Path
    said: str = ""
    """By all runs."""

    async def play(self, *options: str) -> dict[str, dict[str, int]]:
        """Run the playbook; what it counts for each host."""
        inventory = self.folder / "hosts.json"
        inventory.write_text(json.dumps({"phones": {"hosts": {name: self._host(name) for name in self.desks}}}))
        player = await asyncio.create_subprocess_exec(
            *(PLAYBOOK, "-i", str(inventory), str(ANSIBLE / "site.yml"), *options),
            env=surroundings(self.folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await player.communicate()
        self.said += (text := out.decode())
        counts = re.findall(r"^(\w+) +: (ok=.*)$", text, re.MULTILINE)
        assert {name for name, _ in counts} == set(self.desks), text
        return {name: {key: int(n) for key, n in re.findall(r"(\w+)=(\d+)", told)} for name, told in counts}

    def _host(self, name: str) -> dict[str, object]:
        *options, _, _, _, _ = self.ways[name].command("")[1:]
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.ways[name].port,
            "phone_user": getpass.getuser(),
            "phone_ssh_options": options,
            "phone_config": self.configs[name],
        }


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(PrivateProsody(tmp_path / "prosody", PASSWORDS))
        desks, ways, configs = {}, {}, {}
        for name in PASSWORDS:
            made = desk(tmp_path / name, name, "", server, partial(configs_of, configs, name))
            desks[name] = await stack.enter_async_context(made)
            ways[name] = await stack.enter_async_context(PrivateSshd(tmp_path / f"ssh-{name}", desks[name].config))
        yield Fleet(desks, ways, configs, tmp_path)


def configs_of(configs: dict[str, dict[str, object]], name: str, text: str) -> str:
    """Remember what the inventory is to say, and leave a phone without account."""
    whole = tomllib.loads(text)
    del whole["account"]["password_file"]
    whole["account"]["password"] = PASSWORDS[name]
    configs[name] = whole
    return re.sub(r"\[account\]\n.*?\n\n", "", text, flags=re.DOTALL)


async def test_the_example_inventory_makes_configs_that_are_right(tmp_path: Path) -> None:
    template = ANSIBLE / "roles" / "phone" / "templates" / "desk.toml.j2"
    program = PLAYBOOK.removesuffix("-playbook")
    player = await asyncio.create_subprocess_exec(
        *(program, "phones", "-c", "local", "-i", str(ANSIBLE / "inventory"), "-m", "ansible.builtin.template"),
        *("-a", f"src={template} dest={tmp_path}/{{{{ inventory_hostname }}}}.toml mode=0600"),
        *("-e", "ansible_python_interpreter=auto_silent"),
        env=surroundings(tmp_path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await player.communicate()
    assert player.returncode == 0, out.decode()
    configs = {path.stem: load_file(path) for path in tmp_path.glob("*.toml")}
    assert {name: config.account.jid for name, config in configs.items()} == {
        name: f"{name}@example.org" for name in ("reception", "office", "workshop")
    }
    assert configs["workshop"].hardware.profile == "rotary"
    assert configs["office"].hardware.profile == "reference"
    assert configs["office"].dial.speed == {"2": "boss@example.org"}
    assert configs["office"].dial.short["202"] == "workshop@example.org"


def surroundings(folder: Path) -> dict[str, str]:
    """Nothing of Ansible's comes from, or stays in, a home folder."""
    return os.environ | {
        "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "LC_ALL": "C.UTF-8",
    }


async def test_a_fleet_from_the_box(fleet: Fleet) -> None:
    """Looked at, given, given again, and one of them spoilt: the others go on, and the spoilt one stays as it was."""
    counts = await fleet.play("--check")
    assert {name: (each["changed"], each["failed"]) for name, each in counts.items()} == dict.fromkeys(counts, (1, 0))
    assert "account.password: none -> ***" in fleet.said
    assert not [name for name, each in fleet.desks.items() if load_file(each.config).account != values.NO_ACCOUNT]

    counts = await fleet.play()
    assert {name: (each["changed"], each["failed"]) for name, each in counts.items()} == dict.fromkeys(counts, (1, 0))
    for name, each in fleet.desks.items():
        status = await each.status()
        assert (status.registered, status.account) == (True, f"{name}@localhost/phone")

    counts = await fleet.play()
    assert {name: (each["changed"], each["failed"]) for name, each in counts.items()} == dict.fromkeys(counts, (0, 0))

    fleet.configs["bob"]["account"]["password"] = "wrong-word"
    fleet.configs["carol"]["ring_seconds"] = 30
    counts = await fleet.play()
    told = {name: (each["changed"], each["failed"]) for name, each in counts.items()}
    assert told == {"alice": (0, 0), "bob": (0, 1), "carol": (1, 0)}
    assert "rolled back, the phone is as it was: bad password" in fleet.said
    assert await fleet.desks["bob"].until(lambda s: s.registered, 30)
    assert load_file(fleet.desks["bob"].config).account.secret() == PASSWORDS["bob"]
    assert load_file(fleet.desks["carol"].config).ring_seconds == 30
    for secret in (*PASSWORDS.values(), "wrong-word"):
        assert secret not in fleet.said
