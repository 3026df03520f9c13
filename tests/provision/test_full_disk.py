"""The disk is full when a version must go: what a rollback needs is there already."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest
from provision.conftest import ANNA, CONFIG

from phone.provision import files, startup, trials
from phone.provision.contents import Contents
from phone.provision.errors import ProvisionError
from phone.provision.store import Store

NEW = Contents(b"# short\n", b"new key\n")
OLD = Contents(CONFIG.encode() * 40, b"old key\n")
WHY = "the phone has not registered within 60 s: " + "ü" * 4000


@pytest.fixture
def small(tmp_path):
    """A file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a file system of its own")
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=False).returncode:
        pytest.skip("this machine mounts no tmpfs")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def on_small(small):
    """A phone's config and its versions there, with a version before."""
    store = Store.of(small / "phone.toml")
    store.config.write_bytes(OLD.config)
    store.config.with_name("authorized_keys").write_bytes(OLD.keys)
    return store


def fill(folder: Path) -> None:
    """Until not one byte more fits."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for piece in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(piece))
    with pytest.raises(OSError, match="No space left"):
        (folder / "more").write_bytes(b"x")


def begun(store: Store) -> trials.Trial:
    trial = trials.begin(store, trials.Given(NEW, ANNA))
    trials.install(store, trial)
    return trial


def left_over(store: Store) -> list[Path]:
    return [path for path in store.config.parent.rglob(".*") if path.is_file()]


def test_the_way_back_is_free(on_small):
    begun(on_small)
    assert on_small.present() == NEW
    fill(on_small.config.parent)
    record = trials.roll_back(on_small, WHY)
    assert (record.result, record.why[:20]) == ("rolled back", WHY[:20])
    assert on_small.present() == OLD
    assert on_small.record(2) == record
    assert trials.pending(on_small) is None
    assert not left_over(on_small)


def test_and_the_way_forth(on_small):
    begun(on_small)
    fill(on_small.config.parent)
    assert trials.confirm(on_small).result == "confirmed"
    assert on_small.present() == NEW
    assert not left_over(on_small)


def test_a_phone_that_starts_counts_its_starts_and_comes_back(on_small):
    with on_small.session():
        begun(on_small)
        fill(on_small.config.parent)
        assert [startup.take_up(on_small) is not None for _ in range(4)] == [True, True, True, False]
    assert on_small.present() == OLD
    assert "did not stay up" in on_small.record(2).why


def test_a_disk_that_is_full_beforehand_takes_nothing_new(on_small):
    """It is told before anything is put in place."""
    fill(on_small.config.parent)
    with pytest.raises(ProvisionError, match="disk is full"):
        begun(on_small)
    assert on_small.present() == OLD
    assert not left_over(on_small)
    assert not on_small.records()
    (on_small.config.parent / "filler").unlink()
    begun(on_small)
    trials.roll_back(on_small, "asked")
    assert on_small.present() == OLD
    assert not left_over(on_small)


def test_a_disk_with_room_for_the_version_and_not_for_its_end(on_small, monkeypatch):
    real = files.reserve

    def full(path, size):
        if path.name == "trial.json":
            fill(on_small.config.parent)
        real(path, size)

    monkeypatch.setattr(files, "reserve", full)
    with pytest.raises(ProvisionError, match="disk is full"):
        begun(on_small)
    assert on_small.present() == OLD
    assert [record.result for record in on_small.records()] == ["confirmed"]
    assert not left_over(on_small)


def test_what_was_not_there_before_goes_again(on_small):
    on_small.config.with_name("authorized_keys").unlink()
    begun(on_small)
    fill(on_small.config.parent)
    trials.roll_back(on_small, "asked")
    assert on_small.present() == Contents(OLD.config)


def test_a_reserve_too_small_is_not_used(small):
    path = small / "a"
    files.replace(path, b"before")
    files.reserve(path, 3)
    fill(small)
    with pytest.raises(OSError, match="No space left"):
        files.replace(path, b"afterwards", reserved=True)
    files.replace(path, b"new", reserved=True)
    assert path.read_bytes() == b"new"
