"""The parts of this phone, as its profile and its config name them: what the self-test goes through."""

from __future__ import annotations

from phone.config import Config
from phone.drivers import profilebook
from phone.drivers.profile import Profile
from phone.drivers.sim import KEYS, LAMPS
from phone.mediasetup import media_setup
from phone.selftest.model import Equipment

_KEYPAD = "0123456789*#"


def equipment(config: Config) -> Equipment:
    """Raises ConfigError, as `open_desk` does."""
    if config.hardware.profile == profilebook.SIM:
        return _with_sound(Equipment(KEYS, tuple(sorted(LAMPS)), hook=True, display=True), config)
    profile = profilebook.load(config.hardware.profile)
    return _with_sound(of_profile(profile), config)


def of_profile(profile: Profile) -> Equipment:
    """All but the sound."""
    return Equipment(
        keys=_keys(profile),
        lamps=tuple(profile.lamps.present()),
        hook=profile.hook is not None,
        lifted=profile.hook.lifted if profile.hook else "",
        display=profile.display is not None,
    )


def _keys(profile: Profile) -> tuple[str, ...]:
    """Digits first, as on a keypad; then the others as they are listed."""
    crossings = profile.keypad.names().values() if profile.keypad else ()
    found = dict.fromkeys((*crossings, *(profile.rotary.digits if profile.rotary else ()), *profile.keys))
    return (*(key for key in _KEYPAD if key in found), *(key for key in found if key not in _KEYPAD))


def _with_sound(parts: Equipment, config: Config) -> Equipment:
    setup = media_setup(config)
    return Equipment(
        keys=parts.keys,
        lamps=parts.lamps,
        hook=parts.hook,
        lifted=parts.lifted,
        display=parts.display,
        handset=bool(setup.handset.capture and setup.handset.playback),
        speaker=bool(setup.speaker.capture and setup.speaker.playback),
        ringer=bool(setup.ringer.playback),
    )
