"""Steps: they look before they act, and a second time nothing is left to do."""

import getpass
import json
import stat
from pathlib import Path

import pytest

from phone.cli.main import main
from phone.drivers.profilebook import FOLDER, SIM
from phone.install import hardware, system
from phone.install.firstconfig import ConfigStep
from phone.install.rules import card_rules
from phone.install.steps import CommandStep, FileStep, InstallError, LinkStep, TriedStep, carry_out, run

EXAMPLE = Path(__file__).parents[2] / "phone.example.toml"


def titles(outcomes):
    return [outcome.title for outcome in outcomes if outcome.changed]


def test_files_and_links_come_once_and_are_mended(tmp_path):
    file, link = FileStep(tmp_path / "a/b", b"text", 0o640), LinkStep(tmp_path / "c/d", Path("/nowhere"))
    assert titles(carry_out([file, link], dry_run=True)) == [file.title, link.title]
    assert not [*tmp_path.iterdir()]
    assert titles(carry_out([file, link], dry_run=False)) == [file.title, link.title]
    assert titles(carry_out([file, link], dry_run=False)) == []
    file.target.chmod(0o600)
    link.target.unlink()
    link.target.write_text("in the way")
    assert titles(carry_out([file, link], dry_run=False)) == [file.title, link.title]
    assert stat.S_IMODE(file.target.stat().st_mode) == 0o640
    assert link.target.readlink() == Path("/nowhere")


def test_a_command_that_only_follows_changes_runs_after_one(tmp_path):
    follows = CommandStep("follows", lambda changed: not changed, ("touch", str(tmp_path / "ran")))
    file = FileStep(tmp_path / "file", b"")
    assert titles(carry_out([follows], dry_run=False)) == []
    assert titles(carry_out([file, follows], dry_run=False)) == [file.title, "follows"]
    assert (tmp_path / "ran").exists()
    assert titles(carry_out([file, follows], dry_run=False)) == []


def test_a_file_that_its_reader_finds_wrong_does_not_stay(tmp_path):
    file = FileStep(tmp_path / "drop-in", b"")
    for command, stays in (("true", True), ("false", False)):
        step = TriedStep("is right", file.target, lambda changed: not changed, (command,))
        assert step.is_done(changed=False)
        carry_out([file], dry_run=False)
        if stays:
            step.do()
        else:
            with pytest.raises(InstallError, match="was taken away again"):
                step.do()
        assert file.target.exists() is stays


def test_what_cannot_be_done_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InstallError, match="mend that"):
        carry_out([FileStep(tmp_path / "file" / "below", b"")], dry_run=False)
    with pytest.raises(InstallError, match="cannot be started"):
        run(str(tmp_path / "nothing"))
    with pytest.raises(InstallError, match=r"sh -c .* failed: sorry"):
        run("sh", "-c", "echo sorry >&2; exit 3")
    with pytest.raises(InstallError, match="exit code 3"):
        run("sh", "-c", "exit 3")


def test_what_sysusers_and_tmpfiles_have_made_is_seen():
    assert system.known(["u", "root", "-"])
    assert system.known(["g", "root", "-"])
    assert not system.known(["u", "no-such-user", "-"])
    assert not system.known(["missing"])
    mode = f"{stat.S_IMODE(Path('/etc').stat().st_mode):o}"
    assert system.as_told(["d", "/etc", mode, "root", "root"])
    assert not system.as_told(["d", "/etc", "700", "root", "root"])
    assert not system.as_told(["d", "/no/such/folder", mode, "root", "root"])
    assert not system.as_told(["d", "/etc"])


def test_a_card_of_two_profiles_has_one_rule():
    rules = [line for line in card_rules(FOLDER).splitlines() if not line.startswith("#")]
    assert len(rules) == len({*rules}) == 1
    assert 'ATTR{id}="Handset"' in rules[0]


def test_hardware_is_what_was_asked_for_or_what_the_config_says(tmp_path):
    config = tmp_path / "phone.toml"
    assert hardware.configured(config) == hardware.Hardware(SIM)
    config.write_text('[hardware]\nprofile = "zero-i2s"\n')
    assert hardware.configured(config).boot_lines[1:] == ("dtoverlay=wm8960-soundcard",)
    config.write_text('[hardware]\nprofile = "./gone.toml"\n')
    assert hardware.configured(config) == hardware.Hardware("./gone.toml")
    mine = tmp_path / "mine.toml"
    mine.write_bytes((FOLDER / "rotary.toml").read_bytes())
    asked = hardware.asked_for(str(mine))
    assert (asked.name, asked.file, asked.own) == ("./mine.toml", mine, True)
    assert hardware.asked_for(SIM).boot_lines == ()


def test_an_unknown_profile_is_refused_before_anything_is_touched(tmp_path, capsys):
    assert main(["install", "--root", str(tmp_path), "--profile", "referense", "--json"]) == 1
    assert "Did you mean 'reference'?" in json.loads(capsys.readouterr().out)["error"]
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["phone.toml", "mine.toml"])
def test_root_writes_through_no_link_that_another_user_has_put_into_the_configs_folder(tmp_path, name):
    victim = tmp_path / "shadow"
    victim.write_text("root's own")
    victim.chmod(0o600)
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / f".{name}.new").symlink_to(victim)
    steps = {
        "phone.toml": ConfigStep(folder / "phone.toml", EXAMPLE, SIM, owner=getpass.getuser()),
        "mine.toml": FileStep(folder / "mine.toml", b"a profile"),
    }
    carry_out([steps[name]], dry_run=False)
    assert victim.read_text() == "root's own"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o600
    assert (folder / name).is_file()
    assert not (folder / name).is_symlink()
