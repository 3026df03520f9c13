"""How the config's [audio] and the hardware profile's meet: the config's word counts, the profile fills in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from phone.config.agreement import Values, table
from phone.config.faults import Fault
from phone.config.values import Config, DeviceConfig, HardwareConfig
from phone.drivers.desk import UnknownProfileError, profile_audio
from phone.errors import ConfigError


def with_profile(config: Config) -> Config:
    """The config with all that its profile knows of the sound. Its profile's path counts from here."""
    theirs = profile_audio(config.hardware.profile, Path())
    if theirs is None:
        return config
    ours = config.audio
    same = ours.card in ("", theirs.card)
    audio = replace(
        ours,
        handset=_filled(ours.handset, theirs.handset),
        ringer=_filled(ours.ringer, theirs.ringer),
        speaker=_filled(ours.speaker, theirs.speaker),
        headset=_filled(ours.headset, theirs.headset),
        card=ours.card or theirs.card,
        mixer={**theirs.mixer, **ours.mixer} if same else ours.mixer,
        jack=ours.jack or theirs.jack,
    )
    return replace(config, audio=audio)


def _filled(ours: DeviceConfig, theirs: DeviceConfig) -> DeviceConfig:
    return DeviceConfig(
        theirs.capture if ours.capture is None else ours.capture,
        theirs.playback if ours.playback is None else ours.playback,
        {**theirs.mixer, **ours.mixer},
    )


def faults(values: Values, folder: Path) -> Iterator[Fault]:
    """What neither the file nor its profile says."""
    audio = table(values, "audio")
    if not isinstance(values.get("audio", {}), Mapping):
        return  # told by the shape
    name = table(values, "hardware").get("profile", HardwareConfig().profile)
    if not isinstance(name, str):
        return
    try:
        theirs = profile_audio(name, folder)
    except (UnknownProfileError, ConfigError):
        return  # told by `desk.profile_fault`
    if "handset" not in audio and not (theirs and theirs.handset.capture and theirs.handset.playback):
        yield Fault(
            ("audio", "handset"),
            "is missing: name its ALSA devices (`aplay -L` and `arecord -L` list them),"
            " or a [hardware] profile that has them",
        )
    if "card" not in audio and theirs is None:
        for key in _mixers(audio):
            yield Fault(key, "needs audio.card: the card whose controls they are (`aplay -l`)")
    jack = audio.get("jack") or (theirs and theirs.jack)
    headset = table(audio, "headset").get("playback", theirs and theirs.headset.playback)
    if jack and not headset:
        yield Fault(
            ("audio", "jack"), "tells of a headset, and there is none: name its ALSA devices in [audio.headset]"
        )
    if headset and not jack:
        yield Fault(("audio", "headset"), "is never heard: audio.jack must name what tells that it is plugged in")


def _mixers(audio: Values) -> Iterator[tuple[str, ...]]:
    if audio.get("mixer"):
        yield ("audio", "mixer")
    for role in ("handset", "headset", "ringer", "speaker"):
        if table(audio, role).get("mixer"):
            yield ("audio", role, "mixer")
