"""An audio thread on virtual cards, parties that remember what they are told, and a card that opens only once."""

from __future__ import annotations

import itertools
import threading
import time
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from legs import tone

from phone.drivers.vcard import Card, asound_conf, build
from phone.media import card as card_module
from phone.media.audio import AudioThread, Role
from phone.media.mixer import Mixer, Player, Sound
from phone.media.plan import Report
from phone.media.ringer import Ringer
from phone.media.ringsound import RingSound
from phone.media.soundcard import Device, Place

NAMES = ("handset", "speaker", "ringer", "sixteen", "stereo")


class Echo:
    """A party that says a tone and remembers what it is told."""

    def __init__(self, frequency: int | None = None) -> None:
        self.frequency = frequency
        self.told = array("h")
        self.silences = 0
        self.asked = 0

    def hear(self, samples: int) -> array[int]:
        start, self.asked = self.asked, self.asked + samples
        return tone(self.frequency, samples, start) if self.frequency else array("h", bytes(2 * samples))

    def speak(self, samples: array[int] | None, count: int) -> None:
        if samples is None:
            self.silences += count
            samples = array("h", bytes(2 * count))
        self.told += samples


class Bench:
    """An audio thread, its cards and its complaints."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        kinds: dict[str, dict[str, Any]] = {"sixteen": {"rates": (16_000,)}, "stereo": {"channels": (2, 2)}}
        self.cards = {name: Card(folder / name, 20.0, **kinds.get(name, {})) for name in NAMES}
        for name, value in asound_conf(folder / "asound.conf", self.cards.values(), build()).items():
            monkeypatch.setenv(name, value)
        self.troubles: list[str] = []
        self.troubled: list[str] = []
        """Whose, one by one."""
        self.told = threading.Condition()
        self.ringer = Ringer("ringer", RingSound("de", self.tell), self.tell)
        self.audio: AudioThread | None = None

    def start(
        self,
        name: str = "handset",
        speaker: str | None = None,
        players: Mapping[Sound, Player] | None = None,
        *,
        headset: str | None = None,
        **more: Any,
    ) -> AudioThread:
        devices: dict[Place, Device] = {"handset": Device(name, name)}
        if speaker is not None:
            devices["speaker"] = Device(speaker, speaker)
        if headset is not None:
            devices["headset"] = Device(headset, headset)
        self.audio = AudioThread(devices, "de", self.ringer, Mixer(players or {}), self.complain, **more)
        self.audio.start()
        return self.audio

    def complain(self, role: Role, sentence: str) -> None:
        self.troubled.append(role)
        self.tell(sentence)

    def tell(self, sentence: str) -> None:
        with self.told:
            self.troubles.append(sentence)
            self.told.notify_all()

    def until_told(self, count: int) -> None:
        with self.told:
            assert self.told.wait_for(lambda: len(self.troubles) >= count, 10), self.troubles

    def heard(self, name: str = "handset") -> array[int]:
        samples = array("h")
        samples.frombytes(self.cards[name].hear(0, self.cards[name].now()))
        return samples

    def close(self) -> None:
        self.ringer.ring(on=False, volume=0)
        if self.audio is not None:
            self.audio.close()
        self.ringer.wait_idle()
        for card in self.cards.values():
            card.close()


def until(fact: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def rested(card: Card, *, capture: bool = False) -> bool:
    """It ran, and runs no more. A machine that stands still makes it stop, or run dry, and start again in between."""
    stats = card.stats(capture=capture)
    return stats.starts <= stats.stops + stats.xruns and stats.stops > 0


def sounding(samples: array[int]) -> array[int]:
    first = next((i for i, x in enumerate(samples) if x), len(samples))
    return samples[first:]


def steepest(samples: array[int]) -> int:
    """The greatest step from one sample to the next: a click is one of hundreds."""
    return max(abs(b - a) for a, b in itertools.pairwise(samples))


class Exclusive:
    """alsaaudio.PCM of a card that opens once in each direction, as one without dmix: the second gets EBUSY."""

    def __init__(self) -> None:
        self.real = card_module.alsaaudio.PCM
        self.held: set[tuple[str, int]] = set()
        self.refused = 0

    def __call__(self, kind: int, mode: int, **how: Any) -> Any:
        key = how["device"], kind
        if key in self.held:
            self.refused += 1
            raise card_module.alsaaudio.ALSAAudioError(f"Device or resource busy [{how['device']}]")
        return _Held(self, key, self.real(kind, mode, **how))


class _Held:
    def __init__(self, owner: Exclusive, key: tuple[str, int], pcm: Any) -> None:
        owner.held.add(key)
        self._owner, self._key, self._pcm = owner, key, pcm

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pcm, name)

    def close(self) -> None:
        self._pcm.close()
        self._owner.held.discard(self._key)


class Silent:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def report(self, report: Report) -> None:
        self.reports.append(report)

    report_threadsafe = report
