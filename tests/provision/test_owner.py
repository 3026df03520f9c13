"""Root and the links of the daemon's user."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from provision.conftest import CONFIG

from phone.cli.main import main
from phone.provision.owner import acting_as_owner
from phone.provision.store import Store

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def config():
    """Of the daemon's user, in folders that he may pass."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    theirs = folder / "etc"
    theirs.mkdir(mode=0o770)
    path = theirs / "phone.toml"
    path.write_text(CONFIG)
    path.chmod(0o660)
    for each in (theirs, path):
        os.chown(each, NOBODY, NOBODY)
    yield path
    shutil.rmtree(folder)


def test_root_is_the_folders_owner_for_as_long_as_it_takes(config):
    groups = os.getgroups()
    with acting_as_owner(config):
        assert (os.geteuid(), os.getegid(), os.getuid()) == (NOBODY, NOBODY, 0)
        assert 0 not in os.getgroups()
    assert (os.geteuid(), os.getegid(), os.getgroups()) == (0, 0, groups)


def test_root_stays_root_where_all_is_roots(tmp_path):
    with acting_as_owner(tmp_path / "phone.toml"):
        assert os.geteuid() == 0
    with acting_as_owner(tmp_path / "gone" / "phone.toml"):
        assert os.geteuid() == 0


def test_a_command_of_roots_follows_no_link_to_where_the_owner_may_not_write(config, capfd):
    victim = config.parents[1] / "root"
    victim.mkdir(mode=0o755)
    Store.of(config).folder.symlink_to(victim)
    assert main(["provision", "rollback", "1", "--config", str(config)]) == 1
    assert "provisioning is for root and for users of the group phone" in capfd.readouterr().err
    assert not list(victim.iterdir())


def test_the_history_tells_that_it_was_root(config, monkeypatch, capfd):
    monkeypatch.setattr("phone.cli.provision_changes._stdin", lambda _: b'country = "us"\n')
    command = ["provision", "apply", "--merge", "--unproven", "--config", str(config)]
    assert main(command) == 0
    record = Store.of(config).records()[0]
    assert record.who.user == "root"
    assert config.stat().st_uid == NOBODY
    assert 'country = "us"' in config.read_text()
    capfd.readouterr()
