"""What the quality bench stands on: STOI, phrases found at their own delay, SIP led through a relay."""

from __future__ import annotations

import numpy as np
import pytest

from bench.quality import NETWORKS, scored
from bench.siprelay import rewritten
from bench.stoi import RATE, TooShortError, resampled, stoi

CARD = 48_000


def speechlike(seconds: float) -> np.ndarray:
    random = np.random.default_rng(3)
    noise = np.convolve(random.normal(0, 1, int(seconds * CARD)), np.ones(12) / 12, "same")
    return noise * np.repeat(random.uniform(0, 1, int(seconds * 8)), CARD // 8) * 8000


@pytest.mark.parametrize(("snr", "expected"), [(10, 0.9778), (0, 0.8820)])
def test_the_same_as_the_authors_own(snr: float, expected: float) -> None:
    """`expected` is pystoi 0.4.1's."""
    random = np.random.default_rng(3)
    noise = np.convolve(random.normal(0, 1, 96_000), np.ones(12) / 12, "same")
    said = noise * np.repeat(random.uniform(0, 1, 16), 6000) * 8000
    heard = said + random.normal(0, 1, len(said)) * said.std() * 10 ** (-snr / 20)
    assert stoi(said, heard, CARD) == pytest.approx(expected, abs=0.003)


def test_the_ends_of_the_scale() -> None:
    said = speechlike(2)
    assert stoi(said, said / 3, CARD) == pytest.approx(1)
    assert abs(stoi(said, np.random.default_rng(8).normal(0, 100, len(said)), CARD)) < 0.3
    with pytest.raises(TooShortError):
        stoi(said[: CARD // 5], said[: CARD // 5], CARD)
    with pytest.raises(TooShortError):
        stoi(said[:100], said[:100], CARD)


def test_resampling_keeps_a_tone() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(CARD) / CARD)
    low = resampled(tone, CARD, RATE)
    assert len(low) == RATE
    assert low == pytest.approx(np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE), abs=1e-6)


def test_each_phrase_is_found_at_its_own_delay() -> None:
    said = speechlike(8).astype(np.int16)
    heard = np.zeros(len(said) + CARD, np.int16)
    heard[2400 : 2400 + 4 * CARD] = said[: 4 * CARD]
    heard[4 * CARD + 4800 : 8 * CARD + 4800] = said[4 * CARD :]
    score = scored(said, heard)
    assert score.delays_ms == pytest.approx((50, 100), abs=0.1)
    assert score.stoi > 0.99


def test_bad_networks_are_as_bad_as_they_say() -> None:
    for network in NETWORKS:
        road = network.road(1)
        assert 100 * sum(road.lost) / len(road.lost) == pytest.approx(network.loss_percent, abs=2)
        assert max(road.delay_ms) <= network.jitter_ms
        assert network.road(1) == road


def test_only_the_ports_in_the_body_are_changed() -> None:
    message = b"INVITE sip:vb@10.77.0.1:18110\r\nContent-Length: 30\r\n\r\nm=audio 18110 RTP/AVP\r\na=rtcp:18111"
    assert rewritten(message, {18110: 18140}) == message.replace(b"audio 18110", b"audio 18140").replace(
        b"rtcp:18111", b"rtcp:18141"
    )
