"""A new venv takes the old one's place, and the power may go at any moment of that."""

import ctypes
import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rig.cuts import Cut, cuts

from phone.install import swap, venv
from phone.install.venv import VenvStep


@pytest.fixture
def cut_at(monkeypatch):
    """Before the n-th change of the disk."""
    return cuts(monkeypatch, ((os, "rename"), (os, "sync"), (os, "fsync"), (swap, "exchange"), (shutil, "rmtree")))


def folder(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_text(text)
    return path


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("before", [True, False])
def test_cut_off_at_any_step_there_is_the_old_or_the_new(tmp_path, monkeypatch, cut_at, at_once, before):
    if not at_once:
        monkeypatch.setattr(swap, "exchange", lambda *_: False)
    for moment in range(1, 20):
        target = tmp_path / str(moment) / ".venv"
        if before:
            folder(target, "old")
        folder(swap.draft_of(target), "new")
        cut_at(moment)
        try:
            swap.put_in_place(target)
        except Cut:
            cut_at(-1)
        else:
            cut_at(-1)
            assert not swap.left_over(target)
            assert (target / "file").read_text() == "new"
            break
        if at_once and before:
            assert (target / "file").read_text() in ("old", "new"), "for a moment there was none"
        swap.mended(target)
        assert not swap.left_over(target)
        found = (target / "file").read_text() if target.exists() else None
        assert found in (("old", "new") if before else (None, "new"))
    else:
        pytest.fail("it never came to its end")
    assert moment > (4 if before else 3)


def test_a_mend_that_is_cut_off_goes_on(tmp_path, cut_at):
    for moment in range(1, 20):
        target = tmp_path / str(moment) / ".venv"
        folder(target.with_name(".venv.old"), "old")
        folder(swap.draft_of(target), "half made")
        cut_at(moment)
        try:
            swap.mended(target)
        except Cut:
            cut_at(-1)
            swap.mended(target)
        else:
            break
        assert (target / "file").read_text() == "old"
        assert not swap.left_over(target)
    assert moment > 3


KILLED = """
import shutil, sys
from pathlib import Path
from phone.install import swap
target = Path(sys.argv[1])
while True:
    swap.draft_of(target).mkdir()
    (swap.draft_of(target) / "file").write_text("whole")
    swap.exchange(swap.draft_of(target), target)
    shutil.rmtree(swap.draft_of(target))
    print("once", flush=True)
"""


def test_killed_in_earnest_it_is_always_there(tmp_path):
    """By the kernel's own exchange: whoever looks from outside never misses it."""
    target = folder(tmp_path / ".venv", "whole")
    with subprocess.Popen([sys.executable, "-c", KILLED, target], stdout=subprocess.PIPE) as swapping:
        assert swapping.stdout.readline() == b"once\n"
        for _ in range(2000):
            assert target.is_dir()
        swapping.send_signal(signal.SIGKILL)
    assert (target / "file").read_text() == "whole"


def test_an_exchange_and_its_troubles(tmp_path, monkeypatch):
    one, other = folder(tmp_path / "one", "1"), folder(tmp_path / "other", "2")
    assert swap.exchange(one, other)
    assert ((one / "file").read_text(), (other / "file").read_text()) == ("2", "1")
    with pytest.raises(FileNotFoundError):
        swap.exchange(one, tmp_path / "nowhere")
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EINVAL)  # as FAT says
    assert not swap.exchange(one, tmp_path / "nowhere")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())  # an older C library
    assert not swap.exchange(one, other)


def test_the_step_mends_what_was_cut_off(tmp_path, monkeypatch):
    """Without building anew what is there already."""
    built = []

    def make(_, draft):
        built.append(draft)
        folder(draft, "new")

    monkeypatch.setattr(venv, "_make", make)
    monkeypatch.setattr(venv, "compile_all", lambda _: None)
    monkeypatch.setattr(venv, "unready", lambda _: [])
    monkeypatch.setattr(venv, "stamp", lambda _: "these")
    step = VenvStep(tmp_path / "source", tmp_path)
    step.do()
    assert step.is_done(changed=False)
    folder(swap.draft_of(step.target), "the old one, half removed")
    assert not step.is_done(changed=False)
    step.do()
    assert (step.is_done(changed=False), len(built)) == (True, 1)
    step.target.rename(step.target.with_name(".venv.old"))
    step.do()
    assert (step.is_done(changed=False), len(built)) == (True, 1)
