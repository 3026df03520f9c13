"""From the config to the media process's first message. Imports little: it is made before the rest of the phone is
imported.
"""

from __future__ import annotations

from collections.abc import Mapping

from phone.config import AudioConfig, Config, DeviceConfig
from phone.config.cards import MixerSetting
from phone.media import plan
from phone.media.soundcard import CardMixer, Control, Device


def media_setup(config: Config) -> plan.Setup:
    """The media process's first message."""
    audio, network = config.audio, config.network
    return plan.Setup(
        handset=_device(audio.handset),
        ringer=Device("", audio.ringer.playback or ""),
        speaker=_device(audio.speaker),
        headset=_device(audio.headset),
        jack=audio.jack,
        mixer=_mixer(audio),
        hold=config.calls.hold,
        country=config.country,
        addresses=network.addresses,
        relay_only=network.relay_only,
        opus_complexity=audio.opus_complexity,
        port_range=(network.first_port, network.last_port),
        log_level=config.log_level,
    )


def _device(device: DeviceConfig) -> Device:
    return Device(device.capture or "", device.playback or "")


def _mixer(audio: AudioConfig) -> CardMixer:
    return CardMixer(
        audio.card,
        _controls(audio.mixer),
        handset=_controls(audio.handset.mixer),
        headset=_controls(audio.headset.mixer),
        speaker=_controls(audio.speaker.mixer),
        ringer=_controls(audio.ringer.mixer),
    )


def _controls(mixer: Mapping[str, str]) -> tuple[Control, ...]:
    settings = {name: MixerSetting.parse(value) for name, value in mixer.items()}
    return tuple(Control(name, setting.percent, setting.on) for name, setting in settings.items())
