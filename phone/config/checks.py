"""What the values must mean, beyond their types: which check is for which key.

They look at the file's values as they stand, so that a wrong type elsewhere hides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from phone.config import agreement, meanings, sound
from phone.config.agreement import Values
from phone.config.document import KeyPath
from phone.config.faults import Fault
from phone.config.meanings import Check
from phone.config.reading import leaves, outside
from phone.drivers.desk import profile_fault
from phone.media.tones import countries
from phone.ui.texts import languages

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def faults(values: Values, folder: Path) -> Iterator[Fault]:
    """All that is wrong with the meaning of the values; wrong types are passed over."""
    for key, value in leaves(values):
        if isinstance(value, str) and (wrong := _text_check(key)(value, folder)):
            yield Fault(key, wrong)
        if isinstance(value, int | float) and not isinstance(value, bool) and (wrong := _range(key, value)):
            yield Fault(key, wrong)
    for law in _LAWS:
        yield from law(values)
    yield from sound.faults(values, folder)


def _text_check(key: KeyPath) -> Check:
    if key[:2] == ("dial", "short") and len(key) == 3:
        return meanings.address
    if _is_ring(key):
        return meanings.ring_sound
    if key[0] == "audio" and key[-2:-1] == ("mixer",):
        return meanings.mixer
    return _TEXTS.get(key, meanings.anything)


_TEXTS: Mapping[KeyPath, Check] = {
    ("account", "jid"): meanings.jid,
    ("account", "resource"): meanings.resource,
    ("account", "server"): meanings.server,
    ("account", "password"): meanings.not_empty,
    ("account", "password_file"): meanings.secret_file,
    ("account", "ca_file"): meanings.certificates,
    ("dial", "domain"): meanings.domain,
    ("dial", "gateway"): meanings.domain,
    ("dial", "digit_map"): meanings.digit_map,
    ("dial", "emergency"): meanings.digits,
    ("calls", "hold"): meanings.hold_sound,
    ("calls", "intercom"): meanings.address_or_domain,
    ("calls", "lock_code"): meanings.lock_code,
    ("panel", "ancestors"): meanings.loopback_origin,
    ("voicemail", "greeting"): meanings.greeting,
    ("transfer", "allow"): meanings.address_or_domain,
    ("transfer", "targets"): meanings.address_or_domain,
    ("audio", "handset", "capture"): meanings.handset,
    ("audio", "handset", "playback"): meanings.handset,
    ("audio", "ringer", "playback"): meanings.card,
    ("audio", "ringer", "capture"): meanings.card,
    ("audio", "speaker", "capture"): meanings.card,
    ("audio", "speaker", "playback"): meanings.card,
    ("audio", "headset", "capture"): meanings.card,
    ("audio", "headset", "playback"): meanings.card,
    ("audio", "card"): meanings.card_id,
    ("hardware", "profile"): profile_fault,
    ("network", "addresses"): meanings.ip,
    ("country",): meanings.one_of(countries),
    ("language",): meanings.one_of(languages),
    ("log_level",): meanings.one_of(lambda: LEVELS),
    ("state_dir",): meanings.not_empty,
    ("run_dir",): meanings.not_empty,
}


_RANGES: Mapping[KeyPath, tuple[float, float]] = {
    ("dial", "inter_digit_seconds"): (0.5, 60),
    ("dial", "hotline_seconds"): (0, 15),  # the dial tone ends after 20
    ("calls", "most"): (2, 16),
    ("calls", "reminder_seconds"): (10, 3600),
    ("display", "dim_seconds"): (5, 86400),
    ("panel", "port"): (1024, 65535),
    ("voicemail", "answer_seconds"): (5, 120),
    ("voicemail", "longest_seconds"): (10, 600),
    ("voicemail", "silence_seconds"): (3, 60),
    ("voicemail", "most_megabytes"): (1, 100_000),
    ("voicemail", "days"): (1, 3650),
    ("audio", "opus_complexity"): (0, 10),
    ("hardware", "bounce_ms"): (0, 50),
    ("network", "first_port"): (0, 65535),
    ("network", "last_port"): (0, 65535),
    ("ring_seconds",): (5, 600),
    ("no_answer_seconds",): (5, 600),
}
_OR_ZERO = {("display", "dim_seconds"), ("panel", "port"), ("voicemail", "days")}
"""Where 0 means: not at all."""
_TUNES = (0, 5)


def _range(key: KeyPath, value: float) -> str | None:
    bounds = _TUNES if _is_ring(key) else _RANGES.get(key)
    if bounds is None:
        return None
    return outside(value, bounds, or_zero=key in _OR_ZERO)


def _is_ring(key: KeyPath) -> bool:
    return key == ("calls", "ring") or (len(key) == 3 and key[0] == "peers" and key[2] == "ring")


_LAWS: tuple[Callable[[Values], Iterator[Fault]], ...] = (
    agreement.account,
    agreement.ports,
    agreement.peers,
    agreement.speaker,
    agreement.short_codes,
    agreement.speed_dial,
    agreement.hotline,
    agreement.emergency,
    agreement.contacts,
    agreement.lock,
    agreement.texts,
)
