"""The voicemail service's config and its secrets leave the phone's folder."""

import getpass
import os
import pwd
import stat
from pathlib import Path

import pytest
from rig.cuts import Cut, cuts

from phone.install import serviceconfig
from phone.install.serviceconfig import NAME, MoveStep


@pytest.fixture
def step(tmp_path):
    for name in ("phone", "phone-voicemail"):
        (tmp_path / name).mkdir()
    return MoveStep(tmp_path / "phone", tmp_path / "phone-voicemail", getpass.getuser())


def given(step, **files):
    text = f"""
[component]
secret_file = "{step.old}/voicemail.secret"  # its line
[mail]
password_file = 'mail.secret'
ca_file = "{step.old}/ca.pem"
[ice]
# secret_file = "{step.old}/turn.secret"
password_file = "/etc/hostname"
"""
    (step.old / NAME).write_text(text)
    for name in ("voicemail.secret", "mail.secret", "ca.pem"):
        (step.old / name).write_text(f"of {name}")
    return text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_moved_with_its_secrets(step):
    text = given(step)
    assert not step.is_done(changed=False)
    step.do()
    assert step.is_done(changed=False)
    assert names(step.old) == ["ca.pem"], "the phone may name that, too"
    assert names(step.new) == ["mail.secret", NAME, "voicemail.secret"]
    moved = (step.new / NAME).read_text()
    assert moved == text.replace(f"{step.old}/voicemail.secret", f"{step.new}/voicemail.secret")
    for path in step.new.iterdir():
        status = path.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o600, os.getuid())


def test_nothing_is_done_where_there_is_none_or_a_new_one(step):
    assert step.is_done(changed=True)
    given(step)
    (step.new / NAME).write_text("")
    assert step.is_done(changed=True)


def test_cut_off_anywhere_the_next_run_goes_on(step, monkeypatch):
    arm = cuts(monkeypatch, ((serviceconfig.Path, "unlink"), (serviceconfig, "drafted")))
    for moment in range(1, 30):
        for path in (*step.old.iterdir(), *step.new.iterdir()):
            os.remove(path)  # noqa: PTH107 - the other is watched
        given(step)
        arm(moment)
        try:
            step.do()
        except Cut:
            arm(-1)
            if not step.is_done(changed=False):
                step.do()
        else:
            break
        assert names(step.new) == ["mail.secret", NAME, "voicemail.secret"]
        assert (step.new / "mail.secret").read_text() == "of mail.secret"
    assert moment > 5


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files of somebody else")
@pytest.mark.parametrize("planted", ["link", "theirs", "fifo"])
def test_what_the_phones_users_put_there_is_left(step, tmp_path, planted):
    """Root does not carry a file of root's into a folder that the service reads."""
    given(step)
    secret, shadow = step.old / "voicemail.secret", tmp_path / "shadow"
    shadow.write_text("root's")
    secret.unlink()
    if planted == "link":
        secret.symlink_to(shadow)
    elif planted == "fifo":
        os.mkfifo(secret)
    else:
        secret.write_text("mine")
        os.chown(secret, 65534, -1)
    step.do()
    assert names(step.new) == ["mail.secret", NAME]
    assert os.path.lexists(secret)
    assert f'"{secret}"' in (step.new / NAME).read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files of somebody else")
def test_nor_is_a_config_of_theirs(step):
    given(step)
    os.chown(step.old / NAME, 65534, -1)
    assert step.is_done(changed=False)


def test_without_that_user_only_root_is_one(step):
    given(step)
    other = MoveStep(step.old, step.new, "no-such-user")
    assert other.is_done(changed=False) is (pwd.getpwnam(getpass.getuser()).pw_uid != 0)
