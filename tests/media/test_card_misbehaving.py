"""Cards that misbehave: whatever a card does at whichever call, it is a CardError in a bounded time, or sound."""

from __future__ import annotations

import errno
import os
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alsaaudio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media import card as card_module
from phone.media import plugs
from phone.media.card import PERIOD, RATE, CardError, CardGoneError, Duplex, Stream
from phone.media.soundcard import Device

MIC, EAR = alsaaudio.PCM_CAPTURE, alsaaudio.PCM_PLAYBACK
INFO = {"rate": RATE, "channels": 1, "period_size": PERIOD, "format": alsaaudio.PCM_FORMAT_S16_LE}


class Alsa:
    """alsaaudio.PCM of a card that answers as it is told. `fails`: the number of the call that fails first, and how."""

    def __init__(self, fails: int = 1 << 30, error: int = errno.ENODEV, **info: int) -> None:
        self.left = fails
        self.error = error
        self.info = INFO | info
        self.calls: list[str] = []
        self.open = 0
        self.reads: Callable[[], int] = lambda: PERIOD
        self.writes: Callable[[int], int] = lambda frames: frames
        self.ready: Callable[[], int] = lambda: 1

    def __call__(self, *_: Any, **__: Any) -> Pcm:
        self.step("open")
        self.open += 1
        return Pcm(self)

    def step(self, name: str) -> None:
        self.calls.append(name)
        assert len(self.calls) < 10_000, "it runs without end"
        self.left -= 1
        if self.left < 0:
            raise alsaaudio.ALSAAudioError(f"{os.strerror(self.error)} [desk]")


