"""The card's own volumes and switches, as its profile wants them: set whenever the card is there anew.

pyalsaaudio drops what alsa-lib answers to a setting, and a handle answers with what it was told: whether a card has
taken a value, only another handle tells.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Literal, Protocol, cast

import alsaaudio  # type: ignore[import-not-found]  # a C module without stubs

from phone.media.plugs import Plug, absent, plugged
from phone.media.soundcard import CardMixer, Control, Place

log = logging.getLogger(__name__)

_Half = Literal["Playback", "Capture"]
_HALVES: tuple[_Half, ...] = ("Playback", "Capture")
_SHOWN = 12
"""Names of controls in a sentence: some codecs have a hundred."""


class _Mixer(Protocol):
    """Of alsaaudio.Mixer."""

    def volumecap(self) -> list[str]: ...
    def switchcap(self) -> list[str]: ...
    def getrange(self, pcmtype: int, units: int) -> list[int]: ...
    def getvolume(self, pcmtype: int, units: int) -> list[int]: ...
    def setvolume(self, volume: int, channel: int, pcmtype: int) -> None: ...
    def getmute(self) -> list[int]: ...
    def setmute(self, mute: int) -> None: ...
    def getrec(self) -> list[int]: ...
    def setrec(self, record: int) -> None: ...
    def close(self) -> None: ...


class CardControls:
    """One card's. `on_trouble` gets a sentence, or "" when mended, in the thread that asks; any thread may."""

    def __init__(self, mixer: CardMixer, on_trouble: Callable[[str], None], *, missed: bool = True) -> None:
        """`missed`: nobody else tells that the card is not there."""
        self._mixer = mixer
        self._on_trouble = on_trouble
        self._missed = missed
        self._plug: Plug | None = None
        self._settled = not mixer.always
        self._troubles: dict[Place | None, str] = {}
        self._told = ""
        self._lock = threading.Lock()

    def settle(self) -> None:
        """Set what is always wanted, unless it has been since the card was plugged in. Cheap if it has."""
        with self._lock:
            plug = plugged(self._mixer.card)
            if self._mixer.always and not (self._settled and plug == self._plug):
                self._plug = plug
                self._settled = self._apply(None, self._mixer.always)

    def begin(self, place: Place) -> None:
        """Set what is wanted while sound goes there."""
        wanted: tuple[Control, ...] = getattr(self._mixer, place)
        if wanted:
            with self._lock:
                self._apply(place, wanted)

    def lost(self) -> None:
        """The card may have been pulled out: set it all again."""
        with self._lock:
            self._settled = not self._mixer.always

    def _apply(self, place: Place | None, wanted: tuple[Control, ...]) -> bool:
        """Set these; whether the card was there."""
        card = self._mixer.card
        there = True
        try:
            names = _names(card)
        except alsaaudio.ALSAAudioError as error:
            there = False
            sentence = f"sound card {card!r} is not there for its mixer: {error}" if self._missed else ""
        else:
            sentence = "; ".join(filter(None, (_set(card, names, control) for control in wanted)))
        self._troubles[place] = sentence
        self._tell()
        return there

    def _tell(self) -> None:
        told = "; ".join(dict.fromkeys(filter(None, self._troubles.values())))
        if told != self._told:
            self._told = told
            self._on_trouble(told)


NO_CONTROLS = CardControls(CardMixer(), lambda _: None)
"""Those of a card without a mixer."""


def _device(card: str) -> str:
    return f"hw:CARD={card}"


def _names(card: str) -> list[str]:
    """Of its simple mixer controls. Raises ALSAAudioError."""
    if absent(card):
        raise alsaaudio.ALSAAudioError("No such device")
    return cast("list[str]", alsaaudio.mixers(device=_device(card)))


def _set(card: str, names: list[str], control: Control) -> str:
    """Set one; what is wrong with it, or ""."""
    name, halves = _found(control.name, names)
    if name not in names:
        known = ", ".join(dict.fromkeys(names[:_SHOWN])) or "none at all"
        return f"sound card {card!r} has no control {control.name!r} (it has {known}): correct `mixer`"
    try:
        lacks = _turn(card, name, halves, control)
        refused = not lacks and not _taken(card, name, halves, control)
    except alsaaudio.ALSAAudioError as error:
        return f"sound card {card!r} refuses its control {control.name!r}: {error}"
    if lacks:
        return f"sound card {card!r} has no {lacks} at its control {control.name!r}: correct `mixer`"
    if refused:
        return f"sound card {card!r} does not take what `mixer` says for its control {control.name!r}"
    return ""


def _found(told: str, names: list[str]) -> tuple[str, tuple[_Half, ...]]:
    if told not in names:
        for half in _HALVES:
            if told.endswith(f" {half}"):
                return told.removesuffix(f" {half}"), (half,)
    return told, _HALVES


def _turn(card: str, name: str, halves: tuple[_Half, ...], control: Control) -> str:
    """Set what there is; what there is not, or "". Raises ALSAAudioError."""
    mixer = _open(card, name)
    try:
        volumes, switches = _volumes(mixer, halves), _switches(mixer, halves)
        if control.percent is not None:
            for half in volumes:
                mixer.setvolume(control.percent, alsaaudio.MIXER_CHANNEL_ALL, _pcm_type(half))
        if control.on is not None:
            for half in switches:
                mixer.setmute(not control.on) if half == "Playback" else mixer.setrec(control.on)
    finally:
        mixer.close()
    if control.percent is not None and not volumes:
        return "volume"
    return "switch" if control.on is not None and not switches else ""


def _taken(card: str, name: str, halves: tuple[_Half, ...], control: Control) -> bool:
    mixer = _open(card, name)
    try:
        return all(_as_wanted(mixer, halves, control))
    finally:
        mixer.close()


def _as_wanted(mixer: _Mixer, halves: tuple[_Half, ...], control: Control) -> Iterator[bool]:
    raw = alsaaudio.VOLUME_UNITS_RAW
    if control.percent is not None:
        for half in _volumes(mixer, halves):
            low, high = mixer.getrange(_pcm_type(half), raw)
            wanted = low + (high - low) * control.percent / 100
            yield all(abs(each - wanted) <= 1 for each in mixer.getvolume(_pcm_type(half), raw))
    if control.on is not None:
        for half in _switches(mixer, halves):
            states = [not muted for muted in mixer.getmute()] if half == "Playback" else mixer.getrec()
            yield all(bool(state) is control.on for state in states)


def _volumes(mixer: _Mixer, halves: tuple[_Half, ...]) -> list[_Half]:
    """Those of the halves that have one; what both have in common counts as playback's, as alsa-lib has it."""
    capable = mixer.volumecap()
    return [h for h in halves if f"{h} Volume" in capable or (h == "Playback" and "Volume" in capable)]


def _switches(mixer: _Mixer, halves: tuple[_Half, ...]) -> list[_Half]:
    capable = mixer.switchcap()
    return [h for h in halves if f"{h} Mute" in capable or (h == "Playback" and "Mute" in capable)]


def _pcm_type(half: _Half) -> int:
    return int(alsaaudio.PCM_PLAYBACK if half == "Playback" else alsaaudio.PCM_CAPTURE)


def _open(card: str, name: str) -> _Mixer:
    return cast("_Mixer", alsaaudio.Mixer(control=name, device=_device(card)))
