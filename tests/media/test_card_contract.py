"""What the sound thread does with a card, whichever it is: a virtual one, or, on the virtual Pi, two of the kernel's:
snd-aloop for the sound and snd-dummy for the mixer.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from rig.vmixer import VirtualMixer
from soundroom import Echo, until

from phone.drivers.vcard import RATE, Card, asound_conf, build
from phone.media import plugs
from phone.media.audio import AudioThread
from phone.media.controls import CardControls
from phone.media.mixer import Mixer, Route
from phone.media.ringer import Ringer
from phone.media.ringsound import RingSound
from phone.media.soundcard import CardMixer, Control, Device

ON_THE_BOARD = Path("/dev/vpi-gpio").exists()


class Hardware(Protocol):
    """A card for the sound, and one with a mixer, which is at its lowest whenever it is plugged in."""

    device: str
    mixer: str
    control: str

    def plug(self) -> None: ...
    def unplug(self) -> None: ...
    def percent(self) -> int: ...
    def close(self) -> None: ...


class Virtual:
    device, mixer, control = "handset", "Mixer", "Speaker"

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._card = Card(folder / "handset", 20.0)
        self._mixer = VirtualMixer(folder / "Mixer")
        found = asound_conf(folder / "asound.conf", [self._card], build(), extra=self._mixer.asound())
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        self._card.unplug()
        self._mixer.unplug()

    def plug(self) -> None:
        self._mixer.plug()
        self._card.plug()

    def unplug(self) -> None:
        self._mixer.unplug()
        self._card.unplug()

    def percent(self) -> int:
        return round(self._mixer["Speaker Playback Volume"] * 100 / 37)

    def close(self) -> None:
        self._card.close()
        self._mixer.close()


class Kernel:
    device, mixer, control = "plughw:CARD=Handset", "Mixer", "Master"

    def __init__(self, _: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from hil.cards import DUMMY, Cards

        self._cards, self._dummy = Cards(lambda script: subprocess.run(["sh", "-c", script], check=True)), DUMMY
        monkeypatch.setattr(plugs, "CARDS", Path("/sys/class/sound"))
        self._in = False

    def plug(self) -> None:
        self._cards.plug_in("Mixer", self._dummy)
        subprocess.run(["amixer", "-q", "-c", "Mixer", "sset", "Master", "0%"], check=True)
        self._cards.plug_in("Handset")
        self._in = True

    def unplug(self) -> None:
        self._cards.pull_out("Mixer", self._dummy)
        self._cards.pull_out("Handset")
        self._in = False

    def percent(self) -> int:
        said = subprocess.run(["amixer", "-c", "Mixer", "sget", "Master"], check=False, capture_output=True, text=True)
        return int(said.stdout.partition("[")[2].partition("%")[0] or -1)

    def close(self) -> None:
        if self._in:
            self.unplug()


KINDS: dict[str, Callable[[Path, pytest.MonkeyPatch], Hardware]] = {"virtual": Virtual, "kernel": Kernel}


class Desk:
    """An audio thread with that handset."""

    def __init__(self, hardware: Hardware) -> None:
        self.troubles: dict[str, list[str]] = {"handset": [], "ringer": [], "mixer": []}
        self.told = threading.Condition()
        control = CardMixer(hardware.mixer, (Control(hardware.control, 100),))
        self.controls = CardControls(control, lambda sentence: self.tell("mixer", sentence), missed=False)
        self.ringer = Ringer(
            hardware.device, RingSound("de", print), lambda sentence: self.tell("ringer", sentence), self.controls
        )
        device = Device(hardware.device, hardware.device)
        self.audio = AudioThread({"handset": device}, "de", self.ringer, Mixer({}), self.tell, controls=self.controls)

    def tell(self, who: str, sentence: str) -> None:
        with self.told:
            self.troubles[who].append(sentence)
            self.told.notify_all()

    def until_told(self, who: str, sentence: str) -> None:
        def told() -> bool:
            return bool(self.troubles[who]) and self.troubles[who][-1].startswith(sentence)

        with self.told:
            assert self.told.wait_for(lambda: told() and (sentence or self.troubles[who][-1] == ""), 20), self.troubles

    def sounds(self) -> None:
        ticks = self.audio.ticks
        until(lambda: self.audio.ticks > ticks + 20, 20)

    def close(self) -> None:
        self.ringer.ring(on=False, volume=0)
        self.audio.close()
        self.ringer.wait_idle()


@pytest.fixture(params=["kernel" if ON_THE_BOARD else "virtual"])
def hardware(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hardware]:
    made = KINDS[request.param](tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def desk(hardware: Hardware) -> Iterator[Desk]:
    made = Desk(hardware)
    yield made
    made.close()


def test_a_card_that_comes_after_the_phone(hardware: Hardware, desk: Desk) -> None:
    desk.audio.start()
    desk.until_told("handset", f"sound card {hardware.device!r} is not there: plug it in")
    desk.until_told("ringer", f"sound card {hardware.device!r} is not there: plug it in")
    hardware.plug()
    desk.until_told("handset", "")
    desk.until_told("ringer", "")
    until(lambda: hardware.percent() == 100)
    desk.audio.route(Route(handset=True, tone="dial"))
    desk.sounds()


def test_a_card_pulled_out_and_put_back_in_a_call(hardware: Hardware, desk: Desk) -> None:
    hardware.plug()
    talk = Echo(600)
    desk.audio.start()
    for _ in range(2):
        desk.audio.route(Route(handset=True, talk=(talk,), send=True, parties=(talk,)))
        desk.sounds()
        until(lambda: hardware.percent() == 100)
        hardware.unplug()
        desk.until_told("handset", "The handset's sound card is unplugged")
        silences = talk.silences + RATE // 5
        until(lambda silences=silences: talk.silences > silences)
        hardware.plug()
        desk.until_told("handset", "")
        desk.sounds()
        until(lambda: hardware.percent() == 100)
    assert len(desk.troubles["handset"]) == 4
    assert desk.troubles["mixer"] == []


def test_a_card_pulled_out_while_it_rings_and_put_back(hardware: Hardware, desk: Desk) -> None:
    hardware.plug()
    desk.ringer.probe()
    desk.ringer.ring(on=True, volume=80)
    until(lambda: hardware.percent() == 100)
    hardware.unplug()
    desk.until_told("ringer", "The ringer's sound card is unplugged")
    hardware.plug()
    desk.until_told("ringer", "")
    desk.audio.start()
