"""The file of how the last calls sounded."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from phone.calls.commands import LogCall
from phone.calls.model import Call, CallId, Progress, Reason
from phone.clock import VirtualClock
from phone.control import CallQuality
from phone.figures import Figures, Spread
from phone.media.plan import LegStats
from phone.quality import KEPT, QualityBook, quality, read

STATS = LegStats("x", "opus", 20, None, 100, 90, 10, 10.0, None, 200, 7.5, 60.0, 3, "raw")


def ended(n: int, reason: Reason = Reason.HANGUP, **more: object) -> LogCall:
    call = Call(id=CallId(f"c{n}"), peer="bob@x", name="Bob", outgoing=False, progress=Progress.ENDED, since=990.0)
    return LogCall(replace(call, reason=reason, **more), 1000.0)  # type: ignore[arg-type]


def measured() -> Figures:
    figures = Figures()
    figures.add(STATS)
    return figures


def test_only_the_newest_are_kept_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state" / "quality.json"
    with closing(QualityBook(path, VirtualClock())) as book:
        for n in range(KEPT + 3):
            book.ended(ended(n), measured(), "AES")
        kept = book.calls
    assert [each.id for each in kept[:2]] == [f"c{KEPT + 2}", f"c{KEPT + 1}"]
    assert len(kept) == KEPT
    assert read(path) == kept
    with closing(QualityBook(path, VirtualClock())) as book:
        assert book.calls == kept


def test_a_call_without_sound_is_told_where_something_went_wrong() -> None:
    assert quality(ended(1), 0.0, Figures(), "") is None
    assert quality(ended(1, Reason.NO_ANSWER), 0.0, Figures(), "") is None
    told = quality(ended(1, Reason.FAILED), 0.0, Figures(), "")
    assert told is not None
    assert (told.reason, told.codec, told.jitter_ms) == ("failed", "", None)


def test_what_is_told_of_a_call() -> None:
    told = quality(ended(1, answered_at=995.5, encrypted=True), 0.0, measured(), "AES")
    assert told == CallQuality(
        id="c1",
        began=told.began if told else "",
        seconds=4.5,
        direction="in",
        reason="hang-up",
        encrypted=True,
        srtp_profile="AES",
        codec="opus",
        packet_ms=20,
        path="raw",
        sent=100,
        received=90,
        lost=10,
        worst_loss_percent=10.0,
        jitter_ms=7.5,
        jitter_buffer_ms=60.0,
        worst_jitter_ms=7.5,
        worst_jitter_buffer_ms=60.0,
        concealed_ms=200,
        refused=3,
    )


def test_mean_and_worst() -> None:
    spread = Spread()
    assert (spread.mean, spread.most) == (None, None)
    for value in (None, 1.0, 4.04, None):
        spread.add(value)
    assert (spread.mean, spread.most) == (2.5, 4.0)


@pytest.mark.parametrize("nonsense", [b"", b"{}", b"[1]", b"\xff"])
def test_a_file_that_makes_no_sense_is_begun_anew(
    tmp_path: Path, nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "quality.json"
    path.write_bytes(nonsense)
    assert read(path) == ()
    assert "kept anew" in caplog.text


def test_a_card_that_fails_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "quality.json"
    path.mkdir()
    with closing(QualityBook(path, VirtualClock())) as book:
        book.ended(ended(1), measured(), "")
        assert len(book.calls) == 1
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 2
    assert "cannot read" in told[0]
    assert "cannot write" in told[1]