class Pcm:
    """One direction."""

    def __init__(self, card: Alsa) -> None:
        self.card = card
        self.closed = False
        self.descriptor, self.end = os.pipe()
        os.write(self.end, b"x")  # always ready

    def info(self) -> dict[str, int]:
        self.card.step("info")
        return self.card.info

    def polldescriptors(self) -> list[tuple[int, int]]:
        self.card.step("polldescriptors")
        return [(self.descriptor, 1)]

    def polldescriptors_revents(self, _: object) -> int:
        self.card.step("revents")
        return self.card.ready()

    def read(self) -> tuple[int, bytes]:
        self.card.step("read")
        count = self.card.reads()
        return count, bytes(2 * max(0, count))

    def write(self, data: bytes) -> int:
        self.card.step("write")
        return self.card.writes(len(data) // 2)

    def avail(self) -> int:
        return -errno.ENODEV if self.card.left < 0 else 3 * PERIOD

    def state(self) -> int:
        return alsaaudio.PCM_STATE_DISCONNECTED if self.card.left < 0 else alsaaudio.PCM_STATE_RUNNING

    def drop(self) -> None:
        self.card.step("drop")

    def close(self) -> None:
        if not self.closed:
            self.card.open -= 1
            os.close(self.descriptor)
            os.close(self.end)
        self.closed = True


DESK = Device("desk", "desk")


def talk(card: Alsa, monkeypatch: pytest.MonkeyPatch, periods: int = 4) -> None:
    """A short call. Raises CardError."""
    monkeypatch.setattr(card_module.alsaaudio, "PCM", card)
    duplex = Duplex(DESK, "handset")
    try:
        duplex.start(array("h", bytes(2 * duplex.fill)))
        for _ in range(periods):
            duplex.write(duplex.read())
    finally:
        duplex.close()


@pytest.mark.parametrize("error", [errno.ENODEV, errno.EBADFD, errno.EIO])
def test_a_card_pulled_out_at_any_call_is_told_and_let_go(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    whole = Alsa()
    talk(whole, monkeypatch)
    assert whole.open == 0
    sound = [call for call in whole.calls if call != "drop"]
    for fails in range(len(sound)):
        card = Alsa(fails, error)
        with pytest.raises(CardError, match="'desk'") as caught:
            talk(card, monkeypatch)
        assert card.open == 0, f"left open when {sound[fails]} failed"
        if error == errno.ENODEV:
            assert isinstance(caught.value, CardGoneError)
        if error == errno.EIO:
            assert not isinstance(caught.value, CardGoneError)


@given(reads=st.lists(st.sampled_from([PERIOD, 7, 0, -errno.EPIPE]), min_size=1, max_size=30), data=st.data())
def test_partial_reads_and_writes_and_xruns_end_in_sound_or_in_a_sentence(
    reads: list[int], data: st.DataObject
) -> None:
    writes = data.draw(st.lists(st.sampled_from([PERIOD, 1, -errno.EPIPE]), min_size=1, max_size=30))
    card = Alsa()
    given_reads, given_writes = iter(reads), iter(writes)
    card.reads = lambda: next(given_reads, PERIOD)
    card.writes = lambda frames: min(frames, next(given_writes, frames))
    with pytest.MonkeyPatch.context() as patch:
        try:
            talk(card, patch, 40)
        except CardError as error:
            assert "again and again" in str(error) or "takes no samples" in str(error)  # noqa: PT017
    assert card.open == 0


def test_a_card_that_overruns_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Alsa()
    card.reads = lambda: -errno.EPIPE
    with pytest.raises(CardError, match="overruns again and again: 10 times"):
        talk(card, monkeypatch)


def test_a_card_that_wakes_for_nothing_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the timers of a dsnoop whose card vanished."""
    card = Alsa()
    card.ready = lambda: 0
    with pytest.raises(CardError, match="has stopped giving samples"):
        talk(card, monkeypatch)


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({"rate": 16_000}, "gives 16000 Hz, 1 channels and 16 bit"),
        ({"channels": 6}, "gives 48000 Hz, 6 channels"),
        ({"channels": 0}, "0 channels"),
        ({"format": alsaaudio.PCM_FORMAT_S32_LE}, "1 channels and no 16 bit"),
        ({"period_size": 0}, "is gone: its periods have 0 frames"),
        ({"period_size": 1 << 40}, "is gone: its periods have"),
    ],
)
def test_what_alsa_has_made_of_our_wishes_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, info: dict[str, int], told: str
) -> None:
    card = Alsa(**info)
    monkeypatch.setattr(card_module.alsaaudio, "PCM", card)
    with pytest.raises(CardError, match=told):
        Stream("desk", capture=True)
    assert card.open == 0


def test_another_period_than_was_asked_for_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Alsa(period_size=1024, channels=2)
    monkeypatch.setattr(card_module.alsaaudio, "PCM", card)
    stream = Stream("desk", capture=False)
    assert (stream.period, stream.channels) == (1024, 2)
    stream.close()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errno.ENODEV, "is not there: plug it in"),
        (errno.ENOENT, "is not there: plug it in"),
        (errno.EBUSY, "is in use by another program"),
        (errno.EACCES, "is not for this user: add the user that the phone runs as to the group audio"),
        (errno.EINVAL, "cannot be used: Invalid argument"),
    ],
)
def test_why_a_card_does_not_open(monkeypatch: pytest.MonkeyPatch, error: int, told: str) -> None:
    monkeypatch.setattr(card_module.alsaaudio, "PCM", Alsa(0, error))
    with pytest.raises(CardError, match=f"'desk' {told}"):
        Stream("desk", capture=True)


def test_alsa_is_not_asked_for_a_card_that_the_kernel_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """alsa-lib would write a line to stderr, and this is tried twice a second."""
    (tmp_path / "sound").mkdir()
    monkeypatch.setattr(plugs, "CARDS", tmp_path / "sound")
    card = Alsa()
    monkeypatch.setattr(card_module.alsaaudio, "PCM", card)
    with pytest.raises(CardGoneError, match="'plughw:CARD=Desk' is not there: plug it in"):
        Stream("plughw:CARD=Desk", capture=True)
    assert card.calls == []
