"""Keys that may provision."""

import subprocess

import pytest

from phone.provision import keyfile
from phone.provision.contents import Contents
from phone.provision.difference import difference
from phone.provision.errors import UnfitInputError
from phone.provision.who import who


@pytest.fixture
def key(tmp_path):
    file = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "anna at home", "-f", file], check=True)
    return file.with_suffix(".pub")


def test_a_key_by_its_fingerprint(key):
    listed = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True).stdout.split()
    data = b"# who may\n\n" + key.read_bytes()
    keyfile.check(data)
    assert keyfile.listed(data) == {listed[1]: "anna at home"}
    assert [str(change) for change in difference(Contents(), Contents(keys=data))] == [
        f"+ key {listed[1]} = anna at home"
    ]
    assert [str(change) for change in difference(Contents(keys=data), Contents())] == [
        f"- key {listed[1]} = anna at home"
    ]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda line: 'command="sh" ' + line, "options are not taken"),
        (lambda line: line.split()[0], "is no plain public key"),
        (lambda line: line.replace("AAAA", "AA", 1), "is cut off"),
        (lambda line: line.replace("ed25519", "rsa", 1), "is no key of kind ssh-rsa"),
        (lambda line: line + " \x07", "characters that no key has"),
        (lambda line: line[:32], "is no key of kind ssh-ed25519"),
        (lambda _: "# none", "has no key: nobody could provision"),
        (lambda line: line * 1000, "at most 65536"),
    ],
)
def test_what_is_no_key(key, change, wrong):
    with pytest.raises(UnfitInputError, match=wrong):
        keyfile.check(change(key.read_text().strip()).encode())


def test_who_it_was(tmp_path, key):
    kind, blob, _ = key.read_text().split(maxsplit=2)
    told = tmp_path / "auth"
    told.write_text(f"publickey {kind} {blob}\n")
    environment = {"SSH_USER_AUTH": str(told), "SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22", "SUDO_USER": "anna"}
    found = who(environment)
    assert (found.key, found.address, found.sudo_by) == (keyfile.fingerprint(blob), "192.0.2.7", "anna")
    assert str(found) == f"anna as {found.user} with key {found.key} from 192.0.2.7"
    for nonsense in ("publickey x \xe4", "password", "publickey ssh-ed25519 ****", ""):
        told.write_text(nonsense)
        assert who(environment).key == ""
    assert who({}).key == who({"SSH_USER_AUTH": "/gone"}).key == ""
