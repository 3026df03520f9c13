"""The thread of the edges: asleep until something waits, and not to be brought down."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import pytest

from phone.drivers.edges import EdgeThread

PATIENCE = 10.0


@pytest.fixture
def thread() -> Iterator[EdgeThread]:
    thread = EdgeThread()
    yield thread
    thread.close()
    thread.close()


class Pipe:
    def __init__(self) -> None:
        self.file, self.pen = os.pipe2(os.O_NONBLOCK)
        self.heard = threading.Semaphore(0)
        self.error: Exception | None = None

    def take(self, also: Callable[[Pipe], object] = lambda _: None) -> None:
        if self.error is not None:
            error, self.error = self.error, None
            self.heard.release()
            raise error
        try:
            os.read(self.file, 1)
        except BlockingIOError:
            return
        also(self)
        self.heard.release()

    def tell(self) -> None:
        os.write(self.pen, b".")

    def wait(self) -> None:
        assert self.heard.acquire(timeout=PATIENCE)


@pytest.fixture
def pipes() -> Iterator[list[Pipe]]:
    pipes = [Pipe(), Pipe()]
    yield pipes
    for pipe in pipes:
        os.close(pipe.file)
        if pipe.pen >= 0:
            os.close(pipe.pen)


def test_files_may_come_and_go_while_it_sleeps(thread: EdgeThread, pipes: list[Pipe]) -> None:
    one, two = pipes
    thread.add(one.file, one.take)
    one.tell()
    one.wait()
    thread.add(two.file, two.take)
    two.tell()
    two.wait()
    thread.remove(one.file)
    thread.remove(one.file)
    one.tell()
    two.tell()
    two.wait()
    assert not one.heard.acquire(blocking=False)
    thread.add(one.file, one.take)
    one.wait()


def test_a_bug_in_one_ends_nothing(thread: EdgeThread, pipes: list[Pipe], caplog: pytest.LogCaptureFixture) -> None:
    one, two = pipes
    one.error = KeyError("a bug")
    for pipe in pipes:
        thread.add(pipe.file, pipe.take)
    one.tell()
    one.wait()  # it is called again, since what waits there still does
    one.wait()
    two.tell()
    two.wait()
    assert "a bug of the phone's own" in caplog.text


def test_a_file_that_cannot_be_read_is_forgotten(thread: EdgeThread, pipes: list[Pipe]) -> None:
    one, two = pipes
    one.error = OSError(19, "No such device")
    for pipe in pipes:
        thread.add(pipe.file, pipe.take)
    one.tell()
    one.wait()
    for _ in range(3):
        two.tell()
        two.wait()
    assert not one.heard.acquire(blocking=False)


def test_a_file_whose_device_has_gone_is_told_of_once(thread: EdgeThread, pipes: list[Pipe]) -> None:
    one, two = pipes
    for pipe in pipes:
        thread.add(pipe.file, pipe.take)
    os.close(one.pen)
    one.pen = -1
    one.wait()
    for _ in range(3):
        two.tell()
        two.wait()
    assert not one.heard.acquire(blocking=False)


def test_who_hushes_it_has_heard_all_and_hears_no_more(thread: EdgeThread, pipes: list[Pipe]) -> None:
    one, two = pipes
    told: list[Pipe] = []
    for pipe in pipes:
        thread.add(pipe.file, lambda pipe=pipe: pipe.take(told.append))
    for _ in range(100):
        told.clear()
        one.tell()
        with thread.hush():
            assert told == [one]
            two.tell()
            assert not two.heard.acquire(timeout=0.001)
        two.wait()
